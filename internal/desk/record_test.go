package desk_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestAStageIsRecordedOnceHoweverManyLook(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const tickets, recorders = 30, 6
	var due []sla.Due
	for range tickets {
		tk := o.open(t, ticket.Ticket{})
		clock := o.count(t, `UPDATE clocks SET warn50 = now() - interval '3 minutes', warn75 = now() - interval '2 minutes',
			warn90 = now() - interval '1 minute', due = now() - interval '1 second'
			WHERE ticket_id = ? AND kind = 'first_response' RETURNING id`, tk.ID)
		due = append(due, sla.Due{ClockID: clock, TicketID: tk.ID})
	}
	told := tickettest.Replay(t, o.db, func() {
		var wg sync.WaitGroup
		var mu sync.Mutex
		total := 0
		for range recorders {
			mine := append([]sla.Due{}, due...)
			rand.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			wg.Go(func() {
				recorded, err := o.s.Record(t.Context(), mine)
				if err != nil {
					t.Errorf("record: %v", err)
				}
				mu.Lock()
				total += len(recorded)
				mu.Unlock()
			})
		}
		wg.Wait()
		if total != 4*tickets {
			t.Errorf("%d stages recorded, want %d", total, 4*tickets)
		}
	})
	if len(told) != tickets {
		t.Errorf("%d events for %d tickets", len(told), tickets)
	}
	for _, e := range told {
		var payload struct {
			Row  ticket.Snapshot
			Data desk.Fell
		}
		if err := json.Unmarshal(e.Payload, &payload); err != nil {
			t.Fatal(err)
		}
		if s := payload.Data.Stages; e.Kind != event.ClockBreached || len(s) != 4 || s[3].Stage != sla.StageDue || !payload.Row.Breached {
			t.Errorf("%s %+v", e.Kind, payload)
		}
	}
}

func TestWhatIsNotDueIsNotRecordedAndTellsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	clock := o.count(t, "SELECT id FROM clocks WHERE ticket_id = ? AND kind = 'first_response'", tk.ID)
	before := o.pokes.n.Load()
	told := tickettest.Replay(t, o.db, func() {
		recorded, err := o.s.Record(t.Context(), []sla.Due{{ClockID: clock, TicketID: tk.ID}, {ClockID: 1 << 40, TicketID: 1 << 40}})
		if err != nil || len(recorded) != 0 {
			t.Errorf("recorded %+v, %v", recorded, err)
		}
	})
	if len(told) != 0 || o.pokes.n.Load() != before {
		t.Errorf("told %+v", told)
	}
	if recorded, err := o.s.Record(t.Context(), nil); err != nil || len(recorded) != 0 {
		t.Errorf("nothing to record: %+v, %v", recorded, err)
	}
}

func TestAnAnswerAndABreachAtOnceNeverDisagree(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 10 {
		tk := o.open(t, ticket.Ticket{})
		clock := o.count(t, "UPDATE clocks SET due = now() WHERE ticket_id = ? AND kind = 'first_response' RETURNING id", tk.ID)
		told := tickettest.Replay(t, o.db, func() {
			var wg sync.WaitGroup
			wg.Go(func() {
				if _, err := o.s.Record(t.Context(), []sla.Due{{ClockID: clock, TicketID: tk.ID}}); err != nil {
					t.Errorf("record: %v", err)
				}
			})
			wg.Go(func() {
				if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi"}); err != nil {
					t.Errorf("reply: %v", err)
				}
			})
			wg.Wait()
		})
		if n := o.count(t, "SELECT count(*) FROM clock_stages WHERE clock_id = ? AND stage = 100", clock); n != 1 || len(told) > 2 {
			t.Errorf("%d breaches recorded, %d events", n, len(told))
		}
		if got := o.states(t, tk.ID)[sla.FirstResponse]; got != sla.Missed {
			t.Errorf("the clock is %s", got)
		}
	}
}

// A node that stands still in the middle of an act holds its ticket. What is due at
// others is recorded all the same, and the ticket's own deadline as soon as it may.
func TestATicketThatSomebodyHoldsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	held, free := o.open(t, ticket.Ticket{}), o.open(t, ticket.Ticket{})
	var due []sla.Due
	for _, id := range []int64{held.ID, free.ID} {
		clock := o.count(t, "UPDATE clocks SET due = now() WHERE ticket_id = ? AND kind = 'first_response' RETURNING id", id)
		due = append(due, sla.Due{ClockID: clock, TicketID: id})
	}
	stuck, err := o.db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stuck.Exec(t.Context(), "SELECT FROM tickets WHERE id = $1 FOR UPDATE", held.ID); err != nil {
		t.Fatal(err)
	}
	breaches := func() (ids []int64) {
		t.Helper()
		recorded, err := o.s.Record(t.Context(), due)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range recorded {
			if d.Stage == sla.StageDue {
				ids = append(ids, d.TicketID)
			}
		}
		return ids
	}
	if got := breaches(); !slices.Equal(got, []int64{free.ID}) {
		t.Errorf("recorded while it is held: %v", got)
	}
	if err := stuck.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := breaches(); !slices.Equal(got, []int64{held.ID}) {
		t.Errorf("recorded afterwards: %v", got)
	}
}

// An answer comes after the deadline and before the timers: the breach is recorded
// with it, and told once by an event of its own.
func TestADeadlineThatAnActMetFirstIsToldAfterIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	o.count(t, "UPDATE clocks SET due = now() - interval '1 second' WHERE ticket_id = ? AND kind = 'first_response' RETURNING id", tk.ID)
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi"}); err != nil {
		t.Fatal(err)
	}
	told := tickettest.Replay(t, o.db, func() {
		for range 3 {
			if err := o.s.TellSettled(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	})
	if len(told) != 1 || told[0].Kind != event.ClockBreached {
		t.Errorf("told %+v", told)
	}
}
