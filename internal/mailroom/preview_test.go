package mailroom_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
)

func TestAMailIsPreviewedAsItSaysOfItself(t *testing.T) {
	t.Parallel()
	room := mailroom.New(mailroom.Options{})
	told := room.Preview([]byte("From: =?utf-8?q?C=C3=A9lia?= <celia@cliente.example>\r\nTo: SAC <sac@aroeira.example>\r\nCc: procon@cidade.example\r\n" +
		"Subject: =?utf-8?b?Tm90YSBmaXNjYWw=?=\r\nDate: Sun, 22 Nov 2026 09:00:00 -0300\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("Meu pedido. ", 100) +
		"\r\n--x\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=nota.pdf\r\n\r\n%PDF-\r\n--x--\r\n"))
	for name, want := range map[string]string{
		"from": "Célia <celia@cliente.example>", "to": "SAC <sac@aroeira.example>, procon@cidade.example", "subject": "Nota fiscal",
		"date": "2026-11-22T12:00:00Z", "parts": "nota.pdf (application/pdf, 5 B)",
	} {
		if told[name] != want {
			t.Errorf("%s is %q", name, told[name])
		}
	}
	if body := told["body"]; !strings.HasPrefix(body, "Meu pedido.") || !strings.HasSuffix(body, "…") || utf8.RuneCountInString(body) > 601 {
		t.Errorf("body is %q", body)
	}
	if told := room.Preview(nil); told != nil {
		t.Errorf("of nothing is told %v", told)
	}
	if told := room.Preview([]byte("From: a@b.example\r\n\r\n" + strings.Repeat("x", 70<<20))); told["from"] != "a@b.example" {
		t.Errorf("of a mail that is too large is told %v", told)
	}
}

// A mail that was kept at its header tells what the header tells, not why it was kept.
func TestAWithheldMailIsPreviewedByItsHeader(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	header := "From: Ana <ana@cliente.example>\r\nSubject: Fotos\r\n\r\n"
	id := o.accepted(o.in, []byte(header), email.Envelope{Recipients: []string{ours}, Withheld: email.Oversized})
	if r := o.settled(id); r.Reason != "mail_oversized" {
		t.Fatalf("it became %+v", r)
	}
	if listed, _, err := o.in.Ledger(t.Context(), intake.Query{}, access.Actor{Role: access.Admin}.Scope()); err != nil || len(listed) != 1 ||
		listed[0].From != "Ana <ana@cliente.example>" || listed[0].Subject != "Fotos" {
		t.Errorf("listed as %+v, %v", listed, err)
	}
	_, told, err := o.in.Entry(t.Context(), id, access.Actor{Role: access.Admin}.Scope())
	if err != nil || told["subject"] != "Fotos" || told["from"] != "Ana <ana@cliente.example>" {
		t.Errorf("told %v, %v", told, err)
	}
}

func TestAttack026To033APreviewBearsEachHostileFile(t *testing.T) {
	t.Parallel()
	room := mailroom.New(mailroom.Options{})
	for _, f := range hostile.Files() {
		began := time.Now()
		for name, text := range room.Preview(asMail(f)) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || len(text) > 20_000 {
				t.Errorf("%s of %s is %d bytes: %.80q", name, f.Name, len(text), text)
			}
		}
		if took := time.Since(began); took > time.Minute { // what hangs, not what a busy machine makes slow
			t.Errorf("%s took %v", f.Name, took)
		}
	}
}
