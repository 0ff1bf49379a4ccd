package sla

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Evidence is how sure a regime is.
type Evidence string

// The marks of evidence. What is unconfirmed says so wherever it is shown.
const (
	EvidenceOwn       Evidence = "own"         // our own promise
	EvidenceRead      Evidence = "read"        // read in the norm, or where it is quoted
	EvidenceSecondary Evidence = "secondary"   // told by the press or lawyers
	Unconfirmed       Evidence = "unconfirmed" // remembered: a lawyer has to look at it
)

// Faults of changing rules.
var (
	ErrNoRegime     = fault.New(fault.NotFound, "sla_regime_not_found")
	ErrNoPolicy     = fault.New(fault.NotFound, "sla_policy_not_found")
	ErrRules        = fault.New(fault.Invalid, "sla_rules_invalid")    // details name the fields
	ErrRulesChanged = fault.New(fault.Conflict, "sla_rules_changed")   // somebody else has been faster
	ErrPreviewLong  = fault.New(fault.Unavailable, "sla_preview_long") // the preview took too long to compute
)

// Regime is what some norm asks, or what we promise ourselves.
type Regime struct {
	ID        int64
	Key, Name string
	Position  int
	Norm      string
	Evidence  Evidence
	Source    string // where it was read
	Note      string // what is to be known of its evidence
	CheckedBy string // who has checked it against the norm
	CheckedOn brazil.Date
	Active    bool
	Extension int  // by how much a term can be extended once, in its unit; 0: never
	Cap       *int // how many extensions, in per cent of the month's demands; nil: any number
	Version   int
	UpdatedAt time.Time
	UpdatedBy *int64
	Policies  []Listed
	Ladder    []Rung // what is done as its deadlines come near and pass
}

// Listed is a policy as it stands in the list, switched on or off.
type Listed struct {
	Policy
	Active   bool
	Replaces *int64 // the version before
}

// Rules are read and changed here. The rules by which clocks are planned are
// Policies, which every node brings up to date after a change.
type Rules struct {
	db       *postgres.DB
	policies *Policies
	now      func() time.Time
}

// NewRules makes them. now is PostgreSQL's time.
func NewRules(db *postgres.DB, policies *Policies, now func() time.Time) *Rules {
	return &Rules{db: db, policies: policies, now: now}
}

// zone is that in which the installation lives.
func (r *Rules) zone() *time.Location { return r.policies.builtIn[CalendarBR].Zone() }

// Regimes lists all regimes with their policies, in order.
func (r *Rules) Regimes(ctx context.Context) ([]Regime, error) {
	return readRegimes(r.db.Gorm.WithContext(ctx), "true")
}

func readRegimes(tx *gorm.DB, where string, args ...any) ([]Regime, error) {
	var rows []regimeRow
	var policies []policyRow
	err := tx.Where(where, args...).Order("position, id").Find(&rows).Error
	if err == nil {
		err = tx.Where("retired_at IS NULL").Order("position, id").Find(&policies).Error
	}
	if err != nil {
		return nil, fmt.Errorf("read the regimes: %w", err)
	}
	rungs, err := ladders(tx.Session(&gorm.Session{NewDB: true}))
	if err != nil {
		return nil, err
	}
	list := make([]Regime, len(rows))
	for i, row := range rows {
		list[i] = row.regime()
		list[i].Ladder = rungs[row.ID]
		for _, p := range policies {
			if p.RegimeID == row.ID {
				list[i].Policies = append(list[i].Policies, p.listed())
			}
		}
	}
	return list, nil
}

type regimeRow struct {
	ID        int64
	Key, Name string
	Position  int
	Norm      string
	Evidence  Evidence
	Source    string
	Note      string
	CheckedBy string
	CheckedOn *time.Time
	Active    bool
	Extension int
	Cap       *int
	Version   int
	UpdatedAt time.Time
	UpdatedBy *int64
}

func (regimeRow) TableName() string { return "regimes" }

func (r regimeRow) regime() Regime {
	return Regime{
		ID: r.ID, Key: r.Key, Name: r.Name, Position: r.Position, Norm: r.Norm, Evidence: r.Evidence, Source: r.Source, Note: r.Note,
		CheckedBy: r.CheckedBy, CheckedOn: dayOf(r.CheckedOn), Active: r.Active, Extension: r.Extension, Cap: r.Cap,
		Version: r.Version, UpdatedAt: r.UpdatedAt, UpdatedBy: r.UpdatedBy,
	}
}

// dateOf is what a date column keeps of a day; the zero day is none.
func dateOf(d brazil.Date) *time.Time {
	if d == (brazil.Date{}) {
		return nil
	}
	at := d.In(time.UTC)
	return &at
}
