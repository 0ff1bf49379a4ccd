package assign

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// heavyKinds are the demands that wear people out when they come one after the other.
var heavyKinds = []ticket.Kind{"reclamacao", "contestacao", "denuncia", "cancelamento"}

// lighterOnly leaves out the heavy tickets that can wait an hour, of teams that
// mix and whose turn it is to be spared. What is overdue, or nearly, never waits.
const lighterOnly = ` AND (t.team_id NOT IN @tired OR t.kind NOT IN @heavy OR t.next_due < now() + interval '1 hour')`

// terms are what holds for one asker apart from what they may see.
type terms struct {
	lacked []roster.Rule // what demands a skill that they do not have
	mixing []int64       // teams that mix kinds
	tired  []int64       // those of which they have had enough heavy ones in a row
}

func termsOf(ctx context.Context, tx *gorm.DB, actor access.Actor) (terms, error) {
	lacked, err := roster.Lacked(ctx, tx, actor.AccountID)
	if err != nil {
		return terms{}, err
	}
	t := terms{lacked: lacked}
	var mixing []struct {
		ID    int64
		Tired bool
	}
	scope := actor.Scope()
	err = tx.WithContext(ctx).Raw(`SELECT m.id, m.heavy_in_row <= coalesce((SELECT heavy FROM served_in_row WHERE account_id = @me), 0) AS tired
		FROM teams m WHERE m.heavy_in_row > 0 AND (@all OR m.id IN @teams)`,
		map[string]any{"me": actor.AccountID, "all": scope.AllTeams, "teams": scope.Teams}).Scan(&mixing).Error
	if err != nil {
		return terms{}, fmt.Errorf("read which teams mix kinds: %w", err)
	}
	for _, m := range mixing {
		t.mixing = append(t.mixing, m.ID)
		if m.Tired {
			t.tired = append(t.tired, m.ID)
		}
	}
	return t, nil
}

// served counts what was served, where that is of interest.
func (t terms) served(ctx context.Context, tx *gorm.DB, actor access.Actor, next ticket.Ticket) error {
	if !slices.Contains(t.mixing, next.TeamID) {
		return nil
	}
	heavy := 0
	if slices.Contains(heavyKinds, next.Kind) {
		heavy = 1
	}
	err := tx.WithContext(ctx).Exec(`INSERT INTO served_in_row AS r (account_id, heavy) VALUES (@me, @heavy)
		ON CONFLICT (account_id) DO UPDATE SET heavy = CASE WHEN @heavy > 0 THEN least(r.heavy + 1, 1000) ELSE 0 END`,
		map[string]any{"me": actor.AccountID, "heavy": heavy}).Error
	if err != nil {
		return fmt.Errorf("count what %d was served: %w", actor.AccountID, err)
	}
	return nil
}
