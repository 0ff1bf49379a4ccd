package mailroom_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func nullSender(e *email.Envelope) { e.MailFrom = "" }

// standsAs is what an automatic mail must not touch.
type standsAs struct {
	Status  string
	Public  int
	Waiting string
	Clocks  string
}

func (o *office) stands(id int64) (s standsAs) {
	o.Helper()
	err := o.db.Pool.QueryRow(context.Background(), `SELECT t.status, t.public_version, t.waiting_since::text,
		(SELECT string_agg(c.kind || c.state || coalesce(c.stopped_at::text, ''), ',' ORDER BY c.id) FROM clocks c WHERE c.ticket_id = t.id)
		FROM tickets t WHERE t.id = $1`, id).Scan(&s.Status, &s.Public, &s.Waiting, &s.Clocks)
	if err != nil {
		o.Fatal(err)
	}
	return s
}

func TestAttack017AutomaticMailIsShownAndChangesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, headers := range map[string][]string{
		"out of office":     {"Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All"},
		"generated":         {"Auto-Submitted: auto-generated"},
		"bulk":              {"Precedence: bulk"},
		"list":              {"List-Id: <x.example.org>", "Precedence: list"},
		"Exchange":          {"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply"},
		"autoresponder":     {"Delivered-To: Autoresponder"},
		"X-Autoreply":       {"X-Autoreply: yes"},
		"empty return path": {"Return-Path: <>"},
	} {
		subject := "Resposta automática: fora do escritório"
		alone := o.receive(letter{From: ana, Subject: subject, Headers: headers}.String())
		if alone.Fate != intake.FateAutomatic || alone.TicketID != 0 {
			t.Errorf("%s, about nothing: %+v", name, alone)
		}
		for _, status := range []ticket.Status{ticket.New, ticket.WaitingCustomer, ticket.Resolved} {
			address := fmt.Sprintf("ana%d@cliente.example", serial.Add(1))
			first := o.opened(letter{From: address}.String())
			id, _ := o.sent(first.TicketID, address)
			if status != ticket.New {
				o.put(first.TicketID, status)
			}
			before := o.stands(first.TicketID)
			r := o.receive(letter{From: address, Subject: subject, InReplyTo: id, Headers: headers}.String())
			if r.Fate != intake.FateAutomatic || r.TicketID != first.TicketID {
				t.Errorf("%s, in answer to ours: %+v", name, r)
				continue
			}
			if after := o.stands(first.TicketID); after != before {
				t.Errorf("%s changed %+v to %+v", name, before, after)
			}
			if n := o.count(`SELECT count(*) FROM messages WHERE id = $1 AND automatic`, r.MessageID); n != 1 {
				t.Errorf("%s is not shown as automatic", name)
			}
			if n := o.acknowledged(first.TicketID); n != 1 {
				t.Errorf("%s: %d acknowledgements", name, n)
			}
		}
	}
	o.consistent()
}

func TestAProgramsMailThatCarriesADemandIsATicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	generated := []string{"Auto-Submitted: auto-generated"}
	r := o.opened(letter{From: "Loja <loja@parceiro.example>", Subject: "Nova mensagem do site", Headers: generated}.String())
	if o.acknowledged(r.TicketID) != 0 {
		t.Error("a program's mail is acknowledged")
	}
	if r := o.receive(letter{From: "postmaster@parceiro.example", Subject: "Nova mensagem do site", Headers: generated}.String()); r.Fate != intake.FateAutomatic {
		t.Errorf("a daemon's mail became %+v", r)
	}
}

func TestAttack018ABounceIsLinkedToWhatCameBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana}.String())
	o.exec(`UPDATE identities SET verified_at = now()`)
	byID, idOut := o.sent(first.TicketID, "ana@cliente.example")
	byPath, pathOut := o.sent(first.TicketID, "ana@cliente.example")
	before := o.stands(first.TicketID)

	r := o.receive(bounce("ana@cliente.example", byID, "5.1.1"), nullSender)
	if r.Fate != intake.FateAutomatic || r.TicketID != first.TicketID || r.Reason != mailroom.ReasonBounce {
		t.Errorf("by the Message-ID: %+v", r)
	}
	r = o.receive(bounce("ana@cliente.example", "lost@elsewhere.example", "4.4.7"), nullSender, func(e *email.Envelope) {
		e.Recipients = []string{o.signer.ReturnPath(pathOut, "empresa.example")}
	})
	if r.Fate != intake.FateAutomatic || r.TicketID != first.TicketID {
		t.Errorf("by the return path: %+v", r)
	}
	if n := o.count(`SELECT count(*) FROM outbox WHERE id IN ($1, $2) AND state = 'bounced'`, idOut, pathOut); n != 2 {
		t.Errorf("%d of two are marked as come back", n)
	}
	if n := o.count(`SELECT count(*) FROM identities WHERE value = 'ana@cliente.example' AND bouncing_at IS NOT NULL`); n != 1 {
		t.Error("a hard bounce does not mark the address")
	}
	if after := o.stands(first.TicketID); after != before {
		t.Errorf("bounces changed %+v to %+v", before, after)
	}
	if byPath == byID {
		t.Error("two mails of ours have one id")
	}
	// Whoever writes is there again.
	o.joins(first.TicketID, letter{From: ana, InReplyTo: byPath}.String())
	if n := o.count(`SELECT count(*) FROM identities WHERE bouncing_at IS NOT NULL`) + o.count(`SELECT count(*) FROM suppressions`); n != 0 {
		t.Error("an address that was heard from is not written to")
	}
	o.consistent()
}

func TestAttack018ABounceOfNothingOfOursMarksNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "a@cliente.example"}.String())
	_, out := o.sent(first.TicketID, "ana@cliente.example")
	for _, id := range []string{"a@cliente.example", "never@empresa.example", o.signer.MessageID(first.TicketID, 0, "empresa.example")} {
		if r := o.receive(bounce("ana@cliente.example", id, "5.1.1"), nullSender); r.Fate != intake.FateAutomatic || r.TicketID != 0 {
			t.Errorf("a bounce about %s became %+v", id, r)
		}
	}
	if n := o.count(`SELECT count(*) FROM identities WHERE bouncing_at IS NOT NULL`) + o.count(`SELECT count(*) FROM outbox WHERE id = $1 AND state <> 'sent'`, out); n != 0 {
		t.Error("a forged bounce marks an address")
	}
}

// bounce is a delivery report (RFC 3464) about a mail of ours.
func bounce(recipient, id, status string) string {
	n := serial.Add(1)
	return fmt.Sprintf("From: MAILER-DAEMON@mx.example\r\nTo: %s\r\nSubject: Undelivered Mail Returned to Sender\r\n"+
		"Message-ID: <dsn%d@mx.example>\r\nDate: Mon, 02 Mar 2026 10:00:00 -0300\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n"+
		"--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry to have to inform you that your message could not be delivered.\r\n"+
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"+
		"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: %s\r\nDiagnostic-Code: smtp; 550 %s user unknown\r\n\r\n"+
		"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: <%s>\r\nTo: <%s>\r\nMessage-ID: <%s>\r\nSubject: Re: x\r\n\r\nx\r\n--b--\r\n",
		ours, n, recipient, status, status, ours, recipient, id)
}

func TestAttack019NobodyIsToldByAMachineThatDelivers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, from := range []string{"MAILER-DAEMON@mx.example", "Postmaster <postmaster@mx.example>", "Mail Delivery System <mailer-daemon@mx.example>"} {
		r := o.receive(letter{From: from, Subject: "Undelivered Mail Returned to Sender", Body: "user unknown"}.String())
		if r.Fate != intake.FateAutomatic {
			t.Errorf("%s became %+v", from, r)
		}
	}
	for _, from := range []string{"noreply@loja.example", "nao-responda@loja.example", "bounces+12=x@loja.example"} {
		r := o.receive(letter{From: from}.String())
		if r.TicketID != 0 && o.acknowledged(r.TicketID) != 0 {
			t.Errorf("%s is told a protocol", from)
		}
	}
	if n := o.count(`SELECT count(*) FROM river_job`); n != 0 {
		t.Errorf("%d jobs", n)
	}
}

func TestAttack020And023OurOwnMailIsALoop(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	own := letter{From: "SAC <" + ours + ">", Body: "de mim para mim"}
	if r := o.receive(own.String()); r.Fate != intake.FateAutomatic || r.Reason != mailroom.ReasonLoop || r.TicketID != 0 {
		t.Errorf("with no mailbox, a mail from where it goes to became %+v", r)
	}
	o.mailbox(ours, "vendas@empresa.example")
	for what, l := range map[string]letter{
		"from our address":       own,
		"from an alias":          {From: "Vendas <vendas@empresa.example>"},
		"from a plus-address":    {From: "sac+promo@empresa.example"},
		"with our mark":          {From: ana, Headers: []string{email.LoopHeader + ": " + o.signer.LoopMark()}},
		"from an alias, by Cc":   {From: "vendas@empresa.example", To: "outra@lista.example"},
		"in answer to ourselves": {From: own.From, InReplyTo: o.signer.MessageID(1, 1, "empresa.example")},
	} {
		if r := o.receive(l.String()); r.Fate != intake.FateAutomatic || r.Reason != mailroom.ReasonLoop || r.TicketID != 0 {
			t.Errorf("a mail %s became %+v", what, r)
		}
	}
	if r := o.receive(letter{From: ana, Headers: []string{email.LoopHeader + ": de outra instalação"}}.String()); r.Reason == mailroom.ReasonLoop {
		t.Error("another desk's mark is taken for ours")
	}
}

func TestAttack021TwoDesksThatAcknowledgeEachOtherStop(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: "Outro SAC <sac@outra.example>"}.String())
	if o.acknowledged(first.TicketID) != 1 {
		t.Fatal("the first mail is not acknowledged")
	}
	ack, _ := o.sent(first.TicketID, "sac@outra.example")
	for range 10 {
		r := o.receive(letter{From: "Outro SAC <sac@outra.example>", Subject: "Recebemos sua mensagem", InReplyTo: ack,
			Headers: []string{"Auto-Submitted: auto-replied"}}.String())
		if r.Fate != intake.FateAutomatic {
			t.Fatalf("their acknowledgement became %+v", r)
		}
	}
	if n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'acknowledge'`); n != 1 {
		t.Errorf("%d acknowledgements were ordered", n)
	}
}

func TestAttack022AMachineThatHidesOpensFewTickets(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(options *mailroom.Options) { options.Flood = 5 })
	second := o.node(func(options *mailroom.Options) { options.Flood = 5 })
	const mails = 100
	ids := make([]int64, mails)
	for i := range ids {
		node := o.in
		if i%2 == 0 {
			node = second
		}
		ids[i] = o.accepted(node, []byte(letter{From: "robo@cliente.example", Subject: "Estou de férias"}.String()), email.Envelope{MailFrom: "robo@cliente.example", Recipients: []string{ours}})
	}
	fates := map[intake.Fate]int{}
	var held int64
	for _, id := range ids {
		r := o.settled(id)
		fates[r.Fate]++
		if r.Fate == intake.FateQuarantined {
			held = id
			if r.Reason != mailroom.ReasonFlood {
				t.Errorf("quarantined for %q", r.Reason)
			}
		}
	}
	if fates[intake.FateTicket] != 5 || fates[intake.FateQuarantined] != mails-5 {
		t.Errorf("fates %v", fates)
	}
	if n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'acknowledge'`); n > 5 {
		t.Errorf("%d acknowledgements", n)
	}
	// Others are not held up, and an answer of the same sender is none of the flood.
	o.opened(letter{From: ana}.String())
	// What a person lets in is let in.
	r, err := o.in.Retry(t.Context(), held, access.Actor{Role: access.Admin}.Scope())
	if err != nil || r.TicketID == 0 {
		t.Errorf("let in by hand: %+v, %v", r, err)
	}
	// After an hour they are heard again.
	o.exec(`UPDATE mail_senders SET at = at - interval '61 minutes'`)
	o.opened(letter{From: "robo@cliente.example"}.String())
	o.consistent()
}

func TestAttack030To033WhatIsOddIsTakenInByTheTimeOfReceipt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	start := o.clock.Now().Add(-time.Second)
	for _, date := range []string{"Fri, 31 Dec 2099 23:59:59 -0300", "Wed, 31 Dec 1969 21:00:00 -0300", "amanhã", "Mon, 02 Mar 99999 10:00:00 -0300"} {
		raw := strings.Replace(letter{From: ana}.String(), "Date: Mon, 02 Mar 2026 10:00:00 -0300", "Date: "+date, 1)
		r := o.opened(raw)
		if n := o.count(`SELECT count(*) FROM tickets t JOIN messages m ON m.ticket_id = t.id JOIN clocks c ON c.ticket_id = t.id
			WHERE t.id = $1 AND least(t.opened_at, m.at, c.started_at) >= $2 AND greatest(t.opened_at, m.at, c.started_at) <= now() + interval '1 second'`,
			r.TicketID, start); n != 1 {
			t.Errorf("Date %q rules the ticket", date)
		}
	}
	// A sender beyond ASCII is kept as it is; it is nobody's identity, and told nothing.
	r := o.opened(letter{From: "José <josé@exâmple.com.br>"}.String())
	if got := o.origin(r.MessageID); len(got.From) != 1 || got.From[0].Address != "josé@exâmple.com.br" || !strings.Contains(strings.Join(got.Warnings, " "), mailroom.WarnCannotAnswer) {
		t.Errorf("origin %+v", got)
	}
	if o.acknowledged(r.TicketID) != 0 || o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND customer_id IS NOT NULL`, r.TicketID) != 0 {
		t.Error("an address that cannot be written to is answered, or an identity")
	}
	// Two thousand copies make nobody a customer.
	before := o.count(`SELECT count(*) FROM customers`)
	var cc strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&cc, "u%d@example.org, ", i)
	}
	o.opened(letter{From: ana, Headers: []string{"Cc: " + strings.TrimSuffix(cc.String(), ", ")}}.String())
	if n := o.count(`SELECT count(*) FROM customers`); n != before {
		t.Errorf("%d customers were made of copies", n-before)
	}
}
