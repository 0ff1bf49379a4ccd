package ticket

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
)

// ErrUnchanged is what the function given to Change returns when it found nothing
// to do: no version, no event, no failure.
var ErrUnchanged = errors.New("nothing to change")

// Cause is why a ticket changes: what its event will say.
type Cause struct {
	Kind    string    // one of the kinds of package event
	ActorID *int64    // nil when a customer or a clock is the cause
	Data    any       // what this kind of event has to tell; give a pointer to fill it while changing
	At      time.Time // PostgreSQL's time, see postgres.Clock
}

// Change is the one way in which a ticket changes after it was opened.
//
// It locks the ticket, raises its version, lets fn change it, saves it and
// appends the one event of that version, with the audience it had before when
// the change moved it. fn sees the version that it is making, and may write
// what belongs to it (a message, a clock) through tx. When fn fails, nothing of
// this is written; the error is fn's own. tx must be a transaction: the lock
// ends with it.
func Change(ctx context.Context, tx *gorm.DB, id int64, c Cause, fn func(*Ticket) error) (Ticket, error) {
	was, err := lock(ctx, tx, id)
	if err != nil {
		return Ticket{}, err
	}
	is := was
	is.Version++
	is.UpdatedAt = c.At
	switch err := fn(&is); {
	case errors.Is(err, ErrUnchanged):
		return was, nil
	case err != nil:
		return Ticket{}, err
	}
	if err := save(ctx, tx, is); err != nil {
		return Ticket{}, err
	}
	var before *access.Audience
	if from := was.Audience(); from != is.Audience() {
		before = &from
	}
	err = event.Append(tx, event.New{
		TicketID: is.ID, Version: is.Version, Kind: c.Kind,
		Audience: is.Audience(), Before: before, ActorID: c.ActorID,
		Payload: Payload{Row: is.Snapshot(), Data: c.Data}, At: c.At,
	})
	if err != nil {
		return Ticket{}, fmt.Errorf("tell %s of ticket %d: %w", c.Kind, id, err)
	}
	return is, nil
}
