package sla_test

import (
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
)

// shop adds a calendar of the installation, open on weekdays, and returns it.
func shop(t testing.TB, db *postgres.DB) (k sla.Kept) {
	t.Helper()
	k = sla.Kept{ID: "loja", Name: "Loja", Zone: "America/Sao_Paulo", Holidays: sla.NationalHolidays}
	for day := time.Monday; day <= time.Friday; day++ {
		k.Week[day] = []sla.Interval{{From: 8 * 60, To: 18 * 60}}
	}
	act(t, db, func(tx *gorm.DB) (err error) {
		k, err = sla.AddKept(tx, sla.BuiltIn(saoPaulo(t)), k, keeper(t, db), at(t, "2026-11-01 09:00"))
		return err
	})
	return k
}

func keeper(t testing.TB, db *postgres.DB) (id int64) {
	t.Helper()
	if err := db.Gorm.Raw(`INSERT INTO accounts (email, name, role, password_hash) VALUES (gen_random_uuid() || '@example.com', 'Ana', 'admin', '-') RETURNING id`).Scan(&id).Error; err != nil {
		t.Fatal(err)
	}
	return id
}

// A deadline that was counted is explained by the calendar of then: a holiday
// that is entered later does not turn up in it, nor does one go that was there.
func TestADeadlineIsExplainedByTheCalendarOfThen(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	k := shop(t, db)
	k.Days = []sla.KeptDay{{Day: brazil.Date{Year: 2026, Month: 11, Day: 25}, Reason: "Aniversário da cidade"}}
	by := keeper(t, db)
	act(t, db, func(tx *gorm.DB) (err error) {
		k, err = sla.ChangeKept(tx, sla.BuiltIn(saoPaulo(t)), k, by, at(t, "2026-11-02 09:00"))
		return err
	})
	act(t, db, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO sla_policies (regime_id, position, name, clock, calendar, amount, unit, pauses)
			SELECT id, 5, 'Loja', 'resolution', 'loja', 5, 'business_days', true FROM regimes WHERE key = 'own'`).Error
	})
	p := policies(t, db)
	opened := at(t, "2026-11-23 09:00")
	id := openTicket(t, db, p.Plan(sla.Demand{Kind: "elogio"}, opened)...)
	running := openTicket(t, db, p.Plan(sla.Demand{Kind: "elogio"}, opened)...)
	stopped := at(t, "2026-11-27 10:00")
	act(t, db, func(tx *gorm.DB) error { return sla.Stop(tx, id, sla.Resolution, stopped) })

	shown := func(ticket int64) sla.Clock {
		t.Helper()
		if err := p.Reload(t.Context(), db.Gorm); err != nil {
			t.Fatal(err)
		}
		all, err := sla.Clocks(t.Context(), db.Gorm, p, ticket)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			if c.Kind == sla.Resolution {
				return c
			}
		}
		t.Fatal("no clock")
		return sla.Clock{}
	}
	before := shown(id)
	if got := local(t, before.Due); got != "2026-12-01 23:59" || before.CalendarVersion != 2 || !before.AddsUp {
		t.Fatalf("due %s by version %d, adds up %v", got, before.CalendarVersion, before.AddsUp)
	}
	k.Days = []sla.KeptDay{{Day: brazil.Date{Year: 2026, Month: 11, Day: 26}, Reason: "Outro dia"}, {Day: brazil.Date{Year: 2026, Month: 11, Day: 30}, Reason: "Mais um"}}
	act(t, db, func(tx *gorm.DB) (err error) {
		k, err = sla.ChangeKept(tx, sla.BuiltIn(saoPaulo(t)), k, by, at(t, "2026-12-10 09:00"))
		return err
	})
	same := func(when string) {
		t.Helper()
		after := shown(id)
		if len(after.Explanation) != len(before.Explanation) || !after.Due.Equal(before.Due) || !after.AddsUp || after.CalendarVersion != 2 {
			t.Fatalf("%s it is explained otherwise:\n%+v\n%+v", when, before, after)
		}
		named := false
		for i, s := range after.Explanation {
			if s != before.Explanation[i] {
				t.Errorf("%s step %d is %+v, was %+v", when, i, s, before.Explanation[i])
			}
			named = named || s.Name == "Aniversário da cidade"
		}
		if end := after.Explanation[len(after.Explanation)-1].To; !named || end.Sub(after.Due) > time.Microsecond {
			t.Errorf("%s: ends %s, the holiday named %v", when, end, named)
		}
	}
	same("after the change")
	// What runs is told as it was counted until it is computed anew, and then by the new version.
	if c := shown(running); c.CalendarVersion != 2 || !c.AddsUp {
		t.Errorf("running: version %d, adds up %v", c.CalendarVersion, c.AddsUp)
	}
	act(t, db, func(tx *gorm.DB) error {
		_, err := sla.Recompute(tx, p, running, at(t, "2026-11-24 09:00"))
		return err
	})
	if c := shown(running); c.CalendarVersion != 3 || !c.AddsUp || local(t, c.Due) != "2026-12-02 23:59" {
		t.Errorf("computed anew: version %d, due %s, adds up %v", c.CalendarVersion, local(t, c.Due), c.AddsUp)
	}
	act(t, db, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE sla_policies SET active = false WHERE calendar = 'loja'").Error; err != nil {
			return err
		}
		return sla.RemoveKept(tx, sla.BuiltIn(saoPaulo(t)), "loja", by, at(t, "2026-12-11 09:00"))
	})
	same("after the removal")
	if c := shown(running); c.CalendarVersion != 3 || !c.AddsUp {
		t.Errorf("after the removal: version %d, adds up %v", c.CalendarVersion, c.AddsUp)
	}
}

// A clock that is stopped while it stands still is told as all its pauses make it.
func TestADeadlineThatEndedStandingStillAddsUp(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	id := openTicket(t, db, p.Plan(sla.Demand{Kind: "elogio"}, at(t, "2026-11-23 09:00"))...)
	act(t, db, func(tx *gorm.DB) error {
		if err := sla.Pause(tx, id, sla.WaitingCustomer, nil, at(t, "2026-11-24 10:00")); err != nil {
			return err
		}
		return sla.Stop(tx, id, sla.Resolution, at(t, "2026-12-10 10:00"))
	})
	c := only(t, db, id, sla.Resolution)
	if c.State != sla.Met || !c.AddsUp || c.Due.Before(*c.StoppedAt) {
		t.Errorf("%s, due %s, stopped %s, adds up %v", c.State, local(t, c.Due), local(t, *c.StoppedAt), c.AddsUp)
	}
}
