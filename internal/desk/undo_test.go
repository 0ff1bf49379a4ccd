package desk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// numbered makes ids as a signer would.
type numbered struct{}

func (numbered) MessageID(ticketID, messageID int64, domain string) string {
	return fmt.Sprintf("%d.%d@%s", ticketID, messageID, domain)
}

// withMail opens a mailbox whose answers may be taken back for some seconds.
func (o office) withMail(t *testing.T, seconds int) {
	t.Helper()
	*o.post = outbox.Post{IDs: numbered{}}
	o.count(t, `INSERT INTO mailboxes (brand_id, address, display_name, undo_seconds, is_default)
		VALUES (1, 'sac@aroeira.example', 'SAC Aroeira', ?, true) RETURNING id`, seconds)
}

// written opens a ticket whose customer gave an address with it.
func (o office) written(t *testing.T, tk ticket.Ticket, address string) ticket.Ticket {
	t.Helper()
	customer := o.count(t, "INSERT INTO customers (name) VALUES ('Rita') RETURNING id")
	o.count(t, "INSERT INTO identities (customer_id, kind, value) VALUES (?, 'email', ?) RETURNING id", customer, address)
	tk.CustomerID, tk.CustomerName = &customer, "Rita"
	tk = o.open(t, tk)
	o.count(t, `WITH c AS (INSERT INTO contacts (channel, direction, customer_id, data)
			VALUES ('webform', 'in', ?, jsonb_build_object('from', jsonb_build_object('email', ?::text))) RETURNING id)
		INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c RETURNING contact_id`, customer, address, tk.ID)
	return tk
}

// stands is everything that an answer changes of a ticket and its clocks.
func (o office) stands(t *testing.T, id int64) string {
	t.Helper()
	tk := tickettest.Fresh(t, o.db, id)
	var frozen sla.Frozen
	err := o.db.InTx(t.Context(), func(tx *gorm.DB) (err error) {
		frozen, err = sla.Freeze(tx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	clocks, err := json.Marshal(frozen) // pointers are followed
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v\n%s", tk.Standing(), clocks)
}

func TestAnAnswerTakenBackLeavesTicketAndClocksAsTheyWere(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 60)
	recent := time.Now().Add(-time.Hour).Truncate(time.Microsecond)
	for name, tk := range map[string]ticket.Ticket{
		"new": {}, "new, with a clock that may pause": {Kind: "elogio"},
		"waiting for a third": {Status: ticket.WaitingThird, Kind: "elogio"}, "resolved": {Status: ticket.Resolved, ResolvedAt: &recent},
	} {
		for _, resolve := range []bool{false, true} {
			tk := o.written(t, tk, fmt.Sprintf("rita%d@example.com", time.Now().UnixNano()))
			before := o.stands(t, tk.ID)
			sent, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Já vai.", Resolve: resolve})
			if err != nil {
				t.Fatal(err)
			}
			if sent.HeldUntil == nil || sent.Public(o.now()) {
				t.Errorf("%s: nothing is held: %+v", name, sent)
			}
			if shown, err := ticket.ShownMessages(t.Context(), o.db.Gorm, tk.ID); err != nil || len(shown) != 1 {
				t.Errorf("%s: the customer sees %d messages, %v", name, len(shown), err)
			}
			if shown, err := ticket.ShownStatus(t.Context(), o.db.Gorm, tickettest.Fresh(t, o.db, tk.ID)); err != nil || shown != tk.Status {
				t.Errorf("%s: the customer sees %q, %v", name, shown, err)
			}
			m, done, err := o.s.Undo(t.Context(), o.ana, tk.ID, sent.ID)
			if err != nil || m.Body != "Já vai." || m.Delivery != ticket.Undone {
				t.Fatalf("%s: %+v, %v", name, m, err)
			}
			if after := o.stands(t, tk.ID); after != before {
				t.Errorf("%s, resolving %v:\n%s\nbecame\n%s", name, resolve, before, after)
			}
			if done.Status.IsOpen() && (done.HolderID == nil || *done.HolderID != o.ana.AccountID) {
				t.Errorf("%s: its author does not hold it: %+v", name, done)
			}
			if n := o.count(t, "SELECT count(*) FROM outbox WHERE message_id = ? AND state = 'undone'", sent.ID); n != 1 {
				t.Errorf("%s: the mail is not taken back", name)
			}
			if _, _, err := o.s.Undo(t.Context(), o.ana, tk.ID, sent.ID); !errors.Is(err, desk.ErrUndoOver) {
				t.Errorf("%s: taken back twice: %v", name, err)
			}
		}
	}
}

func TestAnAnswerTakenBackIsToldAsItIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 60)
	tk := o.written(t, ticket.Ticket{}, "rita@example.com")
	sent, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Já vai.", Resolve: true})
	if err != nil {
		t.Fatal(err)
	}
	told := tickettest.Replay(t, o.db, func() {
		if _, _, err := o.s.Undo(t.Context(), o.ana, tk.ID, sent.ID); err != nil {
			t.Error(err)
		}
	})
	if len(told) != 1 || told[0].Kind != event.TicketUndone || *told[0].ActorID != o.ana.AccountID {
		t.Errorf("told %+v", told)
	}
}

func TestWhatOthersDidSinceStaysWhenAnAnswerIsTakenBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 60)
	tk := o.written(t, ticket.Ticket{}, "rita@example.com")
	sent, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Já vai."})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Patch(t.Context(), o.bruno, tk.ID, desk.Patch{Version: sent.Version, Status: ptr(ticket.Open), Priority: ptr(1)}); err != nil {
		t.Fatal(err)
	}
	_, done, err := o.s.Undo(t.Context(), o.ana, tk.ID, sent.ID)
	if err != nil || done.Status != ticket.Open || done.Priority != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := o.states(t, tk.ID); got[sla.FirstResponse] != sla.Running {
		t.Errorf("nobody has answered, and the clocks are %v", got)
	}
	if done.Deadline.Clock != string(sla.FirstResponse) {
		t.Errorf("the row shows %+v", done.Deadline)
	}
}

func TestOnlyItsAuthorTakesAnAnswerBackAndOnlyInTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 60)
	tk := o.written(t, ticket.Ticket{}, "rita@example.com")
	sent, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Já vai."})
	if err != nil {
		t.Fatal(err)
	}
	first := o.count(t, "SELECT min(id) FROM messages WHERE ticket_id = ?", tk.ID)
	for _, tt := range []struct {
		name  string
		who   access.Actor
		id    int64
		after string
		want  error
	}{
		{"a colleague", o.bruno, sent.ID, "", desk.ErrNotWrote},
		{"a supervisor", o.sup, sent.ID, "", desk.ErrNotWrote},
		{"somebody else's desk", o.away, sent.ID, "", ticket.ErrNotFound},
		{"the customer's message", o.ana, first, "", ticket.ErrNotFound},
		{"no message", o.ana, sent.ID + 1000, "", ticket.ErrNotFound},
		{"a mail that is being sent", o.ana, sent.ID, "UPDATE outbox SET state = 'sending'", desk.ErrUndoOver},
		{"a mail that has gone", o.ana, sent.ID, "UPDATE outbox SET state = 'sent'", desk.ErrUndoOver},
		{"too late", o.ana, sent.ID, "UPDATE messages SET held_until = now()", desk.ErrUndoOver},
	} {
		if tt.after != "" {
			if err := o.db.Gorm.Exec(tt.after).Error; err != nil {
				t.Fatal(err)
			}
		}
		told := tickettest.Replay(t, o.db, func() {
			if _, _, err := o.s.Undo(t.Context(), tt.who, tk.ID, tt.id); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		})
		if len(told) != 0 {
			t.Errorf("%s: told %+v", tt.name, told)
		}
	}
}

// Undo and the sender meet: exactly one of them has the mail.
func TestTakingBackRacesWithSending(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 60)
	for i := range 12 {
		tk := o.written(t, ticket.Ticket{}, fmt.Sprintf("rita%d@example.com", i))
		sent, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Já vai."})
		if err != nil {
			t.Fatal(err)
		}
		id := o.count(t, "UPDATE outbox SET not_before = now(), next_try = now() WHERE message_id = ? RETURNING id", sent.ID)
		var claimed bool
		var claiming, undoing error
		var rivals sync.WaitGroup
		rivals.Go(func() { _, claimed, claiming = outbox.Claim(t.Context(), o.db.Gorm, id, "here") })
		rivals.Go(func() { _, _, undoing = o.s.Undo(t.Context(), o.ana, tk.ID, sent.ID) })
		rivals.Wait()
		if claiming != nil || undoing != nil && !errors.Is(undoing, desk.ErrUndoOver) || claimed == (undoing == nil) {
			t.Fatalf("claimed %v (%v), undo %v", claimed, claiming, undoing)
		}
	}
}

func TestNothingIsHeldWhereNoMailGoesOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	noBox := o.written(t, ticket.Ticket{}, "ana@example.com")
	sent, _, err := o.s.Reply(t.Context(), o.ana, noBox.ID, desk.Reply{Body: "Oi"})
	if err != nil || sent.HeldUntil != nil {
		t.Errorf("no mailbox: %+v, %v", sent, err)
	}
	o.withMail(t, 60)
	noAddress := o.open(t, ticket.Ticket{})
	sent, _, err = o.s.Reply(t.Context(), o.ana, noAddress.ID, desk.Reply{Body: "Oi"})
	if err != nil || sent.HeldUntil != nil {
		t.Errorf("no address: %+v, %v", sent, err)
	}
	if n := o.count(t, "SELECT count(*) FROM outbox"); n != 0 {
		t.Errorf("%d mails", n)
	}
	if n := o.count(t, "SELECT count(*) FROM river_job WHERE kind = 'deliver_reply'"); n != 2 {
		t.Errorf("%d deliveries by the page", n)
	}
}

func TestAnAnswerThatNobodyWillGetSaysSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 0)
	tk := o.written(t, ticket.Ticket{}, "rita@example.com")
	o.count(t, "UPDATE identities SET bouncing_at = now() WHERE value = 'rita@example.com' RETURNING id")
	sent, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi"})
	if err != nil || sent.Delivery != ticket.Failed || sent.DeliveryReason != "bouncing" {
		t.Errorf("%+v, %v", sent, err)
	}
}
