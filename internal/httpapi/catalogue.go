package httpapi

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// catalogueRoutes are the lists that a ticket is described with.
type catalogueRoutes struct{ db *gorm.DB }

// Reason is why people come, at one of three levels.
type Reason struct {
	ID       int64  `json:"id"`
	ParentID *int64 `json:"parent_id"`
	Level    int    `json:"level" minimum:"1" maximum:"3"`
	Name     string `json:"name"`
	Active   bool   `json:"active" doc:"An inactive one stays on the tickets that have it"`
}

func reasonBody(r ticket.Reason) Reason { return Reason(r) }

// reasons handles GET /api/reasons.
func (h catalogueRoutes) reasons(ctx context.Context, _ access.Actor, _ *none) (Items[Reason], error) {
	all, err := ticket.Reasons(ctx, h.db)
	return itemsOf(all, reasonBody), err
}

type newReason struct {
	Body struct {
		ParentID *int64 `json:"parent_id,omitempty" minimum:"1"`
		Name     string `json:"name" minLength:"1" maxLength:"200"`
	}
}

// addReason handles POST /api/reasons.
func (h catalogueRoutes) addReason(ctx context.Context, _ access.Actor, in *newReason) (Reason, error) {
	r, err := ticket.AddReason(ctx, h.db, in.Body.ParentID, in.Body.Name)
	return reasonBody(r), err
}

// Brand is a name that customers know.
type Brand struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

// brands handles GET /api/brands.
func (h catalogueRoutes) brands(ctx context.Context, _ access.Actor, _ *none) (Items[Brand], error) {
	var all []Brand
	if err := h.db.WithContext(ctx).Table("brands").Select("id, name, color").Order("id").Scan(&all).Error; err != nil {
		return Items[Brand]{}, fmt.Errorf("list brands: %w", err)
	}
	return Items[Brand]{all}, nil
}
