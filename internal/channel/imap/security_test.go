package imap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"

	"github.com/escuta-sac/escuta/internal/dial"
)

var here = dial.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")})

// certified is a server's TLS with a certificate for 127.0.0.1, and a client's
// that believes it.
func certified(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	return &tls.Config{Certificates: web.TLS.Certificates}, &tls.Config{RootCAs: roots}
}

// vault is an IMAP server that lets in who brings a token, and nobody else.
type vault struct {
	ln    net.Listener
	token string

	mu    sync.Mutex
	heard []string // log-ins that were tried
}

const user = "sac@empresa.example"

// open starts a vault with one mail in it. With secured alone, STARTTLS is
// offered and no log-in before it; with wrapped, everything is in TLS.
func open(t *testing.T, token string, secured *tls.Config, wrapped bool) *vault {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{ln: ln, token: token}
	box := imapmemserver.NewUser(user, "senha")
	if err := box.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := box.Append("INBOX", literal(ordinary(1)), &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
	options := &imapserver.Options{Logger: log.New(io.Discard, "", 0), NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
		return &visit{imapmemserver.NewUserSession(box), v}, nil, nil
	}}
	if wrapped {
		ln = tls.NewListener(ln, secured)
	} else {
		options.TLSConfig = secured
	}
	server := imapserver.New(options)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(ln)
	}()
	t.Cleanup(func() { server.Close(); <-served })
	return v
}

func (v *vault) hears(what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.heard = append(v.heard, what)
}

func (v *vault) logins() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.heard)
}

// visit is a session at the vault.
type visit struct {
	*imapmemserver.UserSession
	vault *vault
}

func (s *visit) Login(name, password string) error {
	s.vault.hears("password " + password)
	if s.vault.token != "" || name != user || password != "senha" {
		return imapserver.ErrAuthFailed
	}
	return nil
}

func (s *visit) AuthenticateMechanisms() []string {
	if s.vault.token == "" {
		return []string{"PLAIN"}
	}
	return []string{"XOAUTH2"}
}

func (s *visit) Authenticate(string) (sasl.Server, error) { return &exchange{s: s.vault}, nil }

// exchange is the server's half of XOAUTH2: a wrong token is answered with a
// challenge that says why, and refused after the empty line that must follow.
type exchange struct {
	s       *vault
	refused bool
}

func (e *exchange) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil && !e.refused:
		return []byte{}, false, nil
	case e.refused:
		e.s.hears(fmt.Sprintf("after the refusal %q", response))
		return nil, false, imapserver.ErrAuthFailed
	}
	e.s.hears("token " + string(response))
	if string(response) == "user="+user+"\x01auth=Bearer "+e.s.token+"\x01\x01" {
		return nil, true, nil
	}
	e.refused = true
	return []byte(`{"status":"401","schemes":"bearer","scope":"https://mail.example/"}`), false, nil
}

type bytesLiteral struct {
	io.Reader
	size int64
}

func (l bytesLiteral) Size() int64 { return l.size }

func literal(raw []byte) imap.LiteralReader {
	return bytesLiteral{strings.NewReader(string(raw)), int64(len(raw))}
}

// at is how to fetch from a port here.
func at(port int, security, password, token string) Account {
	return Account{
		MailboxID: 1, Address: user, Host: "127.0.0.1", Port: port, Security: security, User: user, Folder: "INBOX", Version: "1",
		Login: func(context.Context) (string, string, error) { return password, token, nil },
	}
}

// Mail comes over TLS and STARTTLS, by password and by token; the same fetcher
// takes it in.
func TestMailIsFetchedOverTLSAndWithATokenOnly(t *testing.T) {
	t.Parallel()
	server, client := certified(t)
	for name, c := range map[string]struct {
		security, token string
	}{"TLS": {TLS, ""}, "STARTTLS": {StartTLS, ""}, "TLS with a token": {TLS, "ya29.um-token"}, "STARTTLS with a token": {StartTLS, "ya29.um-token"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := open(t, c.token, server, c.security == TLS)
			s, err := connect(t.Context(), here, at(port(v.ln), c.security, "senha", c.token), quick, client)
			if err != nil {
				t.Fatalf("%v; the server heard %q", err, v.logins())
			}
			defer s.close()
			if mails, _, err := s.list(t.Context(), 0, Account{}.Since); err != nil || len(mails) != 1 {
				t.Errorf("%v %v", mails, err)
			}
		})
	}
}

// A server that is not who it should be, or will not be talked to in secret, is
// told neither password nor token.
func TestNoSecretIsToldToWhoIsNotProven(t *testing.T) {
	t.Parallel()
	server, client := certified(t)
	for name, c := range map[string]struct {
		security string
		server   *tls.Config
		wrapped  bool
		client   *tls.Config
		host     string
	}{
		"a certificate for another name":         {TLS, server, true, client, "localhost"},
		"the same with STARTTLS":                 {StartTLS, server, false, client, "localhost"},
		"a certificate that nobody vouches for":  {TLS, server, true, nil, "127.0.0.1"},
		"the same asked with STARTTLS":           {StartTLS, server, false, nil, "127.0.0.1"},
		"a server that offers no STARTTLS":       {StartTLS, nil, false, client, "127.0.0.1"},
		"a server without TLS where it is asked": {TLS, nil, false, client, "127.0.0.1"},
	} {
		for _, token := range []string{"", "ya29.um-token"} {
			v := open(t, token, c.server, c.wrapped)
			a := at(port(v.ln), c.security, "senha", token)
			a.Host = c.host
			s, err := connect(t.Context(), here, a, quick, c.client)
			if err == nil {
				s.close()
			}
			if !errors.Is(err, ErrConnect) || len(v.logins()) != 0 {
				t.Errorf("%s: %v; the server heard %q", name, err, v.logins())
			}
		}
	}
}

// Somebody on the way takes STARTTLS away, pretends that we are in already, or
// slips answers in before the handshake: each is refused.
func TestADowngradeIsRefused(t *testing.T) {
	t.Parallel()
	_, client := certified(t)
	for name, answer := range map[string]struct{ greeting, starttls string }{
		"STARTTLS is refused":               {"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "%s NO not today\r\n"},
		"we are said to be in already":      {"* PREAUTH [CAPABILITY IMAP4rev1] welcome\r\n", "%s BAD not now\r\n"},
		"answers come before the handshake": {"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", "%[1]s OK begin\r\n* CAPABILITY IMAP4rev1\r\nT2 OK done\r\n"},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		heard := make(chan string, 1)
		go func() {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			fmt.Fprint(conn, answer.greeting)
			b := make([]byte, 512)
			n, _ := conn.Read(b)
			tag, _, _ := strings.Cut(string(b[:n]), " ")
			fmt.Fprintf(conn, answer.starttls, tag)
			rest, _ := io.ReadAll(conn)
			heard <- string(b[:n]) + string(rest)
		}()
		s, err := connect(t.Context(), here, at(port(ln), StartTLS, "senha-secreta", ""), quick, client)
		if err == nil {
			s.close()
		}
		ln.Close()
		if told := <-heard; !errors.Is(err, ErrConnect) || strings.Contains(told, "senha-secreta") {
			t.Errorf("%s: %v; the server heard %q", name, err, told)
		}
	}
}

// A token that is not taken is a log-in that failed, and nothing else is tried.
func TestARefusedTokenIsAFailedLogin(t *testing.T) {
	t.Parallel()
	server, client := certified(t)
	v := open(t, "ya29.o-certo", server, true)
	if _, err := connect(t.Context(), here, at(port(v.ln), TLS, "", "ya29.o-velho"), quick, client); !errors.Is(err, ErrLogin) {
		t.Errorf("%v", err)
	}
	want := []string{"token user=" + user + "\x01auth=Bearer ya29.o-velho\x01\x01", `after the refusal ""`}
	if got := v.logins(); !slices.Equal(got, want) {
		t.Errorf("the server heard %q", got)
	}
}
