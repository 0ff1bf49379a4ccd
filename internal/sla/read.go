package sla

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Current is what the ticket's row has to show of its clocks now.
func Current(tx *gorm.DB, ticketID int64) (Summary, error) {
	all, err := CurrentOf(tx, []int64{ticketID})
	return all[ticketID], err
}

// CurrentOf is Current for many tickets in one question. A ticket without
// clocks that run or stand still has the zero Summary.
func CurrentOf(tx *gorm.DB, tickets []int64) (map[int64]Summary, error) {
	var rows []struct {
		TicketID    int64
		Kind        Kind
		State       State
		StartedAt   time.Time
		Due, Warn75 time.Time
		Stage       int
		Reason      string
	}
	err := tx.Raw(`
		SELECT c.ticket_id, c.kind, c.state, c.started_at, c.due, c.warn75, c.stage, CASE WHEN p.reason IN ? THEN p.reason WHEN p.reason IS NOT NULL THEN ? ELSE '' END AS reason
		  FROM clocks c LEFT JOIN clock_pauses p ON p.clock_id = c.id AND p.to_at IS NULL
		 WHERE c.ticket_id = ANY(?::bigint[]) AND c.state IN ('running', 'paused')
		 ORDER BY c.ticket_id, c.due, c.id`, ruled, PausedByHand, ids(tickets)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the clocks of %d tickets: %w", len(tickets), err)
	}
	all := make(map[int64]Summary, len(tickets))
	for _, r := range rows {
		s := all[r.TicketID]
		s.Breached = s.Breached || r.Stage == StageDue
		if r.State == Running {
			s.running(r.Kind, r.StartedAt, r.Due, r.Warn75)
		} else {
			s.Clocks++
			if s.Paused == "" {
				s.Paused = r.Reason
			}
		}
		all[r.TicketID] = s
	}
	for id, s := range all {
		if s.Due != nil {
			s.Paused = "" // what runs is what counts
			all[id] = s
		}
	}
	return all, nil
}

// Clocks are all clocks a ticket has or had, in the order they fall due, each
// with its pauses and the explanation of its deadline: by the calendar as it was
// when the deadline was computed, whatever became of it since.
func Clocks(ctx context.Context, db *gorm.DB, calendars Calendars, ticketID int64) ([]Clock, error) {
	db = db.WithContext(ctx)
	var rows []clockRow
	if err := db.Where("ticket_id = ?", ticketID).Order("due, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the clocks of ticket %d: %w", ticketID, err)
	}
	pauses, err := readPauses(db, rows)
	if err != nil {
		return nil, err
	}
	grounds, err := readGrounds(db, rows)
	if err != nil {
		return nil, err
	}
	extended, err := extendedOf(db, ticketID)
	if err != nil {
		return nil, err
	}
	then, err := readPast(db, calendars, rows)
	if err != nil {
		return nil, err
	}
	clocks := make([]Clock, len(rows))
	for i, r := range rows {
		c := r.clock()
		if r.PolicyID != nil {
			c.Ground = grounds[*r.PolicyID]
		}
		c.Extended = extended[r.ID]
		c.Intervals = pauses[c.ID]
		if err := then.explain(&c, r); err != nil {
			return nil, fmt.Errorf("explain clock %d: %w", c.ID, err)
		}
		clocks[i] = c
	}
	return clocks, nil
}

// Breach is a clock that has run out, or is about to.
type Breach struct {
	ClockID, TicketID int64
	Kind              Kind
	Policy            string
	Regime            int64 // 0 of none
	State             State
	Due               time.Time
	BreachedAt        *time.Time // nil while it is about to
	RecordedAt        *time.Time
}

// BreachQuery asks for a page of breaches, the newest first.
type BreachQuery struct {
	Scope access.Scope
	After *Breach // the last one already shown
	Limit int
}

// Overdue lists the clocks that have run out and still run, those of nobody's
// answer yet, the oldest first.
func Overdue(ctx context.Context, db *gorm.DB, scope access.Scope, limit int) ([]Breach, error) {
	var out []Breach
	err := db.WithContext(ctx).Raw(`
		SELECT c.id AS clock_id, c.ticket_id, c.kind, c.policy, coalesce(p.regime_id, 0) AS regime, c.state, c.due, c.breached_at
		  FROM clocks c JOIN tickets t ON t.id = c.ticket_id LEFT JOIN sla_policies p ON p.id = c.policy_id
		 WHERE c.state = 'running' AND c.stage = 100 AND `+access.Condition+`
		 ORDER BY c.due, c.id LIMIT @limit`, scope.Named(map[string]any{"limit": limit})).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("list overdue clocks: %w", err)
	}
	return out, nil
}

// Breaches lists recorded breaches that the scope may see, also of clocks that
// have stopped since.
func Breaches(ctx context.Context, db *gorm.DB, q BreachQuery) ([]Breach, error) {
	args := q.Scope.Named(map[string]any{"limit": q.Limit, "at": nil, "clock": 0})
	after := "true"
	if q.After != nil && q.After.RecordedAt != nil {
		after = "(s.at < @at OR s.at = @at AND s.clock_id > @clock)"
		args["at"], args["clock"] = *q.After.RecordedAt, q.After.ClockID
	}
	var out []Breach
	err := db.WithContext(ctx).Raw(`
		SELECT c.id AS clock_id, c.ticket_id, c.kind, c.policy, coalesce(p.regime_id, 0) AS regime, c.state, c.due, c.breached_at, s.at AS recorded_at
		  FROM clock_stages s JOIN clocks c ON c.id = s.clock_id JOIN tickets t ON t.id = c.ticket_id LEFT JOIN sla_policies p ON p.id = c.policy_id
		 WHERE s.stage = 100 AND `+after+` AND `+access.Condition+`
		 ORDER BY s.at DESC, s.clock_id LIMIT @limit`, args).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("list breaches: %w", err)
	}
	return out, nil
}

// Upcoming lists the running clocks that run out within a time from now by
// PostgreSQL's clock, the next first, and those that have but are not recorded
// yet.
func Upcoming(ctx context.Context, db *gorm.DB, scope access.Scope, within time.Duration, limit int) ([]Breach, error) {
	var out []Breach
	err := db.WithContext(ctx).Raw(`
		SELECT c.id AS clock_id, c.ticket_id, c.kind, c.policy, coalesce(p.regime_id, 0) AS regime, c.state, c.due
		  FROM clocks c JOIN tickets t ON t.id = c.ticket_id LEFT JOIN sla_policies p ON p.id = c.policy_id
		 WHERE c.state = 'running' AND c.stage < 100 AND c.due <= now() + make_interval(secs => @secs) AND `+access.Condition+`
		 ORDER BY c.due, c.id LIMIT @limit`,
		scope.Named(map[string]any{"secs": within.Seconds(), "limit": limit})).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("list what is about to breach: %w", err)
	}
	return out, nil
}
