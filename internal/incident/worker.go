package incident

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
	"gorm.io/gorm"
)

const (
	batch   = 50               // tickets between two looks whether the run goes on
	leased  = 30 * time.Second // a run whose runner has died is another's after that
	looking = 20 * time.Second // for what a dead node left; what is ordered is told at once
	enough  = time.Hour        // for which what fails is tried again
)

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run works off what was ordered, one run at a time, until ctx ends. Any number
// of nodes may: a run belongs to who holds its lease, and goes on where its
// runner died. Two that both believe to hold it do no harm, see mark.
func (s *Service) Run(ctx context.Context) error {
	for {
		worked, err := s.RunNext(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			s.log.ErrorContext(ctx, "a run of an incident goes on later", slog.Any("error", err))
		} else if worked {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-time.After(s.due(ctx)):
		}
	}
}

// due is how long until there may be something to do.
func (s *Service) due(ctx context.Context) time.Duration {
	var wait float64
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT coalesce(extract(epoch FROM min(greatest(begins_at, coalesce(lease_until, begins_at)) - clock_timestamp())), ?)
		FROM incident_runs WHERE state = 'running'`, looking.Seconds()).Scan(&wait).Error
	if err != nil {
		return looking
	}
	return min(looking, max(100*time.Millisecond, time.Duration(wait*float64(time.Second))))
}

// RunNext takes one run that is due and works it off; worked is false when none is.
func (s *Service) RunNext(ctx context.Context) (worked bool, err error) {
	lease := rand.Text()
	var taken []Run
	err = s.db.Gorm.WithContext(ctx).Raw(`UPDATE incident_runs SET lease = ?, lease_until = clock_timestamp() + ?::interval
		WHERE id = (SELECT id FROM incident_runs WHERE state = 'running' AND begins_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
			ORDER BY begins_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id, incident_id, kind, body, resolve, state, account_id, total, begins_at, created_at, finished_at`, lease, leased.String()).Scan(&taken).Error
	if err != nil {
		return false, fmt.Errorf("take a run: %w", err)
	}
	if len(taken) == 0 {
		return false, nil
	}
	err = s.work(ctx, taken[0], lease)
	if err == nil || errors.Is(err, errNotTurn) {
		return true, nil
	}
	if ctx.Err() != nil { // the server stops: whoever starts next goes on at once
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = s.renew(free, taken[0].ID, lease, 0)
	}
	return true, err
}

// work does what is left of a run.
func (s *Service) work(ctx context.Context, r Run, lease string) error {
	renewed := time.Now()
	for after, failed := int64(0), error(nil); ; {
		var ids []int64
		err := s.db.Gorm.WithContext(ctx).Raw("SELECT ticket_id FROM incident_run_tickets WHERE run_id = ? AND state = 'waiting' AND ticket_id > ? ORDER BY ticket_id LIMIT ?",
			r.ID, after, batch).Scan(&ids).Error
		if err != nil {
			return fmt.Errorf("read what is left of run %d: %w", r.ID, err)
		}
		if len(ids) == 0 {
			if failed != nil {
				return failed
			}
			return s.finish(ctx, r)
		}
		actor, gone, err := s.author(ctx, r)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if time.Since(renewed) > leased/3 {
				if err := s.renew(ctx, r.ID, lease, leased); err != nil {
					return err
				}
				renewed = time.Now()
			}
			if gone {
				err = s.skip(ctx, r, id, SkipAuthor)
			} else {
				err = s.step(ctx, actor, r, id)
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil && !errors.Is(err, errNotTurn) {
				failed = err
				if s.now().Sub(r.BeginsAt) > enough {
					s.log.ErrorContext(ctx, "a run of an incident leaves a ticket alone", slog.Int64("run", r.ID), slog.Int64("ticket_id", id), slog.Any("error", err))
					if failed = s.skip(ctx, r, id, SkipFailed); failed != nil {
						return failed
					}
				}
			}
			after = id
		}
		if err := s.renew(ctx, r.ID, lease, leased); err != nil {
			return err
		}
	}
}

// author is who ordered the run, as they are now; gone when they may not do it any more.
func (s *Service) author(ctx context.Context, r Run) (actor access.Actor, gone bool, err error) {
	actor, err = s.accounts.ActorOf(ctx, r.AccountID)
	if err != nil {
		switch fault.From(err).Kind {
		case fault.NotFound, fault.Unauthorized, fault.Forbidden:
			return actor, true, nil
		}
		return actor, false, err
	}
	return actor, !actor.May(access.RunIncidents), nil
}

// step does to one ticket what the run is for, or notes why not.
func (s *Service) step(ctx context.Context, actor access.Actor, r Run, id int64) error {
	var err error
	switch r.Kind {
	case Answers:
		err = s.answer(ctx, actor, r, id)
	case Puts:
		_, err = s.link(ctx, actor, id, &r.IncidentID, func(tx *gorm.DB, _ ticket.Ticket) error { return mark(ctx, tx, r, id, nil) })
	case TakesOff:
		_, err = s.link(ctx, actor, id, nil, func(tx *gorm.DB, _ ticket.Ticket) error { return mark(ctx, tx, r, id, nil) })
	}
	switch {
	case errors.Is(err, errNotTurn) && r.Kind != Puts:
		// Done by somebody else, then this changes nothing; else it left the incident meanwhile.
		var left bool
		if err := s.db.Gorm.WithContext(ctx).Raw("SELECT incident_id IS DISTINCT FROM ? FROM tickets WHERE id = ?", r.IncidentID, id).Scan(&left).Error; err != nil || !left {
			return err
		}
		return s.skip(ctx, r, id, SkipGone)
	case errors.Is(err, ticket.ErrClaimed):
		return s.skip(ctx, r, id, SkipHeld)
	case errors.Is(err, ticket.ErrClosed):
		return s.skip(ctx, r, id, SkipSettled)
	case errors.Is(err, ticket.ErrNotFound), errors.Is(err, ErrCase), errors.Is(err, ErrClosed):
		return s.skip(ctx, r, id, SkipGone)
	}
	return err
}

// renew keeps the run for this runner, or lets it go for 0. It fails with
// errNotTurn when the run is another's by now, or stopped.
func (s *Service) renew(ctx context.Context, id int64, lease string, by time.Duration) error {
	done := s.db.Gorm.WithContext(ctx).Exec("UPDATE incident_runs SET lease_until = clock_timestamp() + ?::interval WHERE id = ? AND lease = ? AND state = 'running'",
		by.String(), id, lease)
	if done.Error != nil {
		return fmt.Errorf("keep run %d: %w", id, done.Error)
	}
	if done.RowsAffected == 0 {
		return errNotTurn
	}
	return nil
}

func (s *Service) finish(ctx context.Context, r Run) error {
	err := s.db.Gorm.WithContext(ctx).Exec(`UPDATE incident_runs SET state = 'done', finished_at = ?, lease_until = NULL
		WHERE id = ? AND state = 'running' AND NOT EXISTS (SELECT FROM incident_run_tickets WHERE run_id = incident_runs.id AND state = 'waiting')`, s.now(), r.ID).Error
	if err != nil {
		return fmt.Errorf("end run %d: %w", r.ID, err)
	}
	return nil
}
