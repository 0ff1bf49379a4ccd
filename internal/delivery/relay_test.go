package delivery_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/http/httptest"
	"net/mail"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// certified is a server's TLS with a certificate for 127.0.0.1, and who believes it.
func certified(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	t.Cleanup(web.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	return &tls.Config{Certificates: web.TLS.Certificates}, roots
}

// by is one way out for everything.
type by delivery.Relay

func (r by) Way(context.Context, *int64) (delivery.Way, bool, error) {
	return delivery.Way{Relay: delivery.Relay(r)}, true, nil
}

// Mail goes out over TLS and STARTTLS, by password and by token.
func TestMailGoesOutOverTLSByPasswordAndByToken(t *testing.T) {
	t.Parallel()
	server, roots := certified(t)
	for name, c := range map[string]struct {
		security delivery.Security
		token    string
	}{"TLS": {delivery.TLS, ""}, "STARTTLS": {delivery.StartTLS, ""}, "a token": {delivery.StartTLS, "ya29.um-token"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.roots = roots
			w.sink = sinktest.Secure(t, server, c.security == delivery.TLS)
			w.sink.User, w.sink.Pass, w.sink.Token = "sac@aroeira.example", "senha", c.token
			tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Onde está?")
			w.reply(tk, "rita@example.com", "Saiu hoje.")
			w.sweep(w.sender(by{Host: w.sink.Host, Port: w.sink.Port, Security: c.security, User: w.sink.User, Password: "senha", Token: c.token}))
			if m := w.sink.Wait(1)[0]; m.To[0] != "rita@example.com" {
				t.Errorf("it went to %v", m.To)
			}
		})
	}
}

// To a relay that will not be secret, is not who it says or does not let us in
// nothing is told; the mail waits and goes out by the next way.
func TestNoMailAndNoPasswordGoToWhoIsNotProven(t *testing.T) {
	t.Parallel()
	server, roots := certified(t)
	for name, c := range map[string]struct {
		server   *tls.Config
		wrapped  bool
		roots    *x509.CertPool
		security delivery.Security
		host     string
		pass     string
	}{
		"it offers no STARTTLS":               {nil, false, roots, delivery.StartTLS, "127.0.0.1", "senha"},
		"it speaks no TLS":                    {nil, false, roots, delivery.TLS, "127.0.0.1", "senha"},
		"its certificate is for another name": {server, false, roots, delivery.StartTLS, "localhost", "senha"},
		"nobody vouches for it":               {server, true, nil, delivery.TLS, "127.0.0.1", "senha"},
		"it does not know our password":       {server, false, roots, delivery.StartTLS, "127.0.0.1", "outra"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			good := w.sink
			bad := sinktest.Secure(t, c.server, c.wrapped)
			bad.User, bad.Pass = "sac@aroeira.example", "senha"
			bad.Behave(sinktest.Behaviour{OnMail: func(string) error { t.Error("a mail was begun"); return nil }})
			w.roots = c.roots
			tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Onde está?")
			w.reply(tk, "rita@example.com", "Saiu hoje.")
			w.sweep(w.sender(by{Host: c.host, Port: bad.Port, Security: c.security, User: "sac@aroeira.example", Password: c.pass}))
			if all := w.states(); all["queued"] != 1 {
				t.Errorf("the mail does not wait: %v", all)
			}
			w.now()
			w.sweep(w.sender(by{Host: good.Host, Port: good.Port, Security: delivery.Plain}))
			good.Wait(1)
		})
	}
}

// Files arrive byte for byte under their names, whatever is in them; more than
// a mail may carry is read on the page, and what still fits goes along.
func TestAttachmentsArriveWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dice := rand.NewChaCha8([32]byte{7})
	binary := make([]byte, 300_000)
	_, _ = dice.Read(binary)
	text := []byte(".\r\n..\r\nlinha\nsem CR\rFrom aqui\r\n" + strings.Repeat("x", 5000) + "\x00\xff")
	huge := bytes.Repeat([]byte("página "), 16<<20/8)
	var files []ticket.File
	want := map[string][]byte{}
	for _, f := range []struct {
		name    string
		content []byte
		goes    bool
	}{{"foto.bin", binary, true}, {"grande demais.bin", huge, false}, {"Comprovante nº 1 — ação.txt", text, true}, {"vazio.txt", nil, true}, {"../../etc/passwd\r\nBcc: x", []byte("a"), true}} {
		ref, err := w.blobs.Put(t.Context(), bytes.NewReader(f.content), 64<<20)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, ticket.File{Blob: ref.Hash, Name: f.name, Mime: ref.Mime, Size: ref.Size})
		if f.goes {
			want[f.name] = f.content
		}
	}
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Onde está?")
	w.reply(tk, "rita@example.com", "Segue.", files...)
	w.sweep(w.sender(nil))
	m := w.sink.Wait(1)[0]
	if m.Header(t, "Bcc") != "" || len(m.To) != 1 {
		t.Errorf("a name became a recipient: %v", m.To)
	}
	got := attachments(t, m)
	for name, content := range want {
		if strings.ContainsAny(name, "/\r\n") { // it is the name of a file, and no path
			name = ".._.._etc_passwd__Bcc_ x"
		}
		if arrived, ok := got[name]; !ok || sha256.Sum256(arrived) != sha256.Sum256(content) {
			t.Errorf("%q arrived with %d of %d bytes, beside %q", name, len(arrived), len(content), keys(got))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files arrived: %v", len(got), keys(got))
	}
}

func keys(m map[string][]byte) (all []string) {
	for k := range m {
		all = append(all, k)
	}
	return all
}

// attachments are the files of a mail by their names, decoded.
func attachments(t *testing.T, m sinktest.Mail) map[string][]byte {
	t.Helper()
	parsed, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for r := multipart.NewReader(parsed.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		_, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
		if err != nil || params["filename"] == "" {
			continue
		}
		name, err := new(mime.WordDecoder).DecodeHeader(params["filename"])
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = content
	}
}
