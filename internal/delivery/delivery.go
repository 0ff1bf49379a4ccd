// Package delivery brings what we say to the customer, once, and notes on the
// message what became of it.
//
// The one way there is so far is the customer's own page, which shows a message
// as soon as it is committed. So nothing is sent here: the job turns "queued"
// into "delivered". The state of a message is part of a ticket's timeline, and
// whoever looks at it should see it change, so this is a change of the ticket
// like any other, with its version and its event.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Delivered is what the event ticket.delivered tells.
type Delivered struct {
	MessageID int64  `json:"message_id"`
	Delivery  string `json:"delivery"` // the message's state: delivered or failed
}

// Replies works off jobs.DeliverReply.
type Replies struct {
	river.WorkerDefaults[jobs.DeliverReply]
	db   *postgres.DB
	poke event.Poker
	now  func() time.Time
}

// NewReplies makes the worker; now is PostgreSQL's time.
func NewReplies(db *postgres.DB, poke event.Poker, now func() time.Time) *Replies {
	return &Replies{db: db, poke: poke, now: now}
}

// Work delivers one reply. Run again, or at once by two nodes, it changes
// nothing: only a queued message becomes a delivered one.
func (r *Replies) Work(ctx context.Context, job *river.Job[jobs.DeliverReply]) error {
	id := job.Args.MessageID
	err := r.db.InTx(ctx, func(tx *gorm.DB) error { return r.deliver(ctx, tx, id) })
	if errors.Is(err, errNoMessage) {
		return river.JobCancel(err) // erased with its ticket: trying again will not bring it back
	}
	if err != nil {
		return fmt.Errorf("deliver message %d: %w", id, err)
	}
	r.poke.Poke()
	return nil
}

var errNoMessage = errors.New("the message is gone")

func (r *Replies) deliver(ctx context.Context, tx *gorm.DB, id int64) error {
	var tickets []int64
	if err := tx.Raw(`SELECT ticket_id FROM messages WHERE id = ?`, id).Scan(&tickets).Error; err != nil {
		return err
	}
	if len(tickets) == 0 {
		return errNoMessage
	}
	_, err := ticket.Change(ctx, tx, tickets[0], ticket.Cause{
		Kind: event.TicketDelivered, Data: Delivered{MessageID: id, Delivery: "delivered"}, At: r.now(),
	}, func(*ticket.Ticket) error {
		// Under the ticket's lock, which every change of its messages takes first.
		done := tx.Exec(`UPDATE messages SET delivery = 'delivered' WHERE id = ? AND delivery = 'queued'`, id)
		if done.Error == nil && done.RowsAffected == 0 {
			return ticket.ErrUnchanged
		}
		return done.Error
	})
	return err
}
