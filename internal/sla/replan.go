package sla

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// Move is one deadline that is another now: what it was, what it is, and why.
type Move struct {
	Clock  string     `json:"clock"` // its kind
	Policy string     `json:"policy"`
	From   *time.Time `json:"from"` // nil: there was none
	To     *time.Time `json:"to"`   // nil: there is none any more
	Why    string     `json:"why"`
}

// Why a deadline moved: keys of "event.deadline.<why>".
const (
	ByRules     = "rules"     // the demand is another, or its rules are
	ByCalendar  = "calendar"  // the calendar it counts by was changed
	ByExtension = "extension" // it was extended
	ByPause     = "pause"     // it went on after a pause, or a pause was taken back
	ByCancel    = "cancel"    // it asks nothing of anybody
	ByHandBegun = "by_hand"   // somebody started it
	BySegment   = "segment"   // its customer is of another segment
	ByTold      = "told"      // the customer was told
	ByReturn    = "returned"  // what told the customer came back
)

type ruledRow struct {
	Clock    clockRow `gorm:"embedded"`
	RegimeID int64
}

// Replan gives a ticket that has changed the clocks that its rules ask for now,
// as if it had been so from its beginning, and returns which deadlines moved by
// that. What has been met or missed stays; a clock that no rule asks for any more
// is cancelled; one of another rule takes over start and pauses of the one before
// it. Clocks that a person started are left alone, those of answers that were
// given are not begun. The caller has locked the ticket, which is open.
func (p *Policies) Replan(tx *gorm.DB, ticketID int64, d Demand, opened, at time.Time) ([]Move, error) {
	if err := settle(tx, ticketID, at); err != nil {
		return nil, err
	}
	moves, err := p.replan(tx, ticketID, d, opened, at)
	if err != nil {
		return nil, fmt.Errorf("plan the clocks of ticket %d anew: %w", ticketID, err)
	}
	return moves, nil
}

func (p *Policies) replan(tx *gorm.DB, ticketID int64, d Demand, opened, at time.Time) ([]Move, error) {
	var rows []ruledRow
	err := tx.Raw(`SELECT c.*, p.regime_id FROM clocks c JOIN sla_policies p ON p.id = c.policy_id
		WHERE c.ticket_id = ? AND NOT p.by_hand AND c.kind IN ? AND c.state <> 'cancelled' ORDER BY c.id`, ticketID, opening).Scan(&rows).Error
	if err != nil {
		return nil, err
	}
	var answered bool
	if err := tx.Raw("SELECT EXISTS (SELECT FROM messages WHERE ticket_id = ? AND direction = 'out' AND NOT automatic AND delivery <> 'undone')", ticketID).Scan(&answered).Error; err != nil {
		return nil, err
	}
	book := p.current.Load()
	wanted := book.planAnew(d, opened)
	var moves []Move
	took, rows := book.changes(rows, wanted, answered)
	for _, row := range rows {
		old := row.Clock
		if !old.live() {
			continue
		}
		if err := cancel(tx, old, at); err != nil {
			return nil, err
		}
		moves = append(moves, Move{string(old.Kind), old.Policy, &old.Due, nil, ByRules})
	}
	for _, t := range took {
		t.old.TicketID = ticketID
		m, err := t.do(tx, p, at)
		if err != nil {
			return nil, err
		}
		moves = append(moves, m)
	}
	return moves, nil
}

// planAnew is what a ticket that was opened then gets as the demand that it is now.
// The clock of a duty begins when it is owed, whatever the ticket was before.
func (b *rulebook) planAnew(d Demand, opened time.Time) []NewClock {
	return slices.DeleteFunc(b.plan(opening, d, opened), func(c NewClock) bool { return b.policies[*c.PolicyID].Duty != "" })
}

// changes says which clocks begin or go on by another rule, and which are left
// over: no rule asks for them any more.
func (b *rulebook) changes(rows []ruledRow, wanted []NewClock, answered bool) (took []takeOver, left []ruledRow) {
	for _, w := range wanted {
		r := b.policies[*w.PolicyID]
		i := slices.IndexFunc(rows, func(row ruledRow) bool { return row.RegimeID == r.Regime && row.Clock.Kind == w.Kind })
		switch {
		case i < 0 && !(answered && (w.Kind == FirstResponse || w.Kind == Acknowledgement)):
			took = append(took, takeOver{clockRow{StartedAt: w.StartedAt}, w})
		case i >= 0:
			old := rows[i].Clock
			rows = slices.Delete(rows, i, i+1)
			if !old.live() || old.sameRule(w) {
				continue
			}
			took = append(took, takeOver{old, w})
		}
	}
	return took, rows
}

func (r clockRow) live() bool { return r.State == Running || r.State == Standing }

// sameRule reports whether a clock counts as it would by a policy.
func (r clockRow) sameRule(w NewClock) bool {
	return r.Policy == w.Policy && r.Calendar == w.Calendar && r.Amount == w.Amount && r.Unit == w.Unit && r.Roll == w.Roll && r.Pauses == w.Pauses
}

func cancel(tx *gorm.DB, r clockRow, at time.Time) error {
	err := tx.Exec("UPDATE clocks SET state = 'cancelled', stopped_at = ?, version = version + 1 WHERE id = ?", at, r.ID).Error
	if err == nil {
		err = tx.Exec("UPDATE clock_pauses SET to_at = ? WHERE clock_id = ? AND to_at IS NULL", at, r.ID).Error
	}
	return err
}

// takeOver is a clock of one rule that goes on as that of another, or one that
// begins: then the old one has no id.
type takeOver struct {
	old  clockRow
	rule NewClock
}

func (t takeOver) do(tx *gorm.DB, calendars Calendars, at time.Time) (Move, error) {
	var pauses []pauseRow
	err := tx.Where("clock_id = ?", t.old.ID).Order("from_at, id").Find(&pauses).Error
	if err == nil {
		err = cancel(tx, t.old, at)
	}
	if err != nil {
		return Move{}, err
	}
	w := t.rule
	next := clockRow{TicketID: t.old.TicketID, Kind: w.Kind, PolicyID: w.PolicyID, Policy: w.Policy, Why: w.Why, Calendar: w.Calendar,
		Amount: w.Amount, Unit: w.Unit, Roll: w.Roll, Pauses: w.Pauses, LegalRef: w.LegalRef, State: Running, StartedAt: t.old.StartedAt,
		Due: w.Due, Target: w.Target, Warn50: w.Warn50, Warn75: w.Warn75, Warn90: w.Warn90, Version: 1, CalendarVersion: w.CalendarVersion}
	if t.old.Unit == w.Unit { // the customer was told that it has more time
		next.Extension = t.old.Extension
	}
	// The rule that it comes back to has had a clock of this start before: that one goes on.
	var before clockRow
	found := tx.Where("ticket_id = ? AND kind = ? AND policy = ? AND started_at = ?", next.TicketID, next.Kind, next.Policy, next.StartedAt).Limit(1).Find(&before)
	err = found.Error
	if err == nil && found.RowsAffected == 1 {
		next.ID, next.Version, next.Stage, next.BreachedAt = before.ID, before.Version+1, before.Stage, before.BreachedAt
		if err = tx.Exec("DELETE FROM clock_pauses WHERE clock_id = ?", before.ID).Error; err == nil {
			err = tx.Select("*").Updates(&next).Error
		}
	} else if err == nil {
		err = tx.Create(&next).Error
	}
	if err != nil {
		return Move{}, err
	}
	var from *time.Time
	if t.old.ID != 0 {
		from = &t.old.Due
	}
	if w.Pauses {
		for i := range pauses {
			stood := pauses[i].ToAt == nil
			pauses[i].ID, pauses[i].ClockID = 0, next.ID
			if stood {
				next.State = Standing
			}
		}
		if len(pauses) > 0 {
			err = tx.Create(&pauses).Error
		}
	}
	if err == nil && next.State == Standing {
		err = tx.Exec("UPDATE clocks SET state = 'paused' WHERE id = ?", next.ID).Error
	} else if err == nil {
		err = goOn(tx, calendars, []clockRow{next})
	}
	if err == nil {
		err = tx.Where("id = ?", next.ID).Take(&next).Error
	}
	return Move{string(w.Kind), w.Policy, from, &next.Due, ByRules}, err
}

// Recompute computes the running deadlines of a ticket from scratch, as their
// calendars are now, and returns which moved. What was recorded stays recorded.
// The caller has locked the ticket.
func Recompute(tx *gorm.DB, calendars Calendars, ticketID int64, at time.Time) ([]Move, error) {
	if err := settle(tx, ticketID, at); err != nil {
		return nil, err
	}
	var rows []clockRow
	err := tx.Where("ticket_id = ? AND state = 'running'", ticketID).Order("id").Find(&rows).Error
	was := map[int64]time.Time{}
	for _, r := range rows {
		was[r.ID] = r.Due
	}
	if err == nil {
		err = goOn(tx, calendars, rows)
	}
	if err == nil {
		err = tx.Where("ticket_id = ? AND state = 'running'", ticketID).Order("id").Find(&rows).Error
	}
	if err != nil {
		return nil, fmt.Errorf("compute the deadlines of ticket %d anew: %w", ticketID, err)
	}
	var moves []Move
	for _, r := range rows {
		if from, there := was[r.ID]; there && !from.Equal(r.Due) {
			moves = append(moves, Move{string(r.Kind), r.Policy, &from, &r.Due, ByCalendar})
		}
	}
	return moves, nil
}
