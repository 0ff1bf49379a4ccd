package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// row is a call as the table holds it.
type row struct {
	ContactID int64 `gorm:"primaryKey"`
	TicketID  int64
	OpenedID  int64
	Protocol  string
	LineID    *int64
	Line      string
	Caller    string
	Phone     string
	Direction Direction
	AgentID   *int64
	Note      string
	Outcome   Outcome
	PbxCall   *string
	StartedAt time.Time
	EndedAt   *time.Time
	Duration  *int
	Version   int
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

func (row) TableName() string { return "calls" }

func (r row) call() Call {
	c := Call{
		ContactID: r.ContactID, TicketID: r.TicketID, OpenedID: r.OpenedID, Protocol: r.Protocol, LineID: r.LineID, Line: r.Line,
		Caller: phone.Caller{Raw: r.Caller, Phone: brazil.Phone(r.Phone)}, Direction: r.Direction, AgentID: r.AgentID,
		Note: r.Note, Outcome: r.Outcome, StartedAt: r.StartedAt.UTC(), EndedAt: r.EndedAt, Version: r.Version,
	}
	if r.Duration != nil {
		d := time.Duration(*r.Duration) * time.Second
		c.Duration = &d
	}
	return c
}

func byContact(ctx context.Context, db *gorm.DB, contact int64) (Call, error) {
	r, err := read(ctx, db.Where("contact_id = ?", contact))
	return r.call(), err
}

func read(ctx context.Context, db *gorm.DB) (row, error) {
	var r row
	switch err := db.WithContext(ctx).Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return row{}, ErrNotFound
	case err != nil:
		return row{}, fmt.Errorf("read a call: %w", err)
	}
	return r, nil
}

// hold reads a call for a change of the version that its author has seen, and
// keeps others from changing it until tx ends. A version of 0 is not asked.
func hold(ctx context.Context, tx *gorm.DB, contact int64, seen int) (row, error) {
	r, err := read(ctx, tx.Where("contact_id = ?", contact).Clauses(forUpdate))
	if err != nil {
		return row{}, err
	}
	if seen != 0 && r.Version != seen {
		return row{}, ticket.ErrVersion.With("version", r.Version)
	}
	return r, nil
}

// save stores what may change of a call, as its next version.
func save(ctx context.Context, tx *gorm.DB, r *row, now time.Time) error {
	r.Version++
	r.UpdatedAt = now
	err := tx.WithContext(ctx).Model(&row{}).Where("contact_id = ?", r.ContactID).
		Select("TicketID", "Direction", "AgentID", "Note", "Outcome", "PbxCall", "LineID", "Caller", "Phone", "EndedAt", "Duration", "Version", "UpdatedAt").
		Updates(r).Error
	if err != nil {
		return fmt.Errorf("store call %d: %w", r.ContactID, err)
	}
	if r.EndedAt == nil {
		return nil
	}
	return keepFrom(ctx, tx, r.ContactID, *r.EndedAt)
}

// Query asks for calls, the newest first.
type Query struct {
	Mine   bool // the asker's own
	Open   bool // that have not ended
	Ticket int64
	Before int64 // contact id; 0 begins with the newest
	Limit  int
}

const (
	defaultPage = 50
	largestPage = 200
)

// List reads the calls whose tickets the actor may see. next is where the next
// page begins, 0 on the last.
func (s *Service) List(ctx context.Context, actor access.Actor, q Query) (calls []Opened, next int64, err error) {
	if q.Limit <= 0 {
		q.Limit = defaultPage
	}
	q.Limit = min(q.Limit, largestPage)
	var rows []row
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT c.* FROM calls c JOIN tickets t ON t.id = c.ticket_id
		WHERE `+access.Condition+`
		  AND (NOT @mine OR c.agent_id = @me) AND (NOT @open OR c.ended_at IS NULL)
		  AND (@ticket = 0 OR c.ticket_id = @ticket) AND (@before = 0 OR c.contact_id < @before)
		ORDER BY c.contact_id DESC LIMIT @limit`, actor.Scope().Named(map[string]any{
		"mine": q.Mine, "me": actor.AccountID,
		"open": q.Open, "ticket": q.Ticket, "before": q.Before, "limit": q.Limit + 1,
	})).Scan(&rows).Error
	if err != nil {
		return nil, 0, fmt.Errorf("list calls: %w", err)
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		next = rows[q.Limit-1].ContactID
	}
	for _, r := range rows {
		t, err := ticket.ByID(ctx, s.db.Gorm, r.TicketID)
		if err != nil {
			return nil, 0, err
		}
		calls = append(calls, Opened{r.call(), t})
	}
	return calls, next, nil
}

// Tickets are those that a call is about, the first one first: only what the
// actor may see.
func (s *Service) Tickets(ctx context.Context, actor access.Actor, c Call) ([]ticket.Snapshot, error) {
	var ids []int64
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT l.ticket_id FROM ticket_contacts l JOIN tickets t ON t.id = l.ticket_id
		WHERE l.contact_id = ? AND t.merged_into IS NULL ORDER BY l.ticket_id <> ?, l.ticket_id`, c.ContactID, c.TicketID).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("read what call %d is about: %w", c.ContactID, err)
	}
	seen, err := ticket.Snapshots(ctx, s.db.Gorm, actor, ids)
	if err != nil {
		return nil, err
	}
	about := make([]ticket.Snapshot, 0, len(ids))
	for _, id := range ids {
		if t, ok := seen[id]; ok {
			about = append(about, t)
		}
	}
	return about, nil
}
