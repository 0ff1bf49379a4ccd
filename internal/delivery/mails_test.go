package delivery_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
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
		DB: w.db, Ways: ways, Signer: email.NewSigner(secret), Dialer: &net.Dialer{}, Trusted: &net.Dialer{}, Host: "desk.example",
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
func (w *world) reply(t ticket.Ticket, to, body string) outbox.Out {
	w.t.Helper()
	var o outbox.Out
	cause := ticket.Cause{Kind: "ticket.replied", At: time.Now().UTC()}
	err := w.db.InTx(w.t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(w.t.Context(), tx, t.ID, cause, func(t *ticket.Ticket) error {
			m, err := ticket.InsertMessage(w.t.Context(), tx, t, ticket.Message{Direction: ticket.Out, AuthorID: &w.author.AccountID,
				AuthorName: w.author.Name, Body: body, Delivery: ticket.Queued, At: cause.At})
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

func TestAReplyIsAMailOfTheTicketsThreadSignedByItsDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	tk, _ := w.opened("rita@example.com", ticket.Ticket{Subject: "Re: Pedido não chegou"}, "Onde está?")
	o := w.reply(tk, "rita@example.com", "Olá, Rita.\n\nSeu pedido saiu hoje.")
	s := w.sender(nil)
	w.sweep(s)
	m := w.sink.Wait(1)[0]
	for name, want := range map[string]string{
		"From": `"SAC Aroeira" <sac@aroeira.example>`, "To": `"Rita" <rita@example.com>`, "In-Reply-To": "<first@cliente.example>",
		"References": "<first@cliente.example>", "Message-ID": "<" + o.MailID + ">", "Auto-Submitted": "",
		email.LoopHeader: email.NewSigner(secret).LoopMark(),
	} {
		if got := m.Header(t, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header(t, "Subject"))
	if want := "Re: Pedido não chegou [" + tk.Protocol + "]"; err != nil || subject != want {
		t.Errorf("the subject is %q, %v", subject, err)
	}
	if id, ok := email.NewSigner(secret).VerifyReturnPath(m.From); !ok || id != o.ID {
		t.Errorf("bounces go to %q", m.From)
	}
	text := parts(t, m)
	for kind, wants := range map[string][]string{
		"text/plain": {"Olá, Rita.\n\nSeu pedido saiu hoje.\n", w.author.Name, "Equipe Aroeira\n0800 000 0000", "/acompanhar/" + tk.Protocol, tk.Protocol},
		"text/html":  {"<p style=\"margin:0 0 14px\">Seu pedido saiu hoje.</p>", "Equipe Aroeira<br>0800 000 0000", "#0f5c7a"},
	} {
		for _, want := range wants {
			if !strings.Contains(text[kind], want) {
				t.Errorf("%s lacks %q:\n%s", kind, want, text[kind])
			}
		}
	}
	if strings.Contains(string(m.Data), "pessoa") && strings.Contains(string(m.Data), "@example.com>") && strings.Contains(m.Header(t, "From"), "pessoa") {
		t.Error("an agent's address is told")
	}
	public, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := dkim.VerifyWithOptions(bytes.NewReader(m.Data), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		if name != "s1._domainkey.aroeira.example" {
			return nil, fmt.Errorf("asked for %s", name)
		}
		return []string{"v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)}, nil
	}})
	if err != nil || len(verified) != 1 || verified[0].Err != nil || verified[0].Domain != "aroeira.example" {
		t.Errorf("signed: %+v, %v", verified, err)
	}
	var state string
	w.scan(&state, "SELECT delivery FROM messages WHERE id = ?", *o.MessageID)
	if state != "sent" || w.states()["sent"] != 1 {
		t.Errorf("the message is %s, the outbox %v", state, w.states())
	}
}

func TestTwoNodesSendEachMailOnceAndInTheOrderOfItsTicket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const tickets, each = 60, 5
	for i := range tickets {
		address := fmt.Sprintf("c%d@example.com", i)
		tk, _ := w.opened(address, ticket.Ticket{}, "Oi")
		for n := range each {
			w.reply(tk, address, fmt.Sprintf("resposta %d", n))
		}
	}
	nodes := []*delivery.Sender{w.sender(nil), w.sender(nil), w.sender(nil)}
	var all sync.WaitGroup
	for _, s := range nodes {
		all.Go(func() {
			for len(w.sink.Mails()) < tickets*each && t.Context().Err() == nil {
				if err := s.Sweep(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	seen, order := map[string]bool{}, map[string]int{}
	for _, m := range w.sink.Mails() {
		if seen[m.MessageID] {
			t.Errorf("%s came twice", m.MessageID)
		}
		seen[m.MessageID] = true
		if want := fmt.Sprintf("resposta %d\n", order[m.To[0]]); !strings.HasPrefix(parts(t, m)["text/plain"], want) {
			t.Errorf("%s got %q, want %q", m.To[0], parts(t, m)["text/plain"][:20], want)
		}
		order[m.To[0]]++
	}
	if len(seen) != tickets*each {
		t.Errorf("%d mails", len(seen))
	}
	w.sweep(nodes[0])
	if got := w.states(); got["sent"] != tickets*each {
		t.Errorf("the outbox: %v", got)
	}
	if n := w.sink.Connections(); n > 3*4*4 {
		t.Errorf("%d connections for %d mails", n, len(seen))
	}
}

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

type noWay struct{}

func (noWay) Way(context.Context, *int64) (delivery.Way, bool, error) {
	return delivery.Way{}, false, nil
}
