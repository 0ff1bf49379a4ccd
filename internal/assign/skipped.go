package assign

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// maxGivenBack bounds a list of skips.
const maxGivenBack = 200

// GivenBack is one skip, for whoever arranges who gets what.
type GivenBack struct {
	At        time.Time
	AccountID int64
	Account   string // name
	TicketID  int64
	Protocol  string
	Subject   string
	Reason    string
	Word      string
}

// GivenBack lists what was skipped since an instant, the newest first, of the
// tickets that the actor sees now.
func (s *Service) GivenBack(ctx context.Context, actor access.Actor, since time.Time) (all []GivenBack, err error) {
	// By account, because the index is.
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT k.at, p.id AS account_id, p.name AS account, t.id AS ticket_id, t.protocol, t.subject, k.reason, k.word
		FROM accounts p CROSS JOIN LATERAL (SELECT * FROM skips WHERE account_id = p.id AND at >= @since ORDER BY at DESC LIMIT @most) k
		JOIN tickets t ON t.id = k.ticket_id WHERE `+access.Condition+` ORDER BY k.at DESC, k.id DESC LIMIT @most`,
		actor.Scope().Named(map[string]any{"since": since, "most": maxGivenBack})).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list what was skipped: %w", err)
	}
	return all, nil
}
