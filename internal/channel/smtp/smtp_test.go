package smtp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/fault"
)

// ledger keeps what it accepts, once by source key.
type ledger struct {
	mu      sync.Mutex
	all     []channel.Arrival
	byKey   map[string]int
	fail    error
	waiting chan struct{} // when not nil, Accept says that it waits, and waits
	release chan struct{}
}

func (l *ledger) Accept(ctx context.Context, a channel.Arrival) (channel.Acceptance, error) {
	if l.waiting != nil {
		l.waiting <- struct{}{}
		select {
		case <-l.release:
		case <-ctx.Done():
			return channel.Acceptance{}, ctx.Err()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return channel.Acceptance{}, l.fail
	}
	if l.byKey[a.SourceKey]++; l.byKey[a.SourceKey] > 1 {
		return channel.Acceptance{Replayed: true}, nil
	}
	a.Raw = bytes.Clone(a.Raw)
	l.all = append(l.all, a)
	return channel.Acceptance{LedgerID: int64(len(l.all))}, nil
}

func (l *ledger) kept() []channel.Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]channel.Arrival(nil), l.all...)
}

type ours []string

func (o ours) Takes(address string) bool {
	for _, a := range o {
		if strings.EqualFold(a, address) {
			return true
		}
	}
	return false
}

const us = "sac@empresa.example"

type world struct {
	*ledger
	server *Server
	stop   func()
}

const mib = 1 << 20

func start(t *testing.T, address string, limit int64, o Options) *world {
	t.Helper()
	pool, err := spool.New(t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	secured, err := TLS("", "", t.TempDir(), "mx.empresa.example")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{ledger: &ledger{byKey: map[string]int{}}}
	o.Name, o.TLS, o.Recipients, o.Acceptor, o.Spool, o.Log = "mx.empresa.example", secured, ours{us, "x@empresa.example"}, w.ledger, pool, slog.New(slog.DiscardHandler)
	if w.server, err = Listen(address, o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.server.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// wire speaks SMTP by hand, byte for byte.
type wire struct {
	t *testing.T
	c net.Conn
	r *textproto.Reader
}

func (w *world) wire(t *testing.T) *wire {
	t.Helper()
	c, err := net.Dial(w.server.Addr().Network(), w.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	x := &wire{t, c, textproto.NewReader(bufio.NewReader(c))}
	return x
}

func (x *wire) greeted(hello string) *wire {
	x.t.Helper()
	x.want(220, "")
	x.want(250, hello+" cliente.example\r\n")
	return x
}

// say sends text and returns the code of the answer, 0 when there is none.
func (x *wire) say(text string) (int, string) {
	patience := 20 * time.Second
	if len(text) > mib { // the race detector reads slowly
		patience = 5 * time.Minute
	}
	_ = x.c.SetDeadline(time.Now().Add(patience))
	if _, err := x.c.Write([]byte(text)); err != nil {
		return 0, err.Error()
	}
	code, message, err := x.r.ReadResponse(0)
	if err != nil && code == 0 {
		return 0, err.Error()
	}
	return code, message
}

func (x *wire) want(code int, text string) {
	x.t.Helper()
	if got, message := x.say(text); got != code {
		x.t.Fatalf("%.60q: %d %s, want %d", text, got, message, code)
	}
}

// send brings a mail as it is: only leading dots are doubled, as the standard asks.
func (x *wire) send(raw []byte) (int, string) {
	x.t.Helper()
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	x.want(250, "RCPT TO:<"+us+">\r\n")
	x.want(354, "DATA\r\n")
	return x.say(onWire(raw))
}

func onWire(raw []byte) string {
	s := strings.ReplaceAll(string(raw), "\r\n.", "\r\n..")
	if strings.HasPrefix(s, ".") {
		s = "." + s
	}
	if s != "" && !strings.HasSuffix(s, "\r\n") {
		s += "\r\n"
	}
	return s + ".\r\n"
}

func ordinary(i int) []byte {
	return fmt.Appendf(nil, "From: ana@cliente.example\r\nTo: %s\r\nSubject: pedido %d\r\nMessage-ID: <%d@cliente.example>\r\n\r\nBom dia\r\n", us, i, i)
}

// Attacks 26 to 34 and the rest of the collection: each file is one arrival with
// its own bytes, and the mail after it arrives on the same connection.
func TestAttack031HostileMailsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", 50*mib, Options{})
	x := w.wire(t).greeted("EHLO")
	for i, f := range hostile.Mails() {
		before := len(w.kept())
		if code, message := x.send(f.Data); code != 250 {
			t.Fatalf("%s: %d %s", f.Name, code, message)
		}
		all := w.kept()
		if len(all) != before+1 {
			t.Errorf("%s: %d arrivals", f.Name, len(all)-before)
			continue
		}
		if got := all[before]; !bytes.Equal(bytes.TrimSuffix(got.Raw, []byte("\r\n")), bytes.TrimSuffix(f.Data, []byte("\r\n"))) {
			t.Errorf("%s: %d bytes arrived otherwise than the %d sent", f.Name, len(got.Raw), len(f.Data))
		}
		if code, message := x.send(ordinary(i)); code != 250 || len(w.kept()) != before+2 {
			t.Fatalf("the mail after %s: %d %s", f.Name, code, message)
		}
	}
	got := w.kept()[0]
	var envelope = string(got.Envelope)
	if got.Channel != channel.Email || !strings.Contains(envelope, `"mail_from":"ana@cliente.example"`) || !strings.Contains(envelope, `"recipients":["`+us+`"]`) ||
		!strings.Contains(envelope, `"remote_ip":"127.0.0.1"`) || !strings.Contains(envelope, `"helo":"cliente.example"`) {
		t.Errorf("arrival on %s with envelope %s", got.Channel, envelope)
	}
	if key, sum := email.SourceKey(got.Raw); got.SourceKey != key || got.BodyHash != sum {
		t.Error("the source key is not the mail's")
	}
}

// Attack 34: winmail.dat, then ten ordinary mails in one connection.
func TestAttack034OrdinaryMailsBehindAWinmailStayWhole(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", 50*mib, Options{})
	x := w.wire(t).greeted("EHLO")
	winmail := append([]byte("From: a@b.example\r\nMessage-ID: <w@b.example>\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\r\n"), 0x78, 0x9f, 0x3e, 0x22, 0, 0xff)
	if code, message := x.send(winmail); code != 250 {
		t.Fatal(code, message)
	}
	for i := range 10 {
		if code, message := x.send(ordinary(i)); code != 250 {
			t.Fatal(code, message)
		}
	}
	all := w.kept()
	for i := range 10 {
		if !bytes.Equal(all[i+1].Raw, ordinary(i)) {
			t.Errorf("mail %d arrived as %q", i, all[i+1].Raw)
		}
	}
}

// Attack 35: a mail far over the limit is refused, its sender told once, and the
// connection is good for the next. Announced sizes are refused before a byte.
func TestAttack035OversizedMailIsRefusedAndTheSenderTold(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", 4*mib, Options{})
	x := w.wire(t).greeted("EHLO")
	x.want(552, "MAIL FROM:<ana@cliente.example> SIZE=157286400\r\n")
	line := strings.Repeat("A", 998) + "\r\n"
	if code, _ := x.send([]byte(strings.Repeat(line, 150*mib/1000))); code != 552 {
		t.Errorf("150 MB: %d", code)
	}
	exact := append(ordinary(1), bytes.Repeat([]byte("a"), 4*mib-len(ordinary(1))-2)...)
	exact = append(exact, "\r\n"...)
	for i := 1; i < len(exact)/1000; i++ {
		copy(exact[i*1000:], "\r\n")
	}
	if code, message := x.send(exact); code != 250 {
		t.Errorf("exactly the limit: %d %s", code, message)
	}
	if code, _ := x.send(append(exact, "\r\n"...)); code != 552 {
		t.Errorf("over the limit: %d", code)
	}
	if code, message := x.send(ordinary(2)); code != 250 {
		t.Errorf("the next mail: %d %s", code, message)
	}
	if n := len(w.kept()); n != 2 {
		t.Errorf("%d mails were kept", n)
	}
}

// Eight mails of the largest size at once need no more memory than the pool allows.
func TestManyLargeMailsAtOnceStayInBounds(t *testing.T) {
	w := start(t, "127.0.0.1:0", 8*mib, Options{})
	w.waiting, w.release = make(chan struct{}, 16), make(chan struct{})
	body := append(ordinary(1), bytes.Repeat([]byte(strings.Repeat("a", 998)+"\r\n"), 7*mib/1000)...)
	text := onWire(body)
	body = nil
	runtime.GC()
	var before, during runtime.MemStats
	runtime.ReadMemStats(&before)
	var senders sync.WaitGroup
	for range 8 {
		x := w.wire(t).greeted("EHLO")
		x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
		x.want(250, "RCPT TO:<"+us+">\r\n")
		x.want(354, "DATA\r\n")
		senders.Go(func() {
			if code, message := x.say(text); code != 250 {
				t.Errorf("%d %s", code, message)
			}
		})
	}
	<-w.waiting
	<-w.waiting // the budget is 32 MiB: four of them fit
	runtime.GC()
	runtime.ReadMemStats(&during)
	close(w.release)
	senders.Wait()
	// What is held whole, and for each of the eight a head and the copies made of it.
	if used := int64(during.HeapAlloc) - int64(before.HeapAlloc); used > 32*mib+8*4*spool.Head+8*mib {
		t.Errorf("%d MiB were in use", used/mib)
	}
	if kept := w.kept(); len(kept) != 1 {
		t.Errorf("%d kept", len(kept))
	}
}

// A second mail smuggled behind a lone LF, CR or a lone-dot line is part of the first.
func TestNothingIsSmuggledBehindOtherLineEnds(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	for _, end := range []string{"\n.\n", "\n.\r\n", "\r.\r", "\r\n.\n", "\n.\r", "\r.\r\n", "\r\n\x00.\r\n"} {
		before := len(w.kept())
		x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
		x.want(250, "RCPT TO:<"+us+">\r\n")
		x.want(354, "DATA\r\n")
		smuggled := "Subject: um" + fmt.Sprintf(" %q", end) + "\r\n\r\nprimeiro" + end + "MAIL FROM:<evil@evil.example>\r\nRCPT TO:<" + us + ">\r\nDATA\r\nFrom: admin\r\n\r\nsegundo\r\n.\r\n"
		x.want(250, smuggled)
		x.want(250, "NOOP\r\n") // no answer of a second mail stands in between
		all := w.kept()
		if len(all) != before+1 || !bytes.Contains(all[before].Raw, []byte("segundo")) {
			t.Errorf("%q: %d mails", end, len(all)-before)
		}
	}
}

func TestOnlyMailForUsIsTaken(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	x.want(250, "MAIL FROM:<>\r\n")
	for _, to := range []string{"alguem@outra.example", "sac%outra.example@empresa.example", "@empresa.example:x@outra.example", `"sac@empresa.example"@outra.example`} {
		if code, message := x.say("RCPT TO:<" + to + ">\r\n"); code/100 != 5 {
			t.Errorf("%s: %d %s", to, code, message)
		}
	}
	if code, _ := x.say("AUTH PLAIN AHgAeQ==\r\n"); code/100 != 5 {
		t.Error("there is a log-in")
	}
	x.want(250, "RCPT TO:<"+us+">\r\n")
	x.want(250, "RSET\r\n")
	// A hundred and no more.
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	for range maxRecipients {
		x.want(250, "RCPT TO:<"+us+">\r\n")
	}
	x.want(452, "RCPT TO:<x@empresa.example>\r\n")
}

func TestWhoGuessesAddressesIsSentAway(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	for i := range maxBadRecipients {
		x.want(550, fmt.Sprintf("RCPT TO:<a%d@empresa.example>\r\n", i))
	}
	if code, _ := x.say("RCPT TO:<b@empresa.example>\r\n"); code != 0 {
		t.Errorf("answered %d", code)
	}
}

// Whatever goes wrong on our side, the client keeps its mail.
func TestAFailureLeavesTheMailWithItsSender(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	for _, tt := range []struct {
		fail error
		want int
	}{
		{errors.New("connection refused"), 451},
		{fault.New(fault.Unavailable, "busy"), 451},
		{fault.New(fault.Internal, "internal"), 451},
		{fault.New(fault.Invalid, "refused"), 554},
		{nil, 250},
	} {
		w.mu.Lock()
		w.fail = tt.fail
		w.mu.Unlock()
		if code, message := x.send(ordinary(1)); code != tt.want || strings.Contains(message, "connection refused") {
			t.Errorf("%v: %d %s", tt.fail, code, message)
		}
	}
}

func TestSTARTTLSProtectsAndForgetsWhatCameBefore(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	c, err := smtp.Dial(w.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail("ana@cliente.example"); err != nil {
		t.Fatal(err)
	}
	if err := c.Rcpt(us); err != nil {
		t.Fatal(err)
	}
	d, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(append(ordinary(1), bytes.Repeat([]byte("linha\r\n"), 50_000)...)); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if len(w.kept()) != 1 {
		t.Error("it was not kept")
	}
	// Commands sent in the clear behind STARTTLS are not obeyed under its protection.
	x := w.wire(t).greeted("EHLO")
	x.want(220, "STARTTLS\r\nMAIL FROM:<evil@evil.example>\r\n")
	if code, _ := x.say(""); code/100 == 2 {
		t.Error("a command in the clear was obeyed")
	}
}

func TestLMTPAnswersForEachRecipient(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(shortDir(t), "lmtp")
	for range 2 { // the second finds the socket that the first left
		w := start(t, "lmtp://"+socket, mib, Options{})
		x := w.wire(t).greeted("LHLO")
		x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
		x.want(250, "RCPT TO:<"+us+">\r\n")
		x.want(550, "RCPT TO:<ninguem@empresa.example>\r\n")
		x.want(250, "RCPT TO:<x@empresa.example>\r\n")
		x.want(354, "DATA\r\n")
		x.want(250, onWire(ordinary(1)))
		x.want(250, "")
		if all := w.kept(); len(all) != 1 || !strings.Contains(string(all[0].Envelope), `"recipients":["`+us+`","x@empresa.example"]`) {
			t.Errorf("%d kept", len(all))
		}
		w.stop()
	}
}

func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "lm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestCHUNKINGBringsTheSameBytes(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t).greeted("EHLO")
	raw := append(ordinary(1), "\r\n.\r\n\n.\nfim"...)
	x.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	x.want(250, "RCPT TO:<"+us+">\r\n")
	x.want(250, fmt.Sprintf("BDAT %d\r\n%s", 40, raw[:40]))
	x.want(250, fmt.Sprintf("BDAT %d LAST\r\n%s", len(raw)-40, raw[40:]))
	if all := w.kept(); len(all) != 1 || !bytes.Equal(all[0].Raw, raw) {
		t.Errorf("kept %d", len(all))
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{MaxConnsPerIP: 2})
	one := w.wire(t).greeted("EHLO")
	w.wire(t).greeted("EHLO")
	w.wire(t).want(421, "")
	one.want(221, "QUIT\r\n")
	eventually(t, "room for another", func() bool {
		code, _ := w.wire(t).say("")
		return code == 220
	})
}

func TestAnEndlessCommandIsCutOff(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	x := w.wire(t)
	x.want(220, "")
	code, _ := x.say(strings.Repeat("A", 4*maxCommand))
	if code/100 == 2 {
		t.Errorf("answered %d", code)
	}
	if code, _ := x.say("NOOP\r\n"); code == 250 {
		t.Error("the connection goes on")
	}
}

func TestAStoppingServerFinishesTheMailThatIsComingIn(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	idle := w.wire(t).greeted("EHLO")
	busy := w.wire(t).greeted("EHLO")
	busy.want(250, "MAIL FROM:<ana@cliente.example>\r\n")
	busy.want(250, "RCPT TO:<"+us+">\r\n")
	busy.want(354, "DATA\r\n")
	if _, err := busy.c.Write([]byte("Subject: metade\r\n\r\nmetade")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the mail coming in", func() bool {
		for _, c := range w.server.ln.all() {
			c.mu.Lock()
			in := !c.dataUntil.IsZero()
			c.mu.Unlock()
			if in {
				return true
			}
		}
		return false
	})
	stopped := make(chan struct{})
	go func() { w.stop(); close(stopped) }()
	if code, _ := idle.say(""); code != 421 {
		t.Errorf("the idle one is told %d", code)
	}
	busy.want(250, " e o resto\r\n.\r\n")
	<-stopped
	if len(w.kept()) != 1 {
		t.Error("the mail was not kept")
	}
}

func TestALibraryClientSends(t *testing.T) {
	t.Parallel()
	w := start(t, "127.0.0.1:0", mib, Options{})
	c, err := gosmtp.Dial(w.server.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 3 {
		if err := c.SendMail("josé@exâmple.com.br", []string{us}, bytes.NewReader(ordinary(i))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.kept()); n != 3 {
		t.Errorf("%d kept", n)
	}
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s", what)
		}
	}
}
