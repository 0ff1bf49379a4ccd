package mailroom_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

const (
	ana  = "Ana Souza <ana@cliente.example>"
	beto = "Beto Lima <beto@outro.example>"
)

// origin is what staff see of how a message came.
func (o *office) origin(message int64) (origin mailroom.Origin) {
	o.Helper()
	var text []byte
	o.scan(&text, `SELECT origin FROM messages WHERE id = $1`, message)
	if err := json.Unmarshal(text, &origin); err != nil {
		o.Fatal(err)
	}
	return origin
}

func (o *office) agent(address string) {
	o.Helper()
	o.exec(`INSERT INTO accounts (email, name, role, password_hash) VALUES ($1, 'Carla Agente', 'agent', 'x')`, address)
}

func (o *office) protocol(ticket int64) (protocol string) {
	o.Helper()
	o.scan(&protocol, `SELECT protocol FROM tickets WHERE id = $1`, ticket)
	return protocol
}

func (o *office) suggested(ticket int64) (about int64) {
	o.Helper()
	o.scan(&about, `SELECT coalesce(max(about_id), 0) FROM mail_suggestions WHERE ticket_id = $1`, ticket)
	return about
}

func TestAttack001AForgedIDOfOursIsNoAnswer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.agent("carla@empresa.example")
	first := o.opened(letter{From: ana, ID: "a1@cliente.example"}.String())
	id, _ := o.sent(first.TicketID, "ana@cliente.example")
	local, domain, _ := strings.Cut(id, "@")
	last := "a"
	if strings.HasSuffix(local, last) {
		last = "b"
	}
	forged := local[:len(local)-1] + last + "@" + domain
	r := o.apart(first.TicketID, letter{From: "Carla <carla@empresa.example>", InReplyTo: forged}.String())
	if n := o.count(`SELECT count(*) FROM messages WHERE direction = 'out' OR author_id IS NOT NULL`); n != 0 {
		t.Errorf("%d messages of agents came by mail", n)
	}
	if got := o.origin(r.MessageID); got.Verified {
		t.Errorf("origin %+v", got)
	}
	if o.suggested(r.TicketID) != 0 {
		t.Error("a forged id suggests a ticket")
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1`, first.TicketID); n != 1 {
		t.Errorf("%d messages in the customer's ticket", n)
	}
}

func TestAttack002IDsOfAnotherFormatOrPurposeAreNoAnswer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana}.String())
	protocol := o.protocol(first.TicketID)
	another := email.NewSigner([]byte("o segredo de uma outra instalação qualquer"))
	for _, id := range []string{
		protocol + ".1@empresa.example", fmt.Sprintf("notify-%d-1-0000@empresa.example", first.TicketID),
		another.MessageID(first.TicketID, first.MessageID, "empresa.example"), o.signer.ReturnPath(first.TicketID, "empresa.example"),
		// Ours, and of a mail that was never sent: after a restore its numbers may be another's.
		o.signer.MessageID(first.TicketID, first.MessageID, "empresa.example"),
	} {
		o.apart(first.TicketID, letter{From: ana, InReplyTo: id}.String())
	}
}

func TestAttack003AnAgentsAddressActsAsNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(options *mailroom.Options) { options.Authserv = "mx.empresa.example" })
	o.agent("carla@empresa.example")
	first := o.opened(letter{From: ana}.String())
	id, _ := o.sent(first.TicketID, "ana@cliente.example")
	for _, result := range []string{"dmarc=fail header.from=empresa.example", "dmarc=pass header.from=empresa.example"} {
		o.apart(first.TicketID, letter{
			From: "Carla <carla@empresa.example>", InReplyTo: id, Body: "Prezada, seu pedido foi cancelado.",
			Headers: []string{"Authentication-Results: mx.empresa.example; " + result},
		}.String())
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE direction = 'out' OR author_id IS NOT NULL`); n != 0 {
		t.Errorf("%d messages of agents came by mail", n)
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1`, first.TicketID); n != 1 {
		t.Errorf("%d messages in the customer's ticket", n)
	}
}

func TestAttack004OnlyTheResultsOfOurOwnServerCount(t *testing.T) {
	t.Parallel()
	o := newOffice(t, func(options *mailroom.Options) { options.Authserv = "mx.empresa.example" })
	for _, tt := range []struct {
		headers  []string
		verified bool
		warned   bool
	}{
		{[]string{"Authentication-Results: mx.evil.example; dmarc=pass header.from=cliente.example"}, false, false},
		{[]string{"Authentication-Results: mx.empresa.example; dmarc=pass header.from=cliente.example"}, true, false},
		{[]string{"Authentication-Results: mx.empresa.example; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example"}, false, false},
		{[]string{"Authentication-Results: mx.empresa.example; dkim=pass header.d=cliente.example"}, true, false},
		// The topmost is our server's; what stands below came with the mail.
		{[]string{"Authentication-Results: mx.empresa.example; dmarc=fail header.from=cliente.example",
			"Authentication-Results: mx.empresa.example; dmarc=pass header.from=cliente.example"}, false, true},
		{nil, false, false},
	} {
		r := o.opened(letter{From: ana, Headers: tt.headers}.String())
		got := o.origin(r.MessageID)
		if got.Verified != tt.verified || strings.Contains(strings.Join(got.Warnings, " "), mailroom.WarnForged) != tt.warned {
			t.Errorf("%q: %+v", tt.headers, got)
		}
		if forged := tt.warned; forged == (o.acknowledged(r.TicketID) == 1) {
			t.Errorf("%q: %d acknowledgements", tt.headers, o.acknowledged(r.TicketID))
		}
	}
}

func TestAttack005AnAgentWhoLeftAnswersNothingByMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.agent("carla@empresa.example")
	o.exec(`UPDATE accounts SET active = false`)
	first := o.opened(letter{From: ana}.String())
	id, _ := o.sent(first.TicketID, "ana@cliente.example")
	r := o.apart(first.TicketID, letter{From: "Carla <carla@empresa.example>", InReplyTo: id, Subject: "Re: [" + o.protocol(first.TicketID) + "]"}.String())
	if n := o.count(`SELECT count(*) FROM messages WHERE direction = 'out' OR author_id IS NOT NULL`); n != 0 {
		t.Errorf("%d messages of agents came by mail", n)
	}
	if o.suggested(r.TicketID) != first.TicketID {
		t.Error("the agents are not told what it may be about")
	}
}

func TestAttack006AGuessedNumberFromAStrangerJoinsNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "ana-1@cliente.example"}.String())
	protocol := o.protocol(first.TicketID)
	stranger := letter{From: "Eva <eva@evil.example>", Subject: "Re: protocolo " + protocol}
	r := o.apart(first.TicketID, stranger.String())
	if o.suggested(r.TicketID) != 0 {
		t.Error("a number that anybody may guess suggests a ticket")
	}
	// A Message-ID that was guessed, or seen in a public archive.
	o.apart(first.TicketID, letter{From: "Eva <eva@evil.example>", InReplyTo: "ana-1@cliente.example"}.String())
	// The customer's own number, in whatever grouping.
	o.joins(first.TicketID, letter{From: ana, Subject: "Protocolo " + protocol[:4] + " " + protocol[4:8] + " " + protocol[8:12] + " " + protocol[12:15] + " " + protocol[15:]}.String())
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1`, first.TicketID); n != 2 {
		t.Errorf("%d messages in the customer's ticket", n)
	}
}

func TestAttack007And008WhoeverIsCopiedIsNoPartOfTheTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: "Apple <contato@apple.example>", ID: "x1@apple.example", Headers: []string{"Cc: Eva <eva@evil.example>"}}.String())
	id, _ := o.sent(first.TicketID, "contato@apple.example")
	for _, l := range []letter{
		{From: "Eva <eva@evil.example>", InReplyTo: "x1@apple.example"},
		{From: "Eva <eva@evil.example>", InReplyTo: id, References: "<x1@apple.example> <" + id + ">"},
		{From: "Eva <eva@evil.example>", Subject: o.protocol(first.TicketID)},
	} {
		o.apart(first.TicketID, l.String())
	}
	if n := o.count(`SELECT count(*) FROM mail_senders WHERE ticket_id = $1`, first.TicketID); n != 1 {
		t.Errorf("%d addresses are on the ticket", n)
	}
	if n := o.count(`SELECT count(*) FROM identities WHERE value = 'eva@evil.example' AND customer_id = (SELECT customer_id FROM tickets WHERE id = $1)`, first.TicketID); n != 0 {
		t.Error("who was copied became an identity of the customer")
	}
	if n := o.count(`SELECT count(*) FROM outbox WHERE recipient = 'eva@evil.example'`); n != 0 {
		t.Error("who was copied gets mail")
	}
}

func TestAttack009ASecondAddressOfTheCustomerIsShownAsUnverified(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana}.String())
	id, _ := o.sent(first.TicketID, "ana@cliente.example")
	o.exec(`INSERT INTO identities (customer_id, kind, value) SELECT customer_id, 'email', 'ana@casa.example' FROM tickets WHERE id = $1`, first.TicketID)

	r := o.joins(first.TicketID, letter{From: "Aninha <ana@casa.example>", InReplyTo: id}.String())
	if got := o.origin(r.MessageID); !got.Another || got.Verified || got.Joined != "signed_id" {
		t.Errorf("origin %+v", got)
	}
	if r.Reason != mailroom.ReasonAnother {
		t.Errorf("reason %q", r.Reason)
	}
	var name string
	o.scan(&name, `SELECT author_name FROM messages WHERE id = $1`, r.MessageID)
	if name != "Aninha" {
		t.Errorf("shown as %q", name)
	}
	if n := o.count(`SELECT count(*) FROM identities WHERE value = 'ana@casa.example' AND verified_at IS NOT NULL`); n != 0 {
		t.Error("a mail verified an identity")
	}
	// Not by less than our own id, and not for good.
	o.apart(first.TicketID, letter{From: "Aninha <ana@casa.example>", Subject: o.protocol(first.TicketID)}.String())
	// A verified one is the customer, and says so by any mail of the thread.
	o.exec(`UPDATE identities SET verified_at = now() WHERE value = 'ana@casa.example'`)
	var known string
	o.scan(&known, `SELECT origin->>'message_id' FROM messages WHERE id = $1`, first.MessageID)
	r = o.joins(first.TicketID, letter{From: "Aninha <ana@casa.example>", InReplyTo: known}.String())
	if got := o.origin(r.MessageID); got.Another {
		t.Errorf("origin %+v", got)
	}
	var requester string
	o.scan(&requester, `SELECT c.name FROM tickets t JOIN customers c ON c.id = t.customer_id WHERE t.id = $1`, first.TicketID)
	if requester != "Ana Souza" {
		t.Errorf("the customer is %q now", requester)
	}
}

func TestAttack010WhoTheSenderIsNot(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.agent("agente@empresa.example")
	for _, tt := range []struct {
		name, from string
		headers    []string
		identity   string // "" means none
		shown      string
	}{
		{"an address for a name", `"agente@empresa.example" <mal@evil.example>`, nil, "mal@evil.example", "mal@evil.example"},
		{"Reply-To of an agent", "Rui <rui@cliente.example>", []string{"Reply-To: agente@empresa.example"}, "rui@cliente.example", "Rui"},
		{"two From", "Rui <rui2@cliente.example>", []string{"From: Agente <agente@empresa.example>"}, "", "Remetente não identificado"},
		{"several in one From", "Rui <rui3@cliente.example>, agente@empresa.example", nil, "", "Remetente não identificado"},
		{"a group", "undisclosed-recipients:;", nil, "", "Remetente não identificado"},
		{"letters that look alike", "Banco <suporte@\u0435xample.com>", nil, "", "Banco"},
	} {
		r := o.opened(letter{From: tt.from, Headers: tt.headers}.String())
		if n := o.count(`SELECT count(*) FROM tickets t WHERE t.id = $1 AND coalesce((SELECT value FROM identities i WHERE i.customer_id = t.customer_id), '') = $2`,
			r.TicketID, tt.identity); n != 1 {
			t.Errorf("%s: the ticket is not of %q", tt.name, tt.identity)
		}
		var shown string
		o.scan(&shown, `SELECT customer_name FROM tickets WHERE id = $1`, r.TicketID)
		if shown != tt.shown {
			t.Errorf("%s: shown as %q", tt.name, shown)
		}
		if sent := o.acknowledged(r.TicketID) == 1; sent != (tt.identity != "") {
			t.Errorf("%s: acknowledged: %v", tt.name, sent)
		}
	}
	if n := o.count(`SELECT count(*) FROM identities WHERE value = 'agente@empresa.example'`); n != 0 {
		t.Error("an agent's address became a customer's")
	}
}

func TestAttack011OneIDAndTwoMailsAreTwoMessages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "same@example.net", Body: "Primeiro assunto"}.String())
	o.apart(first.TicketID, letter{From: beto, ID: "same@example.net", Body: "Primeiro assunto"}.String())
	o.apart(first.TicketID, letter{From: ana, ID: "same@example.net", Body: "Outro assunto, outro texto"}.String())
	if n := o.count(`SELECT count(*) FROM messages`); n != 3 {
		t.Errorf("%d messages of three mails", n)
	}
	o.consistent()
}

func TestAttack012OneMailByTwoWaysIsOneMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	l := letter{From: ana, ID: "once@cliente.example", Subject: "Fatura", Body: "A fatura veio errada."}
	first := o.opened("Received: from a by b; Mon, 02 Mar 2026 10:00:01 -0300\r\nDelivered-To: sac@empresa.example\r\n" + l.String())
	again := "Received: from c by d; Mon, 02 Mar 2026 10:00:09 -0300\r\nDelivered-To: vendas@empresa.example\r\n" + l.String()
	if r := o.receive(again); r != first {
		t.Errorf("the same mail again became %+v", r)
	}
	// By way of another mailbox that changed the subject: the same id, sender and text.
	l.Subject = "[SAC] Fatura"
	r := o.receive(l.String())
	if r.Fate != intake.FateDuplicate || r.TicketID != first.TicketID || r.Reason != mailroom.ReasonSameMail {
		t.Errorf("the same text under the same id became %+v", r)
	}
	if n := o.count(`SELECT count(*) FROM messages`); n != 1 {
		t.Errorf("%d messages of one mail", n)
	}
	o.consistent()
}

func TestAttack013IDsThatAreNone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.opened(letter{From: ana, ID: "-"}.String())
	o.opened(letter{From: ana, ID: "-"}.String())
	two := o.opened(letter{From: ana, ID: "a@x.example", Headers: []string{"Message-ID: <b@x.example>"}}.String())
	o.joins(two.TicketID, letter{From: ana, InReplyTo: "b@x.example"}.String())
	o.opened(letter{From: ana, ID: `"a b\"<script>'; DROP TABLE x;--1"@example.net`}.String())
	o.opened(letter{From: ana, ID: strings.Repeat("x", 5000)}.String())
	o.opened(letter{From: ana}.String())
	o.consistent()
}

func TestAttack014ANewSubjectInAnOldThreadStaysInItsTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "s1@cliente.example", Subject: "Entrega atrasada"}.String())
	r := o.joins(first.TicketID, letter{From: ana, InReplyTo: "s1@cliente.example", Subject: "Quero cancelar a assinatura"}.String())
	// Staff see the new subject with the message; the ticket, and so what we send, keeps its own.
	if got := o.origin(r.MessageID); got.Subject != "Quero cancelar a assinatura" || !strings.Contains(strings.Join(got.Warnings, " "), mailroom.WarnOtherSubject) {
		t.Errorf("origin %+v", got)
	}
	if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND subject = 'Entrega atrasada'`, first.TicketID); n != 1 {
		t.Error("the ticket's subject changed")
	}
	plain := o.joins(first.TicketID, letter{From: ana, InReplyTo: "s1@cliente.example", Subject: "RES: Entrega atrasada"}.String())
	if got := o.origin(plain.MessageID); strings.Contains(strings.Join(got.Warnings, " "), mailroom.WarnOtherSubject) {
		t.Errorf("origin %+v", got)
	}
}

func TestAttack015ToWhomTheCustomerForwardsIsAnotherCustomer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "a1@cliente.example"}.String())
	answer, _ := o.sent(first.TicketID, "ana@cliente.example")
	bs := letter{From: beto, ID: "b1@outro.example", InReplyTo: "a2@cliente.example",
		References: "<a1@cliente.example> <" + answer + "> <a2@cliente.example>", Body: "Recebi isto da Ana."}
	r := o.apart(first.TicketID, bs.String())
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1`, first.TicketID); n != 1 {
		t.Errorf("Ana's ticket has %d messages", n)
	}
	if o.suggested(r.TicketID) != first.TicketID {
		t.Error("the agents are not told that the two belong together")
	}
	agent := tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	away := tickettest.Account(t, o.db, access.Agent, tickettest.Team(t, o.db, "Longe"))
	for _, pair := range [][2]int64{{r.TicketID, first.TicketID}, {first.TicketID, r.TicketID}} {
		if all, err := mailroom.Suggestions(t.Context(), o.db.Gorm, agent, pair[0]); err != nil || len(all) != 1 || all[0].TicketID != pair[1] || all[0].Protocol != o.protocol(pair[1]) {
			t.Errorf("suggested %+v, %v", all, err)
		}
		if all, err := mailroom.Suggestions(t.Context(), o.db.Gorm, away, pair[0]); err != nil || len(all) != 0 {
			t.Errorf("who does not see it is told %+v, %v", all, err)
		}
	}
	// Each goes on in their own.
	o.joins(r.TicketID, letter{From: beto, InReplyTo: "b1@outro.example", References: bs.References + " <b1@outro.example>"}.String())
	o.joins(first.TicketID, letter{From: ana, InReplyTo: answer}.String())
	o.joins(first.TicketID, letter{From: ana, InReplyTo: "b1@outro.example", References: "<a1@cliente.example> <" + answer + ">"}.String())
	if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND customer_id = (SELECT customer_id FROM tickets WHERE id = $2)`, r.TicketID, first.TicketID); n != 0 {
		t.Error("the two became one customer")
	}
}

func TestAttack016EndlessReferencesSelfReferencesAndCycles(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var chain strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&chain, "<r%d@example.org> ", i)
	}
	first := o.opened(letter{From: ana, ID: "r1999@example.org"}.String())
	start := time.Now()
	o.joins(first.TicketID, letter{From: ana, ID: "long@example.org", References: chain.String()}.String())
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("2,000 references took %v", took)
	}
	self := o.opened(letter{From: ana, ID: "self@example.org", InReplyTo: "self@example.org", References: "<self@example.org> <self@example.org>"}.String())
	one := o.opened(letter{From: beto, ID: "c1@example.org", InReplyTo: "c2@example.org"}.String())
	o.joins(one.TicketID, letter{From: beto, ID: "c2@example.org", InReplyTo: "c1@example.org"}.String())
	if self.TicketID == one.TicketID {
		t.Error("they have nothing in common")
	}
	o.consistent()
}

func TestAMailAndItsReplyAreOneTicketInEitherOrder(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	reply := letter{From: ana, ID: "p2@cliente.example", InReplyTo: "p1@cliente.example", Subject: "Re: Fatura"}
	first := o.opened(reply.String())
	o.joins(first.TicketID, letter{From: ana, ID: "p1@cliente.example", Subject: "Fatura"}.String())
	// Of somebody else it stays apart: what they refer to is only their word.
	o.apart(first.TicketID, letter{From: beto, ID: "q2@outro.example", InReplyTo: "q1@cliente.example"}.String())
	ownsQ := o.opened(letter{From: ana, ID: "q1@cliente.example"}.String())
	if ownsQ.TicketID == first.TicketID {
		t.Error("a stranger's reference joined two tickets")
	}
	o.consistent()
}

// Two hundred pairs of a mail and its reply, each arriving at the same time at
// two nodes in random order.
func TestPairsThatArriveTogetherAreOneTicketEach(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	nodes := []*intake.Intake{o.in, o.node()}
	const pairs = 200
	ids := make([][2]int64, pairs)
	var all sync.WaitGroup
	limit := make(chan struct{}, 16)
	for i := range pairs {
		from := fmt.Sprintf("Cliente <par%d@cliente.example>", i)
		mails := [2]string{
			letter{From: from, ID: fmt.Sprintf("um%d@cliente.example", i), Subject: "Fatura"}.String(),
			letter{From: from, ID: fmt.Sprintf("dois%d@cliente.example", i), Subject: "Re: Fatura", InReplyTo: fmt.Sprintf("um%d@cliente.example", i)}.String(),
		}
		for j := range mails {
			all.Go(func() {
				limit <- struct{}{}
				defer func() { <-limit }()
				ids[i][j] = o.accepted(nodes[(i+j)%2], []byte(mails[j]), email.Envelope{MailFrom: "x@cliente.example", Recipients: []string{ours}})
			})
		}
	}
	all.Wait()
	split := 0
	for _, pair := range ids {
		a, b := o.settled(pair[0]), o.settled(pair[1])
		if a.TicketID != b.TicketID || a.TicketID == 0 {
			split++
		}
	}
	if split != 0 {
		t.Errorf("%d of %d pairs were split", split, pairs)
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != pairs {
		t.Errorf("%d tickets of %d pairs", n, pairs)
	}
	o.consistent()
}
