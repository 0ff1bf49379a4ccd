package ticket_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var noon = time.Date(2026, 11, 23, 15, 0, 0, 123456000, time.UTC)

func TestAChangeRaisesTheVersionAndTellsTheRowThatAListWouldShow(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	opened := tickettest.Open(t, db, ticket.Ticket{Tags: []string{"a,b", `"q"`, ""}})
	agent := tickettest.Account(t, db, access.Agent, opened.TeamID)

	var changed ticket.Ticket
	err := db.InTx(t.Context(), func(tx *gorm.DB) (err error) {
		cause := ticket.Cause{Kind: event.TicketChanged, ActorID: &agent.AccountID, At: noon.Add(789), Data: map[string]int{"n": 1}}
		changed, err = ticket.Change(t.Context(), tx, opened.ID, cause, func(tk *ticket.Ticket) error {
			tk.Priority, tk.Subject = 1, "Outro assunto"
			due := noon.Add(time.Hour + 999)
			tk.Deadline = ticket.Deadline{Due: &due, Clock: "resolution", From: &noon, Warn: &noon, Clocks: 2}
			return tk.Move(ticket.Open, noon)
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := ticket.Get(t.Context(), db.Gorm, opened.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fresh.Snapshot(), changed.Snapshot()); diff != "" {
		t.Errorf("what Change returned is not what is stored:\n%s", diff)
	}
	told := tickettest.Events(t, db, opened.ID)
	last := told[len(told)-1]
	var payload struct{ Row ticket.Snapshot }
	if err := json.Unmarshal(last.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(fresh.Snapshot(), payload.Row); diff != "" {
		t.Errorf("the event's row is not the list's:\n%s", diff)
	}
	if last.Version != opened.Version+1 || last.Version != fresh.Version || *last.ActorID != agent.AccountID {
		t.Errorf("event %+v for version %d", last, fresh.Version)
	}
}

func TestAChangeThatFailsOrFindsNothingToDoLeavesNothing(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	opened := tickettest.Open(t, db, ticket.Ticket{})
	broken := errors.New("broken")
	for _, failure := range []error{broken, ticket.ErrUnchanged} {
		err := db.InTx(t.Context(), func(tx *gorm.DB) error {
			_, err := ticket.Change(t.Context(), tx, opened.ID, ticket.Cause{Kind: event.TicketChanged, At: noon}, func(tk *ticket.Ticket) error {
				tk.Subject = "never"
				return failure
			})
			return err
		})
		if want := failure; (want == broken) != errors.Is(err, broken) {
			t.Errorf("err = %v after fn returned %v", err, failure)
		}
	}
	if got := tickettest.Fresh(t, db, opened.ID); got.Version != opened.Version || got.Subject != opened.Subject {
		t.Errorf("something was left: %+v", got)
	}
	if n := len(tickettest.Events(t, db, opened.ID)); n != 1 {
		t.Errorf("%d events, want only the opening", n)
	}
}

func TestAChangeThatMovesATicketNamesTheAudienceItHad(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	opened := tickettest.Open(t, db, ticket.Ticket{})
	other := tickettest.Team(t, db, "Segunda linha")
	err := db.InTx(t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(t.Context(), tx, opened.ID, ticket.Cause{Kind: event.TicketChanged, At: noon}, func(tk *ticket.Ticket) error {
			tk.TeamID = other
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	told := tickettest.Events(t, db, opened.ID)[1]
	if told.Audience.Team != other || told.Before == nil || told.Before.Team != opened.TeamID {
		t.Errorf("audience %+v before %+v", told.Audience, told.Before)
	}
}

// attacks.md row 57: ids of every wrong shape are absent, and reach no query that could fail.
func TestAttack57WrongIdsAreNotFound(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	tickettest.Open(t, db, ticket.Ticket{})
	for _, ref := range []string{"", "0", "-1", "+1", "9e99", "1;drop", "1%00", "1\x00", " 1", "1 ", "0x1", "١",
		"[1]", "3f0f6c0e-8a51-4d5c-9b4e-2f7f9a1f0d11", "9999999999999999", "99999999999999999", "999999999999999999999999"} {
		if _, err := ticket.Get(t.Context(), db.Gorm, ref); !errors.Is(err, ticket.ErrNotFound) {
			t.Errorf("Get(%q): %v, want not found", ref, err)
		}
	}
}

func TestAnAliasLeadsToTheTicketAndAHiddenTicketIsAbsent(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	walled := tickettest.Open(t, db, ticket.Ticket{Walled: true})
	if err := db.Gorm.Exec("INSERT INTO protocols VALUES ('20200101000000199', ?)", walled.ID).Error; err != nil {
		t.Fatal(err)
	}
	ombudsman := tickettest.Account(t, db, access.Ombudsman)
	admin := tickettest.Account(t, db, access.Admin, walled.TeamID)
	if got, err := ticket.See(t.Context(), db.Gorm, ombudsman, "20200101000000199"); err != nil || got.ID != walled.ID {
		t.Errorf("the ombudsman got %d, %v", got.ID, err)
	}
	if _, err := ticket.See(t.Context(), db.Gorm, admin, walled.Protocol); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("an admin saw through the wall: %v", err)
	}
}
