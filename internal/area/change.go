package area

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Told is what the event of a request tells beside the row. What was asked and
// answered is read from the request.
type Told struct {
	Act     string     `json:"act"` // asked, answered, added, withdrawn, closed, extended, reminded, overdue, chased
	Request string     `json:"request"`
	Area    string     `json:"area"`
	Way     string     `json:"way,omitempty"`  // of an answer: desk, link or mail
	Name    string     `json:"name,omitempty"` // of an answer: who signed it
	Due     *time.Time `json:"due,omitempty"`
	Team    *int64     `json:"team,omitempty"` // whose people see it in the desk, and are told that it changed

	by *int64 // whose account, for the trail of a case
}

func newID() string { return strings.ToLower(rand.Text()) }

// change is one act on a request: a change of its ticket, with the event and, of
// a case, the line of its trail. actor is nil when time or an area acts, and for
// them the ticket need not be visible.
func (s *Service) change(ctx context.Context, actor *access.Actor, ticketID int64, told *Told,
	fn func(tx *gorm.DB, t *ticket.Ticket, at time.Time) error) (ticket.Ticket, error) {
	c := ticket.Cause{Kind: event.TicketArea, Data: told, At: s.Now()}
	if actor != nil {
		told.by = &actor.AccountID
	}
	return s.Desk.Change(ctx, actor, ticketID, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if err := fn(tx, t, c.At); err != nil {
			return err
		}
		return s.settled(ctx, tx, t, told, c.At)
	})
}

// within is change for an act that has a transaction already; whoever gave the transaction tells who waits for news.
func (s *Service) within(ctx context.Context, tx *gorm.DB, ticketID int64, told *Told, fn func(t *ticket.Ticket, at time.Time) error) error {
	c := ticket.Cause{Kind: event.TicketArea, Data: told, At: s.Now()}
	changed, err := ticket.ChangeAll(ctx, tx, []int64{ticketID}, func(t *ticket.Ticket) (ticket.Cause, error) {
		c, was := c, t.Status
		if err := fn(t, c.At); err != nil {
			return c, err
		}
		if err := s.Desk.KeepTime(tx, was, t, &c); err != nil {
			return c, err
		}
		return c, s.settled(ctx, tx, t, told, c.At)
	})
	if err == nil && len(changed) == 0 {
		err = ticket.ErrNotFound
	}
	return err
}

// settled brings the ticket's row up to date and writes the trail of a case.
func (s *Service) settled(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, told *Told, at time.Time) error {
	if err := Refresh(ctx, tx, t); err != nil {
		return fmt.Errorf("see what ticket %d still asks: %w", t.ID, err)
	}
	if !t.Walled || s.Trail == nil {
		return nil
	}
	return s.Trail(ctx, tx, t.ID, "area_"+told.Act, told.by, map[string]any{"request": told.Request}, at)
}

// errMoved is a request whose ticket became part of another between looking and
// locking.
var errMoved = errors.New("the request belongs to another ticket now")

// inTicket runs fn with the ticket a request belongs to, again when it moved.
func (s *Service) inTicket(ctx context.Context, id string, fn func(ticketID int64) error) error {
	for try := 0; ; try++ {
		var ticketID int64
		if err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT ticket_id FROM area_requests WHERE id = ?`, id).Scan(&ticketID).Error; err != nil {
			return fmt.Errorf("find request %s: %w", refOf(id), err)
		}
		if ticketID == 0 {
			return ErrNotFound
		}
		if err := fn(ticketID); !errors.Is(err, errMoved) || try == 2 {
			return err
		}
	}
}
