package routing_test

import (
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestTheOldestDueGoesToWhoIsHereUpToWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.board.set(f.bruno.AccountID, "")
	f.capacity(t, f.ana, 2)
	later, first, second := f.open(t, ticket.Ticket{}, 9*time.Hour), f.open(t, ticket.Ticket{}, -time.Hour), f.open(t, ticket.Ticket{}, 3*time.Hour)
	told := tickettest.Replay(t, f.db, func() { f.drain(t) })
	if len(told) != 2 || f.whose(t, first.ID) != f.ana.AccountID || f.whose(t, second.ID) != f.ana.AccountID || f.whose(t, later.ID) != 0 {
		t.Errorf("%d were given", len(told))
	}
	kind, why := f.told(t, second.ID)
	if kind != event.TicketRouted || *why.To != f.ana.AccountID || why.From != nil || why.Load != 2 || why.Capacity != 2 || !why.Due.Equal(*second.Deadline.Due) {
		t.Errorf("%s told %+v", kind, why)
	}
	if got := tickettest.Fresh(t, f.db, first.ID); got.HolderID != nil || got.Status != ticket.New || got.Fence != first.Fence {
		t.Errorf("it is held: %+v", got)
	}
	// One is done: there is room again.
	f.sql(t, "UPDATE tickets SET status = 'waiting_customer' WHERE id = ?", first.ID)
	f.drain(t)
	if f.whose(t, later.ID) != f.ana.AccountID {
		t.Error("room was made, and nothing came")
	}
}

func TestNobodyIsGivenAnythingWhoIsNotAtWork(t *testing.T) {
	t.Parallel()
	for _, state := range []presence.State{"", presence.Away, presence.Break, presence.OnCall, presence.AfterCall} {
		f := newFloor(t)
		f.board.set(f.ana.AccountID, state)
		f.board.set(f.bruno.AccountID, "")
		tk := f.open(t, ticket.Ticket{}, time.Hour)
		f.drain(t)
		if f.whose(t, tk.ID) != 0 {
			t.Errorf("given to somebody who is %q", state)
		}
		f.board.set(f.ana.AccountID, presence.Online)
		f.drain(t)
		if f.whose(t, tk.ID) != f.ana.AccountID {
			t.Errorf("not given after %q", state)
		}
	}
}

func TestTheEndOfAShiftGivesOn(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.board.set(f.bruno.AccountID, "")
	now := f.now()
	ends := now.Truncate(time.Minute).Add(2 * time.Minute)
	from := (ends.Hour()*60 + ends.Minute() + 1440 - 60) % 1440
	begins := ends.Add(-time.Hour)
	shifts := []roster.Shift{{Weekday: begins.Weekday(), From: from, To: from + 60}}
	if _, err := f.roster.ChangeProfile(t.Context(), access.Actor{Role: access.Admin}, f.ana.AccountID, roster.ProfileChange{Shifts: &shifts}); err != nil {
		t.Fatal(err)
	}
	open, held := f.open(t, ticket.Ticket{}, time.Hour), f.open(t, ticket.Ticket{}, 2*time.Hour)
	if next := f.drain(t); next.IsZero() || next.After(ends) {
		t.Errorf("the next look is at %v, the shift ends at %v", next, ends)
	}
	if f.whose(t, open.ID) != f.ana.AccountID {
		t.Fatal("not given")
	}
	lives := ends.Add(10 * time.Minute)
	f.sql(t, "UPDATE tickets SET holder_id = ?, lease_until = ? WHERE id = ?", f.ana.AccountID, lives, held.ID)
	f.pass(ends.Sub(f.now()) + time.Second)
	f.drain(t)
	if kind, why := f.told(t, open.ID); kind != event.TicketUnrouted || why.Gone != routing.OffShift || f.whose(t, open.ID) != 0 {
		t.Errorf("after the shift: %s %+v", kind, why)
	}
	if f.whose(t, held.ID) != f.ana.AccountID {
		t.Error("what she is answering was taken off her")
	}
	f.board.set(f.bruno.AccountID, presence.Online)
	f.drain(t)
	if f.whose(t, open.ID) != f.bruno.AccountID {
		t.Error("nobody got it")
	}
}

func TestWhoIsGoneForAMinuteKeepsNothingThatWaits(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	pull := tickettest.Team(t, f.db, "Puxada")
	f.sql(t, "INSERT INTO account_teams VALUES (?, ?)", f.ana.AccountID, pull)
	mine := func(tk ticket.Ticket) int64 {
		tk.AssigneeID = &f.ana.AccountID
		return f.open(t, tk, time.Hour).ID
	}
	waits, customers, theirs := mine(ticket.Ticket{}), mine(ticket.Ticket{Status: ticket.WaitingCustomer}), mine(ticket.Ticket{TeamID: pull})
	promised := mine(ticket.Ticket{Status: ticket.Open})
	f.sql(t, "INSERT INTO call_backs (ticket_id, agent_id, why, from_at, to_at, next_at) VALUES (?, ?, 'promised', now(), now(), now())", promised, f.ana.AccountID)
	f.drain(t)
	f.board.set(f.ana.AccountID, "")
	f.drain(t)
	f.pass(routing.Patience - 5*time.Second)
	if next := f.drain(t); next.IsZero() || next.After(f.now().Add(6*time.Second)) {
		t.Errorf("it looks again at %v", next)
	}
	if f.whose(t, waits) != f.ana.AccountID {
		t.Fatal("taken before the minute was over")
	}
	f.pass(6 * time.Second)
	f.drain(t)
	kind, why := f.told(t, waits)
	if kind != event.TicketRouted || *why.From != f.ana.AccountID || *why.To != f.bruno.AccountID || why.Gone != routing.Offline {
		t.Errorf("%s %+v", kind, why)
	}
	for what, id := range map[string]int64{"waits for the customer": customers, "is of a team whose people take": theirs, "was promised": promised} {
		if f.whose(t, id) != f.ana.AccountID {
			t.Errorf("what %s was taken, too", what)
		}
	}
	// Away for longer, the promise is another's, and who takes can take.
	f.sql(t, "INSERT INTO absences (account_id, from_at, to_at, created_by) VALUES (?, ?, ?, ?)", f.ana.AccountID, f.now().Add(-time.Hour), f.now().Add(time.Hour), f.ana.AccountID)
	f.drain(t)
	if f.whose(t, promised) != f.bruno.AccountID || f.whose(t, theirs) != 0 || f.whose(t, customers) != f.ana.AccountID {
		t.Errorf("promised %d, of the other team %d", f.whose(t, promised), f.whose(t, theirs))
	}
}

// A node that hears nothing of the others knows nothing of who is gone.
func TestAloneNobodyIsTakenForGone(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := f.open(t, ticket.Ticket{AssigneeID: &f.ana.AccountID}, time.Hour)
	f.drain(t)
	f.board.set(f.ana.AccountID, "")
	f.reached = false
	f.pass(10 * time.Minute)
	f.drain(t)
	f.reached = true
	f.pass(routing.Patience / 2)
	f.drain(t)
	if f.whose(t, tk.ID) != f.ana.AccountID {
		t.Error("taken off somebody of whom nothing is known")
	}
	f.pass(routing.Patience)
	f.drain(t)
	if f.whose(t, tk.ID) != f.bruno.AccountID {
		t.Error("still with somebody who is gone")
	}
}
