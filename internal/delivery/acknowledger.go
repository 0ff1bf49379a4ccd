package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Acknowledger sees to it that whoever opened a ticket on the web and left an
// address is told its protocol by mail, too. It reads the events at its own
// pace, so that opening a ticket waits for none of this, and none is left out,
// however long nobody was there to read.
type Acknowledger struct {
	db     *postgres.DB
	events event.Cursor
	post   *outbox.Post
	log    *slog.Logger
}

// acknowledgerName is under which its position is kept.
const acknowledgerName = "acknowledger"

// NewAcknowledger makes the reader. One that has never run begins with what is
// opened from now on.
func NewAcknowledger(ctx context.Context, db *postgres.DB, events *event.Log, post *outbox.Post, log *slog.Logger) (*Acknowledger, error) {
	a := &Acknowledger{db, events.Cursor(acknowledgerName), post, log}
	if err := a.events.Begin(ctx); err != nil {
		return nil, err
	}
	return a, nil
}

// readAgain is how long a reader waits that could not go on.
const readAgain = 5 * time.Second

// Run reads until ctx ends. All nodes may: each ticket is ordered once.
func (a *Acknowledger) Run(ctx context.Context) error {
	for {
		err := a.events.Follow(ctx, func(all []event.Event) error { return a.order(ctx, all) })
		if ctx.Err() != nil {
			return nil
		}
		a.log.WarnContext(ctx, "acknowledgements are ordered later", "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(readAgain):
		}
	}
}

// order inserts a job for each of these tickets that is to be acknowledged. With
// nobody to send mail there is nothing to order.
func (a *Acknowledger) order(ctx context.Context, all []event.Event) error {
	var opened []int64
	for _, e := range all {
		if e.Kind == event.TicketOpened {
			opened = append(opened, e.TicketID)
		}
	}
	if len(opened) == 0 {
		return nil
	}
	if sends, err := a.post.Sends(ctx, a.db.Gorm); err != nil || !sends {
		return err
	}
	return a.db.InTx(ctx, func(tx *gorm.DB) error {
		var orders []jobs.Acknowledge
		err := tx.WithContext(ctx).Raw(`SELECT t.id AS ticket_id, m.id AS message_id FROM tickets t
			JOIN LATERAL (SELECT * FROM messages WHERE ticket_id = t.id ORDER BY id LIMIT 1) m ON m.direction = 'in'
			JOIN contacts c ON c.id = m.contact_id
			WHERE t.id IN ? AND t.channel = ? AND coalesce(c.data->'from'->>'email', '') <> '' ORDER BY t.id`,
			opened, channel.Webform).Scan(&orders).Error
		if err != nil {
			return fmt.Errorf("find whom to tell their protocol: %w", err)
		}
		for _, o := range slices.Compact(orders) {
			if err := jobs.Insert(tx, o, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
}
