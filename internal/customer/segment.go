package customer

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// Segment is a sort of customer that the rules of deadlines may tell apart.
type Segment struct{ ID, Name string }

// Segments lists those there are, in order.
func Segments(ctx context.Context, db *gorm.DB) ([]Segment, error) {
	var all []Segment
	if err := db.WithContext(ctx).Raw("SELECT id, name FROM customer_segments ORDER BY position, id").Scan(&all).Error; err != nil {
		return nil, fmt.Errorf("read the segments of customers: %w", err)
	}
	return all, nil
}
