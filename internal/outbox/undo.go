package outbox

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Undo takes back what was ordered for a message, as long as it only waits. free
// is false when something of it is being sent, or has gone. What was never
// ordered, or was refused, is free. The ticket is locked by the caller.
func Undo(ctx context.Context, tx *gorm.DB, messageID int64) (free bool, err error) {
	var rows []row
	err = tx.WithContext(ctx).Raw("SELECT * FROM outbox WHERE message_id = ? AND purpose = 'reply' ORDER BY id FOR UPDATE", messageID).Scan(&rows).Error
	if err != nil {
		return false, fmt.Errorf("look for what brings message %d: %w", messageID, err)
	}
	for _, r := range rows {
		switch r.State {
		case Queued:
		case Suppressed, Undone:
			continue
		default:
			return false, nil
		}
		if err := tx.WithContext(ctx).Exec("UPDATE outbox SET state = 'undone', reason = '', settled_at = now() WHERE id = ?", r.ID).Error; err != nil {
			return false, fmt.Errorf("take back %d: %w", r.ID, err)
		}
		if err := next(ctx, tx, r); err != nil {
			return false, err
		}
	}
	return true, nil
}
