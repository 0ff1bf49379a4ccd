package intake_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"

	"gorm.io/gorm"
)

// opened takes in a ticket and moves it to a status as an agent's act would,
// some time ago.
func opened(t *testing.T, o *office, in *intake.Intake, to ticket.Status, ago time.Duration) intake.Receipt {
	t.Helper()
	r, err := in.Submit(t.Context(), checked(t, submission(func(s *webform.Submission) { s.Document = "111.444.777-35" })))
	if err != nil {
		t.Fatal(err)
	}
	if to == ticket.New {
		return r
	}
	at := o.clock.Now().Add(-ago)
	err = o.db.InTx(t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(t.Context(), tx, r.TicketID, ticket.Cause{Kind: "ticket.status", Data: struct{}{}, At: at}, func(tk *ticket.Ticket) error {
			if to == ticket.Closed {
				return errors.Join(tk.Move(ticket.Resolved, at.Add(-ticket.Grace)), tk.Move(ticket.Closed, at))
			}
			if to == ticket.WaitingCustomer {
				if err := sla.Pause(tx, tk.ID, sla.WaitingCustomer, nil, at); err != nil {
					return err
				}
			}
			if to == ticket.Resolved {
				for _, k := range []sla.Kind{sla.FirstResponse, sla.Resolution} {
					if err := sla.Stop(tx, tk.ID, k, at); err != nil {
						return err
					}
				}
			}
			return tk.Move(to, at)
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func message(t *testing.T, id int64, key, body string) channel.Inbound {
	t.Helper()
	m, err := webform.CheckMessage(id, webform.Submission{Body: body, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestACustomersMessageMakesItOurTurn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		from ticket.Status
		ago  time.Duration
		want ticket.Status
		kind string
	}{
		{"new stays new", ticket.New, 0, ticket.New, "ticket.message_in"},
		{"waiting for the customer", ticket.WaitingCustomer, time.Hour, ticket.Open, "ticket.message_in"},
		{"waiting for somebody else", ticket.WaitingThird, time.Hour, ticket.Open, "ticket.message_in"},
		{"resolved, within the grace", ticket.Resolved, 6 * 24 * time.Hour, ticket.Open, "ticket.reopened"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			in := o.node()
			first := opened(t, o, in, tt.from, tt.ago)
			m := message(t, first.TicketID, "m", "Ainda não chegou.")
			m.Files = []channel.File{{Blob: "b", Name: "foto.jpg", Mime: "image/jpeg", Size: 3}}
			r, err := in.SubmitMessage(t.Context(), first.TicketID, m)
			if err != nil || r.TicketID != first.TicketID || r.Protocol != first.Protocol || r.Replayed {
				t.Fatalf("receipt %+v, %v", r, err)
			}
			tk, err := ticket.ByID(t.Context(), o.db.Gorm, r.TicketID)
			if err != nil {
				t.Fatal(err)
			}
			if tk.Status != tt.want || tk.WaitingSince == nil || tk.Preview != "Ainda não chegou." || tk.PublicVersion != tk.Version ||
				tk.Deadline.Due == nil || tk.Deadline.Paused != "" {
				t.Errorf("ticket %+v", tk)
			}
			sameRow(t, o, r.TicketID)
			if n := o.count(`SELECT count(*) FROM events WHERE ticket_id = $1 AND version = $2 AND kind = $3`, tk.ID, tk.Version, tt.kind); n != 1 {
				t.Errorf("no %s", tt.kind)
			}
			if n := o.count(`SELECT count(*) FROM intake_ledger g JOIN messages m ON m.id = g.message_id AND m.ticket_id = g.ticket_id
				JOIN attachments a ON a.message_id = m.id WHERE g.fate = 'reply' AND m.direction = 'in'`); n != 1 {
				t.Error("the ledger does not account for the message")
			}
			again, err := in.SubmitMessage(t.Context(), first.TicketID, m)
			if err != nil || !again.Replayed || again.TicketID != r.TicketID || again.LedgerID != r.LedgerID {
				t.Errorf("again %+v, %v", again, err)
			}
			if _, err := in.SubmitMessage(t.Context(), first.TicketID, message(t, first.TicketID, "m", "Outra coisa.")); !errors.Is(err, intake.ErrReused) {
				t.Errorf("another content under the key: %v", err)
			}
			if n := o.count(`SELECT count(*) FROM messages`); n != 2 {
				t.Errorf("%d messages", n)
			}
			o.consistent()
		})
	}
}

func TestAMessageAfterTheEndOpensALinkedTicket(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status ticket.Status
		ago    time.Duration
	}{
		"closed":                  {ticket.Closed, time.Hour},
		"resolved, grace is over": {ticket.Resolved, ticket.Grace + time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			in := o.node()
			first := opened(t, o, in, tt.status, tt.ago)
			m := message(t, first.TicketID, "m", "Aconteceu de novo.")
			r, err := in.SubmitMessage(t.Context(), first.TicketID, m)
			if err != nil || r.TicketID == first.TicketID || r.Protocol == first.Protocol {
				t.Fatalf("receipt %+v, %v", r, err)
			}
			if n := o.count(`SELECT count(*) FROM tickets n JOIN tickets o ON o.id = n.linked_from WHERE n.id = $1 AND o.id = $2
				AND n.customer_id = o.customer_id AND n.subject = o.subject AND n.kind = o.kind AND n.status = 'new' AND n.customer_name = o.customer_name`,
				r.TicketID, first.TicketID); n != 1 {
				t.Error("the new ticket does not continue the old one")
			}
			sameRow(t, o, r.TicketID)
			again, err := in.SubmitMessage(t.Context(), first.TicketID, m)
			if err != nil || !again.Replayed || again.TicketID != r.TicketID {
				t.Errorf("again %+v, %v", again, err)
			}
			if _, err := in.Prove(t.Context(), intake.Claim{Protocol: r.Protocol, Proof: "7735"}); err != nil {
				t.Errorf("who opened the old one cannot prove to be the same: %v", err)
			}
			o.consistent()
		})
	}
}

func TestAMessageSentManyTimesAtOnceIsOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	first := opened(t, o, in, ticket.WaitingCustomer, time.Hour)
	var fresh atomic.Int64
	var all sync.WaitGroup
	for range 12 {
		m := message(t, first.TicketID, "m", "Oi?")
		all.Go(func() {
			r, err := in.SubmitMessage(t.Context(), first.TicketID, m)
			if err != nil {
				t.Error(err)
			} else if !r.Replayed {
				fresh.Add(1)
			}
		})
	}
	all.Wait()
	if n := o.count(`SELECT count(*) FROM messages`); n != 2 || fresh.Load() != 1 {
		t.Errorf("%d messages, %d fresh", n, fresh.Load())
	}
	if _, err := in.SubmitMessage(t.Context(), 1<<40, message(t, 1<<40, "m", "Oi?")); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("to no ticket: %v", err)
	}
	o.consistent()
}
