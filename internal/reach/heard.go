package reach

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// HeardFrom takes back what bounces have noted about an e-mail address: somebody
// writes from it, so it is there again. What a person has suppressed stays.
func HeardFrom(ctx context.Context, tx *gorm.DB, address string) error {
	address = fold(Email, address)
	err := tx.WithContext(ctx).Exec("DELETE FROM suppressions WHERE way = 'email' AND address = ? AND reason = 'bounced'", address).Error
	if err == nil {
		err = tx.WithContext(ctx).Exec("UPDATE identities SET bouncing_at = NULL WHERE kind = 'email' AND value = ? AND bouncing_at IS NOT NULL", address).Error
	}
	if err != nil {
		return fmt.Errorf("note that an address is heard from again: %w", err)
	}
	return nil
}
