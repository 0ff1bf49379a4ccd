package sla

import (
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// The functions here are what an act on a ticket does to its clocks. Each runs
// in the transaction of that act, whose caller has locked the ticket: that lock
// is what keeps two acts on one clock apart. Times are PostgreSQL's.

// Start gives a ticket clocks. One that it already has, of the same kind and
// policy, is left as it is.
func Start(tx *gorm.DB, ticketID int64, clocks []NewClock) error {
	if len(clocks) == 0 {
		return nil
	}
	rows := make([]clockRow, len(clocks))
	for i, c := range clocks {
		rows[i] = clockRow{
			TicketID: ticketID, Kind: c.Kind, PolicyID: c.PolicyID, Policy: c.Policy, Why: c.Why, Calendar: c.Calendar,
			Amount: c.Amount, Unit: c.Unit, Roll: c.Roll, Pauses: c.Pauses, LegalRef: c.LegalRef,
			State: Running, StartedAt: c.StartedAt, Due: c.Due, Target: c.Target, CalendarVersion: c.CalendarVersion,
			Warn50: c.Warn50, Warn75: c.Warn75, Warn90: c.Warn90, Version: 1,
		}
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("start the clocks of ticket %d: %w", ticketID, err)
	}
	return nil
}

// Stop ends the ticket's clocks of a kind: met, or missed when they have run
// out. One that ran out unnoticed is recorded here, so that an answer a second
// after the deadline does not hide it. Stopping what has stopped does nothing.
func Stop(tx *gorm.DB, ticketID int64, kind Kind, at time.Time) error {
	if err := settle(tx, ticketID, at); err != nil {
		return err
	}
	err := tx.Exec(`
		WITH stopped AS (
			UPDATE clocks SET state = CASE WHEN stage = 100 THEN 'missed' ELSE 'met' END, stopped_at = @at, version = version + 1
			 WHERE ticket_id = @ticket AND kind = @kind AND state IN ('running', 'paused') RETURNING id)
		UPDATE clock_pauses p SET to_at = @at FROM stopped WHERE p.clock_id = stopped.id AND p.to_at IS NULL`,
		map[string]any{"ticket": ticketID, "kind": kind, "at": at}).Error
	if err != nil {
		return fmt.Errorf("stop the %s clock of ticket %d: %w", kind, ticketID, err)
	}
	return nil
}

// Cancel takes back all clocks of a ticket that still run, as when it is merged
// into another: neither met nor missed. It returns which deadlines there are none of any more.
func Cancel(tx *gorm.DB, ticketID int64, at time.Time) ([]Move, error) {
	if err := settle(tx, ticketID, at); err != nil {
		return nil, err
	}
	var rows []clockRow
	err := tx.Raw(`
		WITH stopped AS (
			UPDATE clocks SET state = 'cancelled', stopped_at = @at, version = version + 1
			 WHERE ticket_id = @ticket AND state IN ('running', 'paused') RETURNING id, kind, policy, due),
		ended AS (
			UPDATE clock_pauses p SET to_at = @at FROM stopped WHERE p.clock_id = stopped.id AND p.to_at IS NULL)
		SELECT * FROM stopped ORDER BY id`,
		map[string]any{"ticket": ticketID, "at": at}).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("cancel the clocks of ticket %d: %w", ticketID, err)
	}
	moves := make([]Move, len(rows))
	for i, r := range rows {
		moves[i] = Move{string(r.Kind), r.Policy, &r.Due, nil, ByCancel}
	}
	return moves, nil
}

// Pause makes those of the ticket's clocks stand still that may. A clock that
// already stands still for another reason goes on doing so for this one.
// account is whose act it was, nil for a rule's.
func Pause(tx *gorm.DB, ticketID int64, reason string, account *int64, at time.Time) error {
	if err := settle(tx, ticketID, at); err != nil {
		return err
	}
	err := tx.Exec(`
		WITH stood AS (
			UPDATE clocks SET state = 'paused', version = version + 1
			 WHERE ticket_id = @ticket AND state = 'running' AND pauses RETURNING id
		), changed AS (
			UPDATE clock_pauses p SET to_at = @at FROM clocks c
			 WHERE c.id = p.clock_id AND c.ticket_id = @ticket AND c.state = 'paused' AND p.to_at IS NULL AND p.reason IN (@customer, @third) AND p.reason <> @reason
			RETURNING p.clock_id)
		INSERT INTO clock_pauses (clock_id, from_at, reason, account_id)
		SELECT id, CAST(@at AS timestamptz), CAST(@reason AS text), CAST(@account AS bigint) FROM (SELECT id FROM stood UNION ALL SELECT clock_id FROM changed) c`,
		map[string]any{"ticket": ticketID, "reason": reason, "customer": WaitingCustomer, "third": WaitingThird, "account": account, "at": at}).Error
	if err != nil {
		return fmt.Errorf("pause the clocks of ticket %d: %w", ticketID, err)
	}
	return nil
}

// Resume lets the clocks go on that stand still by a rule, their deadlines
// computed anew from all their pauses, and returns which moved. What a person has
// paused stands still until a person lets it go on.
func Resume(tx *gorm.DB, calendars Calendars, ticketID int64, at time.Time) ([]Move, error) {
	var rows []clockRow
	var moves []Move
	err := tx.Where(`ticket_id = ? AND state = 'paused' AND NOT EXISTS (
		SELECT FROM clock_pauses p WHERE p.clock_id = clocks.id AND p.to_at IS NULL AND p.reason NOT IN ?)`, ticketID, ruled).Order("id").Find(&rows).Error
	for _, r := range rows {
		var moved []Move
		if err == nil {
			err = tx.Exec("UPDATE clock_pauses SET to_at = ? WHERE clock_id = ? AND to_at IS NULL", at, r.ID).Error
		}
		if err == nil {
			_, moved, err = anew(tx, calendars, r, ByPause)
		}
		moves = append(moves, moved...)
	}
	if err != nil {
		return nil, fmt.Errorf("resume the clocks of ticket %d: %w", ticketID, err)
	}
	return moves, nil
}

// Reopen lets the clocks go on that the answer had stopped. They do not start
// over: what was used up stays used up. The time between answer and reopening
// is not counted, by no policy, for in it nothing was asked of us.
func Reopen(tx *gorm.DB, calendars Calendars, ticketID int64, at time.Time) error {
	var rows []clockRow
	err := tx.Where("ticket_id = ? AND kind IN ? AND state IN ('met', 'missed')", ticketID, []Kind{Resolution, Legal}).Find(&rows).Error
	if err == nil && len(rows) > 0 {
		answered := make([]pauseRow, len(rows))
		for i, r := range rows {
			answered[i] = pauseRow{ClockID: r.ID, FromAt: *r.StoppedAt, ToAt: &at, Reason: Answered}
			rows[i].StoppedAt = nil
		}
		err = tx.Create(&answered).Error
	}
	if err == nil {
		err = goOn(tx, calendars, rows)
	}
	if err != nil {
		return fmt.Errorf("reopen the clocks of ticket %d: %w", ticketID, err)
	}
	return nil
}

// goOn computes the deadlines of clocks from scratch and lets them run.
func goOn(tx *gorm.DB, calendars Calendars, rows []clockRow) error {
	if len(rows) == 0 {
		return nil
	}
	pauses, err := readPauses(tx, rows)
	if err != nil {
		return err
	}
	for _, r := range rows {
		c, err := calendars.Get(r.Calendar)
		if err != nil {
			return err
		}
		d, err := c.Due(r.StartedAt, r.term(), pauses[r.ID])
		if err != nil {
			return fmt.Errorf("compute clock %d: %w", r.ID, err)
		}
		r.State, r.Due, r.Target, r.Version, r.CalendarVersion = Running, d.Due, d.Target, r.Version+1, c.Version()
		r.Warn50, r.Warn75, r.Warn90 = d.Warn[0], d.Warn[1], d.Warn[2]
		if err := tx.Select("State", "Due", "Target", "Warn50", "Warn75", "Warn90", "StoppedAt", "Version", "CalendarVersion").Updates(&r).Error; err != nil {
			return fmt.Errorf("store clock %d: %w", r.ID, err)
		}
	}
	return nil
}
