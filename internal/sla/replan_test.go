package sla_test

import (
	"log/slog"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
)

// replan plans a ticket anew in a transaction of its own.
func replan(t testing.TB, db *postgres.DB, p *sla.Policies, id int64, d sla.Demand, opened, now time.Time) (moves []sla.Move) {
	t.Helper()
	act(t, db, func(tx *gorm.DB) (err error) {
		moves, err = p.Replan(tx, id, d, opened, now)
		return err
	})
	return moves
}

// live are the kinds of clock that run or stand still, with their policies.
func live(t testing.TB, db *postgres.DB, id int64) map[sla.Kind]string {
	t.Helper()
	all, err := sla.Clocks(t.Context(), db.Gorm, sla.BuiltIn(saoPaulo(t)), id)
	if err != nil {
		t.Fatal(err)
	}
	out := map[sla.Kind]string{}
	for _, c := range all {
		if c.State == sla.Running || c.State == sla.Standing {
			out[c.Kind] = c.Policy
		}
	}
	return out
}

// A demand that turns out to be another gets the other's deadlines as from its
// beginning, and what moved is told; back again it has those that it had.
func TestADemandOfAnotherKindHasItsDeadlinesFromTheBeginning(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	opened := at(t, "2026-11-23 09:00")
	praise, complaint := sla.Demand{Channel: "email", Kind: "elogio"}, sla.Demand{Channel: "email", Kind: "reclamacao"}
	id := openTicket(t, db, p.Plan(praise, opened)...)

	if moves := replan(t, db, p, id, praise, opened, at(t, "2026-11-24 10:00")); len(moves) != 0 {
		t.Errorf("nothing has changed, and %+v", moves)
	}
	moves := replan(t, db, p, id, complaint, opened, at(t, "2026-11-24 10:00"))
	if len(moves) != 2 || moves[0].Clock != "resolution" || moves[0].To != nil || moves[1].Clock != "legal" || moves[1].From != nil || local(t, *moves[1].To) != "2026-11-30 23:59" {
		t.Errorf("%+v", moves)
	}
	if got := live(t, db, id); got[sla.Legal] != "SAC: resposta conclusiva" || got[sla.Resolution] != "" || got[sla.FirstResponse] != "Primeira resposta" {
		t.Errorf("%v", got)
	}
	replan(t, db, p, id, praise, opened, at(t, "2026-11-24 11:00"))
	if got := live(t, db, id); got[sla.Resolution] != "Solução" || got[sla.Legal] != "" || len(got) != 2 {
		t.Errorf("back again: %v", got)
	}
}

// A rule of another term takes over the beginning and the pauses of the one
// before it, and nothing of what was over.
func TestAnotherRuleGoesOnFromTheSameBeginning(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	opened := at(t, "2026-11-23 09:00")
	urgent := 1
	act(t, db, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO sla_policies (regime_id, position, name, kinds, priorities, clock, calendar, amount, unit, pauses)
			SELECT id, 45, 'Solução urgente', '{elogio}', '{1}', 'resolution', 'br', 2, 'business_days', true FROM regimes WHERE key = 'own'`).Error
	})
	p := policies(t, db)
	calm, hot := sla.Demand{Kind: "elogio", Priority: 3}, sla.Demand{Kind: "elogio", Priority: urgent}
	id := openTicket(t, db, p.Plan(calm, opened)...)
	act(t, db, func(tx *gorm.DB) error { return sla.Pause(tx, id, sla.WaitingCustomer, nil, at(t, "2026-11-24 10:00")) })
	act(t, db, func(tx *gorm.DB) error {
		_, err := sla.Resume(tx, p.Calendars(), id, at(t, "2026-11-25 10:00"))
		return err
	})
	moves := replan(t, db, p, id, hot, opened, at(t, "2026-11-25 11:00"))
	// Two business days of which the 24th stood still: the 25th and the 26th.
	if len(moves) != 1 || local(t, *moves[0].From) != "2026-12-01 23:59" || local(t, *moves[0].To) != "2026-11-26 23:59" {
		t.Fatalf("%+v", moves)
	}
	if s := current(t, db, id); s.Due == nil || s.Clock != "first_response" && local(t, *s.Due) != "2026-11-26 23:59" {
		t.Errorf("%+v", s)
	}
	// While it stands still the next rule's stands still, too.
	act(t, db, func(tx *gorm.DB) error { return sla.Pause(tx, id, sla.WaitingCustomer, nil, at(t, "2026-11-25 12:00")) })
	replan(t, db, p, id, calm, opened, at(t, "2026-11-25 13:00"))
	act(t, db, func(tx *gorm.DB) error {
		_, err := sla.Resume(tx, p.Calendars(), id, at(t, "2026-11-26 10:00"))
		return err
	})
	all, err := sla.Clocks(t.Context(), db.Gorm, sla.BuiltIn(saoPaulo(t)), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		if c.Policy == "Solução" && (c.State != sla.Running || local(t, c.Due) != "2026-12-02 23:59" || len(c.Intervals) != 2) {
			t.Errorf("%+v", c)
		}
	}
}

// Rules and calendars that change on one node are those of all.
func TestChangedRulesReachEveryNode(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	ctx, done := t.Context(), make(chan error, 1)
	go func() { done <- p.Follow(ctx, db, slog.New(slog.DiscardHandler)) }()
	act(t, db, func(tx *gorm.DB) error {
		err := tx.Exec(`INSERT INTO calendars (id, name, zone, week, holidays, optional)
			VALUES ('loja', 'Loja', 'America/Manaus', '[[],[[480,720]],[[480,720]],[[480,720]],[[480,720]],[[480,720]],[]]', 'national', true)`).Error
		if err == nil {
			err = tx.Exec("INSERT INTO calendar_days (calendar_id, day, reason) VALUES ('loja', '2026-10-24', 'Aniversário de Manaus'), ('loja', '2026-11-24', 'Balanço')").Error
		}
		if err == nil {
			err = tx.Exec("UPDATE sla_policies SET calendar = 'loja' WHERE name = 'Primeira resposta'").Error
		}
		if err != nil {
			return err
		}
		return sla.TellChanged(tx)
	})
	var clocks []sla.NewClock
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		clocks = p.Plan(sla.Demand{Kind: "elogio"}, at(t, "2026-11-23 13:00")) // noon in Manaus
		if clocks[0].Calendar == "loja" {
			break
		}
	}
	if clocks[0].Calendar != "loja" || local(t, clocks[0].Due) != "2026-11-25 13:00" {
		t.Errorf("%+v", clocks[0])
	}
	// What cannot be computed leaves the rules as they were.
	if err := db.Gorm.Exec("UPDATE calendars SET week = '[[],[],[],[],[],[],[]]'").Error; err != nil {
		t.Fatal(err)
	}
	if err := p.Reload(ctx, db.Gorm); err == nil {
		t.Error("a calendar that never opens was loaded")
	}
	if c, err := p.Get("loja"); err != nil || c.ID() != "loja" {
		t.Errorf("%v, %v", c, err)
	}
}

// A regime that is switched off, or not valid yet, asks nothing.
func TestARegimeAsksOnlyWhileItIsInForce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	complaint := sla.Demand{Kind: "reclamacao"}
	has := func(p *sla.Policies, day string) bool {
		for _, c := range p.Plan(complaint, at(t, day+" 10:00")) {
			if c.Kind == sla.Legal {
				return true
			}
		}
		return false
	}
	if err := db.Gorm.Exec("UPDATE sla_policies SET valid_from = '2026-11-23', valid_to = '2026-11-24' WHERE name = 'SAC: resposta conclusiva'").Error; err != nil {
		t.Fatal(err)
	}
	p := policies(t, db)
	for day, want := range map[string]bool{"2026-11-22": false, "2026-11-23": true, "2026-11-24": true, "2026-11-25": false} {
		if has(p, day) != want {
			t.Errorf("%s: %v", day, !want)
		}
	}
	if err := db.Gorm.Exec("UPDATE regimes SET active = false WHERE key = 'sac'").Error; err != nil {
		t.Fatal(err)
	}
	if has(policies(t, db), "2026-11-23") {
		t.Error("a regime that is switched off has given a clock")
	}
}
