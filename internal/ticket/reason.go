package ticket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Faults of the reason tree.
var (
	ErrNoReason    = fault.New(fault.NotFound, "reason_not_found")
	ErrReasonTwice = fault.New(fault.Conflict, "reason_exists")
)

// deepest is the level of the leaves: "cobrança › fatura › valor errado".
const deepest = 3

// maxReason bounds a reason's name, in runes.
const maxReason = 80

// Reason is why a customer came, as a place in a tree of three levels.
type Reason struct {
	ID       int64
	ParentID *int64 // nil on the first level
	Level    int    // 1 to 3
	Name     string
	Active   bool // an inactive one stays on the tickets that have it, and is offered no more
}

// TableName names the table for GORM.
func (Reason) TableName() string { return "reasons" }

// Reasons reads the whole tree, parents before children, by name within a level.
func Reasons(ctx context.Context, db *gorm.DB) ([]Reason, error) {
	var all []Reason
	if err := db.WithContext(ctx).Order("level, name, id").Find(&all).Error; err != nil {
		return nil, fmt.Errorf("read the reasons: %w", err)
	}
	return all, nil
}

// AddReason adds a reason under parent, or on the first level when that is nil.
func AddReason(ctx context.Context, db *gorm.DB, parent *int64, name string) (Reason, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case !utf8.ValidString(name) || strings.ContainsRune(name, 0):
		return Reason{}, Wrong("name", "not_text")
	case name == "":
		return Reason{}, Wrong("name", "required")
	case utf8.RuneCountInString(name) > maxReason:
		return Reason{}, Wrong("name", "too_long", maxReason)
	}
	r := Reason{ParentID: parent, Level: 1, Name: name, Active: true}
	if parent != nil {
		above, err := reason(ctx, db, *parent)
		if err != nil {
			return Reason{}, err
		}
		if above.Level == deepest {
			return Reason{}, Wrong("parent_id", "too_deep")
		}
		r.Level = above.Level + 1
	}
	err := db.WithContext(ctx).Create(&r).Error
	if postgres.IsUnique(err, "") {
		return Reason{}, ErrReasonTwice
	}
	if err != nil {
		return Reason{}, fmt.Errorf("add the reason %q: %w", name, err)
	}
	return r, nil
}

// CheckReason fails with ErrInvalid unless the reason exists and is offered.
func CheckReason(ctx context.Context, db *gorm.DB, id int64) error {
	r, err := reason(ctx, db, id)
	if errors.Is(err, ErrNoReason) || err == nil && !r.Active {
		return Wrong("reason_id", "unknown_choice")
	}
	return err
}

func reason(ctx context.Context, db *gorm.DB, id int64) (Reason, error) {
	var r Reason
	err := db.WithContext(ctx).Where("id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Reason{}, ErrNoReason
	}
	if err != nil {
		return Reason{}, fmt.Errorf("read reason %d: %w", id, err)
	}
	return r, nil
}
