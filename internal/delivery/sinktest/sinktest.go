// Package sinktest is a mail server for tests: it takes mails, keeps them, and
// misbehaves as it is told.
package sinktest

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/mail"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is one that was taken.
type Mail struct {
	From      string // envelope; empty is the null path
	To        []string
	Data      []byte // as it came, dots unstuffed
	MessageID string // with its brackets
	At        time.Time
}

// Header reads one header of the mail.
func (m Mail) Header(t testing.TB, name string) string {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatalf("a mail that cannot be read: %v\n%s", err, m.Data)
	}
	return parsed.Header.Get(name)
}

// Behaviour is what the sink does with a mail. Nil functions are good behaviour.
type Behaviour struct {
	OnMail func(from string) error       // answers MAIL FROM
	OnRcpt func(to string) error         // answers RCPT TO
	OnData func(data []byte) error       // answers the final dot; the mail is taken when nil
	Drop   func(id string, n int) string // "before" or "after" taking the nth try of a Message-ID: cuts the connection without an answer
}

// Refusal makes an answer such as 450 4.2.0.
func Refusal(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: text}
}

// Sink is a running server.
type Sink struct {
	Host string
	Port int
	User string // when set, who must log in
	Pass string
	// Token is what XOAUTH2 must show for User, which is then the only way in.
	Token string

	t     testing.TB
	mu    sync.Mutex
	more  *sync.Cond
	mails []Mail
	tries map[string]int
	does  Behaviour
	open  int // connections begun
}

// New starts a sink that ends with the test.
func New(t testing.TB) *Sink {
	t.Helper()
	return Secure(t, nil, false)
}

// Secure starts one that lets nobody in but over TLS: from the first byte when
// wrapped, else after STARTTLS. Without a config there is no TLS.
func Secure(t testing.TB, config *tls.Config, wrapped bool) *Sink {
	t.Helper()
	s := &Sink{t: t, tries: map[string]int{}}
	s.more = sync.NewCond(&s.mu)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := ln.Addr().(*net.TCPAddr)
	s.Host, s.Port = at.IP.String(), at.Port
	server := smtp.NewServer(backend{s})
	server.Domain, server.AllowInsecureAuth = "sink.example", config == nil
	if wrapped {
		ln = tls.NewListener(ln, config)
	} else {
		server.TLSConfig = config
	}
	server.MaxMessageBytes = 64 << 20
	server.ErrorLog = log.New(io.Discard, "", 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ln)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return s
}

// Addr is host:port.
func (s *Sink) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Behave changes what the sink does from now on.
func (s *Sink) Behave(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.does = b
}

// Mails are those taken so far.
func (s *Sink) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Connections says how many were begun.
func (s *Sink) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Wait waits until so many mails are there.
func (s *Sink) Wait(n int) []Mail {
	s.t.Helper()
	late := time.AfterFunc(90*time.Second, s.more.Broadcast)
	defer late.Stop()
	deadline := time.Now().Add(90 * time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.mails) < n {
		if !time.Now().Before(deadline) {
			s.t.Fatalf("%d mails came, %d are expected", len(s.mails), n)
		}
		s.more.Wait()
	}
	return append([]Mail(nil), s.mails...)
}

type backend struct{ sink *Sink }

func (b backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	b.sink.mu.Lock()
	defer b.sink.mu.Unlock()
	b.sink.open++
	return &session{sink: b.sink, conn: c, known: b.sink.User == ""}, nil
}

type session struct {
	sink  *Sink
	conn  *smtp.Conn
	known bool
	from  string
	to    []string
}

func (s *session) AuthMechanisms() []string {
	if s.sink.Token != "" {
		return []string{"XOAUTH2"}
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	if s.sink.Token != "" {
		return &shown{session: s}, nil
	}
	return sasl.NewPlainServer(func(_, user, pass string) error {
		if user != s.sink.User || pass != s.sink.Pass {
			return Refusal(535, [3]int{5, 7, 8}, "no")
		}
		s.known = true
		return nil
	}), nil
}

// shown is the server's half of XOAUTH2.
type shown struct {
	*session
	refused bool
}

func (x *shown) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case x.refused:
		return nil, false, Refusal(535, [3]int{5, 7, 8}, "no")
	case string(response) == "user="+x.sink.User+"\x01auth=Bearer "+x.sink.Token+"\x01\x01":
		x.known = true
		return nil, true, nil
	}
	x.refused = true
	return []byte(`{"status":"400"}`), false, nil
}

func (s *session) behaviour() Behaviour {
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	return s.sink.does
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	s.from = from
	if on := s.behaviour().OnMail; on != nil {
		return on(from)
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if on := s.behaviour().OnRcpt; on != nil {
		if err := on(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

var errDropped = errors.New("dropped")

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := Mail{From: s.from, To: s.to, Data: data, At: time.Now()}
	if parsed, err := mail.ReadMessage(bytes.NewReader(data)); err == nil {
		m.MessageID = parsed.Header.Get("Message-ID")
	}
	b := s.behaviour()
	s.sink.mu.Lock()
	s.sink.tries[m.MessageID]++
	n := s.sink.tries[m.MessageID]
	s.sink.mu.Unlock()
	drop := ""
	if b.Drop != nil {
		drop = b.Drop(m.MessageID, n)
	}
	if drop == "before" {
		s.cut()
		return errDropped
	}
	if b.OnData != nil {
		if err := b.OnData(data); err != nil {
			return err
		}
	}
	s.sink.mu.Lock()
	s.sink.mails = append(s.sink.mails, m)
	s.sink.more.Broadcast()
	s.sink.mu.Unlock()
	if drop == "after" {
		s.cut()
		return errDropped
	}
	return nil
}

// cut ends the connection without a word.
func (s *session) cut() { _ = s.conn.Conn().Close() }

func (s *session) Reset() { s.from, s.to = "", nil }

func (s *session) Logout() error { return nil }
