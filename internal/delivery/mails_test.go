package delivery_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"mime"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/ticket"
)

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
