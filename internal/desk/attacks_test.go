package desk_test

import (
	"errors"
	"testing"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// attacks.md row 52: nothing can be moved, assigned, answered or reopened
// through a ticket that the actor does not see, nor is its state told.
func TestAttack52NothingIsDoneToAHiddenTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, hidden := range []ticket.Ticket{{TeamID: o.away.Teams[0]}, {Walled: true}} {
		tk := o.open(t, hidden)
		acts := map[string]func(id int64) error{
			"reply": func(id int64) error {
				_, _, err := o.s.Reply(t.Context(), o.sup, id, desk.Reply{Body: "a"})
				return err
			},
			"note": func(id int64) error { _, _, err := o.s.Note(t.Context(), o.sup, id, "a"); return err },
			"move": func(id int64) error {
				_, err := o.s.Patch(t.Context(), o.sup, id, desk.Patch{Version: 1, TeamID: ptr(int64(1))})
				return err
			},
			"conflict": func(id int64) error {
				_, err := o.s.Patch(t.Context(), o.sup, id, desk.Patch{Version: 9, Priority: ptr(9)})
				return err
			},
			"resolve": func(id int64) error { _, err := o.s.Resolve(t.Context(), o.sup, id, ""); return err },
			"reopen":  func(id int64) error { _, err := o.s.Reopen(t.Context(), o.sup, id, "a"); return err },
		}
		for name, act := range acts {
			told := tickettest.Replay(t, o.db, func() {
				seen, absent := act(tk.ID), act(1<<40)
				if !errors.Is(seen, ticket.ErrNotFound) || fault.From(seen).Code != fault.From(absent).Code {
					t.Errorf("%s: %v for a hidden ticket, %v for an absent one", name, seen, absent)
				}
			})
			if len(told) != 0 {
				t.Errorf("%s of a hidden ticket told %+v", name, told)
			}
		}
	}
}

// attacks.md row 55: what a patch may set is what Patch has, and none of it is
// what the system keeps: number, times, fence, deadlines, wall.
func TestAttack55APatchCannotReachWhatTheSystemKeeps(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	before := tickettest.Fresh(t, o.db, tk.ID)
	after, err := o.s.Patch(t.Context(), o.sup, tk.ID, desk.Patch{Version: 1, Priority: ptr(1), Kind: ptr(ticket.Kind("elogio")),
		Subject: ptr("x"), Tags: &[]string{"x"}, ReasonID: ptr(int64(1)), Assignee: &o.ana.AccountID, Status: ptr(ticket.WaitingThird)})
	if err != nil {
		t.Fatal(err)
	}
	if after.Protocol != before.Protocol || !after.OpenedAt.Equal(before.OpenedAt) || after.Fence != before.Fence ||
		after.Walled != before.Walled || after.CustomerID != before.CustomerID || after.Channel != before.Channel ||
		after.PublicVersion != before.PublicVersion || after.LegalPriority != before.LegalPriority {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

// attacks.md row 56: messages and notes are not to be rewritten, by anybody. No
// act of the desk changes one that is there.
func TestAttack56WhatWasWrittenStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Note(t.Context(), o.bruno, tk.ID, "Nota do Bruno"); err != nil {
		t.Fatal(err)
	}
	written := func() (text string) {
		if err := o.db.Gorm.Raw(`SELECT string_agg(x, '|' ORDER BY x) FROM (SELECT id || body || at AS x FROM messages WHERE version <= 2
			UNION ALL SELECT id || body || author_id || at FROM notes WHERE version <= 2) y`).Scan(&text).Error; err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := written()
	if _, _, err := o.s.Note(t.Context(), o.ana, tk.ID, "Outra"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.s.Reply(t.Context(), o.sup, tk.ID, desk.Reply{Body: "Oi", Resolve: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Reopen(t.Context(), o.sup, tk.ID, "a"); err != nil {
		t.Fatal(err)
	}
	if after := written(); before != after {
		t.Errorf("before %s\nafter %s", before, after)
	}
}
