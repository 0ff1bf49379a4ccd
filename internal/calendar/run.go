package calendar

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

const (
	batch   = 50               // tickets of one transaction
	leased  = 30 * time.Second // a run whose node has died is another's after that
	looking = 10 * time.Second // for what a dead node left; what is ordered here is begun at once
	// settled is when every node has heard of a change: the second round of a run
	// begins then. A node hears of it at once, or a second after it can again.
	settled = 15 * time.Second
)

// Run of one calendar's change over the deadlines that count by it.
type Run struct {
	ID         int64
	CalendarID string
	Done       float64 // of its tickets, 0 to 1
	CreatedAt  time.Time
	FinishedAt *time.Time
}

type runRow struct {
	ID         int64
	CalendarID string
	AccountID  *int64
	Round      int
	After      int64
	Total      int
	Done       int
	BeginsAt   time.Time
	CreatedAt  time.Time
	FinishedAt *time.Time
}

// order stores that the deadlines which count by a calendar are computed anew.
func order(tx *gorm.DB, calendar string, by int64, at time.Time) error {
	err := tx.Exec(`INSERT INTO calendar_runs (calendar_id, account_id, total, begins_at, created_at)
		SELECT ?, ?, count(DISTINCT ticket_id), ?, ? FROM clocks WHERE calendar = ? AND state = 'running'`, calendar, by, at, at, calendar).Error
	if err != nil {
		return fmt.Errorf("order the deadlines by calendar %q anew: %w", calendar, err)
	}
	return nil
}

func (s *Service) runsOf(ctx context.Context, calendars []string) (map[string]Run, error) {
	var rows []runRow
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT DISTINCT ON (calendar_id) * FROM calendar_runs WHERE calendar_id IN ? ORDER BY calendar_id, id DESC`, calendars).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read how far deadlines were computed anew: %w", err)
	}
	runs := map[string]Run{}
	for _, r := range rows {
		done := 1.0
		if r.FinishedAt == nil && r.Round == 1 && r.Total > 0 {
			done = min(1, float64(r.Done)/float64(r.Total))
		}
		runs[r.CalendarID] = Run{r.ID, r.CalendarID, done, r.CreatedAt, r.FinishedAt}
	}
	return runs, nil
}

// Run computes anew what changed calendars move, until ctx ends. Any number of
// nodes may: a run belongs to who holds its lease, and each of its steps notes in
// its own transaction how far it has come.
func (s *Service) Run(ctx context.Context) error {
	look := time.NewTicker(looking)
	defer look.Stop()
	for {
		worked, err := s.RunNext(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			s.log.ErrorContext(ctx, "deadlines of a changed calendar are computed later", slog.Any("error", err))
		} else if worked {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-look.C:
		}
	}
}

var errNotTurn = errors.New("another node has this run")

// RunNext takes one run that is due and works its round off; worked is false when none is.
func (s *Service) RunNext(ctx context.Context) (worked bool, err error) {
	lease := rand.Text()
	var taken []runRow
	err = s.db.Gorm.WithContext(ctx).Raw(`UPDATE calendar_runs SET lease = ?, lease_until = clock_timestamp() + ?::interval
		WHERE id = (SELECT id FROM calendar_runs WHERE finished_at IS NULL AND begins_at <= clock_timestamp() AND (lease_until IS NULL OR lease_until < clock_timestamp())
			ORDER BY begins_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING *`, lease, leased.String()).Scan(&taken).Error
	if err != nil {
		return false, fmt.Errorf("take a run: %w", err)
	}
	if len(taken) == 0 {
		return false, nil
	}
	r := taken[0]
	for more := true; more && err == nil; {
		more, err = s.step(ctx, &r, lease)
	}
	if err != nil && !errors.Is(err, errNotTurn) {
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		wait := looking
		if ctx.Err() != nil {
			wait = 0 // the server stops: whoever is next goes on at once
		}
		_ = s.note(s.db.Gorm.WithContext(free), r, lease, wait)
		return true, err
	}
	return true, nil
}

// step computes the next tickets of a run anew; more is false at the end of the round.
func (s *Service) step(ctx context.Context, r *runRow, lease string) (more bool, err error) {
	var ids []int64
	err = s.db.Gorm.WithContext(ctx).Raw("SELECT DISTINCT ticket_id FROM clocks WHERE calendar = ? AND state = 'running' AND ticket_id > ? ORDER BY ticket_id LIMIT ?",
		r.CalendarID, r.After, batch).Scan(&ids).Error
	if err != nil {
		return false, fmt.Errorf("read what run %d has left: %w", r.ID, err)
	}
	if len(ids) == 0 {
		return false, s.end(ctx, *r, lease)
	}
	err = s.compute(ctx, r, lease, ids)
	if err == nil || ctx.Err() != nil || errors.Is(err, errNotTurn) {
		return true, err
	}
	for _, id := range ids { // one that fails must not keep the others; the second round tries it again
		failed := s.compute(ctx, r, lease, []int64{id})
		if failed == nil {
			continue
		}
		next := *r
		next.After, next.Done = id, r.Done+1
		if err := s.note(s.db.Gorm.WithContext(ctx), next, lease, leased); err != nil {
			return true, errors.Join(failed, err)
		}
		s.log.ErrorContext(ctx, "a changed calendar leaves the deadlines of a ticket as they are", slog.Int64("ticket_id", id), slog.Int("round", r.Round), slog.Any("error", failed))
		*r = next
	}
	return true, nil
}

// compute brings the deadlines of tickets to their calendars as they are in this
// transaction, and notes in it that it was done.
func (s *Service) compute(ctx context.Context, r *runRow, lease string, ids []int64) error {
	next := *r
	next.After, next.Done = ids[len(ids)-1], r.Done+len(ids)
	told := false
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx, told = tx.WithContext(ctx), false
		calendars, err := sla.ReadCalendars(ctx, tx, s.policies.BuiltIn())
		if err != nil {
			return err
		}
		now := s.now()
		var moving map[int64]bool
		_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
			if moving == nil { // all of them are locked by now
				if moving, err = sla.Moving(tx, calendars, ids); err != nil {
					return ticket.Cause{}, err
				}
			}
			if !moving[t.ID] {
				return ticket.Cause{}, ticket.ErrUnchanged
			}
			moves, err := sla.Recompute(tx, calendars, t.ID, now)
			if err != nil {
				return ticket.Cause{}, err
			}
			current, err := sla.Current(tx, t.ID)
			t.Deadline = ticket.Deadline(current)
			told = true
			return ticket.Cause{Kind: event.ClockMoved, At: now, Data: Moved{r.CalendarID, moves}, Deadlines: moves}, err
		})
		if err != nil {
			return err
		}
		return s.note(tx, next, lease, leased)
	})
	if err != nil {
		return err
	}
	*r = next
	if told {
		s.poke.Poke()
	}
	return nil
}

// Moved is what the event of a ticket tells whose deadlines a changed calendar
// has moved.
type Moved struct {
	Calendar  string     `json:"calendar"`
	Deadlines []sla.Move `json:"deadlines"`
}

// note stores how far a run has come and keeps it for this node, or lets it go for 0.
func (s *Service) note(tx *gorm.DB, r runRow, lease string, by time.Duration) error {
	done := tx.Exec("UPDATE calendar_runs SET after = ?, done = ?, lease_until = clock_timestamp() + ?::interval WHERE id = ? AND lease = ? AND finished_at IS NULL",
		r.After, r.Done, by.String(), r.ID, lease)
	return turn(done)
}

// end ends a round: the first is followed by the second, for clocks that a node
// began by the calendar as it was before it heard of the change.
func (s *Service) end(ctx context.Context, r runRow, lease string) error {
	db := s.db.Gorm.WithContext(ctx)
	if r.Round == 1 {
		return turn(db.Exec("UPDATE calendar_runs SET round = 2, after = 0, begins_at = created_at + ?::interval, lease = NULL, lease_until = NULL WHERE id = ? AND lease = ? AND finished_at IS NULL",
			settled.String(), r.ID, lease))
	}
	return turn(db.Exec("UPDATE calendar_runs SET finished_at = ?, lease = NULL, lease_until = NULL WHERE id = ? AND lease = ? AND finished_at IS NULL", s.now(), r.ID, lease))
}

func turn(done *gorm.DB) error {
	if done.Error != nil {
		return fmt.Errorf("note how far a run has come: %w", done.Error)
	}
	if done.RowsAffected == 0 {
		return errNotTurn
	}
	return nil
}
