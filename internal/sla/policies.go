package sla

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// changed is the channel on which nodes tell each other that rules or calendars
// have changed.
const changed = "sla_rules"

// Policies are the rules in force and the calendars they count by, as PostgreSQL
// has them: changed on any node, they are changed on all. What has been planned
// stays as it was planned. Safe for concurrent use.
type Policies struct {
	current atomic.Pointer[rulebook]
	builtIn Fixed
}

// NewPolicies makes rules that do not change, of calendars and a list in any
// order. The error names the policy that cannot be computed.
func NewPolicies(calendars Fixed, list []Policy) (*Policies, error) {
	b, err := newRulebook(calendars, list)
	if err != nil {
		return nil, err
	}
	p := &Policies{builtIn: calendars}
	p.current.Store(b)
	return p, nil
}

// LoadPolicies reads the active rules and the calendars of the installation,
// which stand beside the built-in ones.
func LoadPolicies(ctx context.Context, db *gorm.DB, builtIn Fixed) (*Policies, error) {
	p := &Policies{builtIn: builtIn}
	return p, p.Reload(ctx, db)
}

// Reload reads the rules anew. When one of them cannot be computed those that
// were in force stay in force.
func (p *Policies) Reload(ctx context.Context, db *gorm.DB) error {
	b, err := readRulebook(ctx, db, p.builtIn)
	if err != nil {
		return err
	}
	p.current.Store(b)
	return nil
}

func readRulebook(ctx context.Context, db *gorm.DB, builtIn Fixed) (*rulebook, error) {
	calendars, err := readCalendars(ctx, db, builtIn)
	if err != nil {
		return nil, err
	}
	list, err := readPolicies(ctx, db)
	if err != nil {
		return nil, err
	}
	return newRulebook(calendars, list)
}

// Follow keeps the rules as PostgreSQL has them until ctx ends.
func (p *Policies) Follow(ctx context.Context, db *postgres.DB, log *slog.Logger) error {
	reload := func(ctx context.Context) error { return p.Reload(ctx, db.Gorm) }
	return db.Listen(ctx, log, changed, "rules of deadlines are not brought up to date until PostgreSQL is there again", reload,
		func(ctx context.Context, _ string) error { return reload(ctx) })
}

// TellChanged tells every node, with the commit of tx, that the rules have changed.
func TellChanged(tx *gorm.DB) error { return tx.Exec("SELECT pg_notify(?, '')", changed).Error }

// Calendars are the calendars that clocks under these policies count by, always
// those of now.
func (p *Policies) Calendars() Calendars { return p }

// BuiltIn are the calendars that every installation has.
func (p *Policies) BuiltIn() Fixed { return p.builtIn }

// Get finds a calendar as it is now; an unknown id is ErrCalendar.
func (p *Policies) Get(id string) (*Calendar, error) { return p.current.Load().calendars.Get(id) }

// AskSegments reports whether a rule looks at the segment of a demand's customer,
// which whoever plans has to look up.
func (p *Policies) AskSegments() bool { return p.current.Load().segments }

// Plan says which clocks a demand gets that is registered at start: of each
// regime and kind by the first policy that matches, or none. It reads nothing and
// writes nothing, and is quick enough to be asked for every single demand.
func (p *Policies) Plan(d Demand, start time.Time) []NewClock {
	return p.current.Load().plan(opening, d, start)
}

// PlanNext says which clocks a ticket gets when its customer has written again
// after an answer of ours.
func (p *Policies) PlanNext(d Demand, at time.Time) []NewClock {
	return p.current.Load().plan([]Kind{NextResponse}, d, at)
}
