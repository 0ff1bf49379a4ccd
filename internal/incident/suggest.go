package incident

import (
	"context"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

const (
	suggested = 100
	// before is how long before it is noted an incident may have brought tickets.
	before = time.Hour
)

// Suggestions are open tickets that may belong to an incident, of those that the
// actor sees, the newest first: what came since it started (or just before), is
// not of another, and concerns what the incident concerns; of its reason, or of
// one below it. Words look among them instead of the reason, as the search does.
func (s *Service) Suggestions(ctx context.Context, actor access.Actor, i Incident, words string) ([]ticket.Snapshot, error) {
	since := i.StartedAt.Add(-before)
	if words = strings.TrimSpace(words); words != "" {
		return s.searched(ctx, actor, i, since, words)
	}
	// Each team's newest by their index: a quiet team must not read everybody's.
	ids, err := s.ids(ctx, actor, `WITH RECURSIVE below AS (SELECT id FROM reasons WHERE id = @reason
			UNION ALL SELECT r.id FROM reasons r JOIN below b ON r.parent_id = b.id)
		SELECT t.id FROM teams m CROSS JOIN LATERAL (SELECT t.* FROM tickets t
			WHERE t.team_id = m.id AND NOT t.walled AND t.open AND t.opened_at >= @since AND t.incident_id IS NULL
			AND (@brand = 0 OR t.brand_id = @brand) AND (@channel = '' OR t.channel = @channel)
			AND (@reason = 0 OR t.reason_id IN (SELECT id FROM below))
			ORDER BY t.opened_at DESC, t.id DESC LIMIT @limit) t
		WHERE (@team = 0 OR m.id = @team) AND `+access.Condition+` ORDER BY t.opened_at DESC, t.id DESC LIMIT @limit`, map[string]any{
		"since": since, "limit": suggested, "brand": or0(i.BrandID), "channel": i.Channel, "reason": or0(i.ReasonID), "team": or0(i.TeamID),
	})
	if err != nil {
		return nil, err
	}
	return s.rows(ctx, actor, ids)
}

func (s *Service) searched(ctx context.Context, actor access.Actor, i Incident, since time.Time, words string) ([]ticket.Snapshot, error) {
	page, err := ticket.List(ctx, s.db.Gorm, ticket.Query{
		Actor: actor, Now: s.now(), Status: string(ticket.Open), Team: or0(i.TeamID), Channel: i.Channel, Q: words, Limit: ticket.MaxLimit,
	})
	if err != nil {
		return nil, err
	}
	var rows []ticket.Snapshot
	for _, r := range page.Items {
		if !r.Walled && r.IncidentID == nil && !r.OpenedAt.Before(since) && (i.BrandID == nil || *i.BrandID == r.BrandID) {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func or0(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
