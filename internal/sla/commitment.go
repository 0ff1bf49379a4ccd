package sla

import (
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Commitment is the kind of a clock that ends when somebody has promised it: no
// policy gives its term, the promise does.
const Commitment Kind = "commitment"

// ErrIsPromise is an act on the clock of a promise, which goes by the promise alone.
var ErrIsPromise = fault.New(fault.Conflict, "clock_is_promise")

// Commit starts the clock of a promise that ends at due, a whole minute after at.
// name is its policy's, unique in the ticket. It counts minutes under a calendar
// that is always open, so that it is computed as any other; for that it starts
// with the minute that due is whole minutes away from, up to 59 seconds before at.
func Commit(tx *gorm.DB, calendars Calendars, ticketID int64, name string, at, due time.Time) (int64, error) {
	c, err := calendars.Get(Calendar24x7)
	if err != nil {
		return 0, err
	}
	term := Term{Amount: int((due.Sub(at) + time.Minute - 1) / time.Minute), Unit: Minutes}
	start := due.Add(-time.Duration(term.Amount) * time.Minute).UTC()
	d, err := c.Due(start, term, nil)
	if err != nil {
		return 0, err
	}
	row := clockRow{
		TicketID: ticketID, Kind: Commitment, Policy: name, Calendar: Calendar24x7, Amount: term.Amount, Unit: term.Unit,
		State: Running, StartedAt: start, Due: d.Due, Target: d.Target, Warn50: d.Warn[0], Warn75: d.Warn[1], Warn90: d.Warn[2], Version: 1,
	}
	if err := tx.Create(&row).Error; err != nil {
		return 0, fmt.Errorf("start the clock of a promise of ticket %d: %w", ticketID, err)
	}
	return row.ID, nil
}

// EndCommitment ends the clock of a promise: met or missed when it was kept, else
// cancelled, unless it has run out. The caller has locked the ticket.
func EndCommitment(tx *gorm.DB, ticketID, clockID int64, kept bool, at time.Time) error {
	if err := settle(tx, ticketID, at); err != nil {
		return err
	}
	err := tx.Exec(`UPDATE clocks SET state = CASE WHEN stage = 100 THEN 'missed' WHEN @kept THEN 'met' ELSE 'cancelled' END, stopped_at = @at, version = version + 1
		WHERE id = @clock AND ticket_id = @ticket AND kind = 'commitment' AND state IN ('running', 'paused')`,
		map[string]any{"kept": kept, "at": at, "clock": clockID, "ticket": ticketID}).Error
	if err != nil {
		return fmt.Errorf("end clock %d of a promise: %w", clockID, err)
	}
	return nil
}

// Recommit lets the clock of a promise go on that was ended by what is taken back.
func Recommit(tx *gorm.DB, calendars Calendars, ticketID, clockID int64) error {
	var rows []clockRow
	err := tx.Where("id = ? AND ticket_id = ? AND kind = ?", clockID, ticketID, Commitment).Find(&rows).Error
	for i := range rows {
		rows[i].StoppedAt = nil
	}
	if err == nil {
		err = goOn(tx, calendars, rows)
	}
	if err != nil {
		return fmt.Errorf("let clock %d of a promise go on: %w", clockID, err)
	}
	return nil
}
