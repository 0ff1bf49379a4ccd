package delivery_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// reader is the acknowledger of one node; it begins now and reads from run on.
func (w *world) reader(events *event.Log, post *outbox.Post) *delivery.Acknowledger {
	w.t.Helper()
	a, err := delivery.NewAcknowledger(w.t.Context(), w.db, events, post, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// during keeps parts running until the test ends.
func (w *world) during(parts ...func(context.Context) error) {
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error)
	for _, run := range parts {
		go func() { ended <- run(ctx) }()
	}
	w.t.Cleanup(func() {
		cancel()
		for range parts {
			if err := <-ended; err != nil {
				w.t.Error(err)
			}
		}
	})
}

// ordered waits until something is ordered.
func (w *world) ordered() (all []jobs.Acknowledge) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); len(all) == 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatal("nothing is ordered")
		}
		w.scan(&all, "SELECT (args->>'ticket_id')::bigint AS ticket_id, (args->>'message_id')::bigint AS message_id FROM river_job WHERE kind = 'acknowledge'")
	}
	return all
}

func TestWhoeverOpensATicketOnTheWebIsAcknowledgedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rdb, log := redistest.New(t), slog.New(slog.DiscardHandler)
	here, there := event.NewLog(w.db, rdb, log), event.NewLog(w.db, rdb, log)
	a, b := w.reader(here, w.post), w.reader(there, w.post)
	// Opened while nobody reads.
	web, first := w.opened("rita@cliente.example", ticket.Ticket{Channel: "webform", Subject: "Troca"}, "Oi.")
	w.opened("ana@cliente.example", ticket.Ticket{Channel: "email", Subject: "Troca"}, "The mailroom orders this one's.")
	w.opened("", ticket.Ticket{Channel: "webform", Subject: "Troca"}, "No address.")

	w.during(here.Run, there.Run, event.NewSequencer(here).Run, a.Run, b.Run)
	w.ordered()
	// The other node has heard of it, too, or does now.
	opened := []event.Event{{Kind: event.TicketOpened, TicketID: web.ID}}
	if err := delivery.Order(b, t.Context(), opened); err != nil {
		t.Fatal(err)
	}
	orders := w.ordered()
	if len(orders) != 1 || orders[0] != (jobs.Acknowledge{TicketID: web.ID, MessageID: first}) {
		t.Fatalf("ordered %+v, want ticket %d, message %d", orders, web.ID, first)
	}
	w.acknowledge(web.ID, first)
	w.acknowledge(web.ID, first)
	if got := fmt.Sprint(w.states()); got != "map[queued:1]" {
		t.Errorf("the outbox has %s", got)
	}
}

// With nobody to send mail nothing is ordered, and nothing piles up.
func TestWithoutARelayNothingIsAcknowledged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.db.Gorm.Exec("UPDATE mailboxes SET active = false").Error; err != nil {
		t.Fatal(err)
	}
	log := event.NewLog(w.db, redistest.New(t), slog.New(slog.DiscardHandler))
	a := w.reader(log, w.post)
	tk, _ := w.opened("rita@cliente.example", ticket.Ticket{Channel: "webform", Subject: "Troca"}, "Oi.")
	if err := delivery.Order(a, t.Context(), []event.Event{{Kind: event.TicketOpened, TicketID: tk.ID}}); err != nil {
		t.Fatal(err)
	}
	var ordered int
	w.scan(&ordered, "SELECT count(*) FROM river_job")
	if ordered != 0 {
		t.Errorf("%d jobs", ordered)
	}
}

// However many forms name a victim, it gets a few mails, and no word of whoever
// filled them in.
func TestAttack61AVictimGetsFewAcknowledgements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 30 {
		tk, first := w.opened("vitima@cliente.example", ticket.Ticket{Channel: "webform", Subject: fmt.Sprintf("GANHE DINHEIRO %c", 'a'+i),
			CustomerName: "Clique em evil.example"}, fmt.Sprintf("https://evil.example palavra%c", 'a'+i))
		w.acknowledge(tk.ID, first)
	}
	var outs []struct{ State, Reason, Envelope string }
	w.scan(&outs, "SELECT state, coalesce(reason, '') AS reason, envelope::text AS envelope FROM outbox ORDER BY id")
	queued := 0
	for _, o := range outs {
		if o.State == "queued" {
			queued++
		} else if o.Reason != outbox.TooMany {
			t.Errorf("%s because of %q", o.State, o.Reason)
		}
		for _, said := range []string{"GANHE", "evil", "Clique", "palavra"} {
			if strings.Contains(o.Envelope, said) {
				t.Errorf("a stranger is told %q: %s", said, o.Envelope)
			}
		}
	}
	if len(outs) != 30 || queued > 5 {
		t.Errorf("%d of %d go out within an hour", queued, len(outs))
	}
}
