package reach

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Wishable are the ways of which a customer may say whether they want them. Their
// own page is none: it contacts nobody.
var Wishable = []Way{Email, SMS, Letter, Phone}

// Wish is what a customer wants of one way, whatever the purpose.
type Wish struct {
	Way     Way
	Allowed bool
	At      time.Time // since when
}

// Wishes lists what a customer has said, in the order of Wishable. A way of which
// they said nothing is not among them: it may be used.
func Wishes(ctx context.Context, db *gorm.DB, customerID int64) (all []Wish, err error) {
	err = db.WithContext(ctx).Raw(`SELECT way, allowed, at FROM contact_preferences WHERE customer_id = ? AND purpose = ''
		ORDER BY array_position(ARRAY['email', 'sms', 'letter', 'phone'], way)`, customerID).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read what customer %d wants: %w", customerID, err)
	}
	return all, nil
}

// Want notes what a customer wants of a way, for every purpose but those of which
// they said something of their own. What is on its way learns of it: the gate is
// asked again when it goes.
func Want(ctx context.Context, db *gorm.DB, customerID int64, w Wish) error {
	err := db.WithContext(ctx).Exec(`INSERT INTO contact_preferences (customer_id, way, allowed, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (customer_id, way, purpose) DO UPDATE SET allowed = excluded.allowed, at = excluded.at
		WHERE contact_preferences.allowed <> excluded.allowed`, customerID, string(w.Way), w.Allowed, w.At).Error
	if err != nil {
		return fmt.Errorf("note what customer %d wants: %w", customerID, err)
	}
	return nil
}
