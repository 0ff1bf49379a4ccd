package desk_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// held is a ticket in Ana's hands.
func (o office) held(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	until := o.now().Add(ticket.LeaseTime)
	tk.AssigneeID, tk.HolderID, tk.LeaseUntil, tk.Fence = &o.ana.AccountID, &o.ana.AccountID, &until, 7
	return o.open(t, tk)
}

// A transfer is one change: whose it is, the note, the end of the lease and the
// event. What the receiver reads first is there until somebody answers.
func TestATransferHandsOverWithANote(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.held(t, ticket.Ticket{})
	got, err := o.s.Transfer(t.Context(), o.ana, tk.ID, desk.Transfer{To: o.bruno.AccountID, Note: " Falta o laudo. ", Fence: ptr(int64(7))})
	if err != nil {
		t.Fatal(err)
	}
	if *got.AssigneeID != o.bruno.AccountID || got.HolderID != nil || got.LeaseUntil != nil || o.leases.n.Load() != 1 {
		t.Errorf("%+v, %d leases forgotten", got, o.leases.n.Load())
	}
	events := tickettest.Events(t, o.db, tk.ID)
	if last := events[len(events)-1]; last.Kind != event.TicketTransferred || last.Version != tk.Version+1 {
		t.Errorf("told %+v", last)
	}
	h, ok, err := desk.HandedOver(t.Context(), o.db.Gorm, tk.ID)
	if err != nil || !ok || h.Note != "Falta o laudo." || h.FromID != o.ana.AccountID || *h.ToID != o.bruno.AccountID {
		t.Errorf("%+v %t %v", h, ok, err)
	}
	// The author's fence is worth nothing any more, nor is the lease theirs.
	if _, _, err := o.s.Reply(t.Context(), o.bruno, tk.ID, desk.Reply{Body: "Olá!"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Olá!"}); !errors.Is(err, ticket.ErrClaimed) {
		t.Errorf("the one who gave it away answers: %v", err)
	}
	if _, ok, err := desk.HandedOver(t.Context(), o.db.Gorm, tk.ID); ok || err != nil {
		t.Errorf("after the answer: %t %v", ok, err)
	}
}

func TestATransferToATeamIsNobodysInIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.held(t, ticket.Ticket{})
	got, err := o.s.Transfer(t.Context(), o.ana, tk.ID, desk.Transfer{Team: o.away.Teams[0], Note: "É da cobrança."})
	if err != nil || got.AssigneeID != nil || got.TeamID != o.away.Teams[0] || o.ana.MaySee(got.Audience()) {
		t.Fatalf("%+v %v", got, err)
	}
	// With a team a person of it can be named.
	back := o.held(t, ticket.Ticket{})
	got, err = o.s.Transfer(t.Context(), o.ana, back.ID, desk.Transfer{To: o.away.AccountID, Team: o.away.Teams[0], Note: "x"})
	if err != nil || *got.AssigneeID != o.away.AccountID {
		t.Errorf("%+v %v", got, err)
	}
}

// Attack 52: nothing goes to who may not see it, and nobody gives away what they
// do not see or have; what is refused leaves no trace.
func TestAttack52TransfersThatCannotBe(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.held(t, ticket.Ticket{})
	done := o.held(t, ticket.Ticket{Status: ticket.Resolved})
	walled := o.held(t, ticket.Ticket{Walled: true})
	office := tickettest.Account(t, o.db, access.Ombudsman)
	gone := tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	if err := o.db.Gorm.Exec("UPDATE accounts SET active = false WHERE id = ?", gone.AccountID).Error; err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who  access.Actor
		id   int64
		x    desk.Transfer
		want error
	}{
		"no note":           {o.ana, tk.ID, desk.Transfer{To: o.bruno.AccountID, Note: "  "}, ticket.ErrInvalid},
		"to nobody":         {o.ana, tk.ID, desk.Transfer{Note: "x"}, ticket.ErrInvalid},
		"unknown team":      {o.ana, tk.ID, desk.Transfer{Team: 999, Note: "x"}, ticket.ErrInvalid},
		"not of the team":   {o.ana, tk.ID, desk.Transfer{To: o.away.AccountID, Note: "x"}, desk.ErrHiddenFrom},
		"unknown account":   {o.ana, tk.ID, desk.Transfer{To: 999_999, Note: "x"}, desk.ErrHiddenFrom},
		"who has left":      {o.ana, tk.ID, desk.Transfer{To: gone.AccountID, Note: "x"}, desk.ErrHiddenFrom},
		"already theirs":    {o.ana, tk.ID, desk.Transfer{To: o.ana.AccountID, Note: "x"}, desk.ErrThere},
		"another's":         {o.bruno, tk.ID, desk.Transfer{To: o.bruno.AccountID, Note: "x"}, ticket.ErrNotYours},
		"an older lease":    {o.ana, tk.ID, desk.Transfer{To: o.bruno.AccountID, Note: "x", Fence: ptr(int64(6))}, ticket.ErrLeaseLost},
		"hidden":            {o.away, tk.ID, desk.Transfer{To: o.away.AccountID, Note: "x"}, ticket.ErrNotFound},
		"done":              {o.ana, done.ID, desk.Transfer{To: o.bruno.AccountID, Note: "x"}, ticket.ErrClosed},
		"out of the wall":   {office, walled.ID, desk.Transfer{To: o.sup.AccountID, Note: "x"}, desk.ErrHiddenFrom},
		"walled, by others": {o.sup, walled.ID, desk.Transfer{To: o.bruno.AccountID, Note: "x"}, ticket.ErrNotFound},
	} {
		if _, err := o.s.Transfer(t.Context(), c.who, c.id, c.x); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, was := range []ticket.Ticket{tk, done, walled} {
		if now := tickettest.Fresh(t, o.db, was.ID); now.Version != was.Version || *now.HolderID != o.ana.AccountID {
			t.Errorf("ticket %d was touched: %+v", was.ID, now)
		}
	}
	if n := o.count(t, "SELECT (SELECT count(*) FROM hand_overs) + (SELECT count(*) FROM notes)"); n != 0 {
		t.Errorf("%d traces", n)
	}
	// A supervisor may take it out of her hands, and gives it to whom they say.
	if _, err := o.s.Transfer(t.Context(), o.sup, tk.ID, desk.Transfer{To: o.bruno.AccountID, Note: "Ana saiu."}); err != nil {
		t.Error(err)
	}
}

// Whom it can be given to are those who may see it, and their load is that of what
// stands before the wall.
func TestRecipientsAreThoseWhoMaySee(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.held(t, ticket.Ticket{})
	walled := o.open(t, ticket.Ticket{Walled: true, AssigneeID: &o.bruno.AccountID})
	names := func(who access.Actor, tk ticket.Ticket, q string) (ids []int64, load int) {
		t.Helper()
		all, err := desk.Recipients(t.Context(), o.db.Gorm, who, tk, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			ids, load = append(ids, r.ID), load+r.Load
		}
		return ids, load
	}
	if ids, load := names(o.bruno, tk, ""); len(ids) != 2 || load != 1 { // Ana, with one, and the supervisor
		t.Errorf("%v with %d", ids, load)
	}
	if ids, _ := names(o.sup, walled, ""); len(ids) != 0 {
		t.Errorf("behind the wall: %v", ids)
	}
	if ids, _ := names(o.bruno, tk, "ninguém assim"); len(ids) != 0 {
		t.Errorf("by a name: %v", ids)
	}
}

// Calls for help are rows: they wait for a supervisor who sees the ticket.
func TestACallForHelpWaitsForASupervisor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.held(t, ticket.Ticket{Subject: "Geladeira"})
	farSup := tickettest.Account(t, o.db, access.Supervisor, o.away.Teams[0])
	list := func(who access.Actor) []desk.Help {
		t.Helper()
		all, err := desk.CallsForHelp(t.Context(), o.db.Gorm, who)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for range 2 { // the second time changes nothing
		if err := o.s.AskHelp(t.Context(), o.ana, tk.ID, " Cliente muito nervoso "); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(tickettest.Events(t, o.db, tk.ID)); n != 2 { // with the opening
		t.Errorf("%d events", n)
	}
	if all := list(o.sup); len(all) != 1 || all[0].Word != "Cliente muito nervoso" || all[0].AccountID != o.ana.AccountID || all[0].Subject != "Geladeira" {
		t.Errorf("the supervisor sees %+v", all)
	}
	for name, n := range map[string]int{"herself": len(list(o.ana)), "a colleague": 1 + len(list(o.bruno)), "another team's": 1 + len(list(farSup))} {
		if n != 1 {
			t.Errorf("%s: %d", name, n)
		}
	}
	for name, c := range map[string]struct {
		who  access.Actor
		want error
	}{"a colleague": {o.bruno, ticket.ErrNotYours}, "another team's": {farSup, ticket.ErrNotFound}} {
		if err := o.s.EndHelp(t.Context(), c.who, tk.ID, o.ana.AccountID); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := o.s.EndHelp(t.Context(), o.sup, tk.ID, o.ana.AccountID); err != nil {
		t.Fatal(err)
	}
	if err := o.s.EndHelp(t.Context(), o.sup, tk.ID, o.ana.AccountID); !errors.Is(err, desk.ErrNoHelp) {
		t.Errorf("a second time: %v", err)
	}
	if len(list(o.sup)) != 0 {
		t.Error("it is still listed")
	}
	// Withdrawn by who asked; not for what is done; not too long.
	if err := errors.Join(o.s.AskHelp(t.Context(), o.ana, tk.ID, ""), o.s.EndHelp(t.Context(), o.ana, tk.ID, o.ana.AccountID)); err != nil {
		t.Error(err)
	}
	if err := o.s.AskHelp(t.Context(), o.ana, tk.ID, strings.Repeat("é", 301)); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
	// Behind the wall only the office is asked.
	walled := o.open(t, ticket.Ticket{Walled: true})
	office := tickettest.Account(t, o.db, access.Ombudsman)
	if err := o.s.AskHelp(t.Context(), office, walled.ID, "x"); err != nil {
		t.Fatal(err)
	}
	if len(list(o.sup)) != 0 || len(list(office)) != 1 {
		t.Errorf("the supervisor sees %v of the wall", list(o.sup))
	}
}
