package realtime

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
	"github.com/escuta-sac/escuta/internal/view"
)

// shelf is a book of the same rules for everybody.
type shelf []ticket.Rule

func (shelf) Refresh(context.Context) (bool, error) { return false, nil }

func (s shelf) Pinned(a access.Actor) (all []view.Pinned) {
	for i, r := range s {
		all = append(all, view.Pinned{ID: int64(i), Rule: r.Bind(a, nil)})
	}
	return all
}

func in(field string, values ...string) ticket.Rule {
	return ticket.Rule{Field: field, Op: ticket.RuleIn, Values: values}
}

// length walks a list to its end.
func length(rt *rapid.T, db *postgres.DB, q ticket.Query) (n int) {
	for {
		page, err := ticket.List(rt.Context(), db.Gorm, q)
		if err != nil {
			rt.Fatal(err)
		}
		n += len(page.Items)
		if q.Cursor = page.Next; page.Next == "" {
			return n
		}
	}
}

// Whatever changes, and however time passes, each counter is the length of the
// list beside which it stands: of every stock view, of rules that people write
// and of rules drawn at random, for each of several people, walled tickets among
// what they ask for.
func TestEveryCounterIsTheLengthOfItsList(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 22, 23, 30, 20, 0, zone)
	clock := now
	teams := []int64{tickettest.DefaultTeam, tickettest.Team(t, db, "Cobrança"), tickettest.Team(t, db, "Técnica")}
	actors := []access.Actor{
		tickettest.Account(t, db, access.Agent, teams[0]), tickettest.Account(t, db, access.Supervisor, teams[1], teams[2]),
		tickettest.Account(t, db, access.Ombudsman, teams[2]), tickettest.Account(t, db, access.Admin), tickettest.Account(t, db, access.Agent),
	}
	written := shelf{
		{Field: "due", Op: ticket.RuleWithin, Minutes: 90},
		{Field: "due", Op: ticket.RuleOver, Minutes: 0},
		{All: []ticket.Rule{in("team", "me"), {Not: &ticket.Rule{Any: []ticket.Rule{in("is", "breached", "promised"), in("assignee", "none")}}}}},
		{All: []ticket.Rule{in("subject", "boleto", "Cartão"), {Not: &ticket.Rule{Field: "subject", Op: ticket.RuleIn, Values: []string{"dobro"}}}}},
		{Any: []ticket.Rule{in("assignee", "me"), in("is", "mentioned", "unread")}},
		{All: []ticket.Rule{in("status", "open", "new"), {Field: "waiting", Op: ticket.RuleOver, Minutes: 30}}},
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
	for range 12 {
		tickettest.Open(t, db, ticket.Ticket{OpenedAt: now.Add(-time.Hour).UTC()})
	}
	var ids []int64
	if err := db.Gorm.Raw(`SELECT id FROM tickets`).Scan(&ids).Error; err != nil {
		t.Fatal(err)
	}
	named := tickettest.Named{Reasons: []string{"1", "2"}, Incidents: []string{fmt.Sprint(incident)}}
	for _, team := range teams {
		named.Teams = append(named.Teams, fmt.Sprint(team))
	}
	for _, a := range actors {
		named.Accounts = append(named.Accounts, fmt.Sprint(a.AccountID))
	}
	rapid.Check(t, func(rt *rapid.T) {
		clock = now
		rules := slices.Clone(written)
		for range 4 {
			rules = append(rules, tickettest.Rule(rt, named))
		}
		p := newProjection(zone, func() time.Time { return clock }, rules)
		at, err := l.Head(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		if err := p.load(t.Context(), db, at); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 6).Draw(rt, "changes") {
				randomChange(rt, db, rapid.SampledFrom(ids).Draw(rt, "ticket"), teams, actors, incident, now.UTC())
			}
			seq.Poke()
			catchUp(rt, db, l, p)
			clock = clock.Add(time.Duration(rapid.IntRange(0, 45).Draw(rt, "minutes")) * time.Minute)
			p.turnDay()
			p.turnMinute()
			for _, a := range actors {
				g := group{projection: p}
				counts, saved, _ := g.countsFor(a)
				for _, part := range counts.parts() {
					q := ticket.Query{Actor: a, Now: clock, View: part.name, Limit: 100}
					if want := length(rt, db, q); part.n != want {
						rt.Fatalf("%s of %s at %s: counted %d, listed %d", part.name, a.Role, clock, part.n, want)
					}
				}
				for i, bound := range rules.Pinned(a) {
					want := length(rt, db, ticket.Query{Actor: a, Now: clock, Rule: bound.Rule, Limit: 100})
					if saved[i].View != int64(i) || saved[i].N != want {
						rt.Fatalf("rule %d of %s at %s: counted %+v, listed %d", i, a.Role, clock, saved[i], want)
					}
				}
			}
		}
	})
}
