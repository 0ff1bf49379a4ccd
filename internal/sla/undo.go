package sla

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// Frozen is the clocks of a ticket as they stood before an act, so that the act
// can be taken back. It is stored as JSON.
type Frozen struct {
	Clocks []FrozenClock `json:"clocks"`
	Pauses []FrozenPause `json:"pauses"`
}

// FrozenClock is what acts change of a clock.
type FrozenClock struct {
	ID        int64        `json:"id"`
	State     State        `json:"state"`
	Due       time.Time    `json:"due"`
	Target    time.Time    `json:"target"`
	Warn      [3]time.Time `json:"warn"`
	StoppedAt *time.Time   `json:"stopped_at"`
	Calendar  *int         `json:"calendar_version,omitempty"` // by which version the deadline was computed
}

// FrozenPause is one pause and whether it had ended.
type FrozenPause struct {
	ID   int64      `json:"id"`
	ToAt *time.Time `json:"to_at"`
}

// Freeze reads the clocks of a ticket for Thaw.
func Freeze(tx *gorm.DB, ticketID int64) (Frozen, error) {
	var rows []clockRow
	var pauses []pauseRow
	err := tx.Where("ticket_id = ?", ticketID).Order("id").Find(&rows).Error
	if err == nil {
		err = tx.Where("clock_id IN (SELECT id FROM clocks WHERE ticket_id = ?)", ticketID).Order("id").Find(&pauses).Error
	}
	if err != nil {
		return Frozen{}, fmt.Errorf("read the clocks of ticket %d: %w", ticketID, err)
	}
	f := Frozen{Clocks: make([]FrozenClock, len(rows)), Pauses: make([]FrozenPause, len(pauses))}
	for i, r := range rows {
		f.Clocks[i] = FrozenClock{r.ID, r.State, r.Due, r.Target, [3]time.Time{r.Warn50, r.Warn75, r.Warn90}, r.StoppedAt, &r.CalendarVersion}
	}
	for i, p := range pauses {
		f.Pauses[i] = FrozenPause{p.ID, p.ToAt}
	}
	return f, nil
}

// Thaw puts the clocks back to where they stood, when nothing but the act that
// is taken back has touched them since. What was recorded stays recorded: a
// deadline that fell in between has fallen.
func Thaw(tx *gorm.DB, ticketID int64, f Frozen) error {
	known := make(ids, len(f.Pauses))
	for i, p := range f.Pauses {
		known[i] = p.ID
	}
	err := tx.Exec(`DELETE FROM clock_pauses p USING clocks c
		WHERE c.id = p.clock_id AND c.ticket_id = ? AND NOT p.id = ANY(?)`, ticketID, known).Error
	for _, p := range f.Pauses {
		if err == nil {
			err = tx.Exec("UPDATE clock_pauses SET to_at = ? WHERE id = ?", p.ToAt, p.ID).Error
		}
	}
	for _, c := range f.Clocks {
		if err == nil {
			err = tx.Exec(`UPDATE clocks SET state = ?, due = ?, target = ?, warn50 = ?, warn75 = ?, warn90 = ?, stopped_at = ?,
				calendar_version = coalesce(?, calendar_version), version = version + 1 WHERE id = ? AND ticket_id = ?`,
				c.State, c.Due, c.Target, c.Warn[0], c.Warn[1], c.Warn[2], c.StoppedAt, c.Calendar, c.ID, ticketID).Error
		}
	}
	if err != nil {
		return fmt.Errorf("put back the clocks of ticket %d: %w", ticketID, err)
	}
	return nil
}

// Unstop lets those clocks go on that an act at this instant has stopped, when
// the ticket has moved on since in other ways: as if that act had not been, they
// have never stood still for it.
func Unstop(tx *gorm.DB, calendars Calendars, ticketID int64, at time.Time) error {
	var rows []clockRow
	err := tx.Where("ticket_id = ?", ticketID).Order("id").Find(&rows).Error
	if err == nil {
		err = tx.Exec(`DELETE FROM clock_pauses p USING clocks c
			WHERE c.id = p.clock_id AND c.ticket_id = ? AND p.from_at = ? AND p.reason = ?`, ticketID, at, WaitingCustomer).Error
	}
	if err == nil {
		rows = slices.DeleteFunc(rows, func(r clockRow) bool {
			stopped := (r.State == Met || r.State == Missed) && r.StoppedAt != nil && r.StoppedAt.Equal(at)
			return !stopped && r.State != Running
		})
		for i := range rows {
			rows[i].StoppedAt = nil
		}
		err = goOn(tx, calendars, rows)
	}
	if err != nil {
		return fmt.Errorf("let the clocks of ticket %d go on: %w", ticketID, err)
	}
	return nil
}
