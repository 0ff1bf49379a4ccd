package outbox

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrState is an act that the state of a row does not allow any more.
var ErrState = fault.New(fault.Conflict, "out_state")

// Listed is a row with the protocol of its ticket.
type Listed struct {
	Out
	Protocol string
}

const (
	pageSize = 50
	maxPage  = 200
)

// List reads a page of the rows whose tickets are in sight, newest first; an
// empty state is all. cursor is what the page before returned.
func List(ctx context.Context, db *gorm.DB, scope access.Scope, state State, cursor string, limit int) (page []Listed, next string, err error) {
	after, err := strconv.ParseInt(cursor, 10, 64)
	if cursor != "" && (err != nil || after <= 0) {
		return nil, "", ticket.ErrCursor
	}
	if limit <= 0 {
		limit = pageSize
	}
	limit = min(limit, maxPage)
	var rows []struct {
		Row      row `gorm:"embedded"`
		Protocol string
	}
	tx := inSight(db.WithContext(ctx), scope).Select("o.*, coalesce(t.protocol, '') AS protocol").Order("o.id DESC").Limit(limit + 1)
	if state != "" {
		tx = tx.Where("o.state = ?", state)
	}
	if after > 0 {
		tx = tx.Where("o.id < ?", after)
	}
	if err := tx.Scan(&rows).Error; err != nil {
		return nil, "", fmt.Errorf("read what goes out: %w", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = strconv.FormatInt(rows[limit-1].Row.ID, 10)
	}
	page = make([]Listed, len(rows))
	for i, r := range rows {
		page[i] = Listed{r.Row.out(), r.Protocol}
	}
	return page, next, nil
}

// inSight is what an actor may know of: the rows of tickets they may see. What
// belongs to no ticket is for who sees all teams.
func inSight(db *gorm.DB, scope access.Scope) *gorm.DB {
	tx := db.Table("outbox o").Joins("LEFT JOIN tickets t ON t.id = o.ticket_id")
	return tx.Where("CASE WHEN t.id IS NULL THEN @sees_all ELSE "+access.Condition+" END", scope.Named(map[string]any{}))
}

// Again lets a row be sent now that waits, failed or was refused; the gate is
// asked again. What went out is not sent a second time.
func Again(ctx context.Context, db *postgres.DB, scope access.Scope, id int64) error {
	return change(ctx, db, scope, id, func(tx *gorm.DB, r row, at time.Time) error {
		if r.State != Queued && r.State != Failed && r.State != Suppressed {
			return ErrState
		}
		// A letter is printed anew: the batch it was in may have gone without it.
		err := tx.Exec(`UPDATE outbox SET state = 'queued', reason = '', next_try = clock_timestamp(), first_try = NULL, attempts = 0, settled_at = NULL,
			batch_id = CASE WHEN state = 'queued' THEN batch_id END WHERE id = ?`, r.ID).Error
		if err != nil {
			return fmt.Errorf("try %d again: %w", r.ID, err)
		}
		if err := jobs.Insert(tx, jobs.SendOut{OutID: r.ID}, r.NotBefore); err != nil {
			return err
		}
		return Tell(ctx, tx, r.out(), ticket.Queued, "", at)
	})
}

// Cancelled is the reason of what a person stopped.
const Cancelled = "cancelled"

// Cancel stops a row that waits.
func Cancel(ctx context.Context, db *postgres.DB, scope access.Scope, id int64) error {
	return change(ctx, db, scope, id, func(tx *gorm.DB, r row, at time.Time) error {
		if r.State != Queued {
			return ErrState
		}
		err := tx.Exec("UPDATE outbox SET state = 'failed', reason = ?, settled_at = clock_timestamp() WHERE id = ?", Cancelled, r.ID).Error
		if err != nil {
			return fmt.Errorf("cancel %d: %w", r.ID, err)
		}
		if err := next(ctx, tx, r); err != nil {
			return err
		}
		return Tell(ctx, tx, r.out(), ticket.Failed, Cancelled, at)
	})
}

// change locks the ticket of a row, as whoever changes a message does, and then
// the row.
func change(ctx context.Context, db *postgres.DB, scope access.Scope, id int64, fn func(tx *gorm.DB, r row, at time.Time) error) error {
	var seen []row
	if err := inSight(db.Gorm.WithContext(ctx), scope).Select("o.*").Where("o.id = ?", id).Scan(&seen).Error; err != nil {
		return fmt.Errorf("read %d: %w", id, err)
	}
	if len(seen) == 0 {
		return ErrNotFound
	}
	return db.InTx(ctx, func(tx *gorm.DB) error {
		if t := seen[0].TicketID; t != nil && seen[0].Purpose == reach.Reply {
			if _, err := ticket.Locked(ctx, tx, *t); err != nil {
				return err
			}
		}
		var r row
		if err := tx.Raw("SELECT * FROM outbox WHERE id = ? FOR UPDATE", id).Scan(&r).Error; err != nil {
			return fmt.Errorf("lock %d: %w", id, err)
		}
		var at time.Time
		if err := tx.Raw("SELECT clock_timestamp()").Scan(&at).Error; err != nil {
			return fmt.Errorf("ask for the time: %w", err)
		}
		return fn(tx, r, at.UTC())
	})
}
