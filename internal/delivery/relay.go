package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/escuta-sac/escuta/internal/channel/xoauth2"
	"github.com/escuta-sac/escuta/internal/outbox"
)

// Security is how the connection to a relay is protected.
type Security string

// The ways to protect a connection.
const (
	TLS      Security = "tls"      // from the first byte
	StartTLS Security = "starttls" // asked for in the clear, and insisted on
	Plain    Security = "none"     // for a server on a network of one's own
)

// Relay is the server that takes our mail over.
type Relay struct {
	Host     string
	Port     int
	Security Security
	User     string // empty does not log in
	Password string
	Token    string // of OAuth 2 (XOAUTH2), instead of a password
	// Trusted says that whoever runs the server named it: it may be in a private network.
	Trusted bool
}

// ParseRelay reads ESCUTA_SMTP_RELAY: smtp://user:password@host:port?tls=starttls,
// or smtps:// for TLS from the first byte. Without tls= it is STARTTLS with a
// login and nothing without one.
func ParseRelay(text string) (Relay, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return Relay{}, errors.New("a relay is smtp://user:password@host:port")
	}
	r := Relay{Host: u.Hostname(), Port: 587, User: u.User.Username(), Security: Plain, Trusted: true}
	r.Password, _ = u.User.Password()
	if r.User != "" {
		r.Security = StartTLS
	}
	if u.Scheme == "smtps" {
		r.Security, r.Port = TLS, 465
	}
	if asked := Security(u.Query().Get("tls")); asked != "" {
		if asked != TLS && asked != StartTLS && asked != Plain {
			return Relay{}, errors.New("tls is one of tls, starttls, none")
		}
		r.Security = asked
	}
	if u.Port() != "" {
		if r.Port, err = strconv.Atoi(u.Port()); err != nil || r.Port < 1 || r.Port > 65535 {
			return Relay{}, errors.New("the port is none")
		}
	}
	return r, nil
}

// key names the relay, so that connections to it are shared and bounded.
func (r Relay) key() string {
	return fmt.Sprintf("%s:%d/%s/%s", r.Host, r.Port, r.Security, r.User)
}

// Dialer opens connections (dial.Dialer, or net.Dialer for a trusted relay).
type Dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// Bounds of one conversation with a relay. All of them together stay well below
// outbox.DeadAfter: nobody else takes a mail over that is still being sent.
const (
	commandTime = 30 * time.Second
	answerTime  = 2 * time.Minute // for the final dot (RFC 5321 4.5.3.2.6 asks for ten)
	wholeTime   = 5 * time.Minute
)

// trouble is why a mail was not taken over.
type trouble struct {
	reason string // one of package outbox's
	detail string
	hard   bool // there is no such address
	ours   bool // the relay refuses us, not this mail: its fault is nobody's mail's
	stale  bool // the connection had been lying idle: nothing of the mail was said
}

func (t *trouble) Error() string { return t.reason + ": " + t.detail }

// judge reads what went wrong at a step of the conversation.
func judge(step string, err error) *trouble {
	var said *smtp.SMTPError
	if !errors.As(err, &said) {
		return &trouble{reason: outbox.Deferred, detail: step + ": " + err.Error()}
	}
	t := &trouble{reason: outbox.Deferred, detail: fmt.Sprintf("%s: %d %d.%d.%d %s", step, said.Code,
		said.EnhancedCode[0], said.EnhancedCode[1], said.EnhancedCode[2], said.Message)}
	if said.Code >= 500 {
		t.reason = outbox.Refused
		// 5.1.z are about the address (RFC 3463).
		t.hard = step == "RCPT" && (said.EnhancedCode[0] == 5 && said.EnhancedCode[1] == 1 || said.EnhancedCode[0] <= 0 && said.Code == 550)
	}
	return t
}

// conn is one conversation, which may carry several mails.
type conn struct {
	client *smtp.Client
	raw    net.Conn
	used   int
	idle   time.Time
}

// connect opens a conversation and logs in. Whatever goes wrong here is not the
// mail's fault: it waits.
func connect(ctx context.Context, r Relay, d Dialer, roots *x509.CertPool, name string) (*conn, *trouble) {
	ours := func(step string, err error) *trouble {
		t := judge(step, err)
		t.reason, t.hard, t.ours = outbox.Deferred, false, true
		return t
	}
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(r.Host, strconv.Itoa(r.Port)))
	if err != nil {
		return nil, ours("connect", err)
	}
	config := &tls.Config{ServerName: r.Host, MinVersion: tls.VersionTLS12, RootCAs: roots}
	var client *smtp.Client
	switch r.Security {
	case TLS:
		client = smtp.NewClient(tls.Client(raw, config))
	case StartTLS:
		_ = raw.SetDeadline(time.Now().Add(commandTime)) // until the client keeps the time itself
		client, err = smtp.NewClientStartTLS(raw, config)
		if err != nil {
			raw.Close()
			return nil, ours("STARTTLS", err)
		}
	default:
		client = smtp.NewClient(raw)
	}
	client.CommandTimeout, client.SubmissionTimeout = commandTime, answerTime
	c := &conn{client: client, raw: raw}
	if err := client.Hello(name); err != nil {
		c.close()
		return nil, ours("EHLO", err)
	}
	if err := login(client, r); err != nil {
		c.close()
		return nil, ours("AUTH", err)
	}
	return c, nil
}

func login(client *smtp.Client, r Relay) error {
	switch {
	case r.Token != "":
		return client.Auth(xoauth2.NewClient(r.User, r.Token))
	case r.User == "":
		return nil
	case client.SupportsAuth(sasl.Plain):
		return client.Auth(sasl.NewPlainClient("", r.User, r.Password))
	}
	return client.Auth(sasl.NewLoginClient(r.User, r.Password))
}

// send hands one mail over. It returns the relay's answer, or why not. ready is
// asked right before the final dot, which is the moment at which the mail becomes
// the relay's: when it says no, the connection is cut and nothing was sent.
func (c *conn) send(from, to string, mail []byte, ready func() bool) (answer string, _ *trouble) {
	_ = c.raw.SetDeadline(time.Now().Add(wholeTime))
	c.used++
	if err := c.client.Mail(from, nil); err != nil {
		t := judge("MAIL", err)
		var said *smtp.SMTPError
		t.stale = c.used > 1 && !errors.As(err, &said)
		return "", t
	}
	if err := c.client.Rcpt(to, nil); err != nil {
		return "", judge("RCPT", err)
	}
	w, err := c.client.Data()
	if err != nil {
		return "", judge("DATA", err)
	}
	if _, err := w.Write(mail); err != nil {
		return "", judge("DATA", err)
	}
	if !ready() {
		c.close()
		return "", &trouble{reason: outbox.Deferred, detail: "it took too long to send"}
	}
	response, err := w.CloseWithResponse()
	if err != nil {
		t := judge("the end of the data", err)
		if t.reason == outbox.Deferred {
			var said *smtp.SMTPError
			if !errors.As(err, &said) {
				t.reason = outbox.NoAnswer
			}
		}
		return "", t
	}
	return response.StatusText, nil
}

func (c *conn) close() { _ = c.client.Close() }
