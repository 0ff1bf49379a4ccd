package intake

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrDenied is the one answer to a wrong proof, a wrong protocol and somebody
// nobody knows.
var ErrDenied = fault.New(fault.Forbidden, "access_denied")

const (
	accessLasts = time.Hour
	// Every answer takes this long, whatever was found: what an index knows and
	// what it does not differ by microseconds, and 500 samples would show it.
	answerTakes = 40 * time.Millisecond
	// How many identities of a customer a proof is compared with, always.
	compared = 8
)

// Claim is what somebody without a link says: which ticket is meant, by its
// protocol or by an identity, and a proof: the last four digits of a document or
// phone, or the e-mail address.
//
// Proofs are what was told when that very ticket was opened, and what the
// customer has since been verified to own; not whatever else the customer's
// record holds. Otherwise a stranger who opened a ticket with somebody's e-mail
// address and his own phone could later prove by that phone to be the somebody.
// And an identity that says which ticket is meant is no proof of itself.
type Claim struct {
	Protocol string
	Identity string // e-mail, phone, CPF or CNPJ; its newest ticket is meant
	Proof    string
}

// About names the ticket or the customer that is meant in the one spelling under
// which guesses about it are counted. It is empty when nothing can be meant: then
// no proof is right.
func (c Claim) About() string {
	protocol, by := c.meant()
	if protocol != "" {
		return protocol
	}
	return by.Value
}

// meant reads which ticket is meant: by one way of saying so, never by a mix of
// two, of which only one would be counted.
func (c Claim) meant() (protocol string, by channel.Identity) {
	if c.Protocol == "" {
		return "", parseIdentity(c.Identity)
	}
	if p, err := brazil.ParseProtocol(c.Protocol); err == nil {
		protocol = string(p)
	}
	return protocol, by
}

// Grant opens one ticket for a while.
type Grant struct {
	TicketID  int64
	Protocol  string
	Token     string
	ExpiresAt time.Time
}

// Prove checks a claim. A right answer and every wrong one cost the same work
// and the same time.
func (in *Intake) Prove(ctx context.Context, c Claim) (Grant, error) {
	ready := time.NewTimer(answerTakes)
	defer ready.Stop()
	grant, ok, err := in.prove(ctx, c)
	select {
	case <-ready.C:
	case <-ctx.Done():
		return Grant{}, ErrUnconfirmed.Because(ctx.Err())
	}
	switch {
	case err != nil:
		return Grant{}, err
	case !ok:
		return Grant{}, ErrDenied
	}
	return grant, nil
}

func (in *Intake) prove(ctx context.Context, c Claim) (Grant, bool, error) {
	protocol, by := c.meant()
	var g Grant
	var kinds, values []string
	err := in.db.Pool.QueryRow(ctx, `
		WITH t AS (
		  SELECT t.id, t.protocol, t.customer_id FROM protocols p JOIN tickets t ON t.id = p.ticket_id WHERE p.protocol = $1
		  UNION ALL
		  (SELECT t.id, t.protocol, t.customer_id FROM identities i JOIN tickets t ON t.customer_id = i.customer_id
		   WHERE i.kind = $2 AND i.value = $3 AND NOT t.walled AND EXISTS (
		     SELECT FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
		     WHERE l.ticket_id = t.id AND c.data->'from'->>$2 = $3)
		   ORDER BY t.id DESC LIMIT 1)),
		k AS (
		  SELECT f.key AS kind, f.value FROM t JOIN ticket_contacts l ON l.ticket_id = t.id
		  JOIN contacts c ON c.id = l.contact_id, jsonb_each_text(coalesce(c.data->'from', '{}')) f
		  UNION
		  SELECT i.kind, i.value FROM t JOIN identities i ON i.customer_id = t.customer_id WHERE i.verified_at IS NOT NULL),
		o AS (SELECT kind, value FROM k WHERE (kind, value) <> ($2, $3) ORDER BY kind, value LIMIT $4)
		SELECT coalesce((SELECT id FROM t LIMIT 1), 0), coalesce((SELECT protocol FROM t LIMIT 1), ''),
		       coalesce((SELECT array_agg(kind ORDER BY kind, value) FROM o), '{}'),
		       coalesce((SELECT array_agg(value ORDER BY kind, value) FROM o), '{}')`,
		protocol, string(by.Kind), by.Value, compared).Scan(&g.TicketID, &g.Protocol, &kinds, &values)
	if err != nil {
		return Grant{}, false, fmt.Errorf("look up what access is asked for: %w", err)
	}
	proof := strings.TrimSpace(c.Proof)
	email, _ := channel.ParseEmail(proof)
	right := 0
	for i := range compared {
		var id channel.Identity
		if i < len(kinds) {
			id = channel.Identity{Kind: channel.IdentityKind(kinds[i]), Value: values[i]}
		}
		right |= proves(id, proof, email)
	}
	g.ExpiresAt = in.now().Add(accessLasts).Truncate(time.Second)
	g.Token = in.tokens.Until(g.TicketID, g.Protocol, g.ExpiresAt)
	return g, right == 1 && g.TicketID != 0, nil
}

// proves compares without telling by its time how much of it was right.
func proves(id channel.Identity, digits, email string) int {
	if id.Kind == channel.IdentityEmail {
		return subtle.ConstantTimeCompare([]byte(id.Value), []byte(email))
	}
	tail := id.Value
	if len(tail) > 4 {
		tail = tail[len(tail)-4:]
	}
	if len(digits) != 4 {
		digits = ""
	}
	return subtle.ConstantTimeCompare([]byte(tail), []byte(digits)) & subtle.ConstantTimeEq(int32(len(digits)), 4)
}

// parseIdentity reads a field into which people type any identity.
func parseIdentity(s string) channel.Identity {
	if email, ok := channel.ParseEmail(s); ok {
		return channel.Identity{Kind: channel.IdentityEmail, Value: email}
	}
	if kind, value, err := brazil.ParseDocument(s); err == nil {
		return channel.Identity{Kind: channel.IdentityKind(kind), Value: value}
	}
	if phone, err := brazil.ParsePhone(s); err == nil {
		return channel.Identity{Kind: channel.IdentityPhone, Value: string(phone)}
	}
	return channel.Identity{}
}
