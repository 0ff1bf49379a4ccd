package desk_test

import (
	"errors"
	"slices"
	"testing"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// call gives somebody a name that no other has.
func (o office) call(t *testing.T, a access.Actor, name string) {
	t.Helper()
	if err := o.db.Gorm.Exec("UPDATE accounts SET name = ? WHERE id = ?", name, a.AccountID).Error; err != nil {
		t.Fatal(err)
	}
}

func TestANoteWaitsForThoseItNamesUntilTheyLook(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.call(t, o.ana, "Ana Lima")
	o.call(t, o.bruno, "Bruno Reis")
	o.call(t, o.away, "Nina Sato")
	tk := o.open(t, ticket.Ticket{})
	_, noted, err := o.s.Note(t.Context(), o.ana, tk.ID, "@Bruno Reis e @Nina Sato, vejam; eu, @Ana Lima, sigo.")
	if err != nil || !slices.Equal(noted.Mentioned, []int64{o.bruno.AccountID}) {
		t.Fatalf("named %v, %v: only who may see it and did not write it", noted.Mentioned, err)
	}
	before := noted.Version
	if _, err := o.s.Look(t.Context(), o.ana, tk.ID, before); err != nil {
		t.Fatal(err)
	}
	if now := tickettest.Fresh(t, o.db, tk.ID); now.Version != before || len(now.Mentioned) != 1 {
		t.Errorf("somebody else's look changed it: %+v", now)
	}
	if _, err := o.s.Look(t.Context(), o.bruno, tk.ID, before-1); err != nil {
		t.Fatal(err)
	}
	if now := tickettest.Fresh(t, o.db, tk.ID); len(now.Mentioned) != 1 {
		t.Error("a look at what stood there before the note has read it")
	}
	was, err := o.s.Look(t.Context(), o.bruno, tk.ID, 1000)
	if err != nil || was.Version != before-1 {
		t.Errorf("had seen %+v, %v", was, err)
	}
	now := tickettest.Fresh(t, o.db, tk.ID)
	events := tickettest.Events(t, o.db, tk.ID)
	if len(now.Mentioned) != 0 || events[len(events)-1].Kind != event.TicketRead {
		t.Errorf("still waits for %v; the last event is %s", now.Mentioned, events[len(events)-1].Kind)
	}
	if _, err := o.s.Look(t.Context(), o.bruno, tk.ID, 1000); err != nil || tickettest.Fresh(t, o.db, tk.ID).Version != now.Version {
		t.Errorf("looking twice is two events: %v", err)
	}
	if _, err := o.s.Look(t.Context(), o.away, tk.ID, 1); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("a hidden ticket: %v", err)
	}
}

func TestUnreadIsWhatItsAssigneeHasNotSeen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	check := func(step string, want bool) {
		t.Helper()
		if now := tickettest.Fresh(t, o.db, tk.ID); now.Unread != want {
			t.Errorf("%s: unread %v", step, now.Unread)
		}
	}
	version := func() int { return tickettest.Fresh(t, o.db, tk.ID).Version }
	says := func() {
		t.Helper()
		err := o.db.InTx(t.Context(), func(tx *gorm.DB) error {
			_, err := ticket.Change(t.Context(), tx, tk.ID, ticket.Cause{Kind: event.TicketMessageIn, At: o.now()}, func(tk *ticket.Ticket) error {
				_, err := ticket.InsertMessage(t.Context(), tx, tk, ticket.Message{Direction: ticket.In, Body: "E então?", At: o.now()})
				return err
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	give := func(by, to access.Actor) {
		t.Helper()
		if _, err := o.s.Patch(t.Context(), by, tk.ID, patchTo(version(), to.AccountID)); err != nil {
			t.Fatal(err)
		}
	}
	check("nobody's", false)
	give(o.sup, o.bruno)
	check("given to who has never seen it", true)
	if _, err := o.s.Look(t.Context(), o.bruno, tk.ID, version()); err != nil {
		t.Fatal(err)
	}
	check("seen", false)
	says()
	check("the customer wrote", true)
	give(o.sup, o.sup)
	check("taken by who has it on screen", false)
	give(o.sup, o.bruno)
	check("given back: what came meanwhile was not seen", true)
	give(o.sup, access.Actor{})
	check("nobody's again", false)
}

func patchTo(version int, assignee int64) desk.Patch {
	return desk.Patch{Version: version, Assignee: &assignee}
}
