package desk

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
)

// SetSegment notes of what sort a customer is, empty for none, and plans their
// open tickets anew: rules may ask for it.
func (s *Service) SetSegment(ctx context.Context, actor access.Actor, customerID int64, segment string) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		var known bool
		if err := tx.Raw("SELECT ? = '' OR EXISTS (SELECT FROM customer_segments WHERE id = ?)", segment, segment).Scan(&known).Error; err != nil {
			return fmt.Errorf("look for segment %q: %w", segment, err)
		}
		if !known {
			return errSegment
		}
		set := tx.Exec("UPDATE customers SET segment = nullif(?, '') WHERE id = ? AND merged_into IS NULL AND segment IS DISTINCT FROM nullif(?, '')", segment, customerID, segment)
		if set.Error != nil || set.RowsAffected == 0 {
			return set.Error
		}
		return s.planCustomer(ctx, tx, &actor.AccountID, customerID)
	})
	if err == nil {
		s.poke.Poke()
	}
	return err
}

// errSegment is a segment that is not in the list.
var errSegment = sla.ErrRules.Field("body.segment", "unknown_choice")

// planCustomer plans the open tickets of a customer anew.
func (s *Service) planCustomer(ctx context.Context, tx *gorm.DB, by *int64, customerID int64) error {
	var ids []int64
	err := tx.WithContext(ctx).Raw("SELECT id FROM tickets WHERE customer_id = ? AND open ORDER BY id LIMIT ?", customerID, maxMoved).Scan(&ids).Error
	if err == nil && len(ids) > 0 {
		_, err = s.planned(ctx, tx, ids, by, sla.BySegment, s.now())
	}
	if err != nil {
		return fmt.Errorf("plan the tickets of customer %d anew: %w", customerID, err)
	}
	return nil
}
