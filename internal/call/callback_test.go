package call_test

import (
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// owed are the calls that the actor sees that we owe.
func (o *office) owed(actor access.Actor, q call.CallBackQuery) []call.CallBack {
	o.Helper()
	owed, err := o.node.CallBacks(o.Context(), actor, q)
	if err != nil {
		o.Fatal(err)
	}
	return owed
}

// drops opens a call whose line breaks.
func (o *office) drops(caller string) call.Opened {
	c := o.opens(caller)
	return o.changes(c.Call.ContactID, call.Change{Outcome: ptr(call.Dropped), Ended: true})
}

// The line broke: it is the same agent's next ticket, before whatever is overdue,
// and nobody else's.
func TestADroppedCallComesBackToItsAgentFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	queue := assign.New(o.db, redistest.New(t), pokes{}, o.now, slog.New(slog.DiscardHandler))
	late := o.now().Add(-time.Hour)
	overdue := tickettest.Open(t, o.db, ticket.Ticket{Deadline: ticket.Deadline{Due: &late, Clocks: 1}})
	dropped := o.drops("11988887777")
	if dropped.Ticket.HolderID != nil || dropped.Ticket.AssigneeID == nil || *dropped.Ticket.AssigneeID != o.ana.AccountID {
		t.Fatalf("%+v", dropped.Ticket)
	}
	for _, step := range []struct {
		who  access.Actor
		want int64
	}{{o.bruno, overdue.ID}, {o.ana, dropped.Ticket.ID}} {
		if next, _, found, err := queue.Next(t.Context(), step.who); err != nil || !found || next.ID != step.want {
			t.Errorf("%s gets %d, not %d: %v %v", step.who.Name, next.ID, step.want, found, err)
		}
	}
	if mine := o.owed(o.ana, call.CallBackQuery{Mine: true}); len(mine) != 1 || mine[0].Why != call.LineDropped || !mine[0].May.Allowed {
		t.Errorf("%+v", mine)
	}
	if far := o.owed(o.away, call.CallBackQuery{}); len(far) != 0 {
		t.Errorf("another team sees %+v", far)
	}
}

// A promise waits for its window; then it is whoever promised who gets it.
func TestAPromiseWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	queue := assign.New(o.db, redistest.New(t), pokes{}, o.now, slog.New(slog.DiscardHandler))
	c := o.opens("11988887777")
	from := o.now().Add(2 * time.Hour)
	o.changes(c.Call.ContactID, call.Change{Outcome: ptr(call.ToCallBack), Ended: true, CallBack: &call.Window{From: from, To: from.Add(time.Hour)}})
	other := o.drops("11977776666")
	if next, _, found, err := queue.Next(t.Context(), o.ana); err != nil || !found || next.ID != other.Ticket.ID {
		t.Errorf("before the window ana gets %d: %v %v", next.ID, found, err)
	}
	o.exec("UPDATE call_backs SET from_at = now(), next_at = now() WHERE ticket_id = $1", c.Ticket.ID)
	if next, _, found, err := queue.Next(t.Context(), o.ana); err != nil || !found || next.ID != c.Ticket.ID {
		t.Errorf("in the window ana gets %d: %v %v", next.ID, found, err)
	}
	// What was agreed last counts.
	o.changes(c.Call.ContactID, call.Change{Outcome: ptr(call.Dropped)})
	if owed := o.owed(o.ana, call.CallBackQuery{Ticket: c.Ticket.ID}); len(owed) != 1 || owed[0].Why != call.LineDropped {
		t.Errorf("%+v", owed)
	}
	if n := o.count("SELECT count(*) FROM call_backs WHERE ticket_id = $1 AND state = 'cancelled' AND reason = 'replaced'", c.Ticket.ID); n != 1 {
		t.Errorf("%d were replaced", n)
	}
}

// Attempts are counted, also when two people make one at the same moment; the
// next one is put off, longer each time; reaching the customer ends it.
func TestAttemptsAreCounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	second := o.newNode()
	o.drops("11988887777")
	id := o.owed(o.ana, call.CallBackQuery{})[0].ID
	var both sync.WaitGroup
	for i, n := range []node{o.node, second} {
		both.Go(func() {
			if _, err := n.Attempt(t.Context(), []access.Actor{o.ana, o.bruno}[i], id, call.NoAnswer, "Caixa postal"); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	got := o.owed(o.ana, call.CallBackQuery{})[0]
	if got.Tried != 2 || len(got.Attempts) != 2 || !got.NextAt.After(o.now().Add(30*time.Minute)) {
		t.Errorf("%+v", got)
	}
	if got, err := o.node.Attempt(t.Context(), o.ana, id, call.Busy, ""); err != nil || got.NextAt.After(o.now().Add(6*time.Minute)) {
		t.Errorf("busy: %+v %v", got, err)
	}
	if _, err := o.node.Attempt(t.Context(), o.away, id, call.Reached, ""); !errors.Is(err, call.ErrNoCallBack) {
		t.Errorf("another team: %v", err)
	}
	if got, err := o.node.Attempt(t.Context(), o.ana, id, call.Reached, ""); err != nil || got.State != "done" || got.Tried != 4 {
		t.Errorf("reached: %+v %v", got, err)
	}
	if _, err := o.node.Attempt(t.Context(), o.ana, id, call.Reached, ""); !errors.Is(err, call.ErrCallBackOver) {
		t.Errorf("after its end: %v", err)
	}
}

// It is put off, given to somebody, or taken back with a reason; who may not be
// called is not.
func TestACallBackIsChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.drops("11988887777")
	id := o.owed(o.ana, call.CallBackQuery{})[0].ID
	from := o.now().Add(time.Hour)
	got, err := o.node.ChangeCallBack(t.Context(), o.ana, id, call.CallBackChange{AgentID: &o.bruno.AccountID, Window: &call.Window{From: from, To: from.Add(time.Hour)}})
	if err != nil || *got.AgentID != o.bruno.AccountID || !got.NextAt.Equal(from) {
		t.Errorf("%+v %v", got, err)
	}
	for says, c := range map[string]call.CallBackChange{
		"to:before_start":         {Window: &call.Window{From: from, To: from.Add(-2 * time.Hour)}},
		"to:in_the_past":          {Window: &call.Window{From: from.Add(-5 * time.Hour), To: from.Add(-2 * time.Hour)}},
		"from:too_far_ahead":      {Window: &call.Window{From: from.AddDate(1, 0, 0), To: from.AddDate(1, 0, 1)}},
		"agent_id:unknown_choice": {AgentID: ptr(int64(4711))},
		"reason:required":         {Cancel: true, Reason: " "},
	} {
		if _, err := o.node.ChangeCallBack(t.Context(), o.ana, id, c); fields(err) != says {
			t.Errorf("%s: %v (%s)", says, err, fields(err))
		}
	}
	o.exec("INSERT INTO suppressions (way, address, reason) VALUES ('phone', '+5511988887777', 'pediu')")
	if _, err := o.node.Attempt(t.Context(), o.ana, id, call.Reached, ""); !errors.Is(err, call.ErrMayNotCall) {
		t.Errorf("a number that is suppressed: %v", err)
	}
	if got := o.owed(o.bruno, call.CallBackQuery{Mine: true}); len(got) != 1 || got[0].May.Allowed {
		t.Errorf("%+v", got)
	}
	got, err = o.node.ChangeCallBack(t.Context(), o.ana, id, call.CallBackChange{Cancel: true, Reason: "O cliente pediu e-mail"})
	if err != nil || got.State != "cancelled" || got.Reason != "O cliente pediu e-mail" {
		t.Errorf("%+v %v", got, err)
	}
}
