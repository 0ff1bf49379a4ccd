package mailroom_test

import (
	"testing"

	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// A customer writes, is answered, answers, is told that the matter is settled,
// is away, and comes back with more.
func TestAConversationByMail(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.mailbox(ours)
	status := func(id int64) (s ticket.Status) {
		o.scan(&s, `SELECT status FROM tickets WHERE id = $1`, id)
		return s
	}
	first := o.opened(letter{From: ana, ID: "ola@cliente.example", Subject: "Pedido 4411 não chegou"}.String())
	if o.acknowledged(first.TicketID) != 1 {
		t.Error("the first mail is not acknowledged")
	}
	answer, _ := o.sent(first.TicketID, "ana@cliente.example")
	o.put(first.TicketID, ticket.WaitingCustomer)

	o.joins(first.TicketID, letter{From: ana, ID: "mais@cliente.example", Subject: "Re: Pedido 4411 não chegou", InReplyTo: answer,
		References: "<ola@cliente.example> <" + answer + ">"}.String())
	if s := status(first.TicketID); s != ticket.Open {
		t.Errorf("after the customer's answer the ticket is %s", s)
	}
	settled, _ := o.sent(first.TicketID, "ana@cliente.example")
	o.put(first.TicketID, ticket.Resolved)

	away := o.receive(letter{From: ana, Subject: "Resposta automática: Pedido 4411", InReplyTo: settled, Headers: []string{"Auto-Submitted: auto-replied"}}.String(), nullSender)
	if away.Fate != intake.FateAutomatic || away.TicketID != first.TicketID {
		t.Errorf("the out-of-office became %+v", away)
	}
	if s := status(first.TicketID); s != ticket.Resolved {
		t.Errorf("after the out-of-office the ticket is %s", s)
	}
	// By a phone's mail program that names only the newest mail, in capitals.
	o.joins(first.TicketID, letter{From: "ANA@CLIENTE.EXAMPLE", InReplyTo: settled, Body: "Chegou quebrado."}.String())
	if s := status(first.TicketID); s != ticket.Open {
		t.Errorf("after the customer came back the ticket is %s", s)
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1 AND direction = 'in'`, first.TicketID); n != 4 {
		t.Errorf("%d messages came in", n)
	}
	if n := o.acknowledged(first.TicketID); n != 1 {
		t.Errorf("%d acknowledgements", n)
	}
	o.consistent()
}
