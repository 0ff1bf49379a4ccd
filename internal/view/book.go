package view

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Book is what a node knows of the saved views, for the counters beside them.
type Book struct {
	db *postgres.DB

	reading sync.Mutex // one refresh at a time: an older answer must not replace a newer one
	mu      sync.RWMutex
	of      edition
	saved   []Saved // the pinned ones, in order
	reasons []ticket.Reason
}

// edition tells one state of what the book holds from another.
type edition struct {
	Revision int64
	Reasons  int64 // reasons are only ever added
}

// Pinned is a view that stands in somebody's rail.
type Pinned struct {
	ID   int64
	Rule *ticket.Bound
}

// NewBook makes an empty book; Refresh fills it.
func NewBook(db *postgres.DB) *Book { return &Book{db: db} }

// Refresh looks whether the views are others now, and reads them if so.
func (b *Book) Refresh(ctx context.Context) (changed bool, err error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	var now edition
	err = b.db.Gorm.WithContext(ctx).Raw(`SELECT (SELECT revision FROM saved_views_head) AS revision,
		(SELECT coalesce(max(id), 0) FROM reasons) AS reasons`).Scan(&now).Error
	if err != nil {
		return false, fmt.Errorf("ask whether saved views have changed: %w", err)
	}
	if now == b.of {
		return false, nil
	}
	saved, err := inOrder(ctx, b.db.Gorm)
	if err != nil {
		return false, err
	}
	reasons, err := ticket.Reasons(ctx, b.db.Gorm)
	if err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of, b.reasons = now, reasons
	b.saved = slices.DeleteFunc(saved, func(s Saved) bool { return !s.Pinned })
	return true, nil
}

// Pinned gives the views in the actor's rail, MaxPinned at most.
func (b *Book) Pinned(a access.Actor) []Pinned {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var pinned []Pinned
	for _, s := range b.saved {
		if len(pinned) == MaxPinned {
			break
		}
		if s.For(a) {
			pinned = append(pinned, Pinned{s.ID, s.Rule.Bind(a, b.reasons)})
		}
	}
	return pinned
}
