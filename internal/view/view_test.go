package view_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
	"github.com/escuta-sac/escuta/internal/view"
)

var urgent = ticket.Rule{Field: "priority", Op: ticket.RuleIn, Values: []string{"1"}}

func TestAViewIsSeenAndChangedByThoseWhoseItIs(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	other := tickettest.Team(t, db, "Cobrança")
	ana := tickettest.Account(t, db, access.Agent, tickettest.DefaultTeam)
	bia := tickettest.Account(t, db, access.Agent, other)
	sup := tickettest.Account(t, db, access.Supervisor, other)
	book := view.NewBook(db)
	s := view.New(db, book, time.Now)
	mine, err := s.Create(t.Context(), ana, view.Saved{Scope: view.Own, Name: "  Urgentes  de hoje ", Rule: urgent, Sort: ticket.SortDue, Pinned: true})
	if err != nil || mine.Name != "Urgentes de hoje" {
		t.Fatalf("%+v, %v", mine, err)
	}
	team := other
	theirs, err := s.Create(t.Context(), sup, view.Saved{Scope: view.Team, TeamID: &team, Name: "Da equipe", Rule: urgent, Sort: ticket.SortNewest, Pinned: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), sup, view.Saved{Scope: view.All, Name: "De todos", Rule: urgent, Sort: ticket.SortDue}); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[*access.Actor][]string{&ana: {"Urgentes de hoje", "De todos"}, &bia: {"Da equipe", "De todos"}, &sup: {"Da equipe", "De todos"}} {
		all, err := s.List(t.Context(), *who)
		var names []string
		for _, v := range all {
			names = append(names, v.Name)
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("%s sees %v, want %v, %v", who.Name, names, want, err)
		}
	}
	if p := book.Pinned(ana); len(p) != 1 || p[0].ID != mine.ID {
		t.Errorf("in the rail of its owner: %+v", p)
	}
	if p := book.Pinned(bia); len(p) != 1 || p[0].ID != theirs.ID {
		t.Errorf("in the rail of the team: %+v", p)
	}
	rename := func(v *view.Saved) { v.Name = "Outro" }
	for what, err := range map[string]error{
		"somebody else's":       second(s.Change(t.Context(), bia, mine.ID, 1, rename)),
		"an agent shares":       second(s.Create(t.Context(), ana, view.Saved{Scope: view.All, Name: "x", Rule: urgent, Sort: ticket.SortDue})),
		"the team's":            second(s.Change(t.Context(), bia, theirs.ID, 1, rename)),
		"shared by changing it": second(s.Change(t.Context(), ana, mine.ID, 1, func(v *view.Saved) { v.Scope = view.All })),
		"an old version":        second(s.Change(t.Context(), ana, mine.ID, 7, rename)),
		"an unknown team":       second(s.Create(t.Context(), sup, view.Saved{Scope: view.Team, TeamID: new(int64), Name: "x", Rule: urgent, Sort: ticket.SortDue})),
		"no name":               second(s.Create(t.Context(), ana, view.Saved{Scope: view.Own, Name: " ", Rule: urgent, Sort: ticket.SortDue})),
		"no rule":               second(s.Create(t.Context(), ana, view.Saved{Scope: view.Own, Name: "x", Sort: ticket.SortDue})),
		"removed by another":    s.Remove(t.Context(), bia, mine.ID),
	} {
		want := map[string]error{"somebody else's": view.ErrNotFound, "an agent shares": view.ErrNotYours, "the team's": view.ErrNotYours,
			"shared by changing it": view.ErrNotYours, "an old version": view.ErrVersion, "an unknown team": view.ErrNotYours,
			"no name": ticket.ErrInvalid, "no rule": ticket.ErrInvalid, "removed by another": view.ErrNotFound}[what]
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	if v, err := s.Change(t.Context(), ana, mine.ID, 1, rename); err != nil || v.Version != 2 || v.Name != "Outro" {
		t.Errorf("%+v, %v", v, err)
	}
	elsewhere := view.NewBook(db)
	if changed, err := elsewhere.Refresh(t.Context()); err != nil || !changed {
		t.Fatalf("another node: %v, %v", changed, err)
	}
	if changed, err := elsewhere.Refresh(t.Context()); err != nil || changed {
		t.Errorf("nothing changed, and it says %v, %v", changed, err)
	}
	if err := s.Remove(t.Context(), ana, mine.ID); err != nil {
		t.Fatal(err)
	}
	if changed, err := elsewhere.Refresh(t.Context()); err != nil || !changed || len(elsewhere.Pinned(ana)) != 0 {
		t.Errorf("another node after the removal: %v, %v, %v", changed, err, elsewhere.Pinned(ana))
	}
}

func second[T any](_ T, err error) error { return err }
