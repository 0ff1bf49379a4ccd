package mailroom

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// standing is how the sender of a mail stands to a ticket.
type standing struct {
	TicketID int64
	Subject  string
	Walled   bool
	Over     bool // closed, or resolved for longer than it can be reopened
	OnTicket bool // opened it, or wrote in it, with this address
	Verified bool // the customer is verified to own the address
	Known    bool // the address is one of the customer's, verified or not
}

// admits applies the table at evidence. got says that the mail of ours that is
// referred to went to the sender.
func (s standing) admits(by evidence, got, forged bool) (may, another bool) {
	if s.Walled && by != bySignedID || forged && by != bySignedID {
		return false, false
	}
	switch by {
	case bySignedID:
		ours := s.OnTicket || s.Verified || got
		return ours || s.Known && !s.Walled, forged || !ours
	case byKnownMail:
		return s.OnTicket || s.Verified, false
	case byProtocol:
		return s.OnTicket, false
	}
	return false, false
}

// standings asks about every ticket that a mail might belong to, at once.
func (t thread) standings(ctx context.Context, tx *gorm.DB, found map[hashOf][]known, byNumber int64) (map[int64]standing, error) {
	var tickets []int64
	for _, s := range t.signed {
		tickets = append(tickets, s.ticketID)
	}
	for _, all := range found {
		for _, k := range all {
			tickets = append(tickets, k.TicketID)
		}
	}
	if byNumber != 0 {
		tickets = append(tickets, byNumber)
	}
	by := map[int64]standing{}
	if len(tickets) == 0 {
		return by, nil
	}
	slices.Sort(tickets)
	conn, err := postgres.PgxTx(tx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, standingsQuery, slices.Compact(tickets), t.sender, ticket.Grace)
	if err != nil {
		return nil, fmt.Errorf("ask how the sender of a mail stands to %d tickets: %w", len(tickets), err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[standing])
	if err != nil {
		return nil, fmt.Errorf("ask how the sender of a mail stands to %d tickets: %w", len(tickets), err)
	}
	for _, s := range all {
		by[s.TicketID] = s
	}
	return by, nil
}

// An address that nobody gave is on no ticket, whatever stands there as empty.
const standingsQuery = `
SELECT t.id, t.subject, t.walled,
       t.status = 'closed' OR t.status = 'resolved' AND t.resolved_at + $3 <= now(),
       $2 <> '' AND (
         EXISTS (SELECT FROM mail_senders s WHERE s.ticket_id = t.id AND s.address = $2)
         OR EXISTS (SELECT FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
                    WHERE l.ticket_id = t.id AND c.data->'from'->>'email' = $2)),
       EXISTS (SELECT FROM identities i WHERE i.kind = 'email' AND i.value = $2 AND i.customer_id = t.customer_id AND i.verified_at IS NOT NULL),
       EXISTS (SELECT FROM identities i WHERE i.kind = 'email' AND i.value = $2 AND i.customer_id = t.customer_id)
FROM tickets t WHERE t.id = ANY($1::bigint[])`
