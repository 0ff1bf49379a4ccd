package outbox

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/reach"
)

// HeldSince tells since when nothing goes out, and why; nil when it does.
func HeldSince(ctx context.Context, db *gorm.DB) (at *time.Time, why string, err error) {
	var held struct {
		OutgoingHeldAt  *time.Time
		OutgoingHeldWhy string
	}
	if err := db.WithContext(ctx).Raw("SELECT outgoing_held_at, outgoing_held_why FROM installation").Scan(&held).Error; err != nil {
		return nil, "", fmt.Errorf("ask whether sending is held: %w", err)
	}
	return held.OutgoingHeldAt, held.OutgoingHeldWhy, nil
}

// Count is how many rows of one way wait to go out.
type Count struct {
	Way    reach.Way
	N      int64
	Oldest time.Time // when the first of them was ordered
}

// Pending counts what waits, for whoever is about to let it go. What is not in
// their sight is not counted.
func Pending(ctx context.Context, db *gorm.DB, scope access.Scope) (all []Count, err error) {
	err = inSight(db.WithContext(ctx), scope).Where("o.state IN ('queued', 'sending')").Group("o.way").
		Select("o.way, count(*) AS n, min(o.created_at) AS oldest").
		Order("array_position(ARRAY['email', 'sms', 'letter'], o.way)").Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("count what waits to go out: %w", err)
	}
	return all, nil
}

// Release lets everything go out again. The sweep of any node begins within
// seconds.
func Release(ctx context.Context, db *gorm.DB) error {
	err := db.WithContext(ctx).Exec("UPDATE installation SET outgoing_held_at = NULL, outgoing_held_why = ''").Error
	if err != nil {
		return fmt.Errorf("release what is held: %w", err)
	}
	return nil
}
