package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/sms"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var home = []string{"Rita Prado", "Rua das Palmeiras, 120", "01310-100 São Paulo – SP"}

// ordered are the rows of the outbox that a ticket has.
func (o office) ordered(t *testing.T, id int64) (all []outbox.Listed) {
	t.Helper()
	all, _, err := outbox.List(t.Context(), o.db.Gorm, access.Scope{AllTeams: true, Walled: true}, "", "", 100)
	if err != nil {
		t.Fatal(err)
	}
	mine := all[:0]
	for _, l := range all {
		if l.TicketID != nil && *l.TicketID == id {
			mine = append(mine, l)
		}
	}
	return mine
}

func (o office) customer(t *testing.T) *int64 {
	t.Helper()
	id := o.count(t, "INSERT INTO customers (name) VALUES ('Rita Prado') RETURNING id")
	return &id
}

func TestALetterAnswersAsAReplyDoes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{CustomerID: o.customer(t)})
	m, done, err := o.s.Write(t.Context(), o.ana, tk.ID, desk.Written{Body: "Segue a segunda via.", Address: home, SeenVersion: &tk.Version})
	if err != nil {
		t.Fatal(err)
	}
	if m.Delivery != ticket.Queued || done.Status != ticket.WaitingCustomer || done.HolderID == nil || *done.HolderID != o.ana.AccountID {
		t.Errorf("the message is %s, the ticket %+v", m.Delivery, done)
	}
	if states := o.states(t, tk.ID); states[sla.FirstResponse] != sla.Met {
		t.Errorf("the clocks stand at %v", states)
	}
	rows := o.ordered(t, tk.ID)
	if len(rows) != 1 || rows[0].Way != reach.Letter || rows[0].State != outbox.Queued || rows[0].Recipient != strings.Join(home, ", ") {
		t.Fatalf("ordered %+v", rows)
	}
	l, err := outbox.LetterOf(rows[0].Out)
	if err != nil || l.Text != "Segue a segunda via." || !strings.Contains(l.Subject, tk.Protocol) {
		t.Errorf("the letter is %+v, %v", l, err)
	}
}

// What makes a reply impossible makes a letter impossible, and a refusal leaves nothing behind.
func TestALetterIsRefusedAsAReplyIs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	until := time.Now().Add(time.Hour)
	closed := time.Now().Add(-time.Hour)
	unwilling := o.customer(t)
	if err := reach.Want(t.Context(), o.db.Gorm, *unwilling, reach.Wish{Way: reach.Letter, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	office := tickettest.Account(t, o.db, access.Ombudsman)
	for name, c := range map[string]struct {
		of   ticket.Ticket
		who  access.Actor
		w    desk.Written
		want error
	}{
		"hidden":            {ticket.Ticket{}, o.away, desk.Written{Body: "Oi", Address: home}, ticket.ErrNotFound},
		"blank":             {ticket.Ticket{}, o.ana, desk.Written{Body: " \n", Address: home}, ticket.ErrInvalid},
		"no address":        {ticket.Ticket{}, o.ana, desk.Written{Body: "Oi", Address: []string{"Rita", " ", "\r\n"}}, ticket.ErrInvalid},
		"closed":            {ticket.Ticket{Status: ticket.Closed, ResolvedAt: &closed, ClosedAt: &closed}, o.ana, desk.Written{Body: "Oi", Address: home}, ticket.ErrClosed},
		"held by another":   {ticket.Ticket{HolderID: &o.bruno.AccountID, LeaseUntil: &until}, o.ana, desk.Written{Body: "Oi", Address: home}, ticket.ErrClaimed},
		"an old fence":      {ticket.Ticket{Fence: 3}, o.ana, desk.Written{Body: "Oi", Address: home, Fence: ptr(int64(2))}, ticket.ErrLeaseLost},
		"unseen":            {ticket.Ticket{}, o.ana, desk.Written{Body: "Oi", Address: home, SeenVersion: ptr(0)}, desk.ErrStale},
		"unwanted":          {ticket.Ticket{CustomerID: unwilling}, o.ana, desk.Written{Body: "Oi", Address: home}, nil},
		"concluding a case": {ticket.Ticket{Walled: true}, office, desk.Written{Body: "Oi", Address: home, Resolve: true}, desk.ErrCase},
	} {
		tk := o.open(t, c.of)
		_, _, err := o.s.Write(t.Context(), c.who, tk.ID, c.w)
		if err == nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if n := o.count(t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'out'", tk.ID); n != 0 || len(o.ordered(t, tk.ID)) != 0 {
			t.Errorf("%s: %d messages and %d letters are left behind", name, n, len(o.ordered(t, tk.ID)))
		}
	}
}

func TestATextMessageGoesToThePhoneOfTheCall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Channel: "phone"})
	if _, _, err := o.s.Text(t.Context(), o.ana, tk.ID, desk.Texted{Body: "Oi"}); !errors.Is(err, sms.ErrOff) {
		t.Errorf("without a gateway: %v", err)
	}
	o.post.Texts = true
	if _, _, err := o.s.Text(t.Context(), o.ana, tk.ID, desk.Texted{Body: "Oi"}); !errors.Is(err, desk.ErrNoPhone) {
		t.Errorf("to nowhere: %v", err)
	}
	for _, to := range []string{"(11) 3265-4321", "190", "rita@cliente.example", "+5511987654321\r\nBcc: x"} {
		if _, _, err := o.s.Text(t.Context(), o.ana, tk.ID, desk.Texted{Body: "Oi", To: to}); !errors.Is(err, ticket.ErrInvalid) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if _, _, err := o.s.Text(t.Context(), o.ana, tk.ID, desk.Texted{Body: strings.Repeat("é", sms.MaxLength+1), To: "(11) 98765-4321"}); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("too long: %v", err)
	}
	o.contact(t, tk.ID, "+5511987654321", "")
	m, _, err := o.s.Text(t.Context(), o.ana, tk.ID, desk.Texted{Body: "Seu pedido saiu."})
	if err != nil {
		t.Fatal(err)
	}
	rows := o.ordered(t, tk.ID)
	if len(rows) != 1 || rows[0].Recipient != "+5511987654321" || rows[0].Way != reach.SMS || *rows[0].MessageID != m.ID {
		t.Errorf("ordered %+v", rows)
	}
}

// contact is how a ticket's customer came.
func (o office) contact(t *testing.T, id int64, phone, address string) {
	t.Helper()
	o.count(t, `WITH c AS (INSERT INTO contacts (channel, direction, data)
			VALUES ('phone', 'in', jsonb_build_object('from', jsonb_strip_nulls(jsonb_build_object('phone', nullif(?::text, ''), 'email', nullif(?::text, ''))))) RETURNING id)
		INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c RETURNING contact_id`, phone, address, id)
}

// A cancellation that was carried out is told by the channel of the contact, once,
// with its moments and with nobody's words.
func TestACancellationThatWasCarriedOutIsConfirmedByTheContactsChannel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, channel, phone, address string
		texts, mails                  bool
		way                           reach.Way
		to                            string
	}{
		{"called, and a gateway", "phone", "+5511987654321", "rita@cliente.example", true, true, reach.SMS, "+5511987654321"},
		{"called, and no gateway", "phone", "+5511987654321", "rita@cliente.example", false, true, reach.Email, "rita@cliente.example"},
		{"called from a fixed line", "phone", "+551132654321", "rita@cliente.example", true, true, reach.Email, "rita@cliente.example"},
		{"wrote", "email", "+5511987654321", "rita@cliente.example", true, true, reach.Email, "rita@cliente.example"},
		{"wrote, and no mail goes", "email", "", "rita@cliente.example", true, false, "", ""},
		{"nobody knows", "webform", "", "", true, true, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.post.Texts = c.texts
			if c.mails {
				o.post.IDs, o.post.Fallback = email.NewSigner([]byte("a secret of this test that is long enough")), "atendimento@aroeira.example"
			}
			o.post.Moment = func(_ string, at time.Time) string { return at.Format(time.DateTime) }
			customer := o.customer(t)
			tk := o.open(t, ticket.Ticket{Channel: c.channel, Kind: "cancelamento", CustomerID: customer, CustomerName: "CLIQUE http://mal.example", Subject: "GANHE http://mal.example"})
			o.contact(t, tk.ID, c.phone, c.address)
			if c.address != "" {
				o.count(t, "INSERT INTO identities (customer_id, kind, value) VALUES (?, 'email', ?) RETURNING id", *customer, c.address)
			}
			asked := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
			if err := o.db.InTx(t.Context(), func(tx *gorm.DB) error { return ticket.OweDuties(t.Context(), tx, tk, asked) }); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second changes nothing
				if _, err := o.s.ConfirmDuty(t.Context(), o.ana, tk.ID, ticket.Cancellation, "OS 4411"); err != nil {
					t.Fatal(err)
				}
			}
			rows := o.ordered(t, tk.ID)
			if c.way == "" {
				if len(rows) != 0 {
					t.Errorf("ordered %+v", rows)
				}
				return
			}
			if len(rows) != 1 || rows[0].Way != c.way || rows[0].Recipient != c.to || rows[0].Purpose != reach.Confirmation {
				t.Fatalf("ordered %+v", rows)
			}
			text := string(rows[0].Envelope)
			if !strings.Contains(text, asked.Format(time.DateTime)) || !strings.Contains(text, tk.Protocol) {
				t.Errorf("it says %s", text)
			}
			for _, theirs := range []string{"mal.example", "OS 4411"} {
				if strings.Contains(text, theirs) {
					t.Errorf("it carries %q: %s", theirs, text)
				}
			}
		})
	}
}

// The gate has its say about confirmations, under a purpose of their own.
func TestAConfirmationPassesTheGate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.post.Texts = true
	customer := o.customer(t)
	tk := o.open(t, ticket.Ticket{Channel: "phone", Kind: "cancelamento", CustomerID: customer})
	o.contact(t, tk.ID, "+5511987654321", "")
	o.count(t, "INSERT INTO contact_preferences (customer_id, way, purpose, allowed) VALUES (?, 'sms', 'confirmation', false) RETURNING customer_id", *customer)
	if err := o.db.InTx(t.Context(), func(tx *gorm.DB) error { return ticket.OweDuties(t.Context(), tx, tk, time.Now()) }); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.ConfirmDuty(t.Context(), o.ana, tk.ID, ticket.Cancellation, ""); err != nil {
		t.Fatal(err)
	}
	rows := o.ordered(t, tk.ID)
	if len(rows) != 1 || rows[0].State != outbox.Suppressed || rows[0].Reason != reach.Preference {
		t.Errorf("ordered %+v", rows)
	}
}

// What was said on the phone concludes no case either.
func TestSayingItOnThePhoneDoesNotConcludeACase(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Walled: true})
	contact := o.count(t, "INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id")
	_, _, err := o.s.Speak(t.Context(), tickettest.Account(t, o.db, access.Ombudsman), tk.ID, desk.Spoken{Said: "Oi", ContactID: contact, Resolve: true})
	if !errors.Is(err, desk.ErrCase) {
		t.Errorf("spoken: %v", err)
	}
}
