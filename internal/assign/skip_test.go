package assign_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func (f floor) serve(t *testing.T, who access.Actor) (tk ticket.Ticket, found bool) {
	t.Helper()
	tk, _, found, err := f.s.Next(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	return tk, found
}

// What is skipped is nobody's, goes to another, and comes back to who skipped it
// only after a while.
func TestWhatIsSkippedGoesToSomebodyElse(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	if got, found := f.serve(t, f.ana); !found || got.ID != tk.ID {
		t.Fatalf("served %+v", got)
	}
	skipped, err := f.s.Skip(t.Context(), f.ana, tk.ID, assign.Skip{Reason: "language", Word: " Só fala mandarim. "})
	if err != nil || skipped.AssigneeID != nil || skipped.HolderID != nil {
		t.Fatalf("%+v %v", skipped, err)
	}
	events := tickettest.Events(t, f.db, tk.ID)
	if last := events[len(events)-1]; last.Kind != event.TicketSkipped || !strings.Contains(string(last.Payload), `"word": "Só fala mandarim."`) {
		t.Errorf("told %s %s", last.Kind, last.Payload)
	}
	if got, found := f.serve(t, f.ana); found {
		t.Errorf("served again: %+v", got)
	}
	if got, found := f.serve(t, f.bruno); !found || got.ID != tk.ID {
		t.Errorf("Bruno is served %+v", got)
	}
	if _, err := f.s.Release(t.Context(), f.bruno, tk.ID); err != nil {
		t.Fatal(err)
	}
	f.sql(t, "UPDATE skips SET until_at = now() - interval '1 second'")
	if got, found := f.serve(t, f.ana); !found || got.ID != tk.ID {
		t.Errorf("a while later Ana is served %+v", got)
	}
}

// Twenty skips at once are as many as the bound allows, and what is refused stays
// in its hands.
func TestSkipsAreBounded(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	var ids []int64
	for range 20 {
		tickettest.Open(t, f.db, ticket.Ticket{})
		tk, _ := f.serve(t, f.ana)
		ids = append(ids, tk.ID)
	}
	var given, refused atomic.Int64
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			_, err := f.s.Skip(t.Context(), f.ana, id, assign.Skip{Reason: "knowledge"})
			switch fl := fault.From(err); {
			case err == nil:
				given.Add(1)
			case errors.Is(err, assign.ErrSkips) && fl.Args["max"] == 3 && fl.RetryAfter > 0:
				refused.Add(1)
				if now := tickettest.Fresh(t, f.db, id); now.HolderID == nil || *now.HolderID != f.ana.AccountID {
					t.Errorf("ticket %d was given back all the same", id)
				}
			default:
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if given.Load() != 3 || refused.Load() != 17 {
		t.Errorf("%d given back and %d refused", given.Load(), refused.Load())
	}
	f.s.AllowSkips(0)
	f.sql(t, "DELETE FROM skips")
	tickettest.Open(t, f.db, ticket.Ticket{})
	tk, _ := f.serve(t, f.bruno)
	if _, err := f.s.Skip(t.Context(), f.bruno, tk.ID, assign.Skip{Reason: "breather"}); !errors.Is(err, assign.ErrSkips) {
		t.Errorf("without any: %v", err)
	}
}

func TestSkipsThatCannotBe(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := tickettest.Open(t, f.db, ticket.Ticket{})
	walled := tickettest.Open(t, f.db, ticket.Ticket{Walled: true})
	f.serve(t, f.ana)
	for name, c := range map[string]struct {
		who  access.Actor
		id   int64
		k    assign.Skip
		want error
	}{
		"no reason":      {f.ana, tk.ID, assign.Skip{}, ticket.ErrInvalid},
		"unknown reason": {f.ana, tk.ID, assign.Skip{Reason: "preguiça"}, ticket.ErrInvalid},
		"other, no word": {f.ana, tk.ID, assign.Skip{Reason: "other", Word: " "}, ticket.ErrInvalid},
		"no text":        {f.ana, tk.ID, assign.Skip{Reason: "other", Word: "a\x00"}, ticket.ErrInvalid},
		"too long":       {f.ana, tk.ID, assign.Skip{Reason: "other", Word: strings.Repeat("é", 301)}, ticket.ErrInvalid},
		"another's":      {f.bruno, tk.ID, assign.Skip{Reason: "breather"}, ticket.ErrLeaseLost},
		"hidden":         {f.away, tk.ID, assign.Skip{Reason: "breather"}, ticket.ErrNotFound},
		"walled":         {f.sup, walled.ID, assign.Skip{Reason: "breather"}, ticket.ErrNotFound},
	} {
		if _, err := f.s.Skip(t.Context(), c.who, c.id, c.k); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if now := tickettest.Fresh(t, f.db, tk.ID); now.HolderID == nil || *now.HolderID != f.ana.AccountID {
		t.Errorf("it was given back: %+v", now)
	}
}

// A supervisor reads who gave back what and why, of the tickets that they see.
func TestASupervisorReadsWhatWasSkipped(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	sup := tickettest.Account(t, f.db, access.Supervisor, tickettest.DefaultTeam)
	far := tickettest.Account(t, f.db, access.Supervisor, tickettest.Team(t, f.db, "Bem longe"))
	first := tickettest.Open(t, f.db, ticket.Ticket{Subject: "Mandarim"})
	f.serve(t, f.ana)
	if _, err := f.s.Skip(t.Context(), f.ana, first.ID, assign.Skip{Reason: "other", Word: "Só fala mandarim."}); err != nil {
		t.Fatal(err)
	}
	began := now()
	f.serve(t, f.bruno)
	if _, err := f.s.Skip(t.Context(), f.bruno, first.ID, assign.Skip{Reason: "breather"}); err != nil {
		t.Fatal(err)
	}
	all, err := f.s.GivenBack(t.Context(), sup, began.Add(-time.Hour))
	if err != nil || len(all) != 2 || all[0].AccountID != f.bruno.AccountID || all[1].Word != "Só fala mandarim." || all[1].Subject != "Mandarim" || all[1].Account != f.ana.Name {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err := f.s.GivenBack(t.Context(), sup, began); err != nil || len(all) != 1 {
		t.Errorf("since then: %+v, %v", all, err)
	}
	if all, err := f.s.GivenBack(t.Context(), far, began.Add(-time.Hour)); err != nil || len(all) != 0 {
		t.Errorf("another team's supervisor reads %+v, %v", all, err)
	}
	f.sql(t, "UPDATE tickets SET walled = true")
	if all, err := f.s.GivenBack(t.Context(), sup, began.Add(-time.Hour)); err != nil || len(all) != 0 {
		t.Errorf("behind the wall: %+v, %v", all, err)
	}
}
