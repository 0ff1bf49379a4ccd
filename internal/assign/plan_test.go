package assign

import (
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/roster"
)

// Whatever terms an asker has, the next ticket is found by indexes alone.
func TestNextWalksIndexes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, sql := range []string{
		`INSERT INTO teams (name) SELECT 'Equipe ' || i FROM generate_series(1, 11) i`,
		`INSERT INTO accounts (email, name, role, password_hash) SELECT i || '@example.com', 'Pessoa ' || i, 'agent', '-' FROM generate_series(1, 40) i`,
		`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, status, team_id, assignee_id, next_due)
		 SELECT lpad(i::text, 17, '0'), 1, CASE WHEN i % 3 = 0 THEN 'email' ELSE 'webform' END, CASE WHEN i % 2 = 0 THEN 'reclamacao' ELSE 'duvida' END, 'x',
			CASE WHEN i % 5 > 0 THEN 'closed' ELSE 'open' END, 1 + (12 * random() ^ 3)::int % 12,
			CASE WHEN i % 10 = 0 THEN (SELECT min(id) FROM accounts) + i % 40 END, now() + i * interval '1 second' FROM generate_series(1, 60000) i`,
		`INSERT INTO skills (name) VALUES ('Espanhol'), ('E-mail'), ('Entrega')`,
		`INSERT INTO skill_rules (skill_id, tag) SELECT id, 'idioma-es' FROM skills WHERE name = 'Espanhol'`,
		`INSERT INTO skill_rules (skill_id, channel, team_id) SELECT id, 'email', 2 FROM skills WHERE name = 'E-mail'`,
		`INSERT INTO skill_rules (skill_id, reason_id) SELECT s.id, r.id FROM skills s, reasons r WHERE s.name = 'Entrega' AND r.name = 'Entrega'`,
		`VACUUM ANALYZE tickets`, `ANALYZE teams`,
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%.60s: %v", sql, err)
		}
	}
	rules, err := roster.Rules(t.Context(), db.Gorm)
	if err != nil || len(rules) != 3 {
		t.Fatalf("%d rules, %v", len(rules), err)
	}
	agent := access.Actor{AccountID: 7, Role: access.Agent, Teams: []int64{2, 5, 9}}
	for name, try := range map[string]struct {
		actor access.Actor
		terms terms
		light bool
	}{
		"without terms":       {agent, terms{}, false},
		"with skills lacking": {agent, terms{lacked: rules}, false},
		"to be spared":        {agent, terms{lacked: rules, tired: []int64{2, 5}}, true},
		"through the wall":    {access.Actor{AccountID: 8, Role: access.Ombudsman}, terms{lacked: rules}, false},
	} {
		sql, args := try.terms.statement(try.actor, try.light)
		for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
			var lines []string
			err := db.InTx(t.Context(), func(tx *gorm.DB) error {
				if err := tx.Exec("SET LOCAL plan_cache_mode = " + mode).Error; err != nil {
					return err
				}
				return tx.Raw("EXPLAIN "+sql, args).Scan(&lines).Error
			})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if plan := strings.Join(lines, "\n"); strings.Contains(plan, "Seq Scan on tickets") || !strings.Contains(plan, "tickets_unassigned_due") {
				t.Errorf("%s, %s:\n%s", name, mode, plan)
			}
		}
	}
}
