package calendar_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// closed closes the calendar on the next days on which it would be open.
func closed(o *office, k sla.Kept, days int) sla.Kept {
	d := brazil.DateOf(o.now(), time.UTC)
	for len(k.Days) < days {
		if d = d.AddDays(1); d.Weekday() != time.Saturday && d.Weekday() != time.Sunday {
			k.Days = append(k.Days, sla.KeptDay{Day: d, Reason: "Reforma"})
		}
	}
	return k
}

// What was shown before is what happens: each ticket once, however many nodes
// work, and one that nothing moves is not touched.
func TestAChangeMovesTheDeadlinesItSaidOnceEach(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.add(shop())
	var moved []ticket.Ticket
	due := map[int64]time.Time{}
	for range 120 {
		tk := tickettest.Open(t, o.db, ticket.Ticket{})
		due[tk.ID] = o.clock(tk, c.ID, 3)
		moved = append(moved, tk)
	}
	walled := tickettest.Open(t, o.db, ticket.Ticket{Walled: true})
	o.clock(walled, c.ID, 3)
	other := tickettest.Open(t, o.db, ticket.Ticket{})
	o.clock(other, "br", 3)
	k := closed(o, c.Kept, 2)
	e, err := o.s.Effect(t.Context(), o.admin, k)
	if err != nil || e.Running != 120 || e.Moved != 120 || e.Earlier != 0 || len(e.First) != 8 || e.More {
		t.Fatalf("shown %+v, %v", e, err)
	}
	for _, x := range e.First {
		if x.Ticket.ID == walled.ID || !x.To.After(x.From) {
			t.Errorf("shows %+v", x)
		}
	}
	sup := tickettest.Account(t, o.db, access.Admin)
	if _, err := o.s.Change(t.Context(), sup, k); err != nil {
		t.Fatal(err)
	}
	o.workOff(3)
	for _, tk := range append(moved, walled) {
		now := tickettest.Fresh(t, o.db, tk.ID)
		if now.Version != 2 || now.Deadline.Due == nil || tk.ID != walled.ID && !now.Deadline.Due.After(due[tk.ID]) {
			t.Errorf("ticket %d is of version %d, due %v", tk.ID, now.Version, now.Deadline.Due)
		}
	}
	if now := tickettest.Fresh(t, o.db, other.ID); now.Version != 1 {
		t.Error("a ticket of another calendar was touched")
	}
	var payload string
	if err := o.db.Gorm.Raw("SELECT payload::text FROM events WHERE ticket_id = ? AND kind = 'clock.moved'", moved[0].ID).Scan(&payload).Error; err != nil {
		t.Fatal(err)
	}
	var told struct {
		Deadlines []sla.Move `json:"deadlines"`
		Data      struct {
			Calendar string `json:"calendar"`
		} `json:"data"`
	}
	if err := json.Unmarshal([]byte(payload), &told); err != nil || len(told.Deadlines) != 1 || told.Deadlines[0].Why != sla.ByCalendar || told.Data.Calendar != c.ID {
		t.Errorf("told %s, %v", payload, err)
	}
	if n := o.one("SELECT count(*) FROM events WHERE kind = 'clock.moved'"); n != 121 {
		t.Errorf("%d events, want 121", n)
	}
	run, err := o.s.Get(t.Context(), c.ID)
	if err != nil || run.Run == nil || run.Run.FinishedAt == nil || run.Run.Done != 1 {
		t.Errorf("%+v, %v", run.Run, err)
	}
}

// workOff lets several nodes work until no run is open, without waiting for the
// second round's time.
func (o *office) workOff(nodes int) {
	o.t.Helper()
	ctx, stop := context.WithTimeout(o.t.Context(), 60*time.Second)
	defer stop()
	var all sync.WaitGroup
	for range nodes {
		s := o.node()
		all.Go(func() {
			for ctx.Err() == nil && o.one("SELECT count(*) FROM calendar_runs WHERE finished_at IS NULL") > 0 {
				if _, err := s.RunNext(ctx); err != nil {
					o.t.Error(err)
					return
				}
				if err := o.db.Gorm.Exec("UPDATE calendar_runs SET begins_at = created_at WHERE begins_at > created_at").Error; err != nil {
					o.t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if ctx.Err() != nil {
		o.t.Fatal("it does not end")
	}
}

// A node that dies in the midst leaves a lease that runs out; another goes on
// where it was. And what a node began by the calendar as it was is found again.
func TestARunOutlivesItsNodeAndFindsWhatCameLate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.add(shop())
	early := tickettest.Open(t, o.db, ticket.Ticket{})
	o.clock(early, c.ID, 3)
	late := tickettest.Open(t, o.db, ticket.Ticket{})
	lateDue := o.clock(late, c.ID, 3)
	if err := o.db.Gorm.Exec("UPDATE clocks SET state = 'met' WHERE ticket_id = ?", late.ID).Error; err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Change(t.Context(), o.admin, closed(o, c.Kept, 1)); err != nil {
		t.Fatal(err)
	}
	if err := o.db.Gorm.Exec("UPDATE calendar_runs SET lease = 'dead', lease_until = now() + interval '1 hour'").Error; err != nil {
		t.Fatal(err)
	}
	if worked, err := o.s.RunNext(t.Context()); worked || err != nil {
		t.Fatalf("took what another holds: %v", err)
	}
	if err := o.db.Gorm.Exec("UPDATE calendar_runs SET lease_until = now() - interval '1 second'").Error; err != nil {
		t.Fatal(err)
	}
	if worked, err := o.s.RunNext(t.Context()); !worked || err != nil {
		t.Fatalf("does not go on: %v", err)
	}
	if now := tickettest.Fresh(t, o.db, early.ID); now.Version != 2 {
		t.Errorf("version %d", now.Version)
	}
	if err := o.db.Gorm.Exec("UPDATE clocks SET state = 'running' WHERE ticket_id = ?", late.ID).Error; err != nil {
		t.Fatal(err)
	}
	o.workOff(1)
	if now := tickettest.Fresh(t, o.db, late.ID); now.Version != 2 || now.Deadline.Due == nil || !now.Deadline.Due.After(lateDue) {
		t.Errorf("what came late stays as it was: %+v", now.Deadline)
	}
	if now := tickettest.Fresh(t, o.db, early.ID); now.Version != 2 {
		t.Errorf("moved twice: version %d", now.Version)
	}
}
