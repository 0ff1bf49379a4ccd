package assign

import (
	"context"
	"fmt"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// keepOnCall renews the leases of those who are on the telephone about what they
// hold: nobody types while they listen. It is PostgreSQL's alone, since the calls
// are; a copy that ran out only sends rivals there to be refused.
func (s *Service) keepOnCall(ctx context.Context) error {
	_, err := s.db.Pool.Exec(ctx, `WITH r AS (
			SELECT t.id FROM tickets t
			WHERE t.holder_id IS NOT NULL AND t.lease_until < now() + $1::interval AND EXISTS (
				SELECT FROM calls_at_hand c JOIN ticket_contacts l ON l.contact_id = c.contact_id
				WHERE l.ticket_id = t.id AND c.agent_id = t.holder_id AND NOT c.over)
			ORDER BY t.id FOR NO KEY UPDATE OF t)
		UPDATE tickets t SET lease_until = now() + $2::interval FROM r WHERE t.id = r.id`,
		ticket.LeaseTime-tell, ticket.LeaseTime)
	if err != nil {
		return fmt.Errorf("keep the leases of those on the telephone: %w", err)
	}
	return nil
}
