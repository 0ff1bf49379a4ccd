package mailbox

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func ptr[T any](v T) *T { return &v }

// newService is one node; those of one database share their mailboxes.
func newService(t *testing.T, db *postgres.DB) *Service {
	t.Helper()
	s, err := New(t.Context(), Deps{
		DB: db, Redis: redistest.New(t), Secret: []byte("um segredo de teste com trinta e dois"),
		Dialer: dial.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.testTime = 700 * time.Millisecond
	return s
}

// issuer is a token server that answers as it is told and remembers what it was asked.
type issuer struct {
	*httptest.Server
	mu    sync.Mutex
	asked []url.Values
	say   func(w http.ResponseWriter, r *http.Request, n int) // n is 1 the first time
}

func newIssuer(t *testing.T, say func(w http.ResponseWriter, r *http.Request, n int)) *issuer {
	t.Helper()
	i := &issuer{say: say}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		i.mu.Lock()
		i.asked = append(i.asked, r.PostForm)
		n := len(i.asked)
		i.mu.Unlock()
		i.say(w, r, n)
	}))
	t.Cleanup(i.Close)
	return i
}

// tokens are the refresh tokens that were shown, in order.
func (i *issuer) tokens() (all []string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, q := range i.asked {
		all = append(all, q.Get("refresh_token"))
	}
	return all
}

// oauth makes a mailbox that logs in by tokens of the issuer.
func oauth(t *testing.T, s *Service, i *issuer, more Change) Mailbox {
	t.Helper()
	more.BrandID, more.Address, more.Auth = ptr(int64(1)), ptr("sac@empresa.example"), ptr(XOAuth2)
	more.TokenURL, more.ClientID, more.ClientSecret, more.Secret = ptr(i.URL+"/token"), ptr("escuta"), ptr("s3gredo"), ptr("renova-1")
	m, err := s.Create(t.Context(), more)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// doorman is a mail server that greets, lets in who shows the token, and hears
// nothing else. It speaks as much of IMAP or SMTP as a test of a mailbox asks.
type doorman struct {
	port  int
	mu    sync.Mutex
	heard []string
}

func (d *doorman) said(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, line)
}

func (d *doorman) lines() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.heard)
}

func listen(t *testing.T, talk func(net.Conn)) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				talk(conn)
			}()
		}
	}()
	return ln.Addr().(*net.TCPAddr).Port
}

// shown is what XOAUTH2 sends for a token.
func shown(user, token string) string {
	return base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + token + "\x01\x01"))
}

func imapDoor(t *testing.T, user, token string) *doorman {
	t.Helper()
	d := &doorman{}
	d.port = listen(t, func(conn net.Conn) {
		fmt.Fprint(conn, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2 LOGINDISABLED] ready\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			d.said(lines.Text())
			tag, command, _ := strings.Cut(lines.Text(), " ")
			switch {
			case command == "AUTHENTICATE XOAUTH2 "+shown(user, token):
				fmt.Fprintf(conn, "%s OK [CAPABILITY IMAP4rev1] welcome\r\n", tag)
			case strings.HasPrefix(command, "EXAMINE"):
				fmt.Fprintf(conn, "* 0 EXISTS\r\n* OK [UIDVALIDITY 1] .\r\n%s OK done\r\n", tag)
			case strings.HasPrefix(command, "CAPABILITY"):
				fmt.Fprintf(conn, "* CAPABILITY IMAP4rev1 AUTH=XOAUTH2\r\n%s OK done\r\n", tag)
			default:
				fmt.Fprintf(conn, "%s NO refused\r\n", tag)
			}
		}
	})
	return d
}

func smtpDoor(t *testing.T, user, token string) *doorman {
	t.Helper()
	d := &doorman{}
	d.port = listen(t, func(conn net.Conn) {
		fmt.Fprint(conn, "220 ready\r\n")
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			d.said(lines.Text())
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "EHLO"):
				fmt.Fprint(conn, "250-here\r\n250 AUTH XOAUTH2\r\n")
			case line == "AUTH XOAUTH2 "+shown(user, token):
				fmt.Fprint(conn, "235 welcome\r\n")
			case line == "QUIT":
				fmt.Fprint(conn, "221 bye\r\n")
			default:
				fmt.Fprint(conn, "535 refused\r\n")
			}
		}
	})
	return d
}
