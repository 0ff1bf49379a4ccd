package retention_test

import (
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/retention"
)

// What a round asks again and again walks an index: a desk of years is purged
// without reading all of it.
func TestARoundWalksIndexes(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	for _, sql := range []string{
		`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, status, team_id, opened_at, resolved_at, closed_at, updated_at)
		 SELECT lpad(i::text, 17, '0'), 1, 'webform', 'reclamacao', 'x', 'closed', (SELECT min(id) FROM teams), t.at, t.at, t.at, t.at
		 FROM generate_series(1, 20000) i, LATERAL (SELECT timestamptz '2024-03-15' - i * interval '1 hour' AS at) t`,
		`INSERT INTO contacts (channel, direction) SELECT 'phone', 'in' FROM generate_series(1, 20000)`,
		`INSERT INTO calls (contact_id, ticket_id, opened_id, protocol, line, started_at, ended_at)
		 SELECT c.id, t.id, t.id, t.protocol, '0800', t.opened_at, t.opened_at FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contacts) c
		 JOIN (SELECT *, row_number() OVER (ORDER BY id) AS n FROM tickets) t USING (n)`,
		`INSERT INTO recordings (contact_id, blob, retain_until, erased_at) SELECT contact_id, 'abc', started_at + interval '90 days', CASE WHEN contact_id % 50 > 0 THEN started_at END FROM calls`,
		`INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, day, received_at)
		 SELECT 'email', 'k' || i, '', 'x', CASE WHEN i % 20 > 0 THEN 'quarantined' ELSE 'automatic' END, '2020-01-01', timestamptz '2024-03-15' - i * interval '1 hour' FROM generate_series(1, 20000) i`,
		`VACUUM ANALYZE tickets, calls, recordings, intake_ledger, retention_holds, clocks, messages, events`,
	} {
		a.exec(sql)
	}
	now := *a.clock.Load()
	var some []int64
	if err := a.db.Pool.QueryRow(t.Context(), "SELECT array_agg(id) FROM (SELECT id FROM tickets ORDER BY id LIMIT 50) t").Scan(&some); err != nil {
		t.Fatal(err)
	}
	for name, is := range map[string]struct {
		sql   string
		args  []any
		index string
	}{
		"what is over":     {retention.OverSQL, []any{time.Time{}, 0, now.AddDate(-2, 0, 0), 50}, "tickets_over"},
		"what is known":    {retention.GroupsSQL, []any{some}, "tickets_pkey"},
		"strays":           {retention.StraysSQL, []any{time.Time{}, 0, now.AddDate(-1, 0, 0), 50}, "intake_ledger_strays"},
		"originals":        {retention.OriginsSQL, []any{some}, "intake_ledger_ticket"},
		"recordings":       {retention.DueSQL, []any{now, 0, 50}, "recordings_"},
		"recordings there": {retention.HeardSQL, []any{some}, "calls_ticket"},
	} {
		var plan strings.Builder
		rows, err := a.db.Pool.Query(t.Context(), "EXPLAIN "+is.sql, is.args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan.WriteString(line + "\n")
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		for _, big := range []string{"tickets", "calls", "recordings", "intake_ledger"} {
			if strings.Contains(plan.String(), "Seq Scan on "+big) || !strings.Contains(plan.String(), is.index) {
				t.Errorf("%s does not live on %s:\n%s", name, is.index, plan.String())
				break
			}
		}
	}
}
