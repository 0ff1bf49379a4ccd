package retention_test

import (
	"fmt"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// The file of an import goes after its rule with what was wrong in it, unless
// something that it brought is held; one behind the wall is told of there alone.
func TestTheFileOfAnImportGoesByItsOwnRule(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	tk := a.ended(noon(2024, 1, 1), ticket.Ticket{})
	for i, is := range []struct{ target, state, finished string }{
		{"sac", "done", "2023-10-01"},       // 1: goes
		{"sac", "done", "2024-03-01"},       // 2: too new
		{"sac", "running", "2023-10-01"},    // 3: under way
		{"ombudsman", "done", "2023-10-01"}, // 4: goes, behind the wall
		{"sac", "done", "2023-10-01"},       // 5: brought what is held
		{"sac", "uploaded", ""},             // 6: never begun, long ago
	} {
		a.exec(`INSERT INTO imports (name, blob, size, source, target, format, state, account_id, created_at, finished_at)
			VALUES ($1, $1, 1, 'other', $2, 'csv', $3, $4, '2023-10-01', CAST(nullif($5, '') AS timestamptz))`,
			fmt.Sprintf("blob%d", i+1), is.target, is.state, a.admin.AccountID, is.finished)
	}
	a.exec("INSERT INTO import_errors (import_id, row, code, value) VALUES (1, 1, 'x', 'Ana')")
	a.exec(`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, ticket_id, day, envelope) VALUES ('webform', 'k', '', 'x', 'ticket', $1, '2024-01-01', '{"import": 5}')`, tk.ID)
	hold, err := a.HoldTicket(t.Context(), a.admin, tk.Protocol, "Processo 4")
	if err != nil {
		t.Fatal(err)
	}
	office := access.Actor{AccountID: a.admin.AccountID, Role: access.Ombudsman}
	stranger := access.Actor{AccountID: a.admin.AccountID, Role: access.Supervisor, Teams: []int64{77}}
	for who, want := range map[*access.Actor]int{&a.admin: 2, &office: 3, &stranger: 0} {
		if e, err := a.Preview(t.Context(), *who, nil); err != nil || e.Imports != want {
			t.Errorf("%s is told of %d imports, %v", who.Role, e.Imports, err)
		}
	}
	a.on()
	a.round()
	left := func(want string) {
		t.Helper()
		var is string
		if err := a.db.Pool.QueryRow(t.Context(), "SELECT coalesce(string_agg(id::text, ' ' ORDER BY id), '') FROM imports").Scan(&is); err != nil || is != want {
			t.Errorf("left: %s, want %s, %v", is, want, err)
		}
	}
	left("2 3 5")
	if n := a.count("SELECT count(*) FROM import_errors"); n != 0 {
		t.Errorf("%d errors still quote the file", n)
	}
	for who, want := range map[*access.Actor]int{&a.admin: 2, &office: 3, &stranger: 0} {
		runs, err := a.Runs(t.Context(), *who)
		if err != nil || runs[0].Removed[retention.Import] != want {
			t.Errorf("%s is told of %+v, %v", who.Role, runs, err)
		}
	}
	if _, err := a.Lift(t.Context(), a.admin, hold.ID, "Fim"); err != nil {
		t.Fatal(err)
	}
	a.round()
	left("2 3")
	a.whole()
}
