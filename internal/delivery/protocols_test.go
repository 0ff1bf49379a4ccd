package delivery_test

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// called is a ticket that was opened by phone so long ago; the contact names a
// phone and an address, or neither.
func (w *world) called(ago time.Duration, phone, address string) ticket.Ticket {
	w.t.Helper()
	t := tickettest.Open(w.t, w.db, ticket.Ticket{Channel: "phone", OpenedAt: time.Now().UTC().Add(-ago)})
	w.scan(new(int64), `WITH c AS (INSERT INTO contacts (channel, direction, data)
			VALUES ('phone', 'in', jsonb_build_object('from', jsonb_strip_nulls(jsonb_build_object('phone', nullif(?::text, ''), 'email', nullif(?::text, '')))))
			RETURNING id)
		INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c RETURNING contact_id`, phone, address, t.ID)
	return t
}

func (w *world) protocols(texts bool) *delivery.Protocols {
	return &delivery.Protocols{DB: w.db, Post: w.post, Texts: texts, Base: "https://sac.aroeira.example",
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }, Log: slog.New(slog.DiscardHandler)}
}

// told are the rows that tell protocols, by ticket.
func (w *world) told() map[int64]outbox.Out {
	w.t.Helper()
	var rows []struct {
		Way       reach.Way
		Recipient string
		TicketID  int64
		Envelope  string
	}
	w.scan(&rows, "SELECT way, recipient, ticket_id, envelope FROM outbox WHERE purpose = 'protocol'")
	all := map[int64]outbox.Out{}
	for _, r := range rows {
		all[r.TicketID] = outbox.Out{Way: r.Way, Recipient: r.Recipient, Envelope: []byte(r.Envelope)}
	}
	return all
}

func TestACallersProtocolIsToldWithinTheHourBySMSOrElseByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mobile := w.called(11*time.Minute, "+5511987654321", "rita@cliente.example")
	fixed := w.called(59*time.Minute, "+551132654321", "ana@cliente.example")
	nowhere := w.called(30*time.Minute, "+551132654321", "")
	fresh := w.called(time.Minute, "+5511912345678", "")
	old := w.called(25*time.Hour, "+5511912345678", "")
	if err := w.protocols(true).Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	told := w.told()
	for _, c := range []struct {
		of      ticket.Ticket
		way, to string
	}{{mobile, "sms", "+5511987654321"}, {fixed, "email", "ana@cliente.example"}, {nowhere, "", ""}, {fresh, "", ""}, {old, "", ""}} {
		if o := told[c.of.ID]; string(o.Way) != c.way || o.Recipient != c.to {
			t.Errorf("ticket %d is told by %q to %q, want %q to %q", c.of.ID, o.Way, o.Recipient, c.way, c.to)
		}
	}
	m, err := outbox.TextMessageOf(told[mobile.ID])
	if err != nil || !strings.Contains(m.Text, mobile.Protocol) || !strings.Contains(m.Text, "/acompanhar") {
		t.Errorf("the SMS says %q, %v", m.Text, err)
	}
}

// Without a gateway a mail does; with neither nobody is ordered anything.
func TestWithoutAGatewayTheProtocolComesByMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.called(15*time.Minute, "+5511987654321", "rita@cliente.example")
	if err := w.protocols(false).Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o := w.told()[c.ID]; o.Way != "email" {
		t.Errorf("told by %q", o.Way)
	}
	w.sweep(w.sender(nil))
	m := w.sink.Wait(1)[0]
	if text := parts(t, m)["text/plain"]; !strings.Contains(text, c.Protocol) {
		t.Errorf("the mail says %q", text)
	}
	if got := m.Header(t, "Auto-Submitted"); got != "auto-replied" || m.From != "" {
		t.Errorf("Auto-Submitted %q, return path %q", got, m.From)
	}
}

// However many nodes look, and however often, one is told once.
func TestACallerIsToldOnceByHoweverManyNodes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const callers = 20
	for i := range callers {
		w.called(20*time.Minute, fmt.Sprintf("+55119876543%02d", i), "")
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 3 {
				if err := w.protocols(true).Tell(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var rows int
	w.scan(&rows, "SELECT count(*) FROM outbox")
	if told := w.told(); rows != callers || len(told) != callers {
		t.Errorf("%d rows for %d of %d callers", rows, len(told), callers)
	}
}

// Callers who cannot be told stand in nobody's way, however many they are.
func TestCallersWithoutAnAddressDoNotKeepOthersWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 205 { // more than one round looks at
		w.called(50*time.Minute, "+551132654321", "")
	}
	last := w.called(11*time.Minute, "+5511987654321", "")
	if err := w.protocols(true).Tell(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := w.told()[last.ID]; !ok {
		t.Error("the one who can be told waits behind those who cannot")
	}
}
