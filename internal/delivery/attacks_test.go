package delivery_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// attacks.md row 24: what nobody wrote says so, carries nothing of the sender's,
// and comes from the null path.
func TestAttack24AnAcknowledgementStopsLoopsAndSaysNothingOfTheSenders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tk, first := w.opened("rita@example.com", ticket.Ticket{Subject: "GANHE DINHEIRO", CustomerName: "COMPRE AGORA"}, "clique em http://mal.example")
	w.acknowledge(tk.ID, first)
	w.acknowledge(tk.ID, first)
	w.sweep(w.sender(nil))
	all := w.sink.Wait(1)
	if len(all) != 1 || all[0].From != "" {
		t.Fatalf("%d mails, the first from %q", len(all), all[0].From)
	}
	for name, want := range map[string]string{"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "To": "<rita@example.com>"} {
		if got := all[0].Header(t, name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	said := string(all[0].Data) + parts(t, all[0])["text/plain"] + parts(t, all[0])["text/html"]
	for _, theirs := range []string{"DINHEIRO", "COMPRE", "mal.example"} {
		if strings.Contains(said, theirs) {
			t.Errorf("it says %q", theirs)
		}
	}
	if !strings.Contains(parts(t, all[0])["text/plain"], tk.Protocol) || !strings.Contains(parts(t, all[0])["text/html"], tk.Protocol) {
		t.Error("it does not tell the protocol")
	}
}

// attacks.md rows 21 and 22: a machine that answers each acknowledgement, with
// nothing in its headers to tell. The same words under another number are told
// once; other words a few times an hour.
func TestAttack21And22MachinesThatAnswerEachOtherEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 40 {
		tk, first := w.opened("outra@desk.example", ticket.Ticket{Subject: fmt.Sprintf("Recebemos sua mensagem [2026%d]", i)}, fmt.Sprintf("Seu protocolo é %d", 1000+i))
		w.acknowledge(tk.ID, first)
	}
	w.sweep(w.sender(nil))
	if n := len(w.sink.Mails()); n != 1 {
		t.Errorf("a desk was answered %d times", n)
	}
	for i := range 40 {
		tk, first := w.opened("ferias@example.com", ticket.Ticket{Subject: strings.Repeat("a", i+1)}, "Estou de férias")
		w.acknowledge(tk.ID, first)
	}
	w.sweep(w.sender(nil))
	if n := len(w.sink.Mails()); n != 1+5 {
		t.Errorf("%d acknowledgements", n)
	}
	if got := w.states(); got["suppressed"] != 80-6 {
		t.Errorf("the outbox: %v", got)
	}
	// Its own address, and those behind which nobody reads, get none at all.
	for _, address := range []string{"ajuda@aroeira.example", "mailer-daemon@example.com", "no-reply@example.com"} {
		tk, first := w.opened(address, ticket.Ticket{}, "Oi "+address)
		w.acknowledge(tk.ID, first)
	}
	w.sweep(w.sender(nil))
	if n := len(w.sink.Mails()); n != 6 {
		t.Errorf("%d mails", n)
	}
}

// attacks.md row 25: delivering a reply orders nothing, so nothing answers itself.
func TestAttack25SendingAReplyOrdersNothingMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	w.reply(tk, "rita@example.com", "Olá")
	s := w.sender(nil)
	for range 5 {
		w.sweep(s)
	}
	if got := w.states(); len(w.sink.Mails()) != 1 || got["sent"] != 1 || len(got) != 1 {
		t.Errorf("%d mails, the outbox %v", len(w.sink.Mails()), got)
	}
}

// attacks.md rows 38, 39, 40 and 47: names and subjects are one header each, and
// nothing in them is a template.
func TestAttack38And39And40And47NamesAndSubjectsStayWhatTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := []string{"a\r\nBcc: vitima@x.example", "a\nBcc: vitima@x.example", "x@y.com, z@w.com <a@b>", `"; Bcc: vitima@x.example`,
		"{{7919*7919}}{{.Link}}${7919*7919}{protocol}", "=?utf-8?q?a=0D=0ABcc:_vitima@x.example?=", "a\u2028Bcc: vitima@x.example", "\u202eexe", strings.Repeat("ã", 5000)}
	for i, text := range hostile {
		address := fmt.Sprintf("c%d@example.com", i)
		tk, _ := w.opened(address, ticket.Ticket{Subject: text, CustomerName: text}, "Oi")
		w.reply(tk, address, text+"\n"+text)
	}
	w.sweep(w.sender(nil))
	all := w.sink.Wait(len(hostile))
	for _, m := range all {
		if len(m.To) != 1 || m.Header(t, "Bcc") != "" || m.Header(t, "Cc") != "" || strings.Contains(m.Header(t, "To"), ",") {
			t.Errorf("%q goes to %v, %q", m.Header(t, "Subject"), m.To, m.Header(t, "To"))
		}
		head, _, _ := strings.Cut(string(m.Data), "\r\n\r\n")
		for line := range strings.SplitSeq(head, "\r\n") {
			if len(line) > 998 || strings.HasPrefix(strings.ToLower(line), "bcc") {
				t.Errorf("a header line %.60q", line)
			}
		}
		if text := parts(t, m)["text/plain"] + parts(t, m)["text/html"]; strings.Contains(text, "62710561") {
			t.Errorf("something was worked out: %s", text)
		}
	}
}

// attacks.md row 41: dots, long lines and accents arrive byte for byte.
func TestAttack41WhatIsSaidArrivesByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := ".\n..\n.começo\n" + strings.Repeat("x", 3000) + "\nção € “aspas” 🌿\nFrom aqui\n-- \nfim = =3D"
	tk, _ := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	w.reply(tk, "rita@example.com", body)
	w.sweep(w.sender(nil))
	m := w.sink.Wait(1)[0]
	if got := parts(t, m)["text/plain"]; !strings.HasPrefix(got, body+"\n") {
		t.Errorf("arrived as %.200q", got)
	}
	for line := range strings.SplitSeq(string(m.Data), "\r\n") {
		if len(line) > 998 {
			t.Errorf("a line of %d bytes", len(line))
		}
		for _, c := range []byte(line) {
			if c >= 0x80 {
				t.Fatalf("a byte of 8 bits in %.80q", line)
			}
		}
	}
}

// attacks.md row 100: no way out carries a note.
func TestAttack100NotesNeverGoOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tk, first := w.opened("rita@example.com", ticket.Ticket{}, "Oi")
	const secret = "CLIENTE-DIFICIL"
	w.scan(new(int64), "INSERT INTO notes (ticket_id, author_id, body, version) VALUES (?, ?, ?, 1) RETURNING id", tk.ID, w.author.AccountID, secret)
	w.acknowledge(tk.ID, first)
	w.reply(tk, "rita@example.com", "Olá")
	s := w.sender(nil)
	w.sweep(s)
	w.sweep(s)
	for _, m := range w.sink.Wait(2) {
		if text := fmt.Sprint(string(m.Data), parts(t, m)); strings.Contains(text, secret) {
			t.Errorf("a note went out: %s", text)
		}
	}
	var rows []string
	w.scan(&rows, "SELECT row_to_json(o)::text FROM outbox o")
	if len(rows) != 2 || strings.Contains(fmt.Sprint(rows), secret) {
		t.Errorf("a note is in the outbox: %v", rows)
	}
}
