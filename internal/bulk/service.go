package bulk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Service previews, does and takes back bulks. Its Run goes on with those whose
// call has ended, or whose node has died.
type Service struct {
	db     *postgres.DB
	desk   *desk.Service
	actors Actors
	now    func() time.Time
	log    *slog.Logger
}

// Actors tells as whom an account acts now; one that may not any more sees nothing.
type Actors func(ctx context.Context, accountID int64) (access.Actor, error)

// New makes the service. now is PostgreSQL's time.
func New(db *postgres.DB, acts *desk.Service, actors Actors, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, desk: acts, actors: actors, now: now, log: log}
}

// ids resolves a selection.
func (s *Service) ids(ctx context.Context, actor access.Actor, sel Selection) ([]int64, error) {
	if sel.Matching == nil {
		ids := slices.Clone(sel.IDs)
		slices.Sort(ids)
		if ids = slices.Compact(ids); len(ids) > MaxChosen {
			return nil, ErrTooMany.With("max", MaxChosen)
		}
		return ids, nil
	}
	if !actor.May(access.BulkMatching) {
		return nil, ErrMatching
	}
	ids, more, err := ticket.All(ctx, s.db.Gorm, *sel.Matching, MaxMatching)
	if more {
		return nil, ErrTooMany.With("max", MaxMatching)
	}
	return ids, err
}

// Count says on how many tickets a selection is.
func (s *Service) Count(ctx context.Context, actor access.Actor, sel Selection) (int, error) {
	ids, err := s.ids(ctx, actor, sel)
	return len(ids), err
}

// Preview says what an action would do, and does nothing.
func (s *Service) Preview(ctx context.Context, actor access.Actor, sel Selection, a desk.Amendment) (Effect, error) {
	a, err := Check(a)
	if err != nil {
		return Effect{}, err
	}
	ids, err := s.ids(ctx, actor, sel)
	if err != nil {
		return Effect{}, err
	}
	return s.foresee(ctx, actor, ids, a)
}

func (s *Service) foresee(ctx context.Context, actor access.Actor, ids []int64, a desk.Amendment) (Effect, error) {
	e := Effect{Total: len(ids), By: map[State]int{}}
	to, err := s.desk.Colleague(ctx, a)
	if err == nil {
		err = s.desk.CheckIncident(ctx, a)
	}
	if err != nil {
		return Effect{}, err
	}
	now := s.now()
	var resolved []int64
	for part := range slices.Chunk(ids, 500) {
		tickets, err := ticket.Many(ctx, s.db.Gorm, part)
		if err != nil {
			return Effect{}, err
		}
		e.By[Gone] += len(part) - len(tickets)
		for _, t := range tickets {
			state, reason := Changed, ""
			switch err := a.Foresee(actor, to, t, now); {
			case errors.Is(err, ticket.ErrUnchanged):
				state = Same
			case err != nil:
				state, reason = outcome(err)
			case a.Status != nil && *a.Status == ticket.Resolved:
				resolved = append(resolved, t.ID)
			}
			// What is hidden is counted with what is not there, and never shown.
			if e.By[state]++; e.By[state] <= examples && state != Gone {
				e.Examples = append(e.Examples, Example{t.Snapshot(), state, reason})
			}
		}
	}
	e.Asking, e.Asked, err = area.Asking(ctx, s.db.Gorm, resolved)
	return e, err
}

// Start begins a bulk, does its first tickets and returns how far it has come.
// expected is how many the effect that was shown would change: with another
// number now it is ErrEffect, and nothing is done.
func (s *Service) Start(ctx context.Context, actor access.Actor, sel Selection, a desk.Amendment, expected int) (Bulk, error) {
	a, err := Check(a)
	if err != nil {
		return Bulk{}, err
	}
	ids, err := s.ids(ctx, actor, sel)
	if err != nil {
		return Bulk{}, err
	}
	effect, err := s.foresee(ctx, actor, ids, a)
	if err != nil {
		return Bulk{}, err
	}
	if effect.By[Changed] != expected {
		return Bulk{}, ErrEffect.With("changes", effect.By[Changed])
	}
	if len(ids) == 0 {
		return Bulk{}, ticket.Wrong("ids", "required")
	}
	action, err := json.Marshal(a)
	if err != nil {
		return Bulk{}, fmt.Errorf("write the action of a bulk: %w", err)
	}
	var id int64
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		err := tx.Raw("INSERT INTO bulks (account_id, action, total, created_at) VALUES (?, ?::jsonb, ?, ?) RETURNING id",
			actor.AccountID, string(action), len(ids), s.now()).Scan(&id).Error
		if err == nil {
			err = tx.Exec(`INSERT INTO bulk_items (bulk_id, ticket_id) SELECT ?, t.id FROM tickets t WHERE t.id IN ?`, id, ids).Error
		}
		if err != nil {
			return fmt.Errorf("begin a bulk of %d tickets: %w", len(ids), err)
		}
		return nil
	})
	if err != nil {
		return Bulk{}, err
	}
	return s.begin(ctx, actor, id)
}

// begin does the first tickets of a bulk within the call.
func (s *Service) begin(ctx context.Context, actor access.Actor, id int64) (Bulk, error) {
	b, err := s.read(ctx, id)
	if err != nil {
		return Bulk{}, err
	}
	if err := s.work(ctx, actor, b, atOnce, time.Now().Add(atOnceFor)); err != nil {
		return Bulk{}, err
	}
	return s.Get(ctx, actor, id)
}

// Undo begins to take a bulk back.
func (s *Service) Undo(ctx context.Context, actor access.Actor, id int64) (Bulk, error) {
	b, err := s.Get(ctx, actor, id)
	if err != nil {
		return Bulk{}, err
	}
	if b.UndoUntil == nil {
		return Bulk{}, ErrUndoOver
	}
	var undo int64
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		err := tx.Raw(`INSERT INTO bulks (account_id, undoes, action, total, created_at)
			SELECT ?, b.id, b.action, (SELECT count(*) FROM bulk_items i WHERE i.bulk_id = b.id AND i.state = 'changed'), ?
			FROM bulks b WHERE b.id = ? RETURNING id`, actor.AccountID, s.now(), id).Scan(&undo).Error
		if postgres.IsUnique(err, "") {
			return ErrUndoOver
		}
		if err == nil {
			err = tx.Exec(`INSERT INTO bulk_items (bulk_id, ticket_id, kept) SELECT ?, ticket_id, kept FROM bulk_items
				WHERE bulk_id = ? AND state = 'changed'`, undo, id).Error
		}
		if err != nil {
			return fmt.Errorf("begin to take bulk %d back: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return Bulk{}, err
	}
	return s.begin(ctx, actor, undo)
}

// work does pending tickets of a bulk until there are none, or most are done, or
// it is until.
func (s *Service) work(ctx context.Context, actor access.Actor, b Bulk, most int, until time.Time) error {
	for done := 0; done < most && time.Now().Before(until) && ctx.Err() == nil; {
		var items []struct {
			TicketID int64
			Kept     *string
		}
		err := s.db.Gorm.WithContext(ctx).Raw("SELECT ticket_id, kept FROM bulk_items WHERE bulk_id = ? AND state = 'pending' ORDER BY ticket_id LIMIT ?",
			b.ID, min(most-done, atOnce)).Scan(&items).Error
		if err != nil {
			return fmt.Errorf("read what bulk %d still has to do: %w", b.ID, err)
		}
		if len(items) == 0 {
			return s.end(ctx, b.ID)
		}
		for _, it := range items {
			if err := s.item(ctx, actor, b, it.TicketID, it.Kept); err != nil {
				return err
			}
			done++
		}
	}
	return s.end(ctx, b.ID)
}

// errDone ends the transaction of an item that somebody else has done.
var errDone = errors.New("done already")

// item does one ticket.
func (s *Service) item(ctx context.Context, actor access.Actor, b Bulk, ticketID int64, kept *string) error {
	settle := func(tx *gorm.DB, state State, reason string, kept *string) error {
		done := tx.WithContext(ctx).Exec("UPDATE bulk_items SET state = ?, reason = ?, kept = coalesce(?::jsonb, kept) WHERE bulk_id = ? AND ticket_id = ? AND state = 'pending'",
			state, reason, kept, b.ID, ticketID)
		if done.Error != nil {
			return fmt.Errorf("note ticket %d of bulk %d: %w", ticketID, b.ID, done.Error)
		}
		if done.RowsAffected == 0 {
			return errDone
		}
		return nil
	}
	err := s.change(ctx, actor, b, ticketID, kept, settle)
	switch {
	case err == nil || errors.Is(err, errDone) || errors.Is(err, ticket.ErrUnchanged):
		return nil
	case fault.From(err).Kind == fault.Internal || fault.From(err).Kind == fault.Unavailable:
		return err // tried again
	}
	state, reason := outcome(err)
	if err := settle(s.db.Gorm, state, reason, nil); err != nil && !errors.Is(err, errDone) {
		return err
	}
	return nil
}

func (s *Service) change(ctx context.Context, actor access.Actor, b Bulk, ticketID int64, kept *string,
	note func(*gorm.DB, State, string, *string) error) error {
	settle := func(tx *gorm.DB, state State, kept *string) error {
		// A node that stands still within its transaction must not hold up the others.
		if err := tx.WithContext(ctx).Exec("SET LOCAL idle_in_transaction_session_timeout = '5s'").Error; err != nil {
			return fmt.Errorf("bound a ticket of bulk %d: %w", b.ID, err)
		}
		return note(tx, state, "", kept)
	}
	if b.Undoes != nil {
		var was desk.Kept
		if kept == nil || json.Unmarshal([]byte(*kept), &was) != nil {
			return ErrUndoOver
		}
		return s.desk.TakeBack(ctx, actor, ticketID, *b.Undoes, was, func(tx *gorm.DB) error { return settle(tx, Changed, nil) })
	}
	return s.desk.Amend(ctx, actor, ticketID, b.ID, b.Action, func(tx *gorm.DB, kept *desk.Kept) error {
		if kept == nil {
			return settle(tx, Same, nil)
		}
		text, err := json.Marshal(kept)
		if err != nil {
			return fmt.Errorf("write what ticket %d was: %w", ticketID, err)
		}
		replaced := string(text)
		return settle(tx, Changed, &replaced)
	})
}

func (s *Service) end(ctx context.Context, id int64) error {
	err := s.db.Gorm.WithContext(ctx).Exec(`UPDATE bulks SET ended_at = ? WHERE id = ? AND ended_at IS NULL
		AND NOT EXISTS (SELECT FROM bulk_items WHERE bulk_id = ? AND state = 'pending')`, s.now(), id, id).Error
	if err != nil {
		return fmt.Errorf("end bulk %d: %w", id, err)
	}
	return nil
}

// Run goes on with bulks until ctx ends. Nodes that take the same one are in each
// other's way, and do nothing twice.
func (s *Service) Run(ctx context.Context) error {
	return jobs.Sweep(ctx, round, func(ctx context.Context) bool {
		more, err := s.goOn(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "bulks go on later", "error", err)
		}
		return more && err == nil
	})
}

func (s *Service) goOn(ctx context.Context) (more bool, err error) {
	var ids []int64
	err = s.db.Gorm.WithContext(ctx).Raw("SELECT id FROM bulks WHERE ended_at IS NULL AND created_at < ? ORDER BY id LIMIT 20",
		s.now().Add(-atOnceFor)).Scan(&ids).Error
	if err != nil {
		return false, fmt.Errorf("look for bulks that are not done: %w", err)
	}
	for _, id := range ids {
		b, err := s.read(ctx, id)
		if err != nil {
			return false, err
		}
		actor, err := s.actors(ctx, b.AccountID)
		if err != nil {
			return false, err
		}
		if err := s.work(ctx, actor, b, MaxMatching, time.Now().Add(time.Minute)); err != nil {
			return false, err
		}
	}
	return false, nil
}
