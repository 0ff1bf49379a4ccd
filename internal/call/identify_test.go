package call_test

import (
	"testing"

	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// customer adds one with an identity, and a ticket in the given team by which
// agents of that team know them.
func (o *office) customer(name, kind, value string, verified bool, team int64) (id int64) {
	o.Helper()
	o.scan(&id, `WITH c AS (INSERT INTO customers (name) VALUES ($1) RETURNING id)
		INSERT INTO identities (customer_id, kind, value, verified_at) SELECT id, $2, $3, CASE WHEN $4 THEN now() END FROM c RETURNING customer_id`,
		name, kind, value, verified)
	tickettest.Open(o, o.db, ticket.Ticket{CustomerID: &id, CustomerName: name, TeamID: team})
	return id
}

// A number that somebody shows proves nothing: only a verified one names the
// customer; an unverified one is a suggestion.
func TestWhoCallsIsKnownByAVerifiedNumberOnly(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	rita := o.customer("Rita Nogueira", "phone", "+5511988887777", true, tickettest.DefaultTeam)
	caio := o.customer("Caio Prado", "phone", "+5511977776666", false, tickettest.DefaultTeam)
	if c := o.opens("11 98888-7777"); c.Ticket.CustomerID == nil || *c.Ticket.CustomerID != rita || c.Ticket.CustomerName != "Rita Nogueira" {
		t.Errorf("a verified number: %+v", c.Ticket)
	}
	c := o.opens("11 97777-6666")
	if c.Ticket.CustomerID != nil {
		t.Errorf("an unverified number makes it the ticket of %d", *c.Ticket.CustomerID)
	}
	who, err := o.node.Suggestions(t.Context(), o.ana, c.Call)
	if err != nil || len(who) != 1 || who[0].CustomerID != caio || who[0].Verified || who[0].Why != "phone" {
		t.Errorf("%+v %v", who, err)
	}
	// The agent recognises them; that verifies nothing, and can be taken back.
	got := o.changes(c.Call.ContactID, call.Change{Customer: &call.Claim{CustomerID: &caio}})
	if got.Ticket.CustomerID == nil || *got.Ticket.CustomerID != caio || got.Ticket.CustomerName != "Caio Prado" {
		t.Errorf("%+v", got.Ticket)
	}
	if n := o.count("SELECT count(*) FROM identities WHERE customer_id = $1 AND verified_at IS NOT NULL", caio); n != 0 {
		t.Error("recognising somebody has verified their number")
	}
	if got = o.changes(c.Call.ContactID, call.Change{Customer: &call.Claim{CustomerID: ptr(int64(0))}}); got.Ticket.CustomerID != nil {
		t.Errorf("taken back: %+v", got.Ticket)
	}
}

// Whom the asker cannot see is no suggestion, whatever they know of them.
func TestWhoIsHiddenIsNoSuggestion(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	far := o.customer("Zuleica Longe", "cpf", "52998224725", true, o.away.Teams[0])
	secret := o.customer("Zuleica Muro", "email", "zuleica@exemplo.example", true, tickettest.DefaultTeam)
	o.exec("UPDATE tickets SET walled = true WHERE customer_id = $1", secret)
	for _, said := range []string{"529.982.247-25", "zuleica@exemplo.example", "Zuleica", "zul%", "ab"} {
		if who, err := o.node.Candidates(t.Context(), o.ana, said); err != nil || len(who) != 0 {
			t.Errorf("%q: %+v %v", said, who, err)
		}
	}
	if who, err := o.node.Candidates(t.Context(), o.away, "529.982.247-25"); err != nil || len(who) != 1 || who[0].CustomerID != far {
		t.Errorf("their own team: %+v %v", who, err)
	}
	c := o.opens("").Call.ContactID
	if _, err := o.node.Change(t.Context(), o.ana, c, call.Change{Customer: &call.Claim{CustomerID: &far}}); fields(err) != "customer.customer_id:unknown_choice" {
		t.Errorf("chosen by a guessed id: %v", err)
	}
}

// What a caller claims makes a new customer; a claim to what is somebody's
// already makes nobody that somebody.
func TestAClaimNeverBecomesAnothersIdentity(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.customer("Rita Nogueira", "cpf", "52998224725", true, tickettest.DefaultTeam)
	c := o.opens("11 96666-5555")
	got := o.changes(c.Call.ContactID, call.Change{Customer: &call.Claim{Name: " Ana   Lima ", Email: "ANA@Exemplo.example"}})
	if got.Ticket.CustomerID == nil || got.Ticket.CustomerName != "Ana Lima" {
		t.Fatalf("%+v", got.Ticket)
	}
	if n := o.count("SELECT count(*) FROM identities WHERE customer_id = $1 AND verified_at IS NULL AND (kind, value) IN (('phone', '+5511966665555'), ('email', 'ana@exemplo.example'))",
		*got.Ticket.CustomerID); n != 2 {
		t.Errorf("%d of two identities were kept, unverified", n)
	}
	liar := o.opens("11 95555-4444")
	got = o.changes(liar.Call.ContactID, call.Change{Customer: &call.Claim{Name: "Rita Nogueira", Document: "529.982.247-25"}})
	if got.Ticket.CustomerID != nil || got.Ticket.CustomerName != "Rita Nogueira" {
		t.Errorf("who says to be somebody is them: %+v", got.Ticket)
	}
	if n := o.count("SELECT count(*) FROM contacts WHERE id = $1 AND data->'from'->>'cpf' = '52998224725'", liar.Call.ContactID); n != 1 {
		t.Error("what was claimed is lost")
	}
}
