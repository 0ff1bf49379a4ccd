package desk

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrNotSupervisor is a correction of a deadline by somebody who may not make one.
var ErrNotSupervisor = fault.New(fault.Forbidden, "clock_supervisor")

// Clocked is what the event of an act on one deadline tells beside the row; the
// deadlines that moved by it stand in its payload.
type Clocked struct {
	Did    string `json:"did"` // started, stopped, paused, resumed, pause_ended, pause_taken_back, extended, cancelled, told, returned
	Clock  string `json:"clock"`
	Policy string `json:"policy"`
	Reason string `json:"reason,omitempty"`
	// Pause is the one that was corrected: since when it was, until when it had
	// been, and until when it is.
	PausedAt *time.Time `json:"paused_at,omitempty"`
	Was      *time.Time `json:"was,omitempty"`
	Until    *time.Time `json:"until,omitempty"`
	Breached bool       `json:"breached,omitempty"` // the clock has run out, now or before
	Message  int64      `json:"message_id,omitempty"`
	// Way is how the customer was told, handed over at ToldAt.
	Way    string     `json:"way,omitempty"`
	ToldAt *time.Time `json:"told_at,omitempty"`
}

func (c *Clocked) of(clock sla.Clock) {
	c.Clock, c.Policy, c.Breached = string(clock.Kind), clock.Policy, clock.Stage == sla.StageDue
}

// clockAct is an act on one deadline with a reason, which is asked for when must
// is set.
func (s *Service) clockAct(ctx context.Context, actor access.Actor, id int64, told *Clocked, must bool,
	fn func(tx *gorm.DB, t *ticket.Ticket, at time.Time) ([]sla.Move, error)) (ticket.Ticket, error) {
	reason, err := checkReason(told.Reason)
	if err == nil && must && reason == "" {
		err = ticket.Wrong("reason", "required")
	}
	if err != nil {
		return ticket.Ticket{}, err
	}
	told.Reason = reason
	var moves []sla.Move
	c := ticket.Cause{Kind: event.TicketClock, Data: told, At: s.now(), Deadlines: &moves}
	return s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		moves, err = fn(tx, t, c.At)
		return err
	})
}

// PauseClock makes one deadline of a ticket stand still for a reason. Of a rule
// that knows no pauses it is sla.ErrNeverPauses, with the norm.
func (s *Service) PauseClock(ctx context.Context, actor access.Actor, id, clockID int64, reason string) (ticket.Ticket, error) {
	told := Clocked{Did: "paused", Reason: reason}
	return s.clockAct(ctx, actor, id, &told, true, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) ([]sla.Move, error) {
		clock, err := sla.PauseOne(tx, t.ID, clockID, told.Reason, actor.AccountID, at)
		told.of(clock)
		return nil, err
	})
}

// ResumeClock lets a deadline go on that somebody has paused. While the ticket
// waits for somebody else a rule keeps it standing.
func (s *Service) ResumeClock(ctx context.Context, actor access.Actor, id, clockID int64) (ticket.Ticket, error) {
	told := Clocked{Did: "resumed"}
	return s.clockAct(ctx, actor, id, &told, false, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) ([]sla.Move, error) {
		clock, moves, err := sla.ResumeOne(tx, s.calendars, t.ID, clockID, waiting(*t), at)
		told.of(clock)
		return moves, err
	})
}

// waiting is the reason for which rules pause the clocks of a ticket now.
func waiting(t ticket.Ticket) string {
	switch t.Status {
	case ticket.WaitingCustomer:
		return sla.WaitingCustomer
	case ticket.WaitingThird:
		return sla.WaitingThird
	}
	return ""
}

// CorrectPause shortens a pause or takes it back, for a reason: a supervisor's act.
func (s *Service) CorrectPause(ctx context.Context, actor access.Actor, id, clockID int64, c sla.Correction, reason string) (ticket.Ticket, error) {
	told := Clocked{Did: "pause_ended", Reason: reason}
	if c.To == nil {
		told.Did = "pause_taken_back"
	}
	return s.clockAct(ctx, actor, id, &told, true, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) ([]sla.Move, error) {
		if !actor.May(access.CorrectClocks) {
			return nil, ErrNotSupervisor
		}
		done, err := sla.Correct(tx, s.calendars, t.ID, clockID, c, waiting(*t), at)
		told.of(done.Clock)
		told.PausedAt, told.Was, told.Until = &done.From, done.Was, &done.Until
		return done.Moves, err
	})
}

// CancelClock takes back a deadline that asks nothing of anybody, such as that of
// spam, for a reason: a supervisor's act. It is neither met nor missed.
func (s *Service) CancelClock(ctx context.Context, actor access.Actor, id, clockID int64, reason string) (ticket.Ticket, error) {
	told := Clocked{Did: "cancelled", Reason: reason}
	return s.clockAct(ctx, actor, id, &told, true, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) ([]sla.Move, error) {
		if !actor.May(access.CorrectClocks) {
			return nil, ErrNotSupervisor
		}
		clock, moves, err := sla.CancelOne(tx, t.ID, clockID, at)
		told.of(clock)
		return moves, err
	})
}
