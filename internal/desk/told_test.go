package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// owing is an open ticket with a clock of a kind, begun two hours ago, that runs
// out so long after now.
func (o office) owing(t *testing.T, kind sla.Kind, left time.Duration) ticket.Ticket {
	t.Helper()
	now := o.now()
	tk := tickettest.Open(t, o.db, ticket.Ticket{Status: ticket.Open, OpenedAt: now.Add(-2 * time.Hour)})
	start := now.Add(-2 * time.Hour).Truncate(time.Minute)
	due := now.Add(left).Truncate(time.Minute)
	term := sla.Term{Amount: int(due.Sub(start) / time.Minute), Unit: sla.Minutes}
	c, err := o.policies.Calendars().Get(sla.Calendar24x7)
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Due(start, term, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = o.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return sla.Start(tx, tk.ID, []sla.NewClock{{Kind: kind, Policy: "Confirmar", Calendar: sla.Calendar24x7, Amount: term.Amount, Unit: term.Unit,
			StartedAt: start, Due: d.Due, Target: d.Target, Warn50: d.Warn[0], Warn75: d.Warn[1], Warn90: d.Warn[2]}})
	})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// orders stores what a node is sending for a ticket.
func (o office) orders(t *testing.T, tk ticket.Ticket, way, purpose, what string) (id int64) {
	t.Helper()
	state := "sending"
	if way == "letter" {
		state = "queued"
	}
	id = o.count(t, `INSERT INTO outbox (way, purpose, key, ticket_id, recipient, state, fence, mail_id, envelope)
		VALUES (?, ?, ?, ?, 'rita@example.com', ?, 1, ?, '{"to":["Rita"],"text":"Segue."}') RETURNING id`, way, purpose, tk.Protocol, tk.ID, state, tk.Protocol+"@aroeira.example")
	if what != "" {
		o.count(t, `INSERT INTO copies (ticket_id, what, way, recipient, asked_at, due_on, by, out_id) VALUES (?, ?, ?, 'rita@example.com', now(), current_date, ?, ?) RETURNING id`,
			tk.ID, what, way, o.ana.AccountID, id)
	}
	return id
}

func (o office) inTx(t *testing.T, fn func(tx *gorm.DB) error) {
	t.Helper()
	if err := o.db.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (o office) handed(t *testing.T, out int64) {
	t.Helper()
	o.inTx(t, func(tx *gorm.DB) error {
		_, err := outbox.Handed(t.Context(), tx, out, 1, "250 2.0.0 ok", o.now())
		return err
	})
}

func (o office) bounced(t *testing.T, out int64) {
	t.Helper()
	o.inTx(t, func(tx *gorm.DB) error {
		return outbox.Bounced(t.Context(), tx, outbox.Bounce{OutID: out, Status: "5.1.1", At: o.now()})
	})
}

// told works off all that was ordered about an order, as the jobs do: in any
// number of runs.
func (o office) told(t *testing.T, out int64) {
	t.Helper()
	var args []string
	err := o.db.Gorm.Raw("SELECT args::text FROM river_job WHERE kind = 'customer_told' AND (args->>'out_id')::bigint = ? ORDER BY id", out).Scan(&args).Error
	if err != nil {
		t.Fatal(err)
	}
	w := desk.NewTold(o.db, o.policies.Calendars(), o.pokes, o.now)
	for _, a := range args {
		job := &river.Job[jobs.CustomerTold]{JobRow: &rivertype.JobRow{}}
		if err := json.Unmarshal([]byte(a), &job.Args); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := w.Work(t.Context(), job); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What waits for a customer to be told ends with the moment at which they were, once,
// and only then.
func TestAClockEndsWhenTheCustomerWasToldAndOnlyThen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, c := range []struct {
		name, way, purpose, copied string
		kind                       sla.Kind
		left                       time.Duration
		happens                    func(out int64)
		want                       sla.State
		events                     int64 // about the clock
	}{
		{"a confirmation", "email", "acknowledgement", "", sla.Acknowledgement, time.Hour, func(out int64) { o.handed(t, out); o.told(t, out) }, sla.Met, 1},
		{"by SMS", "sms", "protocol", "", sla.Acknowledgement, time.Hour, func(out int64) { o.handed(t, out); o.told(t, out) }, sla.Met, 1},
		{"one that went too late", "email", "acknowledgement", "", sla.Acknowledgement, -time.Hour, func(out int64) { o.handed(t, out); o.told(t, out) }, sla.Missed, 1},
		{"one that was refused", "email", "acknowledgement", "", sla.Acknowledgement, time.Hour, func(out int64) {
			o.inTx(t, func(tx *gorm.DB) error {
				return outbox.Fail(t.Context(), tx, outbox.Claimed{Out: outbox.Out{ID: out}, Fence: 1}, outbox.Refused, "550", false, o.now())
			})
			o.told(t, out)
		}, sla.Running, 0},
		{"one that came back", "email", "acknowledgement", "", sla.Acknowledgement, time.Hour, func(out int64) {
			o.handed(t, out)
			o.told(t, out)
			o.bounced(t, out)
			o.told(t, out)
		}, sla.Running, 2},
		{"one that came back before we noted that it went", "email", "acknowledgement", "", sla.Acknowledgement, time.Hour, func(out int64) {
			o.handed(t, out)
			o.bounced(t, out)
			o.told(t, out)
		}, sla.Running, 0},
		{"a history", "email", "history", "history", sla.History, time.Hour, func(out int64) { o.handed(t, out); o.told(t, out) }, sla.Met, 1},
		{"a recording", "email", "history", "recording", sla.History, time.Hour, func(out int64) { o.handed(t, out); o.told(t, out) }, sla.Running, 0},
		{"a history on paper", "letter", "history", "history", sla.History, time.Hour, func(out int64) {
			batch, _, err := outbox.Gather(t.Context(), o.db, o.ana, []int64{out})
			if err != nil {
				t.Fatal(err)
			}
			if o.told(t, out); o.count(t, "SELECT count(*) FROM clocks WHERE kind = 'history' AND state = 'running' AND ticket_id = (SELECT ticket_id FROM outbox WHERE id = ?)", out) != 1 {
				t.Error("printed, it has told somebody")
			}
			now := time.Now().UTC()
			if err := outbox.Posted(t.Context(), o.db, o.ana, batch, now, now); err != nil {
				t.Fatal(err)
			}
			o.told(t, out)
		}, sla.Met, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			tk := o.owing(t, c.kind, c.left)
			out := o.orders(t, tk, c.way, c.purpose, c.copied)
			c.happens(out)
			got := o.clock(t, tk.ID, c.kind)
			if got.State != c.want || (got.StoppedAt == nil) != (c.want == sla.Running) {
				t.Errorf("the clock is %s, stopped at %v", got.State, got.StoppedAt)
			}
			if n := o.count(t, "SELECT count(*) FROM events WHERE ticket_id = ? AND kind = 'ticket.clock'", tk.ID); n != c.events {
				t.Errorf("%d events", n)
			}
			var settled time.Time
			if err := o.db.Gorm.Raw("SELECT settled_at FROM outbox WHERE id = ?", out).Scan(&settled).Error; err != nil {
				t.Fatal(err)
			}
			if got.StoppedAt != nil && !got.StoppedAt.Equal(settled) {
				t.Errorf("ended at %s, handed over at %s", got.StoppedAt, settled)
			}
			if c.events > 0 {
				if told := o.lastTold(t, tk.ID); !strings.Contains(told, `"policy": "Confirmar"`) || strings.HasSuffix(told, "-") {
					t.Error(told)
				}
			}
			if breaches := o.count(t, "SELECT count(*) FROM clock_stages WHERE ticket_id = ? AND stage = 100", tk.ID); (breaches == 1) != (c.left < 0) || breaches > 1 {
				t.Errorf("recorded as broken %d times", breaches)
			}
			if err := tickettest.ToldWell(t, o.db, tk.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// What came back leaves the clock as it would have been without it: broken when it
// has run out since, ended by what was said since.
func TestWhatCameBackEndsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.owing(t, sla.Acknowledgement, 2*time.Minute)
	out := o.orders(t, tk, "email", "acknowledgement", "")
	o.handed(t, out)
	o.told(t, out)
	o.ahead.Store(int64(10 * time.Minute))
	o.bounced(t, out)
	o.told(t, out)
	if got := o.clock(t, tk.ID, sla.Acknowledgement); got.State != sla.Running || got.Stage != sla.StageDue {
		t.Errorf("past its end: %s at %d %%", got.State, got.Stage)
	}

	tk = o.owing(t, sla.Acknowledgement, time.Hour)
	out = o.orders(t, tk, "email", "acknowledgement", "")
	o.ahead.Store(0)
	o.handed(t, out)
	o.told(t, out)
	m, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Recebemos o seu pedido."})
	if err != nil {
		t.Fatal(err)
	}
	o.bounced(t, out)
	o.told(t, out)
	if got := o.clock(t, tk.ID, sla.Acknowledgement); got.State != sla.Met || !got.StoppedAt.Equal(m.At) {
		t.Errorf("answered since: %s, stopped at %v", got.State, got.StoppedAt)
	}
}
