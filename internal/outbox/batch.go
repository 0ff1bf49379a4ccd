package outbox

import (
	"context"
	"fmt"
	"io"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of letters that are printed together.
var (
	ErrNoBatch    = fault.New(fault.NotFound, "batch_not_found")
	ErrNoLetters  = fault.New(fault.Conflict, "batch_empty")  // none of them waits any more
	ErrPosted     = fault.New(fault.Conflict, "batch_posted") // args: day
	ErrPostedWhen = fault.New(fault.Invalid, "batch_day")     // before they were printed, or a day that has not come
	ErrHeld       = fault.New(fault.Conflict, "out_held")     // nothing goes out after a restore, paper neither
)

// maxBatch bounds how many letters are printed together.
const maxBatch = 500

// Waiting is a letter that is still to be posted.
type Waiting struct {
	ID        int64
	TicketID  int64
	Protocol  string
	Recipient string
	Purpose   string
	OrderedAt time.Time
	BatchID   *int64 // the batch it was printed in
	PrintedAt *time.Time
}

// Letters lists what waits to be printed or posted, oldest first.
func Letters(ctx context.Context, db *gorm.DB, who access.Actor) (waiting []Waiting, err error) {
	err = db.WithContext(ctx).Raw(`SELECT o.id, o.ticket_id, t.protocol, o.recipient, o.purpose, o.created_at AS ordered_at, o.batch_id, b.at AS printed_at
		FROM outbox o JOIN tickets t ON t.id = o.ticket_id LEFT JOIN letter_batches b ON b.id = o.batch_id
		WHERE o.way = 'letter' AND o.state = 'queued' AND `+access.Condition+` ORDER BY o.id LIMIT @most`, who.Scope().Named(map[string]any{"most": maxBatch})).Scan(&waiting).Error
	if err != nil {
		return nil, fmt.Errorf("list the letters that wait: %w", err)
	}
	return waiting, nil
}

// Gather puts letters that wait, and were not printed yet, into a batch. What the
// actor does not see, or somebody else has just taken, is left out; so is what the
// gate refuses by now, and that is noted.
func Gather(ctx context.Context, db *postgres.DB, who access.Actor, ids []int64) (batch int64, letters int64, err error) {
	if len(ids) == 0 || len(ids) > maxBatch {
		return 0, 0, ErrNoLetters
	}
	if err := stillWanted(ctx, db, who, ids); err != nil {
		return 0, 0, err
	}
	err = db.InTx(ctx, func(tx *gorm.DB) error {
		// A release, or a hold, waits until the batch is made.
		var held bool
		err := tx.Raw("SELECT outgoing_held_at IS NOT NULL FROM installation FOR SHARE").Scan(&held).Error
		if err != nil {
			return fmt.Errorf("ask whether sending is held: %w", err)
		}
		if held {
			return ErrHeld
		}
		err = tx.Raw("INSERT INTO letter_batches (by) VALUES (?) RETURNING id", who.AccountID).Scan(&batch).Error
		if err != nil {
			return fmt.Errorf("begin a batch of letters: %w", err)
		}
		done := tx.Exec(`UPDATE outbox o SET batch_id = @batch FROM tickets t WHERE t.id = o.ticket_id AND o.id IN @ids
			AND o.way = 'letter' AND o.state = 'queued' AND o.batch_id IS NULL AND o.not_before <= now() AND `+access.Condition,
			who.Scope().Named(map[string]any{"batch": batch, "ids": ids}))
		if done.Error != nil {
			return fmt.Errorf("gather letters: %w", done.Error)
		}
		if letters = done.RowsAffected; letters == 0 {
			return ErrNoLetters
		}
		return nil
	})
	return batch, letters, err
}

// stillWanted asks the gate again about letters that are about to be printed: what
// their customers want may have changed since they were ordered.
func stillWanted(ctx context.Context, db *postgres.DB, who access.Actor, ids []int64) error {
	var waiting []row
	err := db.Gorm.WithContext(ctx).Raw(`SELECT o.* FROM outbox o JOIN tickets t ON t.id = o.ticket_id
		WHERE o.id IN @ids AND o.way = 'letter' AND o.state = 'queued' AND o.batch_id IS NULL AND `+access.Condition+` ORDER BY o.id`,
		who.Scope().Named(map[string]any{"ids": ids})).Scan(&waiting).Error
	if err != nil {
		return fmt.Errorf("read the letters to be printed: %w", err)
	}
	for _, r := range waiting {
		err := db.InTx(ctx, func(tx *gorm.DB) error {
			var now time.Time
			if err := tx.Raw("SELECT clock_timestamp()").Scan(&now).Error; err != nil {
				return fmt.Errorf("ask for the time: %w", err)
			}
			may, err := reach.May(ctx, tx, reach.Question{CustomerID: r.CustomerID, Address: r.Recipient, Way: r.Way, Purpose: r.out().Purpose, At: now})
			if err != nil || may.Allowed || may.Until != nil {
				return err
			}
			return Refuse(ctx, tx, Claimed{r.out(), r.Fence}, may.Reason, now.UTC())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Print writes the letters of a batch that the actor sees into one PDF.
func Print(ctx context.Context, db *gorm.DB, who access.Actor, batch int64, zone *time.Location, w io.Writer) error {
	rows, err := inBatch(ctx, db, who, batch)
	if err != nil {
		return err
	}
	pages := make([]letter.Letter, len(rows))
	for i, r := range rows {
		l, err := LetterOf(r.out())
		if err != nil {
			return err
		}
		pages[i] = l.Page(zone)
	}
	return letter.Write(w, Labels(i18n.Default), pages...)
}

func inBatch(ctx context.Context, db *gorm.DB, who access.Actor, batch int64) (rows []row, err error) {
	err = db.WithContext(ctx).Raw(`SELECT o.* FROM outbox o JOIN tickets t ON t.id = o.ticket_id
		WHERE o.batch_id = @batch AND `+access.Condition+` ORDER BY o.id`, who.Scope().Named(map[string]any{"batch": batch})).Scan(&rows).Error
	switch {
	case err != nil:
		return nil, fmt.Errorf("read batch %d: %w", batch, err)
	case len(rows) == 0:
		return nil, ErrNoBatch
	}
	return rows, nil
}

// Posted notes on which day the letters of a batch went to the post: they are
// sent then, and the messages that they bring say so.
func Posted(ctx context.Context, db *postgres.DB, who access.Actor, batch int64, day, now time.Time) error {
	return db.InTx(ctx, func(tx *gorm.DB) error {
		rows, err := inBatch(ctx, tx, who, batch)
		if err != nil {
			return err
		}
		var b struct {
			At       time.Time
			PostedOn *time.Time
		}
		if err := tx.Raw("SELECT at, posted_on FROM letter_batches WHERE id = ? FOR UPDATE", batch).Scan(&b).Error; err != nil {
			return fmt.Errorf("read batch %d: %w", batch, err)
		}
		const date = time.DateOnly
		zone := day.Location()
		switch {
		case b.PostedOn != nil:
			return ErrPosted.With("day", b.PostedOn.Format(date))
		case day.Format(date) < b.At.In(zone).Format(date), day.Format(date) > now.In(zone).Format(date):
			return ErrPostedWhen
		}
		err = tx.Exec("UPDATE letter_batches SET posted_on = ?, posted_by = ?, posted_at = ? WHERE id = ?", day.Format(date), who.AccountID, now, batch).Error
		if err != nil {
			return fmt.Errorf("note that batch %d was posted: %w", batch, err)
		}
		for _, r := range rows {
			done := tx.Exec("UPDATE outbox SET state = 'sent', settled_at = ?, detail = ? WHERE id = ? AND state = 'queued'", now, day.Format(date), r.ID)
			if done.Error != nil {
				return fmt.Errorf("note that letter %d was posted: %w", r.ID, done.Error)
			}
			if done.RowsAffected == 1 {
				if err := Tell(ctx, tx, r.out(), ticket.Sent, "", now); err != nil {
					return err
				}
				if err := customerTold(ctx, tx, r.out(), now, false); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
