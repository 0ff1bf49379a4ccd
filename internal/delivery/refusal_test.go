package delivery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestARefusalIsFinalAndADeferralIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sink.Behave(sinktest.Behaviour{OnRcpt: func(to string) error {
		switch {
		case strings.HasPrefix(to, "ninguem"):
			return sinktest.Refusal(550, [3]int{5, 1, 1}, "no such user")
		case strings.HasPrefix(to, "cinza"):
			return sinktest.Refusal(450, [3]int{4, 2, 0}, "greylisted")
		}
		return nil
	}})
	bad, _ := w.opened("ninguem@example.com", ticket.Ticket{}, "Oi")
	gone := w.reply(bad, "ninguem@example.com", "Olá")
	grey, _ := w.opened("cinza@example.com", ticket.Ticket{}, "Oi")
	later := w.reply(grey, "cinza@example.com", "Olá")
	s := w.sender(nil)
	w.sweep(s)
	var rows []struct{ Delivery, DeliveryReason string }
	w.scan(&rows, "SELECT delivery, delivery_reason FROM messages WHERE id IN ? ORDER BY id", []int64{*gone.MessageID, *later.MessageID})
	if fmt.Sprint(rows) != "[{failed refused} {queued deferred}]" {
		t.Errorf("the messages: %v", rows)
	}
	if got := told(t, w.db, bad.ID); len(got) != 1 || got[0].Delivery != "failed" {
		t.Errorf("told %+v", got)
	}
	// The address is marked: the next answer does not go there.
	if again := w.reply(tickettest.Fresh(t, w.db, bad.ID), "ninguem@example.com", "E agora?"); again.State != outbox.Suppressed {
		t.Errorf("written to again: %+v", again)
	}
	w.sink.Behave(sinktest.Behaviour{})
	w.sweep(s)
	if n := len(w.sink.Mails()); n != 0 {
		t.Errorf("%d mails before their time", n)
	}
	w.now()
	w.sweep(s)
	if m := w.sink.Wait(1)[0]; m.MessageID != "<"+later.MailID+">" {
		t.Errorf("came %s", m.MessageID)
	}
	// After three days in vain it is given up.
	last, _ := w.opened("fim@example.com", ticket.Ticket{}, "Oi")
	o := w.reply(last, "fim@example.com", "Olá")
	w.scan(new(int64), "UPDATE outbox SET first_try = now() - interval '73 hours' WHERE id = ? RETURNING id", o.ID)
	w.sink.Behave(sinktest.Behaviour{OnData: func([]byte) error { return sinktest.Refusal(451, [3]int{4, 3, 0}, "later") }})
	w.sweep(s)
	if got := told(t, w.db, last.ID); len(got) != 1 || got[0].Delivery != "failed" {
		t.Errorf("after three days: %+v", got)
	}
}

func TestABounceIsNotedOnMessageAndAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	o := w.reply(tk, "rita@example.com", "Olá")
	w.sweep(w.sender(nil))
	bounce := outbox.Bounce{MailID: o.MailID, Recipient: "vitima@example.com", Status: "5.1.1", Hard: true, Diagnostic: "unknown\x00 user", At: time.Now()}
	for range 2 { // told twice, it changes nothing
		err := w.db.InTx(t.Context(), func(tx *gorm.DB) error { return outbox.Bounced(t.Context(), tx, bounce) })
		if err != nil {
			t.Fatal(err)
		}
	}
	got := told(t, w.db, tk.ID)
	if len(got) != 2 || got[1].Delivery != "failed" {
		t.Errorf("told %+v", got)
	}
	var marked []string
	w.scan(&marked, "SELECT value FROM identities WHERE bouncing_at IS NOT NULL UNION SELECT 's:' || address FROM suppressions ORDER BY 1")
	if fmt.Sprint(marked) != "[rita@example.com s:rita@example.com]" {
		t.Errorf("marked %v", marked)
	}
	unknown := outbox.Bounce{OutID: o.ID + 100, MailID: "estranho@example.com", At: time.Now()}
	if err := w.db.InTx(t.Context(), func(tx *gorm.DB) error { return outbox.Bounced(t.Context(), tx, unknown) }); err != nil {
		t.Error(err)
	}
}

func TestNothingGoesOutWhileItIsHeldOrThereIsNoRelay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	o := w.reply(tk, "rita@example.com", "Olá")
	s := w.sender(nil)
	w.scan(new(bool), "UPDATE installation SET outgoing_held_at = now(), outgoing_held_why = 'restored' RETURNING true")
	w.sweep(s)
	if got := w.states(); got["queued"] != 1 {
		t.Errorf("while held: %v", got)
	}
	w.scan(new(bool), "UPDATE installation SET outgoing_held_at = NULL RETURNING true")
	w.sweep(w.sender(noWay{}))
	var reason string
	w.scan(&reason, "SELECT delivery_reason FROM messages WHERE id = ?", *o.MessageID)
	if got := w.states(); got["queued"] != 1 || reason != outbox.NoRelay {
		t.Errorf("without a relay: %v, %q", got, reason)
	}
	w.now()
	w.sweep(s)
	w.sink.Wait(1)
}
