package sla_test

import (
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
)

// The cap of extensions counts a month's demands while a person waits: it reads
// those of the regime's rules in that month, whatever else there is.
func TestAMonthsDemandsAreCountedByTheirIndex(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, sql := range []string{
		`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, team_id)
		 SELECT lpad(i::text, 17, '0'), 1, 'webform', 'reclamacao', 'x', 1 FROM generate_series(1, 30000) i`,
		`INSERT INTO clocks (ticket_id, kind, policy_id, policy, calendar, amount, unit, roll, pauses, started_at, due, target, warn50, warn75, warn90)
		 SELECT t.id, p.clock, p.id, p.name, p.calendar, p.amount, p.unit, false, false, s.at, s.at, s.at, s.at, s.at, s.at
		 FROM tickets t, sla_policies p, LATERAL (SELECT timestamptz '2025-01-01 12:00Z' + t.id % 700 * interval '1 day' AS at) s
		 WHERE p.position BETWEEN 10 AND 50`,
		`VACUUM ANALYZE clocks`, `VACUUM ANALYZE tickets`, `ANALYZE sla_policies`,
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
	sql := "EXPLAIN SELECT count(DISTINCT c.ticket_id) FROM " + sla.Registered
	sql = strings.NewReplacer("@regime", "(SELECT id FROM regimes WHERE key = 'sac')", "@from", "timestamptz '2026-03-01Z'", "@to", "timestamptz '2026-04-01Z'").Replace(sql)
	var plan []string
	if err := db.Gorm.Raw(sql).Scan(&plan).Error; err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "clocks_month") || strings.Contains(text, "Seq Scan on clocks") {
		t.Errorf("does not live on its index:\n%s", text)
	}
}
