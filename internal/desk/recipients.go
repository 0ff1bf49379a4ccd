package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/folding"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Recipient is somebody to whom a ticket can be given.
type Recipient struct {
	ID   int64
	Name string
	Load int // open tickets that are theirs, without those behind the wall
}

// Recipients lists whom a ticket can be given to: all active accounts that may see
// it, but for the actor, whose names have the words of q.
func Recipients(ctx context.Context, db *gorm.DB, actor access.Actor, t ticket.Ticket, q string) ([]Recipient, error) {
	var rows []struct {
		ID    int64
		Name  string
		Role  access.Role
		Teams string
		Load  int
	}
	err := db.WithContext(ctx).Raw(`SELECT a.id, a.name, CASE WHEN a.office_pending THEN 'agent' ELSE a.role END AS role,
			coalesce((SELECT string_agg(m.team_id::text, ' ' ORDER BY m.team_id) FROM account_teams m WHERE m.account_id = a.id), '') AS teams,
			coalesce(l.load, 0) AS load
		FROM accounts a LEFT JOIN (SELECT assignee_id, count(*) AS load FROM tickets
			WHERE open AND NOT walled AND assignee_id IS NOT NULL GROUP BY assignee_id) l ON l.assignee_id = a.id
		WHERE a.active AND a.id <> ? ORDER BY a.name, a.id`, actor.AccountID).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list whom ticket %d can be given to: %w", t.ID, err)
	}
	words := strings.Fields(folding.Fold(q))
	var found []Recipient
	for _, r := range rows {
		who := access.Actor{AccountID: r.ID, Role: r.Role}
		for _, id := range strings.Fields(r.Teams) {
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("read the teams of account %d: %w", r.ID, err)
			}
			who.Teams = append(who.Teams, n)
		}
		if who.MaySee(t.Audience()) && hasAll(folding.Fold(r.Name), words) {
			found = append(found, Recipient{r.ID, r.Name, r.Load})
		}
	}
	return found, nil
}

func hasAll(name string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(name, w) {
			return false
		}
	}
	return true
}
