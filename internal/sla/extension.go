package sla

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of extending a term.
var (
	ErrNoExtension  = fault.New(fault.Conflict, "extension_unknown")     // the regime knows none; args norm
	ErrExtended     = fault.New(fault.Conflict, "extension_made")        // once, and it was
	ErrExtensionCap = fault.New(fault.Conflict, "extension_cap_reached") // args demands, extensions, most, cap
)

// extendable are the kinds of clock that a norm lets extend: the answer itself.
var extendable = []Kind{Legal, Resolution}

// Extendable reports whether it is of a kind that regimes let extend.
func (c Clock) Extendable() bool { return slices.Contains(extendable, c.Kind) }

// Extending is an extension as it is asked for.
type Extending struct {
	Reason    string
	AccountID int64
	MessageID int64 // by which the customer is told
	Walled    bool  // on which side of the ombudsman's wall the demand is
	// Scope is what its author sees: a refusal tells no figure of anything else.
	Scope access.Scope
}

// Quota is how many extensions a regime has in a month, and how many it may have.
// Both sides of the ombudsman's wall have theirs: nobody learns from one of the
// other, and two parts that each keep the cap keep it together.
type Quota struct {
	Demands    int  // registered in the month so far, whatever became of them
	Extensions int  // made in the month
	Cap        *int // per cent; nil: as many as there is reason for
}

// Most is how many extensions the month may have so far. The cap is read
// strictly: of the demands registered until now, not of those that the month will
// have, and rounded down, so that a month never ends above it. 57 demands allow
// 5, 9 allow none (reference: Res. CMN 4.860/2020, 10 % of the demands of the
// month; docs/adr/0016).
func (q Quota) Most() int {
	if q.Cap == nil {
		return q.Demands
	}
	return q.Demands * *q.Cap / 100
}

// Room reports whether one more extension keeps the cap.
func (q Quota) Room() bool { return q.Cap == nil || q.Extensions+1 <= q.Most() }

// monthOf is the beginning of the month of an instant, and of the next, in a zone.
func monthOf(at time.Time, zone *time.Location) (from, to time.Time) {
	at = at.In(zone)
	from = time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, zone)
	return from, from.AddDate(0, 1, 0)
}

// month is that of a regime in which extensions are counted, on one side of the
// ombudsman's wall. With a scope only what it sees is counted: whoever is barred
// from a case must not find it in a figure.
type month struct {
	regime   int64
	walled   bool
	from, to time.Time
	seen     *access.Scope
}

// registered are the clocks of a regime's demands that began in a month, each
// once a rule: what the index clocks_month holds. Its named values are month's.
const registered = `clocks c JOIN tickets t ON t.id = c.ticket_id
	WHERE c.policy_id IN (SELECT id FROM sla_policies WHERE regime_id = @regime) AND c.kind IN ('legal', 'resolution')
	  AND c.started_at >= @from AND c.started_at < @to`

const extendedIn = `clock_extensions x JOIN tickets t ON t.id = x.ticket_id
	WHERE x.regime_id = @regime AND x.month = CAST(@month AS date)`

// condition is what limits the statements above to what is seen, with their values.
func (m month) condition() (string, map[string]any) {
	values := map[string]any{"regime": m.regime, "walled": m.walled, "from": m.from, "to": m.to, "month": m.from.Format(time.DateOnly)}
	const side = " AND t.walled = @walled"
	if m.seen == nil {
		return side, values
	}
	all := *m.seen
	all.AllTeams = true
	return side + " AND " + access.Condition, all.Named(values)
}

// quota counts the month.
func (m month) quota(tx *gorm.DB, percent *int) (Quota, error) {
	q := Quota{Cap: percent}
	seen, values := m.condition()
	err := tx.Raw("SELECT count(DISTINCT c.ticket_id) FROM "+registered+seen, values).Scan(&q.Demands).Error
	if err == nil {
		err = tx.Raw("SELECT count(*) FROM "+extendedIn+seen, values).Scan(&q.Extensions).Error
	}
	if err != nil {
		return Quota{}, fmt.Errorf("count the extensions of regime %d: %w", m.regime, err)
	}
	return q, nil
}

type terms struct {
	RegimeID  int64
	Norm      string
	Extension int
	Cap       *int
}

// mayExtend is everything that an extension of a clock depends on but the cap.
func mayExtend(tx *gorm.DB, r clockRow) (terms, error) {
	var g terms
	if r.PolicyID != nil && slices.Contains(extendable, r.Kind) {
		err := tx.Raw(`SELECT g.id AS regime_id, coalesce(nullif(g.norm, ''), g.name) AS norm, g.extension, g.cap
			FROM sla_policies p JOIN regimes g ON g.id = p.regime_id WHERE p.id = ?`, *r.PolicyID).Scan(&g).Error
		if err != nil {
			return terms{}, fmt.Errorf("read the regime of clock %d: %w", r.ID, err)
		}
	}
	switch {
	case g.Extension == 0:
		return terms{}, ErrNoExtension.With("policy", r.Policy)
	case !r.live():
		return terms{}, ErrStopped
	case r.Stage == StageDue:
		return terms{}, ErrRanOut
	case r.State == Standing:
		return terms{}, ErrStandsStill
	}
	var made bool
	if err := tx.Raw("SELECT EXISTS (SELECT FROM clock_extensions WHERE ticket_id = ? AND regime_id = ?)", r.TicketID, g.RegimeID).Scan(&made).Error; err != nil {
		return terms{}, fmt.Errorf("look for an extension of ticket %d: %w", r.TicketID, err)
	}
	if made || r.Extension > 0 {
		return terms{}, ErrExtended
	}
	return g, nil
}

// Outlook is what an extension of a clock would do, before it is asked for.
type Outlook struct {
	Due, NewDue time.Time
	Amount      int
	Unit        Unit
	// Quota is counted of what the asker sees, Room of all there is: the cap holds
	// for whoever is barred from a case, too.
	Quota Quota
	Room  bool
}

// ForeseeExtension says what extending a clock would do, or why it cannot be: the
// faults of Extend but ErrExtensionCap, since the figures say that.
func ForeseeExtension(ctx context.Context, db *gorm.DB, calendars Calendars, ticketID, clockID int64, walled bool, scope access.Scope, at time.Time) (o Outlook, err error) {
	db = db.WithContext(ctx)
	var r clockRow
	found := db.Where("id = ? AND ticket_id = ?", clockID, ticketID).Limit(1).Find(&r)
	switch {
	case found.Error != nil:
		return o, fmt.Errorf("read clock %d: %w", clockID, found.Error)
	case found.RowsAffected == 0:
		return o, ErrNoClock
	case r.State == Running && !r.Due.After(at):
		return o, ErrRanOut
	}
	g, err := mayExtend(db, r)
	if err != nil {
		return o, err
	}
	zone, err := deskZone(calendars)
	if err != nil {
		return o, err
	}
	from, to := monthOf(at, zone)
	m := month{g.RegimeID, walled, from, to, nil}
	q, err := m.quota(db, g.Cap)
	m.seen = &scope
	if err == nil {
		o.Room = q.Room()
		o.Quota, err = m.quota(db, g.Cap)
	}
	if err != nil {
		return o, err
	}
	pauses, err := readPauses(db, []clockRow{r})
	if err != nil {
		return o, err
	}
	c, err := calendars.Get(r.Calendar)
	if err != nil {
		return o, err
	}
	o.Due, o.Amount, o.Unit = r.Due, g.Extension, r.Unit
	r.Extension = g.Extension
	d, err := c.Due(r.StartedAt, r.term(), pauses[r.ID])
	o.NewDue = d.Due
	return o, err
}

// deskZone is the zone in which the desk's months are counted.
func deskZone(calendars Calendars) (*time.Location, error) {
	c, err := calendars.Get(CalendarBR)
	if err != nil {
		return nil, err
	}
	return c.Zone(), nil
}

// Extend gives a clock more time, once, before it has run out, as its regime lets
// it and within the month's cap, and computes its deadline from scratch. Two
// extensions of one regime wait for each other, so that the cap holds.
func Extend(tx *gorm.DB, calendars Calendars, ticketID, clockID int64, x Extending, at time.Time) (Clock, []Move, error) {
	r, err := find(tx, ticketID, clockID, at)
	if err != nil {
		return Clock{}, nil, err
	}
	g, err := mayExtend(tx, r)
	if err != nil {
		return Clock{}, nil, err
	}
	zone, err := deskZone(calendars)
	if err != nil {
		return Clock{}, nil, err
	}
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtext('clock_extensions'), ?)", int32(g.RegimeID)).Error; err != nil {
		return Clock{}, nil, fmt.Errorf("wait for other extensions of regime %d: %w", g.RegimeID, err)
	}
	from, to := monthOf(at, zone)
	m := month{g.RegimeID, x.Walled, from, to, nil}
	q, err := m.quota(tx, g.Cap)
	if err != nil {
		return Clock{}, nil, err
	}
	if !q.Room() {
		m.seen = &x.Scope
		if q, err = m.quota(tx, g.Cap); err != nil {
			return Clock{}, nil, err
		}
		return Clock{}, nil, ErrExtensionCap.With("demands", q.Demands).With("extensions", q.Extensions).With("most", q.Most()).With("cap", *q.Cap)
	}
	old := r.Due
	r.Extension = g.Extension
	if err := tx.Exec("UPDATE clocks SET extension = ? WHERE id = ?", r.Extension, r.ID).Error; err != nil {
		return Clock{}, nil, fmt.Errorf("extend clock %d: %w", r.ID, err)
	}
	clock, moves, err := anew(tx, calendars, r, ByExtension)
	if err != nil {
		return Clock{}, nil, err
	}
	err = tx.Exec(`INSERT INTO clock_extensions (clock_id, ticket_id, regime_id, amount, reason, account_id, message_id, month, old_due, new_due, at)
		VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS date), ?, ?, ?)`, r.ID, ticketID, g.RegimeID, g.Extension, x.Reason, x.AccountID, x.MessageID,
		from.Format(time.DateOnly), old, clock.Due, at).Error
	if err != nil {
		return Clock{}, nil, fmt.Errorf("note the extension of clock %d: %w", r.ID, err)
	}
	return clock, moves, nil
}
