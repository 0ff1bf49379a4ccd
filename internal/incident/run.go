package incident

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Kind is what a run does to each of its tickets.
type Kind string

// The kinds of run.
const (
	Puts     Kind = "link"
	TakesOff Kind = "unlink"
	Answers  Kind = "answer"
)

// RunState is how far a run is.
type RunState string

// The states of a run. A cancelled one has done what it has done.
const (
	Running   RunState = "running"
	Done      RunState = "done"
	Cancelled RunState = "cancelled"
)

// Bounds of a run.
const (
	MaxTickets = 5_000 // named at once; an answer goes to all that there are
	// Undo is how long an answer to all waits before its first ticket: until then it
	// is taken back whole, and afterwards each mail still has its own undo window.
	Undo = 10 * time.Second
)

// Run is something done to many tickets of an incident, one after the other in
// the background. What it has done is counted from its tickets.
type Run struct {
	ID         int64
	IncidentID int64
	Kind       Kind
	Body       string // of an answer, with its variables
	Resolve    bool
	State      RunState
	AccountID  int64
	Total      int
	Done       int
	Skipped    int
	BeginsAt   time.Time
	CreatedAt  time.Time
	FinishedAt *time.Time
	Reasons    map[string]int `gorm:"-"` // how many were skipped, by why
}

// Why a ticket of a run was left alone: keys of "incident.skip.<reason>".
const (
	SkipHeld    = "held"    // somebody is just answering it
	SkipSettled = "settled" // it is resolved or closed
	SkipGone    = "gone"    // it is no ticket of the incident any more, or the author does not see it
	SkipAuthor  = "author"  // the author of the run may not do this any more
	SkipFailed  = "failed"  // it could not be done for an hour
)

// Put orders that tickets be put to an incident, or taken off it. What of them
// the actor does not see, or stands behind the wall, is none of them.
func (s *Service) Put(ctx context.Context, actor access.Actor, id int64, tickets []int64, off bool) (Run, error) {
	r := Run{IncidentID: id, Kind: Puts, AccountID: actor.AccountID}
	which := "t.id IN @tickets AND t.incident_id IS DISTINCT FROM @incident"
	if off {
		r.Kind, which = TakesOff, "t.id IN @tickets AND t.incident_id = @incident"
	}
	return s.order(ctx, actor, r, which, map[string]any{"tickets": tickets})
}

// Answer orders one answer to all open tickets of an incident that the actor
// sees. It begins after Undo.
func (s *Service) Answer(ctx context.Context, actor access.Actor, id int64, body string, resolve bool) (Run, error) {
	body, err := checkAnswer(body)
	if err != nil {
		return Run{}, err
	}
	r := Run{IncidentID: id, Kind: Answers, Body: body, Resolve: resolve, AccountID: actor.AccountID}
	return s.order(ctx, actor, r, "t.incident_id = @incident AND t.open", map[string]any{})
}

// order stores a run with its tickets: those of which the condition is true, and
// which the actor sees on this side of the wall.
func (s *Service) order(ctx context.Context, actor access.Actor, r Run, which string, values map[string]any) (Run, error) {
	r.State, r.CreatedAt = Running, s.now()
	r.BeginsAt = r.CreatedAt
	if r.Kind == Answers {
		r.BeginsAt = r.CreatedAt.Add(Undo)
	}
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		i, err := read(ctx, tx, r.IncidentID, "FOR NO KEY UPDATE") // two answers at once: the second sees the first
		if err != nil {
			return err
		}
		if i.State == Closed && r.Kind != TakesOff {
			return ErrClosed
		}
		if r.Kind == Answers {
			var busy bool
			if err := tx.Raw("SELECT EXISTS (SELECT FROM incident_runs WHERE incident_id = ? AND kind = 'answer' AND state = 'running')", i.ID).Scan(&busy).Error; err != nil {
				return fmt.Errorf("look for a running answer: %w", err)
			}
			if busy {
				return ErrRunning
			}
		}
		err = tx.Raw(`INSERT INTO incident_runs (incident_id, kind, body, resolve, account_id, total, begins_at, created_at)
			VALUES (?, ?, ?, ?, ?, 0, ?, ?) RETURNING id`, r.IncidentID, r.Kind, r.Body, r.Resolve, r.AccountID, r.BeginsAt, r.CreatedAt).Scan(&r.ID).Error
		if err != nil {
			return fmt.Errorf("order a run of incident %d: %w", i.ID, err)
		}
		values["run"], values["incident"] = r.ID, i.ID
		added := tx.Exec(`INSERT INTO incident_run_tickets (run_id, ticket_id) SELECT @run, t.id FROM tickets t
			WHERE `+which+` AND NOT t.walled AND t.merged_into IS NULL AND `+access.Condition+` ORDER BY t.id`, actor.Scope().Named(values))
		if added.Error != nil {
			return fmt.Errorf("note the tickets of run %d: %w", r.ID, added.Error)
		}
		if r.Total = int(added.RowsAffected); r.Total == 0 {
			return ErrNobody
		}
		if err := tx.Exec("UPDATE incident_runs SET total = ? WHERE id = ?", r.Total, r.ID).Error; err != nil {
			return fmt.Errorf("count the tickets of run %d: %w", r.ID, err)
		}
		return tell(ctx, tx, news{Run: true})
	})
	if err != nil {
		return Run{}, err
	}
	s.poke()
	return r, nil
}

// Cancel stops a run where it is; before it begins nothing was done.
func (s *Service) Cancel(ctx context.Context, id, run int64) (Run, error) {
	err := s.db.Gorm.WithContext(ctx).Exec(`UPDATE incident_runs SET state = 'cancelled', finished_at = ?, lease_until = NULL
		WHERE id = ? AND incident_id = ? AND state = 'running'`, s.now(), run, id).Error
	if err != nil {
		return Run{}, fmt.Errorf("cancel run %d: %w", run, err)
	}
	runs, err := s.Runs(ctx, id)
	if err != nil {
		return Run{}, err
	}
	for _, r := range runs {
		if r.ID == run {
			return r, nil
		}
	}
	return Run{}, ErrNotFound
}

const runsShown = 20

// Runs reads the newest runs of an incident with how far they are.
func (s *Service) Runs(ctx context.Context, id int64) ([]Run, error) {
	var all []Run
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT id, incident_id, kind, body, resolve, state, account_id, total, begins_at, created_at, finished_at
		FROM incident_runs WHERE incident_id = ? ORDER BY id DESC LIMIT ?`, id, runsShown).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the runs of incident %d: %w", id, err)
	}
	for n := range all {
		var parts []struct {
			State, Reason string
			N             int
		}
		err := s.db.Gorm.WithContext(ctx).Raw("SELECT state, reason, count(*) AS n FROM incident_run_tickets WHERE run_id = ? GROUP BY 1, 2", all[n].ID).Scan(&parts).Error
		if err != nil {
			return nil, fmt.Errorf("count what run %d has done: %w", all[n].ID, err)
		}
		all[n].Reasons = map[string]int{}
		for _, p := range parts {
			switch p.State {
			case "done":
				all[n].Done += p.N
			case "skipped":
				all[n].Skipped += p.N
				all[n].Reasons[p.Reason] = p.N
			}
		}
	}
	return all, nil
}

// errNotTurn is a ticket of a run that somebody has dealt with, or a run that is
// no longer this runner's.
var errNotTurn = errors.New("there is nothing to do for this runner")

// mark notes in the transaction of what is done to a ticket that it is done. It
// fails when that was noted before, when the run has been stopped, and for an
// answer when the ticket is none of the incident any more: then nothing of the
// transaction happens. The ticket is locked, so of two runners one comes first.
func mark(ctx context.Context, tx *gorm.DB, r Run, ticketID int64, message *int64) error {
	done := tx.WithContext(ctx).Exec(`UPDATE incident_run_tickets u SET state = 'done', message_id = @message FROM incident_runs r, tickets t
		WHERE u.run_id = @run AND u.ticket_id = @ticket AND u.state = 'waiting' AND r.id = u.run_id AND r.state = 'running'
		AND t.id = u.ticket_id AND (r.kind = 'link' OR t.incident_id = r.incident_id)`,
		map[string]any{"run": r.ID, "ticket": ticketID, "message": message})
	if done.Error != nil {
		return fmt.Errorf("note ticket %d of run %d: %w", ticketID, r.ID, done.Error)
	}
	if done.RowsAffected == 0 {
		return errNotTurn
	}
	return nil
}

// skip notes that a ticket was left alone, and why.
func (s *Service) skip(ctx context.Context, r Run, ticketID int64, reason string) error {
	err := s.db.Gorm.WithContext(ctx).Exec("UPDATE incident_run_tickets SET state = 'skipped', reason = ? WHERE run_id = ? AND ticket_id = ? AND state = 'waiting'",
		reason, r.ID, ticketID).Error
	if err != nil {
		return fmt.Errorf("note that run %d leaves ticket %d alone: %w", r.ID, ticketID, err)
	}
	return nil
}
