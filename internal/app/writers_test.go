package app_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/smtp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/imap/dovecottest"
)

// Our addresses: one mailbox, fetched under its own, reached by SMTP under the other.
const (
	fetchedAddress  = "sac@loja.example"
	receivedAddress = "contato@loja.example"
)

// mailboxOf makes the mailbox that these tests write to, and that answers.
func mailboxOf(t testing.TB, s *server, admin colleague, dovecot *dovecottest.Server) {
	t.Helper()
	status, body, err := admin.post(t.Context(), s, "/api/mailboxes", map[string]any{
		"brand_id": 1, "address": fetchedAddress, "aliases": []string{receivedAddress}, "default": true, "undo_seconds": 0,
		"imap":   map[string]any{"host": "127.0.0.1", "port": dovecot.Port, "security": "none", "user": fetchedAddress},
		"secret": dovecottest.Password,
	})
	if err != nil || status != http.StatusCreated {
		t.Fatalf("make the mailbox: %d %s %v", status, body, err)
	}
}

// sender makes the mailbox from which a server writes, and fetches nothing.
func sender(t testing.TB, s *server, admin colleague) {
	t.Helper()
	status, body, err := admin.post(t.Context(), s, "/api/mailboxes", map[string]any{
		"brand_id": 1, "address": fetchedAddress, "default": true, "undo_seconds": 0,
	})
	if err != nil || status != http.StatusCreated {
		t.Fatalf("make the mailbox: %d %s %v", status, body, err)
	}
}

// letter is a mail of a customer. Its text is its key, so that it is recognised
// anywhere; so is the left side of its Message-ID.
type letter struct {
	key, from string
	answers   string   // Message-ID of the mail of ours that it answers, with its brackets
	ways      []string // "smtp", "imap", or both: some mail arrives twice
}

func (l letter) raw() []byte {
	var b strings.Builder
	write := func(format string, values ...any) { fmt.Fprintf(&b, format+"\r\n", values...) }
	write("From: Cliente <%s>", l.from)
	write("To: <%s>", fetchedAddress)
	write("Date: Mon, 02 Mar 2026 10:00:00 -0300")
	write("Message-ID: <%s@casa.example>", l.key)
	subject := "Pedido que não chegou"
	if l.answers != "" {
		subject = "Re: " + subject
		write("In-Reply-To: %s", l.answers)
		write("References: %s", l.answers)
	}
	write("Subject: %s", strings.Replace(subject, "não", "=?UTF-8?Q?n=C3=A3o?=", 1))
	write("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n")
	write("%s", l.key)
	if l.answers != "" {
		write("\r\nEm seg., 2 de mar. de 2026 às 09:00, Loja <%s> escreveu:\r\n> Recebemos sua mensagem.", fetchedAddress)
	}
	return []byte(b.String())
}

// writers are customers who write mails. Like a mail server of theirs, they hand
// over the same bytes again until somebody has taken the mail over.
type writers struct {
	t       testing.TB
	servers []*server
	dovecot *dovecottest.Server
	stop    chan struct{}
	all     sync.WaitGroup

	mu       sync.Mutex
	accepted map[string]letter
	trouble  map[string]int
	again    int // mails handed over more than once
}

func newWriters(t testing.TB, dovecot *dovecottest.Server, servers ...*server) *writers {
	return &writers{t: t, servers: servers, dovecot: dovecot, stop: make(chan struct{}), accepted: map[string]letter{}, trouble: map[string]int{}}
}

// write lets n customers begin; each waits a moment between mails.
func (w *writers) write(n int, pause time.Duration, seed uint64) {
	for i := range n {
		w.all.Go(func() {
			dice := rand.New(rand.NewPCG(seed, uint64(1000+i)))
			for n := 0; ; n++ {
				select {
				case <-w.stop:
					return
				case <-time.After(pause):
				}
				key := fmt.Sprintf("m%d-%d", i, n)
				from := key + "@casa.example"
				if dice.IntN(4) == 0 { // the same again, so that readers meet at their identities
					from = fmt.Sprintf("cliente%d@casa.example", dice.IntN(40))
				}
				w.send(letter{key: key, from: from, ways: someWay(dice)})
			}
		})
	}
}

// leave lets everybody finish what they have begun.
func (w *writers) leave() {
	close(w.stop)
	w.all.Wait()
}

// someWay is one carrier or, now and then, both.
func someWay(dice *rand.Rand) []string {
	switch dice.IntN(10) {
	case 0:
		return []string{"smtp", "imap"}
	case 1, 2, 3:
		return []string{"imap"}
	}
	return []string{"smtp"}
}

func (w *writers) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.accepted)
}

func (w *writers) send(l letter) {
	patience, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	raw := l.raw()
	for _, way := range l.ways {
		for try := 0; ; try++ {
			err := w.hand(way, l.from, raw, try)
			if err == nil {
				break
			}
			w.mu.Lock()
			if try == 0 {
				w.again++
			}
			w.trouble[way+": "+reason(err)]++
			w.mu.Unlock()
			select {
			case <-patience.Done():
				w.t.Errorf("%s is not accepted by %s: %v", l.key, way, err)
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	w.mu.Lock()
	w.accepted[l.key] = l
	w.mu.Unlock()
}

// reason is an error without the addresses in it, to be counted.
func reason(err error) string {
	var network *net.OpError
	if errors.As(err, &network) {
		return network.Op
	}
	text, _, _ := strings.Cut(err.Error(), " tcp ")
	return text
}

func (w *writers) hand(way, from string, raw []byte, try int) error {
	if way == "imap" {
		return w.dovecot.Deliver(fetchedAddress, raw)
	}
	return handOver(w.servers[(len(from)+try)%len(w.servers)].mailAt(), from, raw)
}

// handOver gives a mail to an SMTP server; nil is its 250.
func handOver(address, from string, raw []byte) error {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(40 * time.Second))
	c, err := smtp.NewClient(conn, "casa.example")
	if err != nil {
		return err
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(receivedAddress); err != nil {
		return err
	}
	data, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := data.Write(raw); err != nil {
		return err
	}
	if err := data.Close(); err != nil { // the 250
		return err
	}
	_ = c.Quit()
	return nil
}
