package incident

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// Figures count the tickets of an incident that an actor sees.
type Figures struct {
	Tickets   int
	Customers int // a ticket of nobody known is one of its own
	Open      int
	Answered  int // we have said something in it
	Unreached int // an answer to all stands only on its page, see unreached
	First     *time.Time
	Last      *time.Time
}

// unreached holds for a ticket t to which the newest answer to all that it got has
// found no way but its page, and to which nothing has been said since: somebody
// has to call, or write a letter.
const unreached = `EXISTS (SELECT FROM LATERAL (SELECT rt.message_id FROM incident_run_tickets rt JOIN incident_runs r ON r.id = rt.run_id
		WHERE rt.ticket_id = t.id AND r.incident_id = @incident AND rt.message_id IS NOT NULL ORDER BY rt.message_id DESC LIMIT 1) a
	WHERE NOT EXISTS (SELECT FROM outbox o WHERE o.message_id = a.message_id AND o.state NOT IN ('failed', 'bounced', 'suppressed', 'undone'))
		AND NOT EXISTS (SELECT FROM messages m WHERE m.ticket_id = t.id AND m.id > a.message_id AND m.direction = 'out' AND m.delivery <> 'undone')
		AND EXISTS (SELECT FROM messages m WHERE m.id = a.message_id AND m.delivery <> 'undone'))`

// Count adds up an incident's tickets for an actor.
func (s *Service) Count(ctx context.Context, actor access.Actor, id int64) (f Figures, err error) {
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT count(*) AS tickets, count(DISTINCT coalesce(t.customer_id, -t.id)) AS customers,
		count(*) FILTER (WHERE t.open) AS open,
		count(*) FILTER (WHERE EXISTS (SELECT FROM messages m WHERE m.ticket_id = t.id AND m.direction = 'out' AND m.delivery <> 'undone')) AS answered,
		count(*) FILTER (WHERE `+unreached+`) AS unreached,
		min(t.opened_at) AS first, max(t.opened_at) AS last
		FROM tickets t WHERE t.incident_id = @incident AND NOT t.walled AND t.merged_into IS NULL AND `+access.Condition,
		actor.Scope().Named(map[string]any{"incident": id})).Scan(&f).Error
	if err != nil {
		return f, fmt.Errorf("count the tickets of incident %d: %w", id, err)
	}
	return f, nil
}

// ByReason is how many demands came for one reason.
type ByReason struct {
	ReasonID *int64
	Tickets  int
	Demands  int // the tickets of an incident are one
}

// Reasons counts the tickets opened in a period, and the demands that they are,
// by reason, of those that the actor sees on this side of the wall: the view
// demands says what counts as one. An incident counts in each period in which it
// brought tickets.
func (s *Service) Reasons(ctx context.Context, actor access.Actor, from, to time.Time) (all []ByReason, err error) {
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT t.reason_id, count(*) AS tickets, count(DISTINCT t.demand) AS demands
		FROM demands t WHERE t.opened_at >= @from AND t.opened_at < @to AND `+access.Condition+`
		GROUP BY t.reason_id ORDER BY demands DESC, tickets DESC, t.reason_id`,
		actor.Scope().Named(map[string]any{"from": from, "to": to})).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("count the demands by reason: %w", err)
	}
	return all, nil
}
