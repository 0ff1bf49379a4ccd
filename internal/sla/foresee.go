package sla

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Bounds of a preview.
const (
	looksAt     = 2000 // open tickets, the newest
	shows       = 20   // clocks that would be other
	previewTime = "3s"
)

// Effect is what a change of rules would do to the clocks that run.
type Effect struct {
	Looked int  // open tickets that were looked at
	More   bool // whether there are more of them
	Clocks int  // clocks that would be other
	First  []Turn
	Trials []Trial // what the demand that was asked about would get
}

// Turn is one clock that would be other.
type Turn struct {
	Protocol string
	Clock    Kind
	Policy   string
	From, To *time.Time // nil: there is none
	Standing bool       // it stands still; To is nil until it goes on
}

// Question is a demand whose clocks are asked for.
type Question struct {
	Demand Demand
	Start  time.Time
}

// errOnlyLooked ends the transaction of a preview, of which nothing stays.
var errOnlyLooked = errors.New("nothing is kept of a preview")

// Preview says what a change would do if clocks that run were planned anew, and
// what a demand would get then. Only tickets that the scope may see are counted.
// A change is tried and taken back, so that what would be refused is refused here
// as well; without one the rules are those in force.
func (r *Rules) Preview(ctx context.Context, scope access.Scope, account int64, c *Change, q *Question) (Effect, error) {
	var e Effect
	err := r.db.InTx(ctx, func(tx *gorm.DB) error {
		e = Effect{First: []Turn{}}
		tx = tx.WithContext(ctx)
		if err := tx.Exec("SET LOCAL statement_timeout = '" + previewTime + "'").Error; err != nil {
			return fmt.Errorf("bound a preview: %w", err)
		}
		var book *rulebook
		var err error
		if c != nil {
			if _, book, err = r.apply(ctx, tx, account, *c); err == nil {
				err = e.foresee(tx, book, scope)
			}
		} else {
			book, err = readRulebook(ctx, tx, r.policies.builtIn)
		}
		if err == nil && q != nil {
			e.Trials, err = book.try(tx, *q)
		}
		if err != nil {
			return err
		}
		return errOnlyLooked
	})
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, errOnlyLooked):
		return e, nil
	case errors.As(err, &pg) && pg.Code == "57014": // query_canceled
		return e, ErrPreviewLong.Because(err)
	}
	return e, err
}

type openRow struct {
	ID       int64
	Protocol string
	Channel  string
	Kind     string
	Priority int
	TeamID   int64
	Walled   bool
	Segment  string
	OpenedAt time.Time
	Answered bool
}

// foresee is what Replan would do, without doing it.
func (e *Effect) foresee(tx *gorm.DB, book *rulebook, scope access.Scope) error {
	var tickets []openRow
	err := tx.Raw(`SELECT t.id, t.protocol, t.channel, t.kind, t.priority, t.team_id, t.walled, coalesce(c.segment, '') AS segment, t.opened_at,
			EXISTS (SELECT FROM messages m WHERE m.ticket_id = t.id AND m.direction = 'out' AND NOT m.automatic AND m.delivery <> 'undone') AS answered
		FROM tickets t LEFT JOIN customers c ON c.id = t.customer_id
		WHERE t.open AND `+access.Condition+` ORDER BY t.id DESC LIMIT @limit`, scope.Named(map[string]any{"limit": looksAt + 1})).Scan(&tickets).Error
	if err != nil {
		return fmt.Errorf("read open tickets: %w", err)
	}
	if e.More = len(tickets) > looksAt; e.More {
		tickets = tickets[:looksAt]
	}
	e.Looked = len(tickets)
	list := make(ids, len(tickets))
	for i, t := range tickets {
		list[i] = t.ID
	}
	var rows []ruledRow
	err = tx.Raw(`SELECT c.*, p.regime_id FROM clocks c JOIN sla_policies p ON p.id = c.policy_id
		WHERE c.ticket_id = ANY(?::bigint[]) AND NOT p.by_hand AND c.kind IN ? AND c.state <> 'cancelled' ORDER BY c.id`, list, opening).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("read clocks that run: %w", err)
	}
	flat := make([]clockRow, len(rows))
	of := map[int64][]ruledRow{}
	for i, row := range rows {
		flat[i] = row.Clock
		of[row.Clock.TicketID] = append(of[row.Clock.TicketID], row)
	}
	pauses, err := readPauses(tx, flat)
	if err != nil {
		return err
	}
	for _, t := range tickets {
		d := Demand{Channel: t.Channel, Kind: t.Kind, Priority: t.Priority, Team: t.TeamID, Walled: t.Walled, Segment: t.Segment}
		took, left := book.changes(of[t.ID], book.planAnew(d, t.OpenedAt), t.Answered)
		for _, row := range left {
			if row.Clock.live() {
				e.add(Turn{Protocol: t.Protocol, Clock: row.Clock.Kind, Policy: row.Clock.Policy, From: &row.Clock.Due})
			}
		}
		for _, o := range took {
			turn, err := o.foreseen(book, pauses[o.old.ID])
			if err != nil {
				return err
			}
			turn.Protocol = t.Protocol
			e.add(turn)
		}
	}
	return nil
}

func (e *Effect) add(t Turn) {
	if e.Clocks++; e.Clocks <= shows {
		e.First = append(e.First, t)
	}
}

// foreseen is what do would store.
func (t takeOver) foreseen(book *rulebook, pauses []Standstill) (Turn, error) {
	r := book.policies[*t.rule.PolicyID]
	if !t.rule.Pauses {
		pauses = nil
	}
	d, err := r.calendar.Due(t.old.StartedAt, r.Term, pauses)
	turn := Turn{Clock: t.rule.Kind, Policy: t.rule.Policy, To: &d.Due, Standing: d.Standing}
	if t.old.ID != 0 {
		turn.From = &t.old.Due
	}
	if d.Standing {
		turn.To = nil
	}
	return turn, err
}

// Trial is how one clock of a demand was chosen: which policy, and which were
// passed over.
type Trial struct {
	Regime   string // its name
	Evidence Evidence
	Clock    Kind
	Chosen   *NewClock // nil when no policy is for the demand
	Passed   []Passed
}

// Passed is a policy that was not taken, and by what: channel, kind, priority,
// team, segment, walled, by_hand, valid (its dates), or later (an earlier one was).
type Passed struct {
	PolicyID int64
	Name     string
	By       string
}

// try chooses as plan does, and says why.
func (b *rulebook) try(tx *gorm.DB, q Question) ([]Trial, error) {
	regimes, err := readRegimes(tx, "active")
	if err != nil {
		return nil, err
	}
	trials := []Trial{}
	for _, regime := range regimes {
		for _, g := range b.groups {
			if g.rules[0].Regime == regime.ID {
				t := g.try(q)
				t.Regime, t.Evidence = regime.Name, regime.Evidence
				trials = append(trials, t)
			}
		}
	}
	slices.SortStableFunc(trials, func(x, y Trial) int { return slices.Index(kinds, x.Clock) - slices.Index(kinds, y.Clock) })
	return trials, nil
}

func (g group) try(q Question) Trial {
	t := Trial{Clock: g.kind, Passed: []Passed{}}
	for _, r := range g.rules {
		by := r.misses(q.Demand)
		switch {
		case by != "":
		case r.ByHand && !r.owes(q.Demand):
			by = "by_hand"
		case !r.valid(q.Start):
			by = "valid"
		case t.Chosen != nil:
			by = "later"
		default:
			why, _ := r.match(q.Demand)
			c := r.clock(why, q.Start)
			t.Chosen = &c
			continue
		}
		t.Passed = append(t.Passed, Passed{r.ID, r.Name, by})
	}
	return t
}
