package retention

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/proof"
)

// purgeRecord removes a ticket, those that became part of it and all that hangs
// under them, if its time is over when it is looked at with everything locked. It
// says whether it did.
func (s *Service) purgeRecord(ctx context.Context, run, id int64) (done bool, err error) {
	err = s.item(ctx, func(tx *gorm.DB, q asker, rules []Rule) error {
		g, err := lockGroup(ctx, q, id)
		if err != nil || len(g) == 0 || g.held() || g.busy() {
			return err
		}
		until := g.until(rules, s.Zone)
		if until == nil || !until.Before(brazil.DateOf(s.Now(), s.Zone)) {
			return nil
		}
		done = true
		return s.remove(ctx, tx, q, run, g, rules, *until)
	})
	return done && err == nil, err
}

// item runs one removal in its transaction, while purging is switched on. Any
// number of nodes may try; one at a time gets through, the others find nothing to
// do.
func (s *Service) item(ctx context.Context, fn func(tx *gorm.DB, q asker, rules []Rule) error) error {
	return s.DB.InTx(ctx, func(tx *gorm.DB) error {
		q, err := postgres.PgxTx(tx)
		if err != nil {
			return err
		}
		var mine bool
		if err := q.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock(hashtext('retention_purge'))").Scan(&mine); err != nil {
			return fmt.Errorf("ask whether somebody else purges: %w", err)
		}
		if !mine {
			return errElsewhere
		}
		is, err := readSettings(ctx, q, "FOR SHARE")
		if err != nil {
			return err
		}
		if !is.Purging {
			return ErrOff
		}
		rules, err := readRules(ctx, q)
		if err != nil {
			return err
		}
		return fn(tx, q, rules)
	})
}

// lockGroup locks a record and its customers, and reads it then. None if somebody
// has a part of it just now.
func lockGroup(ctx context.Context, q asker, id int64) (group, error) {
	rows, err := q.Query(ctx, `WITH RECURSIVE part (id) AS (SELECT $1::bigint UNION SELECT t.id FROM part p JOIN tickets t ON t.merged_into = p.id)
		SELECT t.id FROM tickets t WHERE t.id IN (SELECT id FROM part) ORDER BY t.id FOR UPDATE SKIP LOCKED`, id)
	if err != nil {
		return nil, fmt.Errorf("lock record %d: %w", id, err)
	}
	locked, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("lock record %d: %w", id, err)
	}
	_, err = q.Exec(ctx, `SELECT FROM customers c WHERE c.id IN (SELECT customer_id FROM tickets WHERE id = ANY($1)) ORDER BY c.id FOR UPDATE`, locked)
	if err != nil {
		return nil, fmt.Errorf("lock the customers of record %d: %w", id, err)
	}
	found, err := readGroups(ctx, q, []int64{id})
	if err != nil || len(found) == 0 || len(found[0]) != len(locked) {
		return nil, err
	}
	return found[0], nil
}

func (s *Service) remove(ctx context.Context, tx *gorm.DB, q asker, run int64, g group, rules []Rule, until brazil.Date) error {
	ids := g.ids()
	main := g.main()
	r := Removal{Run: run, Subject: Record, Team: &main.audience.Team, Channel: main.facts.Channel, Opened: &main.facts.Opened, Ended: &main.facts.Ended,
		Kept: until.String(), Rows: map[string]int{}}
	for _, p := range g {
		r.Rules = append(r.Rules, applied(keeps(rules, Record, p.facts, s.Zone))...)
	}
	var err error
	if r.Protocols, r.Blobs, err = named(ctx, q, ids); err != nil {
		return err
	}
	ledger, err := s.unledger(ctx, tx, q, ids)
	if err != nil {
		return err
	}
	r.Rows["intake_ledger"] = ledger
	if r.Rows["events"], err = s.Events.Erase(ctx, tx, ids); err != nil {
		return err
	}
	if err := s.count(ctx, q, g); err != nil {
		return err
	}
	if n, err := proof.Bare(ctx, tx, ids); err != nil {
		return err
	} else if n > 0 {
		r.Rows["extension_certificates"] = n
	}
	contacts, err := s.part(ctx, q, ids, r.Rows)
	if err != nil {
		return err
	}
	o, err := readOutline(ctx, q)
	if err != nil {
		return err
	}
	for _, st := range o.steps {
		tag, err := q.Exec(ctx, st.sql, ids)
		if err != nil {
			return fmt.Errorf("remove what %s holds of record %d: %w", st.table, main.id, err)
		}
		if n := int(tag.RowsAffected()); st.goes && n > 0 {
			r.Rows[st.table] += n
		}
	}
	if err := leave(ctx, q, g, contacts, r.Rows); err != nil {
		return err
	}
	return s.prove(ctx, q, chainOf(main.audience), r)
}

// named gives the protocols that lead to tickets, and the contents of their files
// and recordings.
func named(ctx context.Context, q asker, ids []int64) (protocols, blobs []string, err error) {
	err = q.QueryRow(ctx, `SELECT ARRAY(SELECT protocol FROM protocols WHERE ticket_id = ANY($1) ORDER BY protocol),
		ARRAY(SELECT blob FROM attachments WHERE ticket_id = ANY($1)
		      UNION SELECT r.blob FROM recordings r JOIN calls c ON c.contact_id = r.contact_id WHERE c.ticket_id = ANY($1) AND r.blob <> ''
		      UNION SELECT raw_blob FROM intake_ledger WHERE ticket_id = ANY($1) AND raw_blob IS NOT NULL ORDER BY 1)`, ids).Scan(&protocols, &blobs)
	if err != nil {
		return nil, nil, fmt.Errorf("name what is removed: %w", err)
	}
	return protocols, blobs, nil
}

// unledger takes the sources of tickets out of the ledger; what is left keeps them
// from coming in again.
func (s *Service) unledger(ctx context.Context, tx *gorm.DB, q asker, ids []int64) (int, error) {
	rows, err := q.Query(ctx, "SELECT id FROM intake_ledger WHERE ticket_id = ANY($1)", ids)
	if err != nil {
		return 0, fmt.Errorf("look for the sources of a record: %w", err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return 0, fmt.Errorf("look for the sources of a record: %w", err)
	}
	if len(entries) == 0 {
		return 0, nil
	}
	return len(entries), s.Intake.Remove(ctx, tx, entries...)
}

// count keeps how many there were: nothing of it leads to anybody.
func (s *Service) count(ctx context.Context, q asker, g group) error {
	for _, p := range g {
		d := brazil.DateOf(p.facts.Opened, s.Zone)
		d.Day = 1
		_, err := q.Exec(ctx, `INSERT INTO retention_counts (month, channel, kind, walled, reason_id, breached, n) VALUES ($1::date, $2, $3, $4, $5, $6, 1)
			ON CONFLICT (month, channel, kind, walled, reason_id, breached) DO UPDATE SET n = retention_counts.n + 1`,
			d.String(), p.facts.Channel, p.facts.Kind, p.audience.Walled, p.reason, p.breached)
		if err != nil {
			return fmt.Errorf("count a record that goes: %w", err)
		}
	}
	return nil
}

// part separates a record from what it shares with others: a call that was about
// several tickets stays with the others on its side of the wall. It gives the
// contacts that were about this record.
func (s *Service) part(ctx context.Context, q asker, ids []int64, counts map[string]int) ([]int64, error) {
	for _, sql := range []string{
		`UPDATE calls c SET ticket_id = o.id, opened_id = o.id
		 FROM (SELECT l.contact_id, t.walled, min(t.id) AS id FROM ticket_contacts l JOIN tickets t ON t.id = l.ticket_id
		       WHERE l.contact_id IN (SELECT contact_id FROM ticket_contacts WHERE ticket_id = ANY($1)) AND t.id <> ALL($1)
		       GROUP BY l.contact_id, t.walled) o, tickets was
		 WHERE o.contact_id = c.contact_id AND c.ticket_id = ANY($1) AND was.id = c.ticket_id AND was.walled = o.walled`,
		`UPDATE calls SET opened_id = ticket_id WHERE opened_id = ANY($1) AND ticket_id <> ALL($1)`,
	} {
		if _, err := q.Exec(ctx, sql, ids); err != nil {
			return nil, fmt.Errorf("leave calls with the tickets that they were also about: %w", err)
		}
	}
	tag, err := q.Exec(ctx, `DELETE FROM pbx_calls WHERE ticket_id = ANY($1)
		OR (line_id, call) IN (SELECT line_id, pbx_call FROM calls WHERE ticket_id = ANY($1) AND pbx_call IS NOT NULL)`, ids)
	if err != nil {
		return nil, fmt.Errorf("remove what an exchange told: %w", err)
	}
	if n := int(tag.RowsAffected()); n > 0 {
		counts["pbx_calls"] = n
	}
	rows, err := q.Query(ctx, "DELETE FROM ticket_contacts WHERE ticket_id = ANY($1) RETURNING contact_id", ids)
	if err != nil {
		return nil, fmt.Errorf("remove the contacts of a record: %w", err)
	}
	contacts, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("remove the contacts of a record: %w", err)
	}
	if len(contacts) > 0 {
		counts["ticket_contacts"] = len(contacts)
	}
	return contacts, nil
}

// leave removes the tickets themselves, contacts that were about nothing else, and
// customers whom only they had made known.
func leave(ctx context.Context, q asker, g group, contacts []int64, counts map[string]int) error {
	ids := g.ids()
	var customers []int64
	for _, p := range g {
		if p.customer != nil && !slices.Contains(customers, *p.customer) {
			customers = append(customers, *p.customer)
		}
	}
	for _, st := range []struct {
		table, sql string
		ids        []int64
	}{
		{"tickets", "DELETE FROM tickets WHERE id = ANY($1)", ids},
		{"contacts", `DELETE FROM contacts c WHERE c.id = ANY($1) AND NOT EXISTS (SELECT FROM ticket_contacts l WHERE l.contact_id = c.id)
			AND NOT EXISTS (SELECT FROM calls k WHERE k.contact_id = c.id) AND NOT EXISTS (SELECT FROM call_backs b WHERE b.contact_id = c.id)`, contacts},
	} {
		if err := away(ctx, q, st.table, st.sql, st.ids, counts); err != nil {
			return err
		}
	}
	for _, id := range customers {
		if err := forget(ctx, q, id, counts); err != nil {
			return err
		}
	}
	return nil
}

// forget removes a customer, with those who turned out to be them, when nothing of
// theirs is left and no other system of the company keeps them.
func forget(ctx context.Context, q asker, id int64, counts map[string]int) error {
	var all []int64
	var kept bool
	err := q.QueryRow(ctx, `WITH RECURSIVE known (id) AS (SELECT $1::bigint UNION SELECT c.id FROM known k JOIN customers c ON c.merged_into = k.id)
		SELECT array_agg(k.id ORDER BY k.id), bool_or(c.external_id <> '' OR c.source <> '' OR c.merged_into IS NOT NULL AND c.id = $1
		  OR EXISTS (SELECT FROM tickets t WHERE t.customer_id = c.id) OR EXISTS (SELECT FROM contacts t WHERE t.customer_id = c.id)
		  OR EXISTS (SELECT FROM outbox o WHERE o.customer_id = c.id)
		  OR EXISTS (SELECT FROM retention_holds h WHERE h.customer_id = c.id AND h.lifted_at IS NULL))
		FROM known k JOIN customers c ON c.id = k.id`, id).Scan(&all, &kept)
	if err != nil {
		return fmt.Errorf("ask what is left of customer %d: %w", id, err)
	}
	if kept {
		return nil
	}
	for _, st := range [][2]string{
		{"retention_holds", "DELETE FROM retention_holds WHERE customer_id = ANY($1)"},
		{"contact_preferences", "DELETE FROM contact_preferences WHERE customer_id = ANY($1)"},
		{"customer_strangers", "DELETE FROM customer_strangers WHERE a = ANY($1) OR b = ANY($1)"},
		{"customer_merges", "DELETE FROM customer_merges WHERE from_id = ANY($1) OR into_id = ANY($1)"},
		{"identities", "DELETE FROM identities WHERE customer_id = ANY($1)"},
		{"customers", "DELETE FROM customers WHERE id = ANY($1)"},
	} {
		if err := away(ctx, q, st[0], st[1], all, counts); err != nil {
			return err
		}
	}
	return nil
}

func away(ctx context.Context, q asker, table, sql string, ids []int64, counts map[string]int) error {
	tag, err := q.Exec(ctx, sql, ids)
	if err != nil {
		return fmt.Errorf("remove from %s: %w", table, err)
	}
	if n := int(tag.RowsAffected()); n > 0 {
		counts[table] += n
	}
	return nil
}
