package desk

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
)

// Alert is a running deadline of which somebody was told by its ladder.
type Alert struct {
	TicketID int64
	Protocol string
	Subject  string
	Clock    sla.Kind
	Policy   string
	Due      time.Time
	Stage    int       // the gravest of which they were told, in per cent
	At       time.Time // when they were told of that
}

// alertsAtOnce bounds how many alerts are listed.
const alertsAtOnce = 100

// Alerts are the deadlines that an actor was told of and that still run, the first
// due first. What was answered since, and what they may not see any more, is gone.
func Alerts(ctx context.Context, db *gorm.DB, actor access.Actor) (all []Alert, err error) {
	err = db.WithContext(ctx).Raw(`SELECT DISTINCT ON (c.due, c.id) t.id AS ticket_id, t.protocol, t.subject, c.kind AS clock, c.policy, c.due, e.stage, e.done_at AS at
		FROM escalation_told m JOIN escalations e ON e.id = m.escalation_id JOIN clocks c ON c.id = e.clock_id JOIN tickets t ON t.id = e.ticket_id
		WHERE m.account_id = @me AND c.state = 'running' AND `+access.Condition+`
		ORDER BY c.due, c.id, e.stage DESC, e.id DESC LIMIT @most`,
		actor.Scope().Named(map[string]any{"me": actor.AccountID, "most": alertsAtOnce})).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list what account %d was told of: %w", actor.AccountID, err)
	}
	return all, nil
}
