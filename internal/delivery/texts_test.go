package delivery_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sms"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// exchange is an HTTP gateway that keeps what it got, by Idempotency-Key, and
// answers as it is told.
type exchange struct {
	mu      sync.Mutex
	calls   int
	got     map[string]map[string]string
	answers []int // one a call, then 200; 0 breaks the connection after reading
	gateway *sms.Gateway
}

func newExchange(t *testing.T, answers ...int) *exchange {
	t.Helper()
	e := &exchange{got: map[string]map[string]string{}, answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		e.calls++
		code := http.StatusOK
		if len(e.answers) > 0 {
			code, e.answers = e.answers[0], e.answers[1:]
		}
		if code == 0 || code == http.StatusOK {
			e.got[r.Header.Get("Idempotency-Key")] = body
		}
		if code == 0 { // it has the message, and its answer is lost
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	var err error
	if e.gateway, err = sms.New(server.URL, "segredo", server.Client()); err != nil {
		t.Fatal(err)
	}
	return e
}

func (e *exchange) seen() (calls, messages int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.calls, len(e.got)
}

// texter is one node with a gateway.
func (w *world) texter(e *exchange) *delivery.Sender {
	w.t.Helper()
	s, err := delivery.NewSender(delivery.Options{
		DB: w.db, Ways: w, Signer: email.NewSigner(secret), Texts: e.gateway, Dialer: &net.Dialer{}, Trusted: &net.Dialer{}, Host: "desk.example",
		Dir: w.dir, Poke: bell{make(chan struct{}, 1)}, Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// texted orders an answer by SMS, with its message.
func (w *world) texted(t ticket.Ticket, to, body string) outbox.Out {
	w.t.Helper()
	var o outbox.Out
	cause := ticket.Cause{Kind: "ticket.replied", At: time.Now().UTC()}
	err := w.db.InTx(w.t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(w.t.Context(), tx, t.ID, cause, func(t *ticket.Ticket) error {
			m, err := ticket.InsertMessage(w.t.Context(), tx, t, ticket.Message{Direction: ticket.Out, AuthorID: &w.author.AccountID,
				AuthorName: w.author.Name, Body: body, Delivery: ticket.Queued, At: cause.At})
			if err == nil {
				o, err = w.post.TextReply(w.t.Context(), tx, *t, m, to)
			}
			return err
		})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// delivery is what the message of a row says.
func (w *world) delivery(o outbox.Out) (state, reason string) {
	w.t.Helper()
	var m struct{ Delivery, DeliveryReason string }
	w.scan(&m, "SELECT delivery, delivery_reason FROM messages WHERE id = ?", *o.MessageID)
	return m.Delivery, m.DeliveryReason
}

func TestATextMessageIsHandedOverAndItsMessageSaysSo(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newExchange(t)
	o := w.texted(tickettest.Open(t, w.db, ticket.Ticket{}), "+5511987654321", "Seu pedido\nsaiu hoje.")
	w.sweep(w.texter(e))
	got := e.got[fmt.Sprintf("out-%d", o.ID)]
	if got["to"] != "+5511987654321" || got["text"] != "Seu pedido saiu hoje." {
		t.Errorf("the gateway got %v", e.got)
	}
	if state, _ := w.delivery(o); state != "sent" || w.states()["sent"] != 1 {
		t.Errorf("the message is %s, rows %v", state, w.states())
	}
}

// A gateway that is away is tried again under the same key: whether it took the
// first one or not, it has one.
func TestATextMessageIsTriedAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newExchange(t, http.StatusServiceUnavailable, 0)
	o := w.texted(tickettest.Open(t, w.db, ticket.Ticket{}), "+5511987654321", "Oi")
	s := w.texter(e)
	w.sweep(s)
	if state, reason := w.delivery(o); state != "queued" || reason != outbox.Deferred {
		t.Errorf("after the first try the message is %s, %s", state, reason)
	}
	w.now()
	w.sweep(s) // the client itself repeats what has a key and no answer
	w.now()
	w.sweep(s)
	if calls, messages := e.seen(); calls != 3 || messages != 1 || w.states()["sent"] != 1 {
		t.Errorf("%d calls, %d messages, rows %v", calls, messages, w.states())
	}
}

func TestWhatAGatewayRefusesIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newExchange(t, http.StatusUnprocessableEntity)
	o := w.texted(tickettest.Open(t, w.db, ticket.Ticket{}), "+5511987654321", "Oi")
	s := w.texter(e)
	w.sweep(s)
	w.now()
	w.sweep(s)
	if state, reason := w.delivery(o); state != "failed" || reason != outbox.Refused {
		t.Errorf("the message is %s, %s", state, reason)
	}
	if calls, _ := e.seen(); calls != 1 {
		t.Errorf("%d calls", calls)
	}
}

// What a customer has said since stops what was ordered before.
func TestTheGateIsAskedAgainWhenATextMessageGoes(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newExchange(t)
	var customer int64
	w.scan(&customer, "INSERT INTO customers (name) VALUES ('Rita') RETURNING id")
	o := w.texted(tickettest.Open(t, w.db, ticket.Ticket{CustomerID: &customer}), "+5511987654321", "Oi")
	if err := reach.Want(t.Context(), w.db.Gorm, customer, reach.Wish{Way: reach.SMS, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	w.sweep(w.texter(e))
	if calls, _ := e.seen(); calls != 0 || w.states()["suppressed"] != 1 {
		t.Errorf("%d calls, rows %v", calls, w.states())
	}
	if state, reason := w.delivery(o); state != "failed" || reason != reach.Preference {
		t.Errorf("the message is %s, %s", state, reason)
	}
}

// Two nodes that look at the same rows call the gateway once for each.
func TestTwoNodesSendATextMessageOnce(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newExchange(t)
	const messages = 30
	for i := range messages {
		w.texted(tickettest.Open(t, w.db, ticket.Ticket{}), fmt.Sprintf("+55119876543%02d", i), "Oi")
	}
	nodes := []*delivery.Sender{w.texter(e), w.texter(e)}
	var all sync.WaitGroup
	for _, s := range nodes {
		all.Go(func() {
			for range 3 {
				if err := s.Sweep(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if calls, got := e.seen(); calls != messages || got != messages || w.states()["sent"] != messages {
		t.Errorf("%d calls for %d messages, %d there, rows %v", calls, messages, got, w.states())
	}
}

// Nothing goes out while sending is held after a restore, by no way.
func TestAHeldDeskSendsNoTextMessage(t *testing.T) {
	t.Parallel()
	w, e := newWorld(t), newExchange(t)
	w.texted(tickettest.Open(t, w.db, ticket.Ticket{}), "+5511987654321", "Oi")
	if err := w.db.Gorm.Exec("UPDATE installation SET outgoing_held_at = now(), outgoing_held_why = 'restored'").Error; err != nil {
		t.Fatal(err)
	}
	s := w.texter(e)
	w.sweep(s)
	if calls, _ := e.seen(); calls != 0 {
		t.Errorf("%d calls while held", calls)
	}
	if err := outbox.Release(t.Context(), w.db.Gorm); err != nil {
		t.Fatal(err)
	}
	w.sweep(s)
	if calls, _ := e.seen(); calls != 1 {
		t.Errorf("%d calls after the release", calls)
	}
}
