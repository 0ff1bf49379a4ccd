package mailroom_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailroom"
)

// taker notes what reaches the areas' part.
type taker struct{ got []area.Mail }

func (k *taker) AnswerByMail(_ context.Context, _ *gorm.DB, m area.Mail) error {
	k.got = append(k.got, m)
	return nil
}

// A mail that answers one of ours to an area joins its request when whoever was
// asked sends it, and never becomes a message or a ticket, whoever sends it.
func TestAttackAMailToARequestNeverReachesTheCustomer(t *testing.T) {
	t.Parallel()
	k := &taker{}
	o := newOffice(t, func(m *mailroom.Options) { m.Areas = k })
	o.mailbox(ours)
	first := o.opened(letter{From: ana, Subject: "Pedido 4411 não chegou"}.String())
	id := o.signer.MessageID(0, 0, "empresa.example")
	o.exec(`INSERT INTO areas (name, emails) VALUES ('Entregas', '{entregas@empresa-b.example}')`)
	o.exec(`INSERT INTO accounts (email, name, role, password_hash) VALUES ('agente@empresa.example', 'Agente', 'agent', '')`)
	o.exec(`INSERT INTO area_requests (id, ticket_id, area_id, body, due, asked_by) SELECT 'pedido', $1, a.id, 'Onde está?', now(), (SELECT min(id) FROM accounts) FROM areas a`, first.TicketID)
	o.exec(`INSERT INTO outbox (way, purpose, key, ticket_id, recipient, mail_id, envelope, state) VALUES
		('email', 'area', 'pedido:0:asked:0', $1, 'entregas@empresa-b.example', $2, '{}', 'sent')`, first.TicketID, id)
	before := o.count(`SELECT count(*) FROM messages`)

	got := o.receive(letter{From: "Bruno <entregas@empresa-b.example>", Subject: "Re: Pedido", InReplyTo: id, Body: "Sai hoje."}.String())
	if got.Fate != intake.FateAutomatic || len(k.got) != 1 || k.got[0].Request != "pedido" || k.got[0].Text != "Sai hoje." {
		t.Errorf("the area's answer: %+v, %+v", got, k.got)
	}
	o.receive(letter{From: "entregas@empresa-b.example", Subject: "Re: Pedido", InReplyTo: id, Headers: []string{"MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x"},
		Body: "--x\r\nContent-Type: text/plain\r\n\r\nSegue o canhoto.\r\n--x\r\nContent-Type: application/pdf\r\n" +
			"Content-Disposition: attachment; filename=canhoto.pdf\r\n\r\n%PDF-1.4\r\n--x--\r\n"}.String())
	if len(k.got) != 2 || k.got[1].Text != "Segue o canhoto." || len(k.got[1].Files) != 1 || k.got[1].Files[0].Name != "canhoto.pdf" || k.got[1].Files[0].Mime != "application/pdf" {
		t.Errorf("the area's file: %+v", k.got)
	}
	stranger := o.receive(letter{From: "eva@outra.example", Subject: "Re: Pedido", InReplyTo: id, Body: "Eu sei!"}.String())
	if stranger.Fate != intake.FateQuarantined || len(k.got) != 2 {
		t.Errorf("a stranger's: %+v, %+v", stranger, k.got)
	}
	customer := o.receive(letter{From: ana, Subject: "Re: Pedido", InReplyTo: id, Body: "Vi o e-mail de vocês."}.String())
	if customer.Fate != intake.FateQuarantined || len(k.got) != 2 {
		t.Errorf("the customer's: %+v, %+v", customer, k.got)
	}
	if n := o.count(`SELECT count(*) FROM messages`); n != before {
		t.Errorf("%d messages more", n-before)
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 {
		t.Errorf("%d tickets", n)
	}
	if n := o.count(`SELECT count(*) FROM intake_ledger WHERE reason = $1`, mailroom.ReasonAreaStranger); n != 2 {
		t.Errorf("%d wait for a person", n)
	}
	o.consistent()
}
