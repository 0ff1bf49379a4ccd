package ticket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// ErrUnchanged is what the function given to Change returns when it found
// nothing to do: no version, no event, no failure.
var ErrUnchanged = errors.New("nothing to change")

// Cause is why a ticket changes: what its event will say.
type Cause struct {
	Kind    string    // one of the kinds of package event
	ActorID *int64    // nil when a customer or a clock is the cause
	Data    any       // what this kind of event has to tell; give a pointer to fill it while changing
	At      time.Time // PostgreSQL's time, see postgres.Clock
	// Deadlines are those that moved by it ([]sla.Move); nil when none has.
	Deadlines any
}

// Change is the one way in which a ticket changes after it was opened.
//
// It locks the ticket, raises its version, lets fn change it, saves it and
// appends the one event of that version, with the audience it had before when
// the change moved it. fn sees the version that it is making, and may write
// what belongs to it (a message, a clock) through tx. When fn fails, nothing of
// this is written; the error is fn's own. tx must be a transaction of InTx: the
// lock ends with it.
func Change(ctx context.Context, tx *gorm.DB, id int64, c Cause, fn func(*Ticket) error) (Ticket, error) {
	changed, err := ChangeAll(ctx, tx, []int64{id}, func(t *Ticket) (Cause, error) { return c, fn(t) })
	if err != nil {
		return Ticket{}, err
	}
	if len(changed) == 0 {
		return Ticket{}, ErrNotFound
	}
	return changed[0], nil
}

// ChangeAll is Change for many tickets at the price of three round trips. They
// are locked and given to fn in order of their ids; those that do not exist are
// left out of the answer.
func ChangeAll(ctx context.Context, tx *gorm.DB, ids []int64, fn func(*Ticket) (Cause, error)) ([]Ticket, error) {
	locked, err := lock(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	tickets := make([]Ticket, 0, len(locked))
	var saves pgx.Batch
	var events []event.New
	for _, was := range locked {
		is := was
		is.Version++
		c, err := fn(&is)
		if errors.Is(err, ErrUnchanged) {
			tickets = append(tickets, was)
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := is.handed(ctx, tx, was, c.ActorID); err != nil {
			return nil, err
		}
		is.UpdatedAt = c.At
		saves.Queue(save, rowOf(is).saved()...)
		var before *access.Audience
		if from := was.Audience(); from != is.Audience() {
			before = &from
		}
		events = append(events, event.New{
			TicketID: is.ID, Version: is.Version, Kind: c.Kind,
			Audience: is.Audience(), Before: before, ActorID: c.ActorID,
			Payload: Payload{Row: is.Snapshot(), Data: c.Data, Deadlines: c.Deadlines}, At: c.At,
		})
		tickets = append(tickets, is)
	}
	if len(events) == 0 {
		return tickets, nil
	}
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return nil, err
	}
	if err := borrowed.SendBatch(ctx, &saves).Close(); err != nil {
		return nil, fmt.Errorf("save %d tickets, the first %d: %w", len(events), events[0].TicketID, err)
	}
	if err := event.Append(tx.WithContext(ctx), events...); err != nil {
		return nil, err
	}
	return tickets, nil
}

// Locked reads a ticket and keeps it from changing until tx ends, for who orders
// something about it that changes nothing of it.
func Locked(ctx context.Context, tx *gorm.DB, id int64) (Ticket, error) {
	found, err := lock(ctx, tx, []int64{id})
	if err != nil {
		return Ticket{}, err
	}
	if len(found) == 0 {
		return Ticket{}, ErrNotFound
	}
	return found[0], nil
}

// lock reads tickets in order of id and keeps them from changing until tx ends.
// NO KEY UPDATE shuts out every other change but not the foreign keys of rows
// that only refer to the ticket: their inserts would wait for each other otherwise.
func lock(ctx context.Context, tx *gorm.DB, ids []int64) ([]Ticket, error) {
	var rows []row
	err := tx.WithContext(ctx).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Where("id IN ?", ids).Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("lock %d tickets: %w", len(ids), err)
	}
	tickets := make([]Ticket, len(rows))
	for i, r := range rows {
		tickets[i] = r.ticket()
	}
	return tickets, nil
}

// save stores everything of a ticket that may change. Columns that keep their
// value cost no index entry.
const save = `UPDATE tickets SET customer_id = $2, customer_name = $3, kind = $4, subject = $5, preview = $6, status = $7,
	priority = $8, team_id = $9, walled = $10, assignee_id = $11, holder_id = $12, fence = $13, lease_until = $14,
	reason_id = $15, tags = $16, version = $17, public_version = $18, next_due = $19, next_clock = $20, next_from = $21,
	next_warn = $22, clocks = $23, paused = $24, breached = $25, waiting_since = $26, updated_at = $27,
	resolved_at = $28, closed_at = $29, legal_priority = $30, barred = $31, incident_id = $32, asked_area = $33,
	area_answered_at = $34, reopened_at = $35, promised_at = $36, unread = $37, mentioned = $38 WHERE id = $1`

// saved gives the parameters of save.
func (r row) saved() []any {
	return []any{r.ID, r.CustomerID, r.CustomerName, r.Kind, r.Subject, r.Preview, r.Status,
		r.Priority, r.TeamID, r.Walled, r.AssigneeID, r.HolderID, r.Fence, r.LeaseUntil,
		r.ReasonID, r.Tags, r.Version, r.PublicVersion, r.NextDue, r.NextClock, r.NextFrom,
		r.NextWarn, r.Clocks, r.Paused, r.Breached, r.WaitingSince, r.UpdatedAt,
		r.ResolvedAt, r.ClosedAt, r.LegalPriority, r.Barred, r.IncidentID, r.AskedArea, r.AreaAnsweredAt,
		r.ReopenedAt, r.PromisedAt, r.Unread, r.Mentioned}
}
