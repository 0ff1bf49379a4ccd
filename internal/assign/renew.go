package assign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

const (
	// tell is how often a node brings its renewals to PostgreSQL, in one statement.
	tell = 15 * time.Second
	// sweep is how often a node looks for leases that ran out.
	sweep = 5 * time.Second
	// soon is when a renewal no longer waits to be told: PostgreSQL's lease may be
	// up to tell older than the copy, and must not run out while it waits.
	soon = 2*tell + sweep
	// maxRenewed bounds the renewals that wait; one more is told at once.
	maxRenewed = 10_000
	// sweepAtOnce bounds how many leases one look ends.
	sweepAtOnce = 100
)

type renewal struct{ account, fence int64 }

// Renew lengthens the actor's lease of this fence; typing and a call in
// progress do that. ErrLeaseLost says that it is another's by now, or ran out
// and was cleared: claim again.
func (s *Service) Renew(ctx context.Context, actor access.Actor, id, fence int64) (Lease, error) {
	// A copy that says otherwise decides nothing: it may be of an older lease.
	left := s.copies.renew(ctx, actor, id, fence)
	renewed := Lease{Fence: fence, ExpiresAt: s.now().Add(ticket.LeaseTime)}
	if left > soon && s.remember(id, renewal{actor.AccountID, fence}) {
		return renewed, nil
	}
	kept, err := s.lengthen(ctx, map[int64]renewal{id: {actor.AccountID, fence}})
	if err != nil {
		return Lease{}, err
	}
	if len(kept) == 0 {
		if left > 0 {
			s.copies.drop(ctx, id)
		}
		return Lease{}, ticket.ErrLeaseLost
	}
	s.copies.put(ctx, actor, kept[0])
	return renewed, nil
}

// remember keeps a renewal for Run to tell; false when there is no room.
func (s *Service) remember(id int64, r renewal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.renewed[id]; !known && len(s.renewed) >= maxRenewed {
		return false
	}
	s.renewed[id] = r
	return true
}

// lengthen writes renewals to PostgreSQL and returns the tickets that were still
// of their fence. Rows are locked in order of id, as everybody does. No event:
// when a lease ends is nothing that a list shows.
func (s *Service) lengthen(ctx context.Context, renewals map[int64]renewal) ([]ticket.Ticket, error) {
	var ids, accounts, fences []int64
	for id, r := range renewals {
		ids, accounts, fences = append(ids, id), append(accounts, r.account), append(fences, r.fence)
	}
	rows, err := s.db.Pool.Query(ctx, `WITH r AS (
			SELECT t.id FROM tickets t JOIN unnest($1::bigint[], $2::bigint[], $3::bigint[]) u(id, holder, fence)
			ON t.id = u.id AND t.holder_id = u.holder AND t.fence = u.fence ORDER BY t.id FOR NO KEY UPDATE OF t)
		UPDATE tickets t SET lease_until = now() + $4::interval FROM r WHERE t.id = r.id
		RETURNING t.id, t.fence, t.team_id, t.walled, t.barred`, ids, accounts, fences, ticket.LeaseTime)
	if err != nil {
		return nil, fmt.Errorf("renew %d leases: %w", len(ids), err)
	}
	defer rows.Close()
	var kept []ticket.Ticket
	for rows.Next() {
		var t ticket.Ticket
		if err := rows.Scan(&t.ID, &t.Fence, &t.TeamID, &t.Walled, &t.Barred); err != nil {
			return nil, fmt.Errorf("read a renewed lease: %w", err)
		}
		kept = append(kept, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("renew %d leases: %w", len(ids), err)
	}
	return kept, nil
}

// Run tells PostgreSQL of this node's renewals and clears leases that ran out,
// until ctx ends; what is left to tell is told at the end. A failure is logged
// and tried again at the next turn: an outage must not end the leases' keeper.
func (s *Service) Run(ctx context.Context) error {
	telling, sweeping, mending := time.NewTicker(tell), time.NewTicker(sweep), time.NewTicker(sulk)
	defer telling.Stop()
	defer sweeping.Stop()
	defer mending.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweep)
			defer cancel()
			s.complain(last, s.tell(last))
			return nil
		case <-telling.C:
			err = errors.Join(s.tell(ctx), s.keepOnCall(ctx))
		case <-sweeping.C:
			err = s.Expire(ctx)
		case <-mending.C:
			err = s.catchUp(ctx)
		}
		if ctx.Err() == nil {
			s.complain(ctx, err)
		}
	}
}

func (s *Service) complain(ctx context.Context, err error) {
	if err != nil {
		s.log.ErrorContext(ctx, "leases are not kept in PostgreSQL for the moment", "error", err)
	}
}

// tell brings what was renewed to PostgreSQL. What could not be told waits for
// the next time, unless something newer has come.
func (s *Service) tell(ctx context.Context) error {
	s.mu.Lock()
	waiting := s.renewed
	s.renewed = map[int64]renewal{}
	s.mu.Unlock()
	if len(waiting) == 0 {
		return nil
	}
	_, err := s.lengthen(ctx, waiting)
	if err != nil {
		s.mu.Lock()
		for id, r := range waiting {
			if _, newer := s.renewed[id]; !newer {
				s.renewed[id] = r
			}
		}
		s.mu.Unlock()
	}
	return err
}

// Expire ends the leases that ran out, some at a time: nobody holds the ticket
// any more, and it still is its assignee's. Nodes that look at once share the work.
func (s *Service) Expire(ctx context.Context) error {
	var ids []int64
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT id FROM tickets WHERE holder_id IS NOT NULL AND lease_until < now()
		ORDER BY lease_until LIMIT ?`, sweepAtOnce).Scan(&ids).Error
	if err != nil {
		return fmt.Errorf("look for leases that ran out: %w", err)
	}
	slices.Sort(ids)
	var failed []error
	for _, id := range ids {
		if err := s.expire(ctx, id); err != nil {
			failed = append(failed, fmt.Errorf("end the lease of ticket %d: %w", id, err))
		}
	}
	return errors.Join(failed...)
}

func (s *Service) expire(ctx context.Context, id int64) error {
	ended := false
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		ended = false
		var from struct {
			From *int64 `json:"from"`
		}
		_, err := ticket.Change(ctx, tx, id, ticket.Cause{Kind: event.TicketLeaseExpired, Data: &from, At: s.now()}, func(t *ticket.Ticket) error {
			// By PostgreSQL's clock, under the lock: it may have been renewed meanwhile.
			var over bool
			if err := tx.WithContext(ctx).Raw("SELECT holder_id IS NOT NULL AND lease_until < clock_timestamp() FROM tickets WHERE id = ?", id).Scan(&over).Error; err != nil {
				return err
			}
			if !over {
				return ticket.ErrUnchanged
			}
			from.From = t.HolderID
			t.HolderID, t.LeaseUntil = nil, nil
			ended = true
			return nil
		})
		return err
	})
	if err == nil && ended {
		s.poke.Poke()
		s.Forget(ctx, id)
	}
	return err
}
