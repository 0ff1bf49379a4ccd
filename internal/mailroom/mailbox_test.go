package mailroom_test

import (
	"testing"

	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func TestTheMailboxGivesBrandAndTeam(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.mailbox(ours)
	var team, brand int64
	o.scan(&team, `INSERT INTO teams (name) VALUES ('Vendas') RETURNING id`)
	o.scan(&brand, `INSERT INTO brands (name) VALUES ('Outra marca') RETURNING id`)
	sales := o.mailbox("vendas@marca.example", "comercial@marca.example")
	o.exec(`UPDATE mailboxes SET team_id = $2, brand_id = $3, acknowledges = false WHERE id = $1`, sales, team, brand)
	quiet := o.mailbox("antigo@marca.example")
	o.exec(`UPDATE mailboxes SET active = false, team_id = $2 WHERE id = $1`, quiet, team)

	for _, tt := range []struct {
		what  string
		to    string
		edit  func(*email.Envelope)
		sales bool
	}{
		{"the carrier's recipient", ours, func(e *email.Envelope) { e.Recipients = []string{"vendas@marca.example"} }, true},
		{"an alias", ours, func(e *email.Envelope) { e.Recipients = []string{"Comercial@marca.example"} }, true},
		{"a plus-address", ours, func(e *email.Envelope) { e.Recipients = []string{"vendas+natal@marca.example"} }, true},
		{"the header, when the carrier knows nothing", "vendas@marca.example", func(e *email.Envelope) { e.Recipients = nil }, true},
		{"the mailbox it was fetched from", ours, func(e *email.Envelope) { *e = email.Envelope{MailboxID: sales, Folder: "INBOX", UID: 7} }, true},
		{"one that is out of use", ours, func(e *email.Envelope) { e.Recipients = []string{"antigo@marca.example"} }, false},
		{"the default one", "quem@sabe.example", func(e *email.Envelope) { e.Recipients = []string{"outra@coisa.example"} }, false},
	} {
		r := o.receive(letter{To: tt.to}.String(), tt.edit)
		if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND team_id = $2 AND brand_id = $3`, r.TicketID, team, brand); (n == 1) != tt.sales {
			t.Errorf("%s: to sales: %v, want %v", tt.what, n == 1, tt.sales)
		}
		if n := o.acknowledged(r.TicketID); (n == 0) != tt.sales {
			t.Errorf("%s: %d acknowledgements", tt.what, n)
		}
	}
}

func TestBehindTheWallOnlyOurOwnIDLetsAMailIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "w1@cliente.example"}.String())
	id, _ := o.sent(first.TicketID, "ana@cliente.example")
	o.exec(`UPDATE tickets SET walled = true WHERE id = $1`, first.TicketID)
	o.exec(`INSERT INTO identities (customer_id, kind, value) SELECT customer_id, 'email', 'ana@casa.example' FROM tickets WHERE id = $1`, first.TicketID)

	for _, l := range []letter{
		{From: ana, InReplyTo: "w1@cliente.example"},
		{From: ana, Subject: o.protocol(first.TicketID)},
		{From: beto, InReplyTo: id},
		{From: "ana@casa.example", InReplyTo: id},
	} {
		r := o.apart(first.TicketID, l.String())
		if o.suggested(r.TicketID) != 0 || o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND (walled OR linked_from IS NOT NULL)`, r.TicketID) != 0 {
			t.Errorf("%+v tells of what stands behind the wall", l)
		}
	}
	o.joins(first.TicketID, letter{From: ana, InReplyTo: id}.String())
}

func TestATicketThatIsOverIsContinuedInALinkedOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opened(letter{From: ana, ID: "f1@cliente.example"}.String())
	id, _ := o.sent(first.TicketID, "ana@cliente.example")
	o.put(first.TicketID, ticket.Resolved)
	// Within the grace it is opened again.
	o.joins(first.TicketID, letter{From: ana, InReplyTo: id}.String())
	if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND status = 'open'`, first.TicketID); n != 1 {
		t.Error("the ticket is not open again")
	}
	o.put(first.TicketID, ticket.Resolved)
	o.put(first.TicketID, ticket.Closed)
	r := o.receive(letter{From: ana, ID: "f2@cliente.example", InReplyTo: id}.String())
	if n := o.count(`SELECT count(*) FROM tickets WHERE id = $1 AND linked_from = $2 AND customer_id = (SELECT customer_id FROM tickets WHERE id = $2)`,
		r.TicketID, first.TicketID); n != 1 {
		t.Fatalf("after the end a mail became %+v", r)
	}
	if r.Fate != intake.FateTicket || o.acknowledged(r.TicketID) != 1 {
		t.Errorf("it became %+v, acknowledged %d times", r, o.acknowledged(r.TicketID))
	}
	// The next one goes on there, also when it answers the old mail again.
	o.joins(r.TicketID, letter{From: ana, InReplyTo: id}.String())
	o.joins(r.TicketID, letter{From: ana, InReplyTo: "f2@cliente.example"}.String())
	o.consistent()
}
