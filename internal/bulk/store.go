package bulk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// read reads a bulk without what became of its tickets.
func (s *Service) read(ctx context.Context, id int64) (Bulk, error) {
	var rows []struct {
		ID        int64
		AccountID int64
		Undoes    *int64
		Action    string
		Total     int
		CreatedAt time.Time
		EndedAt   *time.Time
		Undone    bool
	}
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT b.*, EXISTS (SELECT FROM bulks u WHERE u.undoes = b.id) AS undone FROM bulks b WHERE b.id = ?`,
		id).Scan(&rows).Error
	if err != nil {
		return Bulk{}, fmt.Errorf("read bulk %d: %w", id, err)
	}
	if len(rows) == 0 {
		return Bulk{}, ErrNotFound
	}
	r := rows[0]
	b := Bulk{ID: r.ID, AccountID: r.AccountID, Undoes: r.Undoes, Effect: Effect{Total: r.Total}, CreatedAt: r.CreatedAt, EndedAt: r.EndedAt}
	if err := json.Unmarshal([]byte(r.Action), &b.Action); err != nil {
		return Bulk{}, fmt.Errorf("read the action of bulk %d: %w", id, err)
	}
	until := r.CreatedAt.Add(UndoFor)
	if r.EndedAt != nil && r.Undoes == nil && !r.Undone && s.now().Before(until) {
		b.UndoUntil = &until
	}
	return b, nil
}

// Get gives a bulk of the actor's, and what has become of its tickets by now.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Bulk, error) {
	b, err := s.read(ctx, id)
	if err != nil {
		return Bulk{}, err
	}
	if b.AccountID != actor.AccountID {
		return Bulk{}, ErrNotFound
	}
	var counted []struct {
		State State
		N     int
	}
	db := s.db.Gorm.WithContext(ctx)
	if err := db.Raw("SELECT state, count(*) AS n FROM bulk_items WHERE bulk_id = ? GROUP BY state", id).Scan(&counted).Error; err != nil {
		return Bulk{}, fmt.Errorf("count the tickets of bulk %d: %w", id, err)
	}
	b.Effect.By = map[State]int{}
	for _, c := range counted {
		b.Effect.By[c.State] = c.N
	}
	var skipped []struct {
		TicketID int64
		State    State
		Reason   string
	}
	err = db.Raw("SELECT ticket_id, state, reason FROM bulk_items WHERE bulk_id = ? AND state IN ('held', 'refused', 'moved_on') ORDER BY ticket_id LIMIT ?",
		id, 4*examples).Scan(&skipped).Error
	if err != nil {
		return Bulk{}, fmt.Errorf("read what bulk %d has left out: %w", id, err)
	}
	ids := make([]int64, len(skipped))
	for i, it := range skipped {
		ids[i] = it.TicketID
	}
	rows, err := ticket.Snapshots(ctx, s.db.Gorm, actor, ids)
	for _, it := range skipped {
		if row, seen := rows[it.TicketID]; seen {
			b.Effect.Examples = append(b.Effect.Examples, Example{row, it.State, it.Reason})
		}
	}
	return b, err
}
