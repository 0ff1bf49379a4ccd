// Package desk is what one act of an agent changes together: the ticket, its
// messages, its clocks and the jobs that follow, in one transaction with one
// event. What is allowed is decided by packages ticket and access; here it is
// put together.
package desk

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrStale is a reply whose author has not seen the newest public message.
// Args: messages, the []ticket.Message they had not seen, oldest first.
var ErrStale = fault.New(fault.Conflict, "stale")

// ErrCase is an attempt to end a case of the ombudsman's past its office: its
// answer is prepared by one person and signed by another (package ombudsman).
var ErrCase = fault.New(fault.Conflict, "case_not_concluded")

// ErrPromisesOpen is an end of a ticket that has promised its customer something, by
// whoever asked to be told. Args: promises, the []ticket.Commitment, oldest first.
var ErrPromisesOpen = fault.New(fault.Conflict, "promises_open")

// Inserter adds a job to a transaction, to be begun at once or not before an instant.
type Inserter interface {
	InsertAt(tx *gorm.DB, args river.JobArgs, at time.Time) error
}

// Leases learns, after the commit, that what it knows of a ticket's lease is no
// longer so: nobody holds it any more, or others may know who does.
type Leases interface {
	Forget(ctx context.Context, ticketID int64)
}

// Service performs acts. Its Run closes what has been resolved for long enough.
type Service struct {
	db        *postgres.DB
	policies  *sla.Policies
	calendars sla.Calendars
	jobs      Inserter
	leases    Leases
	post      *outbox.Post
	poke      event.Poker
	now       func() time.Time
	log       *slog.Logger
	climb     bell
}

// New makes the service. now is PostgreSQL's time (postgres.Clock.Now).
func New(db *postgres.DB, policies *sla.Policies, jobs Inserter, leases Leases, post *outbox.Post, poke event.Poker, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, policies: policies, calendars: policies.Calendars(), jobs: jobs, leases: leases, post: post, poke: poke, now: now, log: log, climb: make(bell, 1)}
}

// act is one change of one ticket by an actor who may see it. In a transaction
// it lets fn change the ticket (and fill the *[]sla.Move that the cause may hold
// as Deadlines), brings the clocks to where the ticket stands
// then, and saves both; afterwards it tells who waits for news.
func (s *Service) act(ctx context.Context, actor *access.Actor, id int64, c ticket.Cause, fn func(tx *gorm.DB, t *ticket.Ticket) error) (ticket.Ticket, error) {
	if actor != nil {
		c.ActorID = &actor.AccountID
	}
	var done ticket.Ticket
	forget := false
	err := s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		changed, err := ticket.ChangeAll(ctx, tx, []int64{id}, func(t *ticket.Ticket) (ticket.Cause, error) {
			c := c
			if actor != nil && !actor.MaySee(t.Audience()) {
				return c, ticket.ErrNotFound
			}
			was := *t
			if err := fn(tx, t); err != nil {
				return c, err
			}
			if filled, ok := c.Deadlines.(*[]sla.Move); ok {
				c.Deadlines = nil
				tellMoves(&c, *filled)
			}
			forget = was.HolderID != nil && (t.HolderID == nil || t.Audience() != was.Audience())
			if was.Kind != t.Kind || !same(was.ReasonID, t.ReasonID) {
				if err := s.oweDuties(ctx, tx, *t, c.At); err != nil {
					return c, err
				}
			}
			if t.Status.IsOpen() {
				moved, err := s.replanChanged(tx, was, *t, c.At)
				if err != nil {
					return c, err
				}
				tellMoves(&c, moved)
			}
			err := s.keepTime(tx, was.Status, t, &c)
			return c, err
		})
		if err != nil {
			return err
		}
		if len(changed) == 0 {
			return ticket.ErrNotFound
		}
		done = changed[0]
		return nil
	})
	if err != nil {
		return ticket.Ticket{}, err
	}
	s.poke.Poke()
	if forget {
		s.leases.Forget(ctx, id)
	}
	return done, nil
}

// demandOf is what the rules of deadlines look at.
func demandOf(t ticket.Ticket) sla.Demand {
	return sla.Demand{Channel: t.Channel, Kind: string(t.Kind), Priority: t.Priority, Team: t.TeamID, Walled: t.Walled}
}

// KeepTime brings the clocks of a ticket that changes in a transaction of a part
// above the desk to the status it has come to from another, and notes in the
// cause which deadlines moved.
func (s *Service) KeepTime(tx *gorm.DB, from ticket.Status, t *ticket.Ticket, c *ticket.Cause) error {
	return s.keepTime(tx, from, t, c)
}

// keepTime brings the clocks to the status that the ticket has come to, and the
// ticket's row to the clocks.
func (s *Service) keepTime(tx *gorm.DB, from ticket.Status, t *ticket.Ticket, c *ticket.Cause) error {
	if err := s.turn(tx, from, t, c); err != nil {
		return err
	}
	now, err := sla.Current(tx, t.ID)
	t.Deadline = ticket.Deadline(now)
	return err
}

// tellMoves adds deadlines that moved to what the event will say.
func tellMoves(c *ticket.Cause, moves []sla.Move) {
	if len(moves) > 0 {
		before, _ := c.Deadlines.([]sla.Move)
		c.Deadlines = append(before, moves...)
	}
}

func (s *Service) turn(tx *gorm.DB, from ticket.Status, t *ticket.Ticket, c *ticket.Cause) error {
	to := t.Status
	if from == to {
		return nil
	}
	if from == ticket.Resolved && to.IsOpen() {
		if err := sla.Reopen(tx, s.calendars, t.ID, c.At); err != nil {
			return err
		}
	}
	switch to {
	case ticket.Resolved:
		for _, kind := range []sla.Kind{sla.Acknowledgement, sla.FirstResponse, sla.NextResponse, sla.Resolution} {
			if err := sla.Stop(tx, t.ID, kind, c.At); err != nil {
				return err
			}
		}
		return conclude(tx, *t, c.At)
	case ticket.WaitingCustomer:
		return sla.Pause(tx, t.ID, sla.WaitingCustomer, c.ActorID, c.At)
	case ticket.WaitingThird:
		return sla.Pause(tx, t.ID, sla.WaitingThird, c.ActorID, c.At)
	case ticket.Open:
		moved, err := sla.Resume(tx, s.calendars, t.ID, c.At)
		tellMoves(c, moved)
		return err
	}
	return nil
}

// conclude ends what a norm gives for the answer when the ticket that is resolved
// has one: something that we said since it was opened, or opened again. Settled
// without a word, the answer is still owed, and its clock runs on. That we need
// more time is no answer.
func conclude(tx *gorm.DB, t ticket.Ticket, at time.Time) error {
	since := t.OpenedAt
	if t.ReopenedAt != nil {
		since = *t.ReopenedAt
	}
	var answered bool
	err := tx.Raw(`SELECT EXISTS (SELECT FROM messages m WHERE ticket_id = ? AND direction = 'out' AND NOT automatic AND delivery <> 'undone' AND at >= ?
		AND NOT EXISTS (SELECT FROM clock_extensions x WHERE x.ticket_id = m.ticket_id AND x.message_id = m.id))`, t.ID, since).Scan(&answered).Error
	if err != nil {
		return fmt.Errorf("look for the answer to ticket %d: %w", t.ID, err)
	}
	if !answered {
		return nil
	}
	return sla.Stop(tx, t.ID, sla.Legal, at)
}

// txTime is PostgreSQL's time, by which leases live and end.
func (s *Service) txTime(ctx context.Context, tx *gorm.DB) (now time.Time, err error) {
	if err := tx.WithContext(ctx).Raw("SELECT clock_timestamp()").Scan(&now).Error; err != nil {
		return time.Time{}, fmt.Errorf("ask for the time: %w", err)
	}
	return now, nil
}
