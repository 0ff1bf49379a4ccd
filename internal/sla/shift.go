package sla

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Shift is a running deadline that is another by a changed calendar.
type Shift struct {
	ClockID, TicketID int64
	Kind              Kind
	Policy            string
	From, To          time.Time
}

// Shifts are the running clocks that c would move if it took the place of the
// calendar of its id, the next due first, among those of tickets that the scope
// may see. Of these most are looked at; running is how many there are, up to most.
func Shifts(ctx context.Context, db *gorm.DB, scope access.Scope, c *Calendar, most int) (moved []Shift, running int, err error) {
	db = db.WithContext(ctx)
	var rows []clockRow
	err = db.Raw(`SELECT c.* FROM clocks c JOIN tickets t ON t.id = c.ticket_id
		WHERE c.state = 'running' AND c.calendar = @calendar AND `+access.Condition+` ORDER BY c.due, c.id LIMIT @most`,
		scope.Named(map[string]any{"calendar": c.ID(), "most": most})).Scan(&rows).Error
	if err != nil {
		return nil, 0, fmt.Errorf("read what runs by calendar %q: %w", c.ID(), err)
	}
	moved, err = shifts(db, Fixed{c.ID(): c}, rows)
	return moved, len(rows), err
}

// Moving are those of some tickets of which a running deadline is another by
// the calendars as they are now.
func Moving(tx *gorm.DB, calendars Calendars, tickets []int64) (map[int64]bool, error) {
	var rows []clockRow
	if err := tx.Where("ticket_id = ANY(?) AND state = 'running'", ids(tickets)).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the running clocks of %d tickets: %w", len(tickets), err)
	}
	moved, err := shifts(tx, calendars, rows)
	is := map[int64]bool{}
	for _, s := range moved {
		is[s.TicketID] = true
	}
	return is, err
}

func shifts(tx *gorm.DB, calendars Calendars, rows []clockRow) (moved []Shift, err error) {
	pauses, err := readPauses(tx, rows)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		c, err := calendars.Get(r.Calendar)
		if err != nil {
			return nil, err
		}
		d, err := c.Due(r.StartedAt, r.term(), pauses[r.ID])
		if err != nil {
			return nil, fmt.Errorf("compute clock %d: %w", r.ID, err)
		}
		if !d.Due.Equal(r.Due) {
			moved = append(moved, Shift{r.ID, r.TicketID, r.Kind, r.Policy, r.Due, d.Due})
		}
	}
	return moved, nil
}

// ReadCalendars reads the calendars as they are in this transaction, beside the
// built-in ones. Who follows the rules as people see them asks Policies.
func ReadCalendars(ctx context.Context, tx *gorm.DB, builtIn Fixed) (Fixed, error) {
	return readCalendars(ctx, tx, builtIn)
}
