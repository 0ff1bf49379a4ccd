package delivery

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Acknowledgements works off jobs.Acknowledge.
type Acknowledgements struct {
	river.WorkerDefaults[jobs.Acknowledge]
	db   *postgres.DB
	post *outbox.Post
}

// NewAcknowledgements makes the worker.
func NewAcknowledgements(db *postgres.DB, post *outbox.Post) *Acknowledgements {
	return &Acknowledgements{db: db, post: post}
}

// Work orders the mail with the protocol. Run again, it orders nothing more.
func (a *Acknowledgements) Work(ctx context.Context, job *river.Job[jobs.Acknowledge]) error {
	err := a.db.InTx(ctx, func(tx *gorm.DB) error {
		// Locked as by every change of it, so that its mails are ordered one after the other.
		t, err := ticket.Locked(ctx, tx, job.Args.TicketID)
		if err == nil {
			_, _, err = a.post.Acknowledge(ctx, tx, t, job.Args.MessageID)
		}
		return err
	})
	if errors.Is(err, ticket.ErrNotFound) {
		return river.JobCancel(err)
	}
	if err != nil {
		return fmt.Errorf("acknowledge ticket %d: %w", job.Args.TicketID, err)
	}
	return nil
}
