package ticket

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of who may write to a ticket now.
var (
	// ErrClaimed: it is in somebody else's hands. Args: holder, a Person; until,
	// when the lease ends, nil when that is unknown or the holder only is the assignee.
	ErrClaimed   = fault.New(fault.Conflict, "already_claimed")
	ErrLeaseLost = fault.New(fault.Conflict, "lease_lost")       // somebody has a newer fence
	ErrNotYours  = fault.New(fault.Forbidden, "not_your_ticket") // somebody else's, and the asker may not take over
)

// LeaseTime is how long a lease lives without being renewed.
const LeaseTime = 90 * time.Second

// Person names somebody in an answer. Its text form is the name, for messages.
type Person struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (p Person) String() string { return p.Name }

// PersonOf names an account.
func PersonOf(ctx context.Context, db *gorm.DB, account int64) (Person, error) {
	p := Person{ID: account}
	if err := db.WithContext(ctx).Raw("SELECT name FROM accounts WHERE id = ?", account).Scan(&p.Name).Error; err != nil {
		return Person{}, fmt.Errorf("name account %d: %w", account, err)
	}
	return p, nil
}
