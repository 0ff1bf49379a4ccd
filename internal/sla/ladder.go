package sla

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"gorm.io/gorm"
)

// Rise is what a step of a ladder does.
type Rise string

// The steps, as they grow in weight.
const (
	RiseHolder      Rise = "holder"      // tells whoever holds the ticket, or whose it is
	RiseSupervisors Rise = "supervisors" // tells who answers for its team
	RisePriority    Rise = "priority"    // makes it more urgent by one
	RiseReassign    Rise = "reassign"    // takes it off whoever has it, unless they are answering
)

// rungStages are the stages that a step may hang on: those that are recorded.
var rungStages = []int{50, 75, 90, StageDue}

var rises = []Rise{RiseHolder, RiseSupervisors, RisePriority, RiseReassign}

// Bounds of a ladder.
const (
	maxRungs = 12
	maxAfter = 30 * 24 * 60
)

// Rung is one step of a regime's escalation ladder.
type Rung struct {
	ID    int64
	Stage int // per cent of the term: 50, 75, 90, or 100 for the deadline
	After int // minutes past the deadline; 0 at any other stage
	Act   Rise
	Team  *int64 // where RiseReassign takes the ticket; nil leaves it in its team
}

type rungRow struct {
	ID       int64
	RegimeID int64
	Stage    int
	After    int
	Act      Rise
	TeamID   *int64
}

func (rungRow) TableName() string { return "escalation_rungs" }

func (r Rung) same(b Rung) bool {
	return r.Stage == b.Stage && r.After == b.After && r.Act == b.Act &&
		(r.Team == b.Team || r.Team != nil && b.Team != nil && *r.Team == *b.Team)
}

// KeepLadder gives a regime another ladder, for every stage that is recorded from
// now on. Steps that are already waiting are done. version is the regime's that its
// author had before them; another one is ErrRulesChanged.
func (r *Rules) KeepLadder(ctx context.Context, account, regime int64, version int, ladder []Rung) (Regime, error) {
	var changed Regime
	err := r.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtext('sla_rules'))").Error; err != nil {
			return fmt.Errorf("wait for the rules: %w", err)
		}
		a := author{tx: tx, account: account, rules: r}
		row, err := a.regimeNow(regime)
		switch {
		case err != nil:
			return err
		case row.Version != version:
			return ErrRulesChanged
		}
		if err := checkLadder(tx, ladder); err != nil {
			return err
		}
		was, err := ladders(tx, regime)
		if err == nil {
			err = a.ladder(regime, was[regime], ladder)
		}
		if err == nil {
			err = tx.Exec("UPDATE regimes SET version = version + 1, updated_at = ?, updated_by = ? WHERE id = ?", r.now(), account, regime).Error
		}
		if err != nil {
			return fmt.Errorf("change the ladder of regime %d: %w", regime, err)
		}
		regimes, err := readRegimes(tx, "id = ?", regime)
		if err == nil {
			changed = regimes[0]
		}
		return err
	})
	return changed, err
}

// ladder writes what is different: a rung that stays keeps its row.
func (a author) ladder(regime int64, was, is []Rung) error {
	for _, old := range was {
		if slices.ContainsFunc(is, old.same) {
			continue
		}
		if err := a.tx.Exec("UPDATE escalation_rungs SET retired_at = ? WHERE id = ?", a.rules.now(), old.ID).Error; err != nil {
			return err
		}
	}
	for _, rung := range is {
		if slices.ContainsFunc(was, rung.same) {
			continue
		}
		if err := a.tx.Create(&rungRow{RegimeID: regime, Stage: rung.Stage, After: rung.After, Act: rung.Act, TeamID: rung.Team}).Error; err != nil {
			return err
		}
	}
	return a.note(regime, nil, "ladder_changed", was, is)
}

func checkLadder(tx *gorm.DB, ladder []Rung) error {
	if len(ladder) > maxRungs {
		return ErrRules.Field("body.ladder", "sla_too_many")
	}
	for i, rung := range ladder {
		w := newWrongs("body.ladder." + strconv.Itoa(i) + ".")
		if !slices.Contains(rungStages, rung.Stage) {
			w.add("stage", "unknown_choice", nil)
		}
		if rung.After < 0 || rung.After > maxAfter || rung.After > 0 && rung.Stage != StageDue {
			w.add("after", "sla_rung_after", map[string]any{"max": maxAfter})
		}
		if !slices.Contains(rises, rung.Act) {
			w.add("act", "unknown_choice", nil)
		}
		if rung.Team != nil {
			var known bool
			if err := tx.Raw("SELECT EXISTS (SELECT FROM teams WHERE id = ?)", *rung.Team).Scan(&known).Error; err != nil {
				return fmt.Errorf("look for team %d: %w", *rung.Team, err)
			}
			if !known || rung.Act != RiseReassign {
				w.add("team_id", "unknown_choice", nil)
			}
		}
		if slices.ContainsFunc(ladder[:i], func(b Rung) bool { return b.Stage == rung.Stage && b.After == rung.After && b.Act == rung.Act }) {
			w.add("act", "taken", nil)
		}
		if err := w.fault(); err != nil {
			return err
		}
	}
	return nil
}

// ladders reads the ladders of these regimes, or of all, in the order of their steps.
func ladders(tx *gorm.DB, regimes ...int64) (map[int64][]Rung, error) {
	var rows []rungRow
	in := tx.Where("retired_at IS NULL")
	if len(regimes) > 0 {
		in = in.Where("regime_id IN ?", regimes)
	}
	if err := in.Order("regime_id, stage, after, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the escalation ladders: %w", err)
	}
	of := map[int64][]Rung{}
	for _, row := range rows {
		of[row.RegimeID] = append(of[row.RegimeID], Rung{row.ID, row.Stage, row.After, row.Act, row.TeamID})
	}
	for _, ladder := range of {
		slices.SortStableFunc(ladder, func(a, b Rung) int {
			return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.After, b.After), cmp.Compare(slices.Index(rises, a.Act), slices.Index(rises, b.Act)))
		})
	}
	return of, nil
}

// defaultLadder is what a new regime starts with.
var defaultLadder = []Rung{{Stage: 75, Act: RiseHolder}, {Stage: 90, Act: RiseSupervisors}, {Stage: StageDue, Act: RiseSupervisors}, {Stage: StageDue, Act: RisePriority}}
