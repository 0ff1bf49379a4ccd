package delivery_test

import (
	"fmt"
	"testing"

	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestACrashRepeatsOnlyWhatNoAnswerCameFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	o := w.reply(tk, "rita@example.com", "Olá")
	claim := func(node string) outbox.Claimed {
		t.Helper()
		w.now()
		c, ok, err := outbox.Claim(t.Context(), w.db.Gorm, o.ID, node)
		if err != nil || !ok {
			t.Fatalf("claim: %v, %v", ok, err)
		}
		return c
	}
	// After the claim, and before anything was said: it is sent by the next start.
	claim("dead1")
	delivery.LeaveJournal(t, w.dir, "dead1")
	s := w.sender(nil)
	if err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.states(); got["queued"] != 1 {
		t.Fatalf("after a crash before the data: %v", got)
	}
	// After the relay's answer, and before the database knew: the journal knows.
	c := claim("dead2")
	delivery.LeaveJournal(t, w.dir, "dead2", fmt.Sprintf("%d %d OK", c.ID, c.Fence), fmt.Sprintf("%d %d ha", c.ID, c.Fence)[:3])
	if err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.states(); got["sent"] != 1 {
		t.Errorf("after a crash behind the answer: %v", got)
	}
	if got := told(t, w.db, tk.ID); len(got) != 1 || got[0].Delivery != "sent" {
		t.Errorf("told %+v", got)
	}
	w.sweep(s)
	if n := len(w.sink.Mails()); n != 0 {
		t.Errorf("%d mails", n)
	}
	// An entry under an older fence says nothing about the row as it is now.
	other := w.reply(tickettest.Fresh(t, w.db, tk.ID), "rita@example.com", "Mais uma")
	o = other
	claim("dead3")
	delivery.LeaveJournal(t, w.dir, "dead3", fmt.Sprintf("%d %d OK", other.ID, 0))
	if err := s.Recover(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.sweep(s)
	if n := len(w.sink.Wait(1)); n != 1 {
		t.Errorf("%d mails", n)
	}
	// Of a node elsewhere nothing is known: its row waits until it is surely dead.
	third := w.reply(tickettest.Fresh(t, w.db, tk.ID), "rita@example.com", "E outra")
	o = third
	claim("elsewhere")
	w.sweep(s)
	if got := w.states(); got["sending"] != 1 {
		t.Errorf("taken from a node that may live: %v", got)
	}
	w.scan(new(int64), "UPDATE outbox SET claimed_at = now() - interval '11 minutes' WHERE id = ? RETURNING id", third.ID)
	w.scan(new(string), "INSERT INTO outbox_nodes VALUES ('elsewhere', now()) RETURNING node")
	w.sweep(s)
	if got := w.states(); got["sending"] != 1 {
		t.Errorf("taken from a node that lives: %v", got)
	}
	w.scan(new(string), "UPDATE outbox_nodes SET seen_at = now() - interval '11 minutes' WHERE node = 'elsewhere' RETURNING node")
	w.sweep(s)
	w.sink.Wait(2)
}

func TestALostAnswerIsAskedForAgainUnderTheSameMessageID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sink.Behave(sinktest.Behaviour{Drop: func(_ string, n int) string {
		if n == 1 {
			return "before"
		}
		return ""
	}})
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	o := w.reply(tk, "rita@example.com", "Olá")
	s := w.sender(nil)
	w.sweep(s)
	var reason string
	w.scan(&reason, "SELECT reason FROM outbox WHERE id = ?", o.ID)
	if reason != outbox.NoAnswer {
		t.Errorf("it waits for %q", reason)
	}
	w.now()
	w.sweep(s)
	if all := w.sink.Wait(1); len(all) != 1 || all[0].MessageID != "<"+o.MailID+">" {
		t.Errorf("came %+v", all)
	}
}
