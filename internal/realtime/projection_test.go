package realtime

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// bySQL counts the views of an actor in the tables, in words of its own.
func bySQL(t rapid.TB, db *postgres.DB, a access.Actor, tomorrow time.Time) (c Counts) {
	t.Helper()
	err := db.Gorm.Raw(`
	  WITH mine AS (SELECT team_id FROM account_teams WHERE account_id = @id),
	  seen AS (SELECT t.* FROM tickets t WHERE status NOT IN ('resolved', 'closed') AND
	    CASE WHEN walled THEN @role = 'ombudsman' AND NOT string_to_array(barred, ' ') && string_to_array(@keys, ' ')
	         ELSE @role IN ('admin', 'ombudsman') OR team_id IN (SELECT team_id FROM mine) END)
	  SELECT count(*) FILTER (WHERE assignee_id = @id)                              AS mine,
	         count(*) FILTER (WHERE assignee_id IS NULL)                            AS unassigned,
	         count(*) FILTER (WHERE NOT walled AND team_id IN (SELECT team_id FROM mine)) AS team,
	         count(*)                                                               AS "all",
	         count(*) FILTER (WHERE next_due < @tomorrow AND NOT breached)          AS due_today,
	         count(*) FILTER (WHERE breached)                                       AS breached,
	         count(*) FILTER (WHERE status = 'waiting_customer')                    AS waiting_customer,
	         count(*) FILTER (WHERE promised_at IS NOT NULL)                        AS promised,
	         count(*) FILTER (WHERE reopened_at IS NOT NULL)                        AS reopened,
	         count(*) FILTER (WHERE @id = ANY (mentioned))                          AS mentions,
	         count(*) FILTER (WHERE unread AND assignee_id = @id)                   AS unread
	    FROM seen`, map[string]any{"id": a.AccountID, "role": string(a.Role), "keys": string(access.Bar([]int64{a.AccountID}, a.Teams)), "tomorrow": tomorrow}).Scan(&c).Error
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCountersAlwaysEqualWhatSQLCounts(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	// Half past eleven in the evening: today ends in half an hour.
	now := time.Date(2026, 11, 22, 23, 30, 0, 0, zone)
	clock := now
	teams := []int64{tickettest.DefaultTeam, tickettest.Team(t, db, "Cobrança"), tickettest.Team(t, db, "Técnica")}
	actors := []access.Actor{
		tickettest.Account(t, db, access.Agent, teams[0]),
		tickettest.Account(t, db, access.Agent, teams[1], teams[2]),
		tickettest.Account(t, db, access.Supervisor, teams[0], teams[1]),
		tickettest.Account(t, db, access.Ombudsman, teams[2]),
		tickettest.Account(t, db, access.Admin),
		tickettest.Account(t, db, access.Agent),
	}
	incident := tickettest.Incident(t, db, "Centro de distribuição parado")
	l := event.NewLog(db, redistest.New(t), slog.New(slog.DiscardHandler))
	seq := event.NewSequencer(l)
	done := make(chan error, 1)
	go func() { done <- seq.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for range 8 {
		tickettest.Open(t, db, ticket.Ticket{})
	}

	rapid.Check(t, func(rt *rapid.T) {
		p := newProjection(zone, func() time.Time { return clock }, nil)
		at, err := l.Head(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		loadAfter := rapid.IntRange(0, 3).Draw(rt, "changes before the load")
		var ids []int64
		if err := db.Gorm.Raw(`SELECT id FROM tickets`).Scan(&ids).Error; err != nil {
			rt.Fatal(err)
		}
		for i := range rapid.IntRange(1, 25).Draw(rt, "changes") {
			if i == loadAfter { // the load sees changes that are told again afterwards
				if err := p.load(t.Context(), db, at); err != nil {
					rt.Fatal(err)
				}
			}
			randomChange(rt, db, rapid.SampledFrom(ids).Draw(rt, "ticket"), teams, actors, incident, now)
		}
		if p.position().Epoch == "" {
			if err := p.load(t.Context(), db, at); err != nil {
				rt.Fatal(err)
			}
		}
		seq.Poke()
		catchUp(rt, db, l, p)
		check := func(tomorrow time.Time) {
			for _, a := range actors {
				got, _ := p.counts(a)
				if want := bySQL(rt, db, a, tomorrow); got != want {
					rt.Fatalf("%s in teams %v: counted %+v, SQL %+v", a.Role, a.Teams, got, want)
				}
				g := group{projection: p}
				if again, _, _ := g.countsFor(a); again != got {
					rt.Fatalf("the group counts %+v, alone it is %+v", again, got)
				}
			}
		}
		check(time.Date(2026, 11, 23, 0, 0, 0, 0, zone))
		clock = now.Add(time.Hour) // midnight passes
		p.turnDay()
		check(time.Date(2026, 11, 24, 0, 0, 0, 0, zone))
		clock = now
	})
}

func randomChange(rt *rapid.T, db *postgres.DB, id int64, teams []int64, actors []access.Actor, incident int64, now time.Time) {
	what := rapid.IntRange(0, 14).Draw(rt, "what")
	err := db.InTx(rt.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(rt.Context(), tx, id, ticket.Cause{Kind: event.TicketChanged, At: now}, func(tk *ticket.Ticket) error {
			switch what {
			case 0:
				tk.Status = rapid.SampledFrom([]ticket.Status{ticket.New, ticket.Open, ticket.WaitingCustomer,
					ticket.WaitingThird, ticket.Resolved, ticket.Closed}).Draw(rt, "status")
				if tk.ReopenedAt = nil; rapid.Bool().Draw(rt, "reopened") {
					tk.ReopenedAt = &now
				}
			case 1:
				tk.TeamID = rapid.SampledFrom(teams).Draw(rt, "team")
			case 2:
				tk.AssigneeID = nil
				if i := rapid.IntRange(-1, len(actors)-1).Draw(rt, "assignee"); i >= 0 {
					tk.AssigneeID = &actors[i].AccountID
				}
			case 3:
				tk.Walled, tk.IncidentID, tk.Barred = !tk.Walled, nil, "" // never of a case
			case 4:
				tk.Deadline.Breached = !tk.Deadline.Breached
			case 5:
				due := now.Add(time.Duration(rapid.IntRange(-120, 36*60).Draw(rt, "minutes")) * time.Minute).UTC()
				tk.Deadline.Due = &due
			case 6:
				tk.Deadline.Due = nil
			case 7:
				if tk.PromisedAt = nil; rapid.Bool().Draw(rt, "promised") {
					tk.PromisedAt = &now
				}
			case 8:
				tk.Unread = tk.AssigneeID != nil && !tk.Unread
			case 9:
				tk.Mentioned = nil
				for _, a := range actors {
					if rapid.Bool().Draw(rt, "mentioned") {
						tk.Mentioned = append(tk.Mentioned, a.AccountID)
					}
				}
			case 10:
				tk.Kind = rapid.SampledFrom([]ticket.Kind{"reclamacao", "elogio"}).Draw(rt, "kind")
				tk.Priority, tk.LegalPriority = rapid.IntRange(1, 4).Draw(rt, "priority"), rapid.IntRange(0, 3).Draw(rt, "legal")
				tk.Tags = rapid.SampledFrom([][]string{{}, {"vip"}, {"estorno", "vip"}}).Draw(rt, "tags")
			case 11:
				tk.AskedArea = rapid.SampledFrom([]string{"", "Entregas"}).Draw(rt, "area")
			case 12:
				if tk.IncidentID = nil; !tk.Walled && rapid.Bool().Draw(rt, "of the incident") {
					tk.IncidentID = &incident
				}
			case 14:
				tk.Subject = rapid.SampledFrom(tickettest.Subjects).Draw(rt, "subject")
			case 13: // a case that is about one of those who count
				i := rapid.IntRange(0, len(actors)-1).Draw(rt, "accused")
				if tk.Barred = ""; tk.Walled {
					tk.Barred = access.Bar([]int64{actors[i].AccountID}, nil)
				}
			}
			return nil
		})
		return err
	})
	if err != nil {
		rt.Fatal(err)
	}
}

// catchUp applies all there is, in batches of odd sizes.
func catchUp(rt *rapid.T, db *postgres.DB, l *event.Log, p *projection) {
	size := rapid.IntRange(1, 7).Draw(rt, "batch")
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		var waiting int64
		if err := db.Gorm.Raw(`SELECT count(*) FROM events WHERE pos IS NULL`).Scan(&waiting).Error; err != nil {
			rt.Fatal(err)
		}
		events, err := l.Since(rt.Context(), p.position(), size)
		if err != nil {
			rt.Fatal(err)
		}
		if err := p.apply(p.position().Epoch, events); err != nil {
			rt.Fatal(err)
		}
		if waiting == 0 && len(events) == 0 {
			return
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-tick.C:
		case <-deadline:
			rt.Fatal("the sequencer does not number")
		}
	}
}

func TestAnEventWithoutARowIsAnError(t *testing.T) {
	t.Parallel()
	p := newProjection(time.UTC, time.Now, nil)
	for _, payload := range []string{``, `{`, `[]`, `{"row": 1}`, `{"row": {"team_id": "x"}}`} {
		if err := p.apply("e", []event.Event{{TicketID: 1, Version: 1, Pos: 1, Payload: []byte(payload)}}); err == nil {
			t.Errorf("%q was counted in", payload)
		}
	}
	if p.state() != 0 {
		t.Error("something was counted")
	}
}

// BenchmarkProjection shows what an open ticket costs.
func BenchmarkProjection(b *testing.B) {
	for _, n := range []int{100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p := newProjection(time.UTC, time.Now, nil)
				for i := range n {
					m := mark{Facts: ticket.Facts{TeamID: int64(i % 40), AssigneeID: int64(i % 300), Due: ticket.Never}, version: 1}
					p.open[int64(i)] = m
					p.count(m, 1)
				}
			}
			b.ReportMetric(float64(n), "tickets")
		})
	}
}
