package ticket

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Snapshots reads the list rows of these tickets that the actor may see, by id.
func Snapshots(ctx context.Context, db *gorm.DB, actor access.Actor, ids []int64) (map[int64]Snapshot, error) {
	var w where
	w.add("t.id IN ?", ids)
	w.visible(actor.Scope())
	var rows []row
	if err := db.WithContext(ctx).Raw("SELECT t.* FROM tickets t WHERE "+w.String(), w.args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read %d tickets: %w", len(ids), err)
	}
	found := make(map[int64]Snapshot, len(rows))
	for _, r := range rows {
		found[r.ID] = r.ticket().Snapshot()
	}
	return found, nil
}
