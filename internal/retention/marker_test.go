package retention_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func date(t time.Time) brazil.Date { return brazil.DateOf(t, time.UTC) }

// marker is as long as a hash of a mail's id has to be.
const marker = "qzxmarkerqzxmark"

type column struct {
	table, name, kind string
	required          bool
}

// columns are all that can hold a text, in every table there is.
func (a *archive) columns(where string) []column {
	a.Helper()
	rows, err := a.db.Pool.Query(a.Context(), `SELECT c.table_name, c.column_name, c.udt_name, c.is_nullable = 'NO' AND c.column_default IS NULL AND c.is_identity = 'NO'
		FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
		WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER' AND `+where+` ORDER BY 1, c.ordinal_position`)
	if err != nil {
		a.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c column, err error) {
		return c, row.Scan(&c.table, &c.name, &c.kind, &c.required)
	})
	if err != nil {
		a.Fatal(err)
	}
	return all
}

// found are the columns in which the marker stands.
func (a *archive) found() (places []string) {
	a.Helper()
	for _, c := range a.columns("true") {
		of := pgx.Identifier{c.name}.Sanitize()
		look := of + "::text LIKE '%" + marker + "%'"
		if c.kind == "bytea" {
			look = "position('" + marker + "'::bytea IN " + of + ") > 0"
		}
		if n := a.count("SELECT count(*) FROM " + pgx.Identifier{c.table}.Sanitize() + " WHERE " + look); n > 0 {
			places = append(places, fmt.Sprintf("%s.%s (%d)", c.table, c.name, n))
		}
	}
	return places
}

// marked are texts of each type with the marker in them.
var marked = map[string]string{"text": "'" + marker + "'", "bytea": "'" + marker + "'::bytea", "json": `'{"x":"` + marker + `"}'`, "jsonb": `'{"x":"` + marker + `"}'`,
	"_text": "'{" + marker + "}'", "tsvector": "'" + marker + "'::tsvector"}

// filled gives every table that hangs under a ticket a row of it, if it has none,
// and puts the marker wherever a text goes, so that a table made tomorrow is filled
// by itself.
func (a *archive) filled(id int64) {
	a.Helper()
	tables, err := a.ReadOutline()
	if err != nil {
		a.Fatal(err)
	}
	slices.Reverse(tables) // parents first
	for _, table := range append([]string{"tickets"}, tables...) {
		if table != "tickets" && a.count("SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()) == 0 {
			a.row(table, id)
		}
		only := ""
		if table == "tickets" {
			only = fmt.Sprintf(" WHERE id = %d", id)
		}
		for _, c := range a.columns("c.table_name = '" + table + "'") {
			text, can := marked[c.kind]
			if !can || strings.HasSuffix(c.name, "blob") { // those name contents by their hashes
				continue
			}
			// What a check or a key forbids holds no text of anybody's.
			_, _ = a.db.Pool.Exec(a.Context(), "UPDATE "+pgx.Identifier{table}.Sanitize()+" SET "+pgx.Identifier{c.name}.Sanitize()+" = "+text+only)
		}
	}
}

// row adds a row with what the table requires.
func (a *archive) row(table string, ticket int64) {
	a.Helper()
	var names, values []string
	for _, c := range a.columns("c.table_name = '" + table + "'") {
		var parent, key *string
		err := a.db.Pool.QueryRow(a.Context(), `SELECT max(p.relname), max(k.attname) FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid
			JOIN pg_class p ON p.oid = f.confrelid JOIN pg_attribute x ON x.attrelid = f.conrelid AND x.attnum = f.conkey[1]
			JOIN pg_attribute k ON k.attrelid = f.confrelid AND k.attnum = f.confkey[1]
			WHERE f.contype = 'f' AND c.relname = $1 AND x.attname = $2`, table, c.name).Scan(&parent, &key)
		if err != nil {
			a.Fatal(err)
		}
		if !c.required && !(parent != nil && *parent == "tickets" && c.name == "ticket_id") {
			continue
		}
		value := "1"
		var allowed *string
		err = a.db.Pool.QueryRow(a.Context(), `SELECT substring(max(pg_get_constraintdef(f.oid)) FROM '''([a-z0-9_]+)''') FROM pg_constraint f
			JOIN pg_class t ON t.oid = f.conrelid JOIN pg_attribute x ON x.attrelid = f.conrelid AND x.attnum = ANY (f.conkey)
			WHERE f.contype = 'c' AND cardinality(f.conkey) = 1 AND t.relname = $1 AND x.attname = $2`, table, c.name).Scan(&allowed)
		if err != nil {
			a.Fatal(err)
		}
		switch {
		case c.name == "blob":
			value = "'abc'"
		case c.name == "about_id": // another ticket's
			value = fmt.Sprint(ticket + 1)
		case parent != nil && *parent == "tickets":
			value = fmt.Sprint(ticket)
		case parent != nil:
			value = "(SELECT min(" + *key + ") FROM " + *parent + ")"
		case allowed != nil:
			value = "'" + *allowed + "'"
		case marked[c.kind] != "":
			value = marked[c.kind]
		case c.kind == "date":
			value = "'2019-01-01'"
		case strings.HasPrefix(c.kind, "timestamp"):
			value = "'2019-01-01'"
		case c.kind == "bool":
			value = "false"
		}
		names, values = append(names, pgx.Identifier{c.name}.Sanitize()), append(values, value)
	}
	a.exec("INSERT INTO " + pgx.Identifier{table}.Sanitize() + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")")
}

func TestNothingOfAPurgedTicketIsLeftAnywhere(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	var customer int64
	if err := a.db.Pool.QueryRow(t.Context(), "INSERT INTO customers (name, preferred_name) VALUES ($1, $1) RETURNING id", marker).Scan(&customer); err != nil {
		t.Fatal(err)
	}
	a.exec("INSERT INTO identities (customer_id, kind, value) VALUES ($1, 'email', $2)", customer, marker+"@example.com")
	tk := a.ended(noon(2019, 1, 1), ticket.Ticket{Subject: marker, Preview: marker, CustomerName: marker, CustomerID: &customer, Tags: []string{marker}})
	other := a.ended(noon(2023, 1, 1), ticket.Ticket{})
	var contact int64
	if err := a.db.Pool.QueryRow(t.Context(), "INSERT INTO contacts (channel, direction, customer_id, data) VALUES ('phone', 'in', $1, $2) RETURNING id",
		customer, `{"x":"`+marker+`"}`).Scan(&contact); err != nil {
		t.Fatal(err)
	}
	a.exec("INSERT INTO ticket_contacts VALUES ($1, $2)", tk.ID, contact)
	a.exec("INSERT INTO brands (name) VALUES ('x')")
	a.exec("INSERT INTO phone_lines (number, name, brand_id, secret) VALUES ('1', 'x', 1, '')")
	a.exec("INSERT INTO bulks (account_id, action, total) VALUES ($1, '{}', 1)", a.admin.AccountID)
	a.exec("INSERT INTO areas (name, emails) VALUES ('x', '{a@b.example}')")
	a.exec("INSERT INTO incidents (title, started_at, opened_by, created_at, updated_at) VALUES ('x', now(), $1, now(), now())", a.admin.AccountID)
	a.exec("INSERT INTO incident_runs (incident_id, kind, account_id, total, begins_at, created_at) VALUES (1, 'link', $1, 1, now(), now())", a.admin.AccountID)
	a.exec("INSERT INTO pbx_calls (line_id, call, facts, ticket_id) VALUES (1, 'x', $1, $2)", `{"x":"`+marker+`"}`, tk.ID)
	a.exec(`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, ticket_id, day) VALUES ('email', $1, '', $2, 'ticket', $3, '2019-01-01')`,
		marker, []byte(marker), tk.ID)
	a.exec("INSERT INTO area_requests (id, ticket_id, area_id, body, due, asked_by) VALUES ('x', $1, 1, $2, now(), $3)", tk.ID, marker, a.admin.AccountID)
	a.exec("INSERT INTO ombudsman_cases (ticket_id) VALUES ($1)", tk.ID)
	a.exec("INSERT INTO case_accused (ticket_id, account_id) VALUES ($1, $2)", tk.ID, a.admin.AccountID)
	a.filled(tk.ID)
	// What filling it has left to be done is done.
	a.exec("UPDATE tickets SET updated_at = '2019-01-02', lease_until = NULL, holder_id = NULL")
	a.exec("UPDATE clocks SET state = 'met'")
	a.exec("UPDATE outbox SET state = 'sent'")
	a.exec("UPDATE copies SET out_id = (SELECT min(id) FROM outbox)")
	a.exec("UPDATE area_requests SET state = 'closed'")
	a.exec("UPDATE call_backs SET state = 'done'")
	a.exec("UPDATE bulk_items SET state = 'same'")
	a.exec("UPDATE incident_run_tickets SET state = 'done'")
	a.exec("UPDATE recording_requests SET answered_at = '2019-01-01'")
	a.exec("UPDATE commitments SET state = 'kept'")
	a.exec("UPDATE escalations SET done_at = '2019-01-01'")
	a.exec("UPDATE clock_stages SET told = true")
	a.exec(`INSERT INTO extension_certificates (regime_id, month, walled, digest, body, at) SELECT regime_id, month, false, 'd',
		json_build_object('extensions', 1, 'list', json_build_array(json_build_object('ticket_id', ticket_id, 'protocol', $1::text, 'reason', $2::text, 'by', $2::text))), now()
		FROM clock_extensions`, tk.Protocol, marker)
	a.exec("UPDATE retention_holds SET lifted_at = now() WHERE lifted_at IS NULL")
	a.exec("UPDATE calls SET started_at = '2019-01-01'")
	before := a.found()
	if len(before) < 40 {
		t.Fatalf("the marker stands in %d places only: %v", len(before), before)
	}
	a.on()
	a.round()
	if a.there(tk.ID) {
		e, err := a.Preview(t.Context(), a.admin, nil)
		t.Fatalf("not purged: %+v, %v", e, err)
	}
	if !a.there(other.ID) {
		t.Error("another ticket is gone")
	}
	if left := a.found(); len(left) > 0 {
		t.Errorf("the marker is left in %v", left)
	}
	if n := a.count(`SELECT count(*) FROM extension_certificates WHERE body->'list'->0->>'protocol' = $1 AND CAST(body->>'extensions' AS int) = 1
		AND CAST(body->'list'->0->>'erased' AS boolean) AND digest = 'd'`, tk.Protocol); n != 1 {
		t.Error("the certificate has lost what it proves")
	}
	a.unmarkedRedis()
	a.whole()
	// Positions have no holes, and what came in once does not come in again.
	if n := a.count("SELECT max(pos) - count(*) FROM events"); n != 0 {
		t.Errorf("%d positions are gone", n)
	}
	if n := a.count("SELECT count(*) FROM intake_tombstones"); n != 1 {
		t.Errorf("%d tombstones", n)
	}
}

// unmarkedRedis looks into every key that there is.
func (a *archive) unmarkedRedis() {
	a.Helper()
	ctx := a.Context()
	keys, err := a.rdb.Keys(ctx, "*").Result()
	if err != nil || len(keys) == 0 {
		a.Fatalf("%v, %v", keys, err)
	}
	for _, key := range keys {
		dumped, err := a.rdb.Do(ctx, "TYPE", key).Text()
		if err == nil && dumped == "stream" {
			entries, err := a.rdb.XRange(ctx, key, "-", "+").Result()
			if err != nil || strings.Contains(fmt.Sprint(entries), marker) {
				a.Errorf("the stream %s has the marker, or %v", key, err)
			}
			continue
		}
		if text, err := a.rdb.Dump(ctx, key).Result(); err == nil && strings.Contains(text, marker) {
			a.Errorf("the key %s has the marker", key)
		}
	}
}

// Every table that names a ticket goes with it, or is known to stay.
func TestEveryTableThatNamesATicketIsSpokenFor(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	goes, err := a.ReadOutline()
	if err != nil {
		t.Fatal(err)
	}
	spoken := []string{"protocols", "events", "intake_ledger", "ticket_contacts", "pbx_calls"}
	for _, c := range a.columns("c.column_name = 'ticket_id'") {
		if !slices.Contains(goes, c.table) && !slices.Contains(spoken, c.table) {
			t.Errorf("a ticket that is purged leaves its rows in %s", c.table)
		}
	}
}
