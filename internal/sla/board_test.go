package sla_test

import (
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// The forecast is what a queue would do that is worked off one by one, the oldest
// due first.
func TestTheForecastIsThatOfAQueueWorkedOffOneByOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.Float64Range(0, 3).Draw(rt, "rate")
		n := rapid.IntRange(0, 12).Draw(rt, "minutes")
		var falling []sla.Falling
		for range n {
			minute := rapid.IntRange(0, 240).Draw(rt, "minute")
			for _, f := range falling {
				if f.Minute == minute {
					minute = -1
				}
			}
			if minute >= 0 {
				falling = append(falling, sla.Falling{Minute: minute, N: rapid.IntRange(1, 9).Draw(rt, "n")})
			}
		}
		got := sla.Forecast(falling, rate)
		// The clocks in a row, each done when as many minutes are over as it takes.
		place := 0
		for _, f := range got {
			want := 0
			for _, in := range falling {
				if in.Minute != f.Minute {
					continue
				}
				for range in.N {
					place++
					if float64(place) > rate*float64(f.Minute) {
						want++
					}
				}
			}
			if f.N != want {
				rt.Fatalf("minute %d: %d, and one by one %d, of %+v at %f", f.Minute, f.N, want, falling, rate)
			}
		}
		all := 0
		for _, f := range sla.Forecast(falling, rate*2) {
			all += f.N
		}
		slower := 0
		for _, f := range got {
			slower += f.N
		}
		if all > slower {
			rt.Fatalf("twice as quick misses %d instead of %d", all, slower)
		}
	})
}

func TestTheBoardCountsWhatIsOverAndWhatFalls(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	other := tickettest.Team(t, db, "Entregas")
	now := time.Now().UTC()
	due := func(team int64, channel string, walled bool, in time.Duration) int64 {
		t.Helper()
		tk := tickettest.Open(t, db, ticket.Ticket{TeamID: team, Channel: channel, Walled: walled})
		act(t, db, func(tx *gorm.DB) error { return sla.Start(tx, tk.ID, []sla.NewClock{clockDue(in)}) })
		return tk.ID
	}
	over := due(tickettest.DefaultTeam, "email", false, -time.Minute)
	due(tickettest.DefaultTeam, "phone", false, 20*time.Minute)
	due(other, "email", false, 90*time.Minute)
	due(other, "email", false, 5*time.Hour)
	due(tickettest.DefaultTeam, "ombudsman", true, 10*time.Minute)
	scope := tickettest.Account(t, db, access.Supervisor, tickettest.DefaultTeam, other).Scope()
	b, err := sla.ReadBoard(t.Context(), db.Gorm, sla.BoardQuery{Scope: scope, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	falls, misses := 0, 0
	for _, q := range b.Quarters {
		falls += q.Due
		misses += q.Misses
	}
	if b.Breached != 1 || b.Hour != 1 || falls != 2 || len(b.Quarters) != 16 || b.Quarters[0].From.After(now) || now.Sub(b.Quarters[0].From) >= 15*time.Minute {
		t.Errorf("%+v", b)
	}
	if misses != 2 || b.Pace != 0 {
		t.Errorf("nobody works, and %d of 2 are missed at %f an hour", misses, b.Pace)
	}
	if len(b.Teams) != 2 || b.Teams[0] != (sla.Share[int64]{Key: tickettest.DefaultTeam, Breached: 1, Hour: 1, Ahead: 1, Misses: 1}) || b.Teams[1].Ahead != 1 {
		t.Errorf("%+v", b.Teams)
	}
	narrow, err := sla.ReadBoard(t.Context(), db.Gorm, sla.BoardQuery{Scope: scope, Now: now, Team: other, Channel: "email"})
	if err != nil || narrow.Breached != 0 || narrow.Hour != 0 || len(narrow.Channels) != 1 || narrow.Channels[0].Ahead != 1 {
		t.Errorf("%+v, %v", narrow, err)
	}
	// Who does not see through the wall, or not that team, counts none of it.
	office := tickettest.Account(t, db, access.Ombudsman, tickettest.DefaultTeam).Scope()
	if b, err := sla.ReadBoard(t.Context(), db.Gorm, sla.BoardQuery{Scope: office, Now: now}); err != nil || len(b.Channels) == 0 || b.Hour < 1 {
		t.Errorf("%+v, %v", b, err)
	}

	// A queue that is worked off as quickly as it falls misses nothing.
	act(t, db, func(tx *gorm.DB) error {
		for range 40 {
			id := tickettest.Open(t, db, ticket.Ticket{TeamID: other}).ID
			if err := sla.Start(tx, id, []sla.NewClock{clockDue(time.Hour)}); err != nil {
				return err
			}
			if err := sla.Stop(tx, id, sla.Resolution, now.Add(-time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	quick, err := sla.ReadBoard(t.Context(), db.Gorm, sla.BoardQuery{Scope: scope, Now: now, Team: other})
	if err != nil || quick.Pace != 20 || quick.Teams[0].Misses != 0 || quick.Teams[0].Ahead != 1 {
		t.Errorf("%+v, %v", quick, err)
	}

	act(t, db, func(tx *gorm.DB) error {
		_, err := sla.RecordStages(tx, []sla.Due{{ClockID: only(t, db, over, sla.Resolution).ID, TicketID: over}})
		return err
	})
	days, err := sla.Compliance(t.Context(), db.Gorm, sla.BoardQuery{Scope: scope, Now: now}, saoPaulo(t))
	if err != nil || len(days) != sla.BoardDays {
		t.Fatalf("%d days, %v", len(days), err)
	}
	met, missed := 0, 0
	for _, d := range days {
		met, missed = met+d.Met, missed+d.Missed
	}
	if met != 40 || missed != 1 {
		t.Errorf("%d met and %d missed", met, missed)
	}
}
