package ticket

import (
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// fill stores n tickets over a few skewed teams, most of them done, with SQL
// alone: a plan says nothing on an empty table.
func fill(t *testing.T, db *postgres.DB, n int) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO teams (name) SELECT 'Equipe ' || i FROM generate_series(1, 11) i`,
		`INSERT INTO accounts (email, name, role, password_hash) SELECT i || '@example.com', 'Pessoa ' || i, 'agent', '-' FROM generate_series(1, 40) i`,
		`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, status, team_id, assignee_id, walled, next_due, waiting_since, breached, opened_at, resolved_at)
		 SELECT lpad(i::text, 17, '0'), 1, 'webform', 'reclamacao', 'x',
			CASE WHEN i % 5 > 0 THEN 'closed' WHEN i % 25 = 0 THEN 'waiting_customer' ELSE 'open' END,
			1 + (12 * random() ^ 3)::int % 12, CASE WHEN i % 10 > 0 THEN (SELECT min(id) FROM accounts) + i % 40 END,
			i % 50 = 0, now() + i * interval '1 second', now() - i * interval '1 second', i % 35 = 0, now() - i * interval '1 minute',
			CASE WHEN i % 5 > 0 THEN now() END
		 FROM generate_series(1, ` + strconv.Itoa(n) + `) i`,
		`UPDATE tickets SET reopened_at = now() WHERE id % 100 = 5`,
		`UPDATE tickets SET promised_at = now() WHERE id % 100 = 10`,
		`UPDATE tickets SET unread = true WHERE assignee_id IS NOT NULL AND id % 9 = 0`,
		`UPDATE tickets SET mentioned = ARRAY[id % 40 + 1] WHERE id % 50 = 35`,
		`VACUUM ANALYZE tickets`, `ANALYZE teams`,
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
}

func TestEveryStockListWalksItsIndex(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	fill(t, db, 60_000)
	agent := access.Actor{AccountID: 7, Role: access.Agent, Teams: []int64{2, 5, 9}}
	ombudsman := access.Actor{AccountID: 8, Role: access.Ombudsman}
	tests := []struct {
		name  string
		q     Query
		index []string
	}{
		{"a team's queue by deadline", Query{Actor: agent}, []string{"tickets_team_due"}},
		{"by who has waited longest", Query{Actor: agent, Sort: SortWaiting}, []string{"tickets_team_waiting"}},
		{"newest first", Query{Actor: agent, Sort: SortNewest}, []string{"tickets_team_newest"}},
		{"nobody's", Query{Actor: agent, View: ViewUnassigned}, []string{"tickets_unassigned_due"}},
		{"mine", Query{Actor: agent, View: ViewMine}, []string{"tickets_assignee_due"}},
		{"breached", Query{Actor: agent, View: ViewBreached}, []string{"tickets_breached_due"}},
		{"due today", Query{Actor: agent, View: ViewDueToday}, []string{"tickets_team_due"}},
		{"the customer's turn", Query{Actor: agent, View: ViewWaitingCustomer}, []string{"tickets_customers_turn"}},
		{"promised", Query{Actor: agent, View: ViewPromised}, []string{"tickets_promised_due"}},
		{"reopened", Query{Actor: agent, View: ViewReopened}, []string{"tickets_reopened_due"}},
		{"that name me", Query{Actor: agent, View: ViewMentions}, []string{"tickets_mentioned"}},
		{"that I have not read", Query{Actor: agent, View: ViewUnread}, []string{"tickets_unread_due"}},
		{"resolved", Query{Actor: agent, View: ViewResolved}, []string{"tickets_done_newest"}},
		{"through the wall, by deadline", Query{Actor: ombudsman}, []string{"tickets_team_due", "tickets_walled_due"}},
		{"through the wall, by waiting", Query{Actor: ombudsman, Sort: SortWaiting}, []string{"tickets_team_waiting", "tickets_walled_waiting"}},
		{"through the wall, newest first", Query{Actor: ombudsman, Sort: SortNewest}, []string{"tickets_team_newest", "tickets_walled_newest"}},
		{"through the wall, resolved", Query{Actor: ombudsman, View: ViewResolved}, []string{"tickets_done_newest", "tickets_walled_done"}},
	}
	for _, tt := range tests {
		tt.q.Now = time.Now()
		for _, deep := range []bool{false, true} {
			if deep {
				page, err := List(t.Context(), db.Gorm, tt.q)
				if err != nil {
					t.Fatalf("%s: %v", tt.name, err)
				}
				if tt.q.Cursor = page.Next; page.Next == "" {
					continue
				}
			}
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				plan := explain(t, db, tt.q, mode)
				used := map[string]bool{}
				for _, index := range regexp.MustCompile(`tickets_\w+`).FindAllString(plan, -1) {
					used[index] = true
				}
				want := map[string]bool{"tickets_pkey": true} // for the rows of the page
				for _, index := range tt.index {
					want[index] = true
				}
				if strings.Contains(plan, "Seq Scan on tickets") || !maps.Equal(used, want) {
					t.Errorf("%s (deep %v, %s) does not live on %v:\n%s", tt.name, deep, mode, tt.index, plan)
				}
			}
		}
	}
}

// explain plans the statement as pgx runs it: prepared, with parameters.
func explain(t *testing.T, db *postgres.DB, q Query, mode string) string {
	t.Helper()
	l, err := newList(q, MaxLimit)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	err = db.InTx(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SET LOCAL plan_cache_mode = " + mode).Error; err != nil {
			return err
		}
		return tx.Raw("EXPLAIN "+l.sql, l.args...).Scan(&lines).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
