package sla

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// PausedByHand is what a list row shows as the reason when a person has paused the
// clock, whose own words stand in the ledger.
const PausedByHand = "by_hand"

// Faults of acts on one clock.
var (
	ErrNoClock      = fault.New(fault.NotFound, "clock_not_found")
	ErrNeverPauses  = fault.New(fault.Conflict, "clock_never_pauses") // args policy, norm
	ErrStopped      = fault.New(fault.Conflict, "clock_stopped")
	ErrRanOut       = fault.New(fault.Conflict, "clock_ran_out")
	ErrStandsStill  = fault.New(fault.Conflict, "clock_stands_still")
	ErrRuns         = fault.New(fault.Conflict, "clock_runs")
	ErrRuled        = fault.New(fault.Conflict, "clock_paused_by_rule") // the ticket's status pauses it
	ErrNoPause      = fault.New(fault.NotFound, "pause_not_found")
	ErrPauseShorter = fault.New(fault.Conflict, "pause_only_shorter") // a pause ends earlier, never later
	ErrPauseBreaks  = fault.New(fault.Conflict, "pause_breaks")       // without it the clock has run out already
)

// ruled are the reasons for which rules pause clocks; every other is a person's.
var ruled = []string{WaitingCustomer, WaitingThird, Complement, Answered}

// find reads one clock of a ticket, which the caller has locked, after what it
// has passed was recorded.
func find(tx *gorm.DB, ticketID, clockID int64, at time.Time) (r clockRow, err error) {
	if err := settle(tx, ticketID, at); err != nil {
		return r, err
	}
	found := tx.Where("id = ? AND ticket_id = ?", clockID, ticketID).Limit(1).Find(&r)
	switch {
	case found.Error != nil:
		return r, fmt.Errorf("read clock %d: %w", clockID, found.Error)
	case found.RowsAffected == 0:
		return r, ErrNoClock
	}
	return r, nil
}

// PauseOne makes one clock stand still on a person's word, if its rule knows
// pauses at all. One that has run out is ErrRanOut: no pause undoes a breach.
func PauseOne(tx *gorm.DB, ticketID, clockID int64, reason string, account int64, at time.Time) (Clock, error) {
	r, err := find(tx, ticketID, clockID, at)
	switch {
	case err != nil:
		return Clock{}, err
	case !r.live():
		return Clock{}, ErrStopped
	case r.Kind == Commitment:
		return Clock{}, ErrIsPromise
	case !r.Pauses:
		return Clock{}, neverPauses(tx, r)
	case r.State == Standing:
		return Clock{}, ErrStandsStill
	case r.Stage == StageDue:
		return Clock{}, ErrRanOut
	}
	r.State, r.Version = Standing, r.Version+1
	err = tx.Create(&pauseRow{ClockID: r.ID, FromAt: at, Reason: reason, AccountID: &account}).Error
	if err == nil {
		err = tx.Select("State", "Version").Updates(&r).Error
	}
	if err != nil {
		return Clock{}, fmt.Errorf("pause clock %d: %w", r.ID, err)
	}
	return r.clock(), nil
}

// neverPauses says by which norm a clock never stands still.
func neverPauses(tx *gorm.DB, r clockRow) error {
	norm := r.LegalRef
	if norm == "" && r.PolicyID != nil {
		err := tx.Raw("SELECT g.norm FROM sla_policies p JOIN regimes g ON g.id = p.regime_id WHERE p.id = ?", *r.PolicyID).Scan(&norm).Error
		if err != nil {
			return fmt.Errorf("read the norm of clock %d: %w", r.ID, err)
		}
	}
	if norm == "" {
		norm = r.Policy
	}
	return ErrNeverPauses.With("policy", r.Policy).With("norm", norm)
}

// ResumeOne lets a clock go on that a person has paused, its deadline computed
// from scratch. While the ticket waits for somebody (waiting is that reason, else
// empty) it goes on standing still for that.
func ResumeOne(tx *gorm.DB, calendars Calendars, ticketID, clockID int64, waiting string, at time.Time) (Clock, []Move, error) {
	r, err := find(tx, ticketID, clockID, at)
	if err != nil {
		return Clock{}, nil, err
	}
	if r.State != Standing {
		return Clock{}, nil, ErrRuns
	}
	var open pauseRow
	if err := tx.Where("clock_id = ? AND to_at IS NULL", r.ID).Order("id DESC").Take(&open).Error; err != nil {
		return Clock{}, nil, fmt.Errorf("read the pause of clock %d: %w", r.ID, err)
	}
	if slices.Contains(ruled, open.Reason) {
		return Clock{}, nil, ErrRuled
	}
	if err := tx.Exec("UPDATE clock_pauses SET to_at = ? WHERE clock_id = ? AND to_at IS NULL", at, r.ID).Error; err != nil {
		return Clock{}, nil, fmt.Errorf("end the pause of clock %d: %w", r.ID, err)
	}
	if waiting != "" {
		if err := tx.Create(&pauseRow{ClockID: r.ID, FromAt: at, Reason: waiting}).Error; err != nil {
			return Clock{}, nil, fmt.Errorf("go on pausing clock %d: %w", r.ID, err)
		}
		return r.clock(), nil, nil
	}
	return anew(tx, calendars, r, ByPause)
}

// Correction shortens a pause that should have ended earlier.
type Correction struct {
	PauseID int64
	To      *time.Time // when it really ended; nil takes it back as if it had not been
	// Breaks accepts that the clock has run out by it.
	Breaks bool
}

// Corrected is what a correction found and did.
type Corrected struct {
	Clock       Clock
	From, Until time.Time  // of the pause, as it is now
	Was         *time.Time // its end before; nil when it still went on
	Moves       []Move
}

// Correct shortens one pause of a clock and computes the deadline from scratch. A
// pause that is taken back stays in the ledger with no length. What was recorded
// as missed stays so; a deadline that lies in the past by the correction is only
// made one when that is accepted, else it is ErrPauseBreaks. waiting is as in
// ResumeOne, for a pause that still goes on.
func Correct(tx *gorm.DB, calendars Calendars, ticketID, clockID int64, c Correction, waiting string, at time.Time) (Corrected, error) {
	r, err := find(tx, ticketID, clockID, at)
	if err != nil {
		return Corrected{}, err
	}
	if !r.live() {
		return Corrected{}, ErrStopped
	}
	var p pauseRow
	found := tx.Where("id = ? AND clock_id = ?", c.PauseID, r.ID).Limit(1).Find(&p)
	switch {
	case found.Error != nil:
		return Corrected{}, fmt.Errorf("read pause %d: %w", c.PauseID, found.Error)
	case found.RowsAffected == 0:
		return Corrected{}, ErrNoPause
	}
	if p.ToAt == nil && slices.Contains(ruled, p.Reason) {
		return Corrected{}, ErrRuled
	}
	end := p.FromAt
	if c.To != nil {
		end = c.To.UTC().Truncate(time.Microsecond)
	}
	until := at
	if p.ToAt != nil {
		until = *p.ToAt
	}
	if end.Before(p.FromAt) || !end.Before(until) {
		return Corrected{}, ErrPauseShorter
	}
	done := Corrected{From: p.FromAt, Until: end, Was: p.ToAt}
	if err := tx.Exec("UPDATE clock_pauses SET to_at = ? WHERE id = ?", end, p.ID).Error; err != nil {
		return Corrected{}, fmt.Errorf("correct pause %d: %w", p.ID, err)
	}
	if p.ToAt == nil && waiting != "" {
		if err := tx.Create(&pauseRow{ClockID: r.ID, FromAt: at, Reason: waiting}).Error; err != nil {
			return Corrected{}, fmt.Errorf("go on pausing clock %d: %w", r.ID, err)
		}
	}
	if r.State == Standing && (p.ToAt != nil || waiting != "") { // another one goes on
		done.Clock = r.clock()
		return done, nil
	}
	done.Clock, done.Moves, err = anew(tx, calendars, r, ByPause)
	if err == nil && r.Stage < StageDue && !done.Clock.Due.After(at) {
		if !c.Breaks {
			return Corrected{}, ErrPauseBreaks
		}
		err = settle(tx, ticketID, at)
		done.Clock.Stage = StageDue
	}
	return done, err
}

// anew computes one clock from scratch, and says whether its deadline moved.
func anew(tx *gorm.DB, calendars Calendars, r clockRow, why string) (Clock, []Move, error) {
	was := r.Due
	if err := goOn(tx, calendars, []clockRow{r}); err != nil {
		return Clock{}, nil, err
	}
	if err := tx.Where("id = ?", r.ID).Take(&r).Error; err != nil {
		return Clock{}, nil, fmt.Errorf("read clock %d: %w", r.ID, err)
	}
	if was.Equal(r.Due) {
		return r.clock(), nil, nil
	}
	return r.clock(), []Move{{string(r.Kind), r.Policy, &was, &r.Due, why}}, nil
}

// CancelOne takes back a clock that asks nothing of anybody, such as that of spam
// or of a demand that was made twice: neither met nor missed. One that has run
// out has been missed, and stays so: ErrRanOut.
func CancelOne(tx *gorm.DB, ticketID, clockID int64, at time.Time) (Clock, []Move, error) {
	r, err := find(tx, ticketID, clockID, at)
	switch {
	case err != nil:
		return Clock{}, nil, err
	case !r.live():
		return Clock{}, nil, ErrStopped
	case r.Stage == StageDue:
		return Clock{}, nil, ErrRanOut
	case r.Kind == Commitment:
		return Clock{}, nil, ErrIsPromise
	}
	if err := cancel(tx, r, at); err != nil {
		return Clock{}, nil, fmt.Errorf("cancel clock %d: %w", r.ID, err)
	}
	was := r.Due
	r.State, r.StoppedAt = Cancelled, &at
	return r.clock(), []Move{{string(r.Kind), r.Policy, &was, nil, ByCancel}}, nil
}
