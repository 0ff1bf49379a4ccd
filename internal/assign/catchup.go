package assign

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// catchUp brings the copies that are behind to what PostgreSQL has now, once
// Redis answers again: a copy of an older lease would turn away whom it must not
// until it runs out. Without any there is nothing to ask.
func (s *Service) catchUp(ctx context.Context) error {
	ids := s.copies.late()
	if len(ids) == 0 {
		return nil
	}
	rows, err := s.db.Pool.Query(ctx, `SELECT t.id, t.holder_id, a.name, t.fence, t.team_id, t.walled, t.barred, t.lease_until - now()
		FROM tickets t JOIN accounts a ON a.id = t.holder_id WHERE t.id = ANY($1) AND t.lease_until > now()`, ids)
	if err != nil {
		return fmt.Errorf("ask who holds %d tickets: %w", len(ids), err)
	}
	defer rows.Close()
	type lease struct {
		held
		left time.Duration
	}
	leases := map[int64]lease{}
	for rows.Next() {
		var id int64
		var l lease
		var barred string
		if err := rows.Scan(&id, &l.account, &l.name, &l.fence, &l.audience.Team, &l.audience.Walled, &barred, &l.left); err != nil {
			return fmt.Errorf("read who holds a ticket: %w", err)
		}
		l.audience.Barred = access.Barred(barred)
		leases[id] = l
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("ask who holds %d tickets: %w", len(ids), err)
	}
	for _, id := range ids {
		l, held := leases[id]
		if !held {
			s.copies.drop(ctx, id)
			continue
		}
		s.copies.keep(id, s.copies.ask(ctx, func(ctx context.Context) error {
			return s.copies.set(ctx, id, l.held, min(l.left, ticket.LeaseTime))
		}))
	}
	return nil
}

// late are the tickets whose copies are behind; none while Redis is left alone.
func (c *copies) late() []int64 {
	if time.Now().UnixNano() < c.alone.Load() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.behind))
}
