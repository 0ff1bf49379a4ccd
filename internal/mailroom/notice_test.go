package mailroom_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/imports"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
)

// reads makes an office that reads the notices of public bodies, and believes
// its own mail server.
func reads(options *mailroom.Options) {
	options.Notice, options.Authserv = imports.Notice, "mx.empresa.example"
}

// noticeOf is what a public body writes about a complaint.
func noticeOf(number, more string) letter {
	return letter{
		From: "consumidor.gov.br <nao-responda@consumidor.gov.br>", Subject: "Nova reclamação registrada",
		Headers: []string{"Authentication-Results: mx.empresa.example; dmarc=pass header.from=consumidor.gov.br", "Auto-Submitted: auto-generated"},
		Body:    "Prezado fornecedor,\r\n\r\nProtocolo: " + number + "\r\nConsumidor: Rita Nogueira\r\nAssunto: Cobrança indevida\r\nDescrição:\r\nCobraram duas vezes.\r\n\r\nPrazo: 10 dias\r\n" + more,
	}
}

// A notice is a case behind the wall, once, under the body's own number; the
// next one about it is shown on the case, and nothing of either is in front of
// the wall. The same complaint in a list brings nothing more.
func TestANoticeByMailIsACaseBehindTheWall(t *testing.T) {
	t.Parallel()
	o := newOffice(t, reads)
	first := o.opened(noticeOf("2026.11/00001234567", "").String())
	var c struct{ way, source, external, name, subject, body, folded string }
	err := o.db.Pool.QueryRow(t.Context(), `SELECT c.way, c.source, c.external_id, t.customer_name, t.subject, m.body, m.folded
		FROM ombudsman_cases c JOIN tickets t ON t.id = c.ticket_id JOIN messages m ON m.ticket_id = t.id WHERE t.id = $1 AND t.walled`, first.TicketID).
		Scan(&c.way, &c.source, &c.external, &c.name, &c.subject, &c.body, &c.folded)
	if err != nil || c.way != "mail" || c.source != "consumidor_gov" || c.external != "2026.11/00001234567" || c.name != "Rita Nogueira" ||
		c.subject != "Cobrança indevida" || c.body != "Cobraram duas vezes." || !strings.Contains(c.folded, "Prazo: 10 dias") {
		t.Fatalf("%+v %v", c, err)
	}
	if n := o.count("SELECT count(*) FROM intake_ledger WHERE NOT walled"); n != 0 {
		t.Errorf("%d entries tell of it in front of the wall", n)
	}
	if n := o.acknowledged(first.TicketID); n != 0 {
		t.Errorf("the body is acknowledged %d times", n)
	}
	again := o.receive(noticeOf("2026.11/00001234567", "O consumidor avaliou o atendimento.").String())
	if again.Fate != intake.FateAutomatic || again.TicketID != first.TicketID || again.MessageID == 0 {
		t.Errorf("a second notice became %+v", again)
	}
	body := []byte(`{"body":"A linha da lista diz o mesmo"}`)
	_, err = o.in.Accept(t.Context(), channel.Arrival{Channel: channel.Ombudsman, Raw: body, BodyHash: sha256.Sum256(body),
		SourceKey: "import:consumidor_gov:ombudsman:2026.11/00001234567"})
	if err == nil {
		t.Error("the same complaint in a list is taken for a new one")
	}
	if n := o.count("SELECT count(*) FROM ombudsman_cases"); n != 1 {
		t.Errorf("%d cases of one complaint", n)
	}
	o.consistent()
}

// A list brought it before: the mail belongs to that case.
func TestANoticeOfWhatAListHasBroughtBelongsToIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t, reads)
	in, ok := imports.Notice("nao-responda@consumidor.gov.br", "Nova", "Protocolo: 77\nDescrição: Cobraram duas vezes.\n")
	if !ok {
		t.Fatal("it is no notice")
	}
	got, err := o.in.Accept(t.Context(), channel.Arrival{Channel: channel.Ombudsman, SourceKey: in.SourceKey, Raw: in.Raw, BodyHash: in.BodyHash})
	if err != nil {
		t.Fatal(err)
	}
	listed := o.settled(got.LedgerID)
	if r := o.receive(noticeOf("77", "").String()); r.Fate != intake.FateAutomatic || r.TicketID != listed.TicketID {
		t.Errorf("the notice became %+v, the row of the list %+v", r, listed)
	}
	o.consistent()
}

// The same notice to two mailboxes, and ten notices of one complaint at once at
// two nodes, are one case.
func TestNoticesOfOneComplaintAtOnceAreOneCase(t *testing.T) {
	t.Parallel()
	o := newOffice(t, reads)
	nodes := []*intake.Intake{o.in, o.node(reads)}
	var all sync.WaitGroup
	rows := make([]row, 10)
	for i := range rows {
		raw := noticeOf("2026.11/42", fmt.Sprintf("Andamento %d\r\n", i)).String()
		all.Go(func() {
			rows[i] = o.settled(o.accepted(nodes[i%2], []byte(raw), email.Envelope{MailFrom: "x@consumidor.gov.br", Recipients: []string{ours}}))
		})
	}
	all.Wait()
	opened := 0
	for _, r := range rows {
		if r.Fate == intake.FateTicket {
			opened++
		} else if r.Fate != intake.FateAutomatic || r.TicketID == 0 {
			t.Errorf("%+v", r)
		}
	}
	if cases := o.count("SELECT count(*) FROM ombudsman_cases"); opened != 1 || cases != 1 {
		t.Errorf("%d opened, %d cases", opened, cases)
	}
	o.consistent()
}

// Who is not proven to be the body opens nothing behind the wall, and what the
// body writes beside complaints is read as any other mail: none of it is lost.
func TestWhatIsNoNoticeStaysAnOrdinaryMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t, reads)
	for name, change := range map[string]func(*letter){
		"nobody checked who sent it": func(l *letter) { l.Headers = nil },
		"its sender is forged": func(l *letter) {
			l.Headers = []string{"Authentication-Results: mx.empresa.example; dmarc=fail header.from=consumidor.gov.br"}
		},
		"another server says it is theirs": func(l *letter) {
			l.Headers = []string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=consumidor.gov.br"}
		},
		"it only calls itself so": func(l *letter) {
			l.From = `"nao-responda@consumidor.gov.br" <golpe@evil.example>`
			l.Headers = []string{"Authentication-Results: mx.empresa.example; dmarc=pass header.from=evil.example"}
		},
		"it names no complaint": func(l *letter) { l.Headers, l.Body = l.Headers[:1], "Novidades do mês" },
	} {
		l := noticeOf("2026.11/1", "")
		change(&l)
		r := o.receive(l.String())
		if r.Fate != intake.FateTicket || o.count("SELECT count(*) FROM tickets WHERE id = $1 AND NOT walled", r.TicketID) != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if n := o.count("SELECT count(*) FROM ombudsman_cases"); n != 0 {
		t.Errorf("%d cases", n)
	}
	o.consistent()
}
