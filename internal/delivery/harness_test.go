package delivery_test

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var secret = []byte("a secret of this test that is long enough")

// world is a database with a mailbox, and a sink that takes what goes out.
type world struct {
	t       *testing.T
	db      *postgres.DB
	sink    *sinktest.Sink
	post    *outbox.Post
	mailbox int64
	author  access.Actor
	key     *rsa.PrivateKey
	dir     string
	blobs   *blob.Store
	roots   *x509.CertPool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, db: pgtest.New(t), sink: sinktest.New(t), dir: t.TempDir()}
	w.post = &outbox.Post{
		IDs: email.NewSigner(secret),
		Link: func(_ int64, protocol string) string {
			return "https://sac.aroeira.example/acompanhar/" + protocol + "?token=t"
		},
		Day: func(_ string, at time.Time) string { return at.Format(time.DateOnly) },
	}
	var err error
	if w.blobs, err = blob.New(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	w.author = tickettest.Account(t, w.db, access.Agent, tickettest.DefaultTeam)
	w.scan(&w.mailbox, `INSERT INTO mailboxes (brand_id, address, aliases, display_name, signature, undo_seconds, is_default)
		VALUES (1, 'sac@aroeira.example', '{ajuda@aroeira.example}', 'SAC Aroeira', E'Equipe Aroeira\n0800 000 0000', 0, true) RETURNING id`)
	return w
}

func (w *world) scan(dest any, sql string, args ...any) {
	w.t.Helper()
	if err := w.db.Gorm.Raw(sql, args...).Scan(dest).Error; err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// Way implements delivery.Ways.
func (w *world) Way(context.Context, *int64) (delivery.Way, bool, error) {
	way := delivery.Way{Relay: delivery.Relay{Host: w.sink.Host, Port: w.sink.Port, Security: delivery.Plain, User: w.sink.User, Password: w.sink.Pass}}
	if w.key != nil {
		way.Key, way.Domain, way.Selector = w.key, "aroeira.example", "s1"
	}
	return way, true, nil
}

// sender is one node.
func (w *world) sender(ways delivery.Ways) *delivery.Sender {
	w.t.Helper()
	if ways == nil {
		ways = w
	}
	s, err := delivery.NewSender(delivery.Options{
		DB: w.db, Ways: ways, Blobs: w.blobs, Roots: w.roots, Signer: email.NewSigner(secret), Dialer: &net.Dialer{}, Trusted: &net.Dialer{}, Host: "desk.example",
		Dir: w.dir, Poke: bell{make(chan struct{}, 1)}, Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// opened is a ticket whose customer gave an address.
func (w *world) opened(address string, tk ticket.Ticket, body string) (t ticket.Ticket, messageID int64) {
	w.t.Helper()
	var customer int64
	w.scan(&customer, "INSERT INTO customers (name) VALUES ('Rita') RETURNING id")
	w.scan(new(int64), `INSERT INTO identities (customer_id, kind, value) VALUES (?, 'email', ?) ON CONFLICT DO NOTHING RETURNING id`, customer, address)
	tk.CustomerID = &customer
	if tk.CustomerName == "" {
		tk.CustomerName = "Rita"
	}
	t = tickettest.Open(w.t, w.db, tk)
	w.scan(&messageID, `WITH c AS (INSERT INTO contacts (channel, direction, customer_id, data)
			VALUES ('email', 'in', ?, jsonb_build_object('from', jsonb_build_object('email', ?::text))) RETURNING id),
		l AS (INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c)
		INSERT INTO messages (ticket_id, contact_id, direction, body, version, origin)
		SELECT ?, id, 'in', ?, 1, jsonb_build_object('message_id', 'first@cliente.example', 'subject', ?::text) FROM c RETURNING id`,
		customer, address, t.ID, t.ID, body, t.Subject)
	return t, messageID
}

// reply orders an answer.
func (w *world) reply(t ticket.Ticket, to, body string, files ...ticket.File) outbox.Out {
	w.t.Helper()
	var o outbox.Out
	cause := ticket.Cause{Kind: "ticket.replied", At: time.Now().UTC()}
	err := w.db.InTx(w.t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(w.t.Context(), tx, t.ID, cause, func(t *ticket.Ticket) error {
			m, err := ticket.InsertMessage(w.t.Context(), tx, t, ticket.Message{Direction: ticket.Out, AuthorID: &w.author.AccountID,
				AuthorName: w.author.Name, Body: body, Files: files, Delivery: ticket.Queued, At: cause.At})
			if err != nil {
				return err
			}
			plan, ok, err := w.post.Plan(w.t.Context(), tx, *t, to)
			if err != nil || !ok {
				return fmt.Errorf("no plan: %v", err)
			}
			o, err = w.post.Reply(w.t.Context(), tx, *t, m, plan)
			return err
		})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func (w *world) acknowledge(ticketID, messageID int64) {
	w.t.Helper()
	job := &river.Job[jobs.Acknowledge]{JobRow: &rivertype.JobRow{}, Args: jobs.Acknowledge{TicketID: ticketID, MessageID: messageID}}
	if err := delivery.NewAcknowledgements(w.db, w.post).Work(w.t.Context(), job); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) sweep(s *delivery.Sender) {
	w.t.Helper()
	if err := s.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// now makes everything due that waits for another try.
func (w *world) now() {
	w.t.Helper()
	if err := w.db.Gorm.Exec("UPDATE outbox SET next_try = now(), not_before = now() WHERE state = 'queued'").Error; err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) states() map[string]int {
	w.t.Helper()
	var rows []struct {
		State string
		N     int
	}
	w.scan(&rows, "SELECT state, count(*) AS n FROM outbox GROUP BY state")
	all := map[string]int{}
	for _, r := range rows {
		all[r.State] = r.N
	}
	return all
}

// parts are the texts of a mail, by type.
func parts(t *testing.T, m sinktest.Mail) map[string]string {
	t.Helper()
	all := map[string]string{}
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	var walk func(kind, encoding string, body io.Reader)
	walk = func(kind, encoding string, body io.Reader) {
		media, params, err := mime.ParseMediaType(kind)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(media, "multipart/") {
			for r := multipart.NewReader(body, params["boundary"]); ; {
				p, err := r.NextRawPart()
				if err == io.EOF {
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				walk(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
			}
		}
		if strings.EqualFold(encoding, "quoted-printable") {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		all[media] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	walk(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
	return all
}

type noWay struct{}

func (noWay) Way(context.Context, *int64) (delivery.Way, bool, error) {
	return delivery.Way{}, false, nil
}
