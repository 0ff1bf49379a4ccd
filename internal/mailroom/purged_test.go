package mailroom_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// purged lets years pass over a ticket that has ended, and a round of purging.
func (o *office) purged(id int64) {
	o.Helper()
	ctx := o.Context()
	log := slog.New(slog.DiscardHandler)
	events := event.NewLog(o.db, redistest.New(o), log)
	numbering, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- event.NewSequencer(events).Run(numbering) }()
	for end := time.Now().Add(time.Minute); o.count("SELECT count(*) FROM events WHERE pos IS NULL") > 0; time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			o.Fatal("the events are not numbered")
		}
	}
	stop()
	if err := <-done; err != nil {
		o.Error(err)
	}
	o.exec(`UPDATE tickets SET opened_at = '2019-01-01', resolved_at = '2019-01-01', closed_at = '2019-01-01', updated_at = '2019-01-01' WHERE id = $1`, id)
	o.exec("UPDATE clocks SET state = 'met' WHERE state <> 'met'")
	boss := tickettest.Account(o, o.db, access.Admin)
	keeper := retention.New(retention.Deps{DB: o.db, Events: events, Intake: o.in, Poke: &o.pokes, Now: o.clock.Now, Zone: zone, Log: log})
	e, err := keeper.Preview(ctx, boss, nil)
	if err == nil && e.Records != 1 {
		o.Fatalf("before the purge: %+v", e)
	}
	if err == nil {
		_, err = keeper.Switch(ctx, boss, true, e.Seen)
	}
	if err == nil {
		_, err = keeper.Ask(ctx, boss)
	}
	if err == nil {
		err = keeper.Round(ctx)
	}
	if err != nil {
		o.Fatal(err)
	}
	if n := o.count("SELECT count(*) FROM tickets WHERE id = $1", id); n != 0 {
		o.Fatal("the ticket is not purged")
	}
}

// What answers a ticket that was purged is a new matter; the mail that had opened
// it is known when a server brings it again, and does not bring it back.
func TestMailsAboutAPurgedTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	old := letter{From: ana, ID: "antigo@cliente.example", Subject: "Pedido 4411 não chegou"}.String()
	first := o.opened(old)
	answer, _ := o.sent(first.TicketID, "ana@cliente.example")
	o.put(first.TicketID, ticket.Resolved)
	o.put(first.TicketID, ticket.Closed)
	o.purged(first.TicketID)

	key, hash := email.SourceKey([]byte(old))
	got, err := o.in.Accept(t.Context(), channel.Arrival{Channel: channel.Email, SourceKey: key, BodyHash: hash, Raw: []byte(old), Envelope: email.Envelope{}.JSON()})
	if err != nil || !got.Replayed {
		t.Errorf("the old mail brought again: %+v, %v", got, err)
	}
	if n := o.count("SELECT count(*) FROM tickets"); n != 0 {
		t.Errorf("it brought %d tickets back", n)
	}

	again := o.receive(letter{From: ana, ID: "volta@cliente.example", Subject: "Re: Pedido 4411 não chegou", InReplyTo: answer,
		References: "<antigo@cliente.example> <" + answer + ">"}.String())
	if again.Fate != intake.FateTicket || again.TicketID == 0 || again.TicketID == first.TicketID || again.Reason != "" {
		t.Fatalf("an answer to what was purged became %+v", again)
	}
	if n := o.count("SELECT count(*) FROM tickets WHERE id = $1 AND linked_from IS NULL", again.TicketID); n != 1 || o.acknowledged(again.TicketID) != 1 {
		t.Errorf("it hangs on something, or was acknowledged %d times", o.acknowledged(again.TicketID))
	}
	o.joins(again.TicketID, letter{From: ana, InReplyTo: "volta@cliente.example"}.String())
}
