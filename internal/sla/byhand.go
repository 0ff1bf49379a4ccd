package sla

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of clocks that a person starts and stops.
var (
	ErrNotByHand  = fault.New(fault.Invalid, "sla_policy_not_for_this") // of another demand, of another time, or not started by people
	ErrClockRuns  = fault.New(fault.Conflict, "sla_clock_runs")         // one of this policy runs already
	ErrClockEnded = fault.New(fault.Conflict, "sla_clock_ended")        // or nobody started it by hand
	ErrByHand     = fault.New(fault.Invalid, "sla_start_invalid")
)

// Offer is a policy whose clock a person may start on a ticket, with what is to
// be known of its regime, and what it gives when it is started now.
type Offer struct {
	Policy
	RegimeName string
	Evidence   Evidence
	Note       string
	CheckedBy  string
	CheckedOn  brazil.Date
	Due        time.Time
}

// Offers are the policies of d that people start, in order.
func (p *Policies) Offers(ctx context.Context, db *gorm.DB, d Demand, now time.Time) ([]Offer, error) {
	regimes, err := readRegimes(db.WithContext(ctx), "active")
	if err != nil {
		return nil, err
	}
	book := p.current.Load()
	offers := []Offer{}
	for _, g := range book.groups {
		for _, r := range g.rules {
			at := slices.IndexFunc(regimes, func(x Regime) bool { return x.ID == r.Regime })
			if why := r.misses(d); !r.ByHand || r.Duty != "" || why != "" || !r.valid(now) || at < 0 {
				continue
			}
			due, err := r.due(now)
			if err != nil {
				return nil, fmt.Errorf("compute policy %q: %w", r.Name, err)
			}
			x := regimes[at]
			offers = append(offers, Offer{r.Policy, x.Name, x.Evidence, x.Note, x.CheckedBy, x.CheckedOn, due.Due})
		}
	}
	slices.SortStableFunc(offers, func(a, b Offer) int { return a.Position - b.Position })
	return offers, nil
}

// ByHand is a clock that somebody starts.
type ByHand struct {
	PolicyID int64
	Start    time.Time
	// Due is the last day, when a paper names it; the zero day leaves it to the
	// policy. It is counted as so many days in a row from the day of the start.
	Due     brazil.Date
	Reason  string
	Account int64
}

// Begin gives a ticket a clock that a person starts. The caller has locked it.
func (p *Policies) Begin(tx *gorm.DB, ticketID int64, d Demand, h ByHand, at time.Time) (Clock, error) {
	book := p.current.Load()
	r, known := book.policies[h.PolicyID]
	if !known || !r.ByHand || r.Duty != "" || r.misses(d) != "" || !r.valid(h.Start) {
		return Clock{}, ErrNotByHand
	}
	if h.Start.After(at) {
		return Clock{}, ErrByHand.Field("body.start", "sla_ahead")
	}
	var runs bool
	err := tx.Raw("SELECT EXISTS (SELECT FROM clocks WHERE ticket_id = ? AND kind = ? AND policy = ? AND (state IN ('running', 'paused') OR started_at = ?))",
		ticketID, r.Clock, r.Name, h.Start).Scan(&runs).Error
	if err != nil {
		return Clock{}, fmt.Errorf("look for a clock of ticket %d: %w", ticketID, err)
	}
	if runs {
		return Clock{}, ErrClockRuns
	}
	why, _ := r.match(d)
	c := r.clock(why, h.Start)
	var given *time.Time
	if !h.Due.IsZero() {
		if c, err = r.until(c, h.Due); err != nil {
			return Clock{}, err
		}
		given = &c.Due
	}
	if err := Start(tx, ticketID, []NewClock{c}); err != nil {
		return Clock{}, err
	}
	var row clockRow
	err = tx.Where("ticket_id = ? AND kind = ? AND policy = ? AND started_at = ?", ticketID, c.Kind, c.Policy, c.StartedAt).Take(&row).Error
	if err == nil {
		err = tx.Exec("INSERT INTO clock_starts (clock_id, account_id, reason, given_due, at) VALUES (?, ?, ?, ?, ?)",
			row.ID, h.Account, h.Reason, given, at).Error
	}
	if err != nil {
		return Clock{}, fmt.Errorf("note who started a clock of ticket %d: %w", ticketID, err)
	}
	// A start that lies behind may have left stages behind it: they are told of in time.
	return row.clock(), settle(tx, ticketID, at)
}

// until makes the clock end with a given day.
func (r *rule) until(c NewClock, last brazil.Date) (NewClock, error) {
	first := brazil.DateOf(c.StartedAt, r.calendar.Zone())
	days := int(last.In(time.UTC).Sub(first.In(time.UTC)).Hours() / 24)
	t := Term{Amount: days, Unit: CalendarDays}
	if t.check() != nil {
		return c, ErrByHand.Field("body.due", "before_start")
	}
	d, err := r.calendar.Due(c.StartedAt, t, nil)
	if err != nil {
		return c, err
	}
	c.Amount, c.Unit, c.Roll = t.Amount, t.Unit, false
	c.Due, c.Target, c.Warn50, c.Warn75, c.Warn90 = d.Due, d.Target, d.Warn[0], d.Warn[1], d.Warn[2]
	return c, nil
}

// Finish stops a clock that a person started: met, or missed when it has run out.
// The caller has locked the ticket.
func Finish(tx *gorm.DB, ticketID, clockID, account int64, how string, at time.Time) (Clock, error) {
	if err := settle(tx, ticketID, at); err != nil {
		return Clock{}, err
	}
	var row clockRow
	found := tx.Where("id = ? AND ticket_id = ?", clockID, ticketID).Limit(1).Find(&row)
	switch {
	case found.Error != nil:
		return Clock{}, fmt.Errorf("read clock %d: %w", clockID, found.Error)
	case found.RowsAffected == 0:
		return Clock{}, ErrNoClock
	case !row.live():
		return Clock{}, ErrClockEnded
	}
	started := tx.Exec("UPDATE clock_starts SET stopped_by = ?, how = ? WHERE clock_id = ?", account, how, clockID)
	if started.Error == nil && started.RowsAffected == 0 {
		return Clock{}, ErrClockEnded
	}
	err := started.Error
	if err == nil {
		err = tx.Exec(`UPDATE clocks SET state = CASE WHEN stage = 100 THEN 'missed' ELSE 'met' END, stopped_at = ?, version = version + 1 WHERE id = ?`, at, clockID).Error
	}
	if err == nil {
		err = tx.Exec("UPDATE clock_pauses SET to_at = ? WHERE clock_id = ? AND to_at IS NULL", at, clockID).Error
	}
	if err == nil {
		err = tx.Where("id = ?", clockID).Take(&row).Error
	}
	if err != nil {
		return Clock{}, fmt.Errorf("stop clock %d: %w", clockID, err)
	}
	return row.clock(), nil
}

// Started is who started a clock by hand and why, and how it was met.
type Started struct {
	ClockID   int64
	AccountID int64
	Reason    string
	GivenDue  *time.Time
	StoppedBy *int64
	How       string
	At        time.Time
}

// StartedByHand lists those clocks of a ticket that people started.
func StartedByHand(ctx context.Context, db *gorm.DB, ticketID int64) ([]Started, error) {
	var list []Started
	err := db.WithContext(ctx).Raw(`SELECT s.* FROM clock_starts s JOIN clocks c ON c.id = s.clock_id WHERE c.ticket_id = ? ORDER BY s.clock_id`, ticketID).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read who started the clocks of ticket %d: %w", ticketID, err)
	}
	return list, nil
}
