package sla

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// EndTold ends the ticket's clocks of a kind that ran when its customer was told, at
// an instant that may lie behind: met, or missed when they have run out. A breach
// that was recorded before we knew stays recorded. What began after that instant
// goes on. The caller has locked the ticket.
func EndTold(tx *gorm.DB, ticketID int64, kind Kind, at time.Time) ([]Clock, []Move, error) {
	if err := settle(tx, ticketID, at); err != nil {
		return nil, nil, err
	}
	var rows []clockRow
	err := tx.Raw(`
		WITH stopped AS (
			UPDATE clocks SET state = CASE WHEN stage = 100 THEN 'missed' ELSE 'met' END, stopped_at = @at, version = version + 1
			 WHERE ticket_id = @ticket AND kind = @kind AND state IN ('running', 'paused') AND started_at <= @at RETURNING *),
		ended AS (
			UPDATE clock_pauses p SET to_at = greatest(p.from_at, @at) FROM stopped WHERE p.clock_id = stopped.id AND p.to_at IS NULL)
		SELECT * FROM stopped ORDER BY id`, map[string]any{"ticket": ticketID, "kind": kind, "at": at}).Scan(&rows).Error
	if err != nil {
		return nil, nil, fmt.Errorf("end the %s clock of ticket %d: %w", kind, ticketID, err)
	}
	clocks, moves := make([]Clock, len(rows)), make([]Move, len(rows))
	for i, r := range rows {
		clocks[i], moves[i] = r.clock(), Move{string(kind), r.Policy, &r.Due, nil, ByTold}
	}
	return clocks, moves, nil
}

// TakeBackTold lets those clocks go on that EndTold has ended for this instant:
// what told the customer came back. They end with what we said since, if we did,
// and what ran out meanwhile is recorded. The caller has locked the ticket, which
// is open.
func TakeBackTold(tx *gorm.DB, calendars Calendars, ticketID int64, kind Kind, told, at time.Time) ([]Clock, []Move, error) {
	var rows []clockRow
	err := tx.Where("ticket_id = ? AND kind = ? AND state IN ('met', 'missed') AND stopped_at = ?", ticketID, kind, told).Order("id").Find(&rows).Error
	for i := range rows {
		rows[i].StoppedAt = nil
	}
	if err == nil {
		err = goOn(tx, calendars, rows)
	}
	var said struct{ At *time.Time }
	if err == nil && kind == Acknowledgement && len(rows) > 0 {
		err = tx.Raw("SELECT min(at) AS at FROM messages WHERE ticket_id = ? AND direction = 'out' AND NOT automatic AND delivery <> 'undone' AND at >= ?", ticketID, told).Scan(&said).Error
	}
	if err == nil && said.At != nil {
		err = Stop(tx, ticketID, kind, *said.At)
	}
	if err == nil {
		err = settle(tx, ticketID, at)
	}
	var clocks []Clock
	var moves []Move
	for i := 0; err == nil && i < len(rows); i++ {
		var now clockRow
		if err = tx.Where("id = ?", rows[i].ID).Take(&now).Error; err == nil && now.live() {
			clocks, moves = append(clocks, now.clock()), append(moves, Move{string(kind), now.Policy, nil, &now.Due, ByReturn})
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("let the %s clock of ticket %d go on: %w", kind, ticketID, err)
	}
	return clocks, moves, nil
}
