package incident

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Linked is what the event of a ticket that was put to an incident, or taken off
// it, tells beside the row.
type Linked struct {
	IncidentID *int64 `json:"incident_id"` // nil when it was taken off
	Title      string `json:"title"`       // of the incident it is about
	From       *int64 `json:"from,omitempty"`
}

// Link puts a ticket that the actor sees to an incident, or takes it off for nil.
func (s *Service) Link(ctx context.Context, actor access.Actor, ticketID int64, incidentID *int64) (ticket.Ticket, error) {
	return s.link(ctx, actor, ticketID, incidentID, func(*gorm.DB, ticket.Ticket) error { return nil })
}

// link is Link with within in its transaction, which may refuse.
func (s *Service) link(ctx context.Context, actor access.Actor, ticketID int64, to *int64, within func(tx *gorm.DB, t ticket.Ticket) error) (ticket.Ticket, error) {
	var told Linked
	c := ticket.Cause{Kind: event.TicketIncident, Data: &told, At: s.now()}
	return s.desk.Change(ctx, &actor, ticketID, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if err := within(tx, *t); err != nil {
			return err
		}
		if t.Walled {
			return ErrCase
		}
		told = Linked{IncidentID: to, From: t.IncidentID}
		about := to
		if to == nil {
			about = t.IncidentID
		}
		if about == nil || to != nil && t.IncidentID != nil && *to == *t.IncidentID {
			return ticket.ErrUnchanged
		}
		i, err := read(ctx, tx, *about, "FOR KEY SHARE")
		if err != nil {
			return err
		}
		if to != nil && i.State == Closed {
			return ErrClosed
		}
		told.Title = i.Title
		t.IncidentID = to
		return nil
	})
}

const ticketsShown = 50

// Tickets reads a page of an incident's tickets that the actor sees, the newest
// first, from below the id after; next is 0 on the last. With onlyUnreached these
// are the ones that Figures.Unreached counts.
func (s *Service) Tickets(ctx context.Context, actor access.Actor, id, after int64, onlyUnreached bool) (page []ticket.Snapshot, next int64, err error) {
	which := "t.incident_id = @incident AND (@after = 0 OR t.id < @after)"
	if onlyUnreached {
		which += " AND NOT t.walled AND t.merged_into IS NULL AND " + unreached
	}
	ids, err := s.ids(ctx, actor, `SELECT t.id FROM tickets t WHERE `+which+` AND `+access.Condition+`
		ORDER BY t.id DESC LIMIT @limit`, map[string]any{"incident": id, "after": after, "limit": ticketsShown + 1})
	if err != nil {
		return nil, 0, err
	}
	if len(ids) > ticketsShown {
		ids = ids[:ticketsShown]
		next = ids[ticketsShown-1]
	}
	page, err = s.rows(ctx, actor, ids)
	return page, next, err
}

func (s *Service) ids(ctx context.Context, actor access.Actor, sql string, values map[string]any) (ids []int64, err error) {
	if err := s.db.Gorm.WithContext(ctx).Raw(sql, actor.Scope().Named(values)).Scan(&ids).Error; err != nil {
		return nil, fmt.Errorf("list tickets of an incident: %w", err)
	}
	return ids, nil
}

// rows reads the list rows of tickets, in the order of the ids.
func (s *Service) rows(ctx context.Context, actor access.Actor, ids []int64) ([]ticket.Snapshot, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := ticket.Snapshots(ctx, s.db.Gorm, actor, ids)
	if err != nil {
		return nil, err
	}
	page := make([]ticket.Snapshot, 0, len(ids))
	for _, id := range ids {
		if row, seen := found[id]; seen {
			page = append(page, row)
		}
	}
	return page, nil
}
