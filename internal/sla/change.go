package sla

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Change is one change of the rules: exactly one of its parts is given.
type Change struct {
	Regime *RegimeEdit
	Policy *PolicyEdit
	Remove int64   // a policy
	Order  []int64 // all policies of one regime, the first to be tried first
}

// RegimeEdit is a regime as it shall be; one without an id is added.
type RegimeEdit struct {
	ID        int64
	Version   int // the one its author had before them
	Name      string
	Norm      string
	Evidence  Evidence
	Source    string
	Note      string
	CheckedBy string
	CheckedOn brazil.Date
	Active    bool
	Extension int
	Cap       *int
}

// PolicyEdit is a policy as it shall be; one without an id is added to its
// regime, as the last.
type PolicyEdit struct {
	Policy
	Active bool
}

// Apply changes the rules, for every node, and notes who did it. running plans
// the open tickets anew, too, which happens soon after; without it they keep what
// they have until their demand changes. It returns the regime that was changed.
func (r *Rules) Apply(ctx context.Context, account int64, c Change, running bool) (Regime, error) {
	var changed Regime
	err := r.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		id, _, err := r.apply(ctx, tx, account, c)
		if err != nil {
			return err
		}
		if running {
			err = tx.Exec(`INSERT INTO rule_runs (account_id, last_id) SELECT ?, coalesce(max(id), 0) FROM tickets`, account).Error
		}
		if err == nil {
			err = TellChanged(tx)
		}
		if err != nil {
			return fmt.Errorf("tell of changed rules: %w", err)
		}
		regimes, err := readRegimes(tx, "id = ?", id)
		if err == nil {
			changed = regimes[0]
		}
		return err
	})
	return changed, err
}

// apply changes the rows and returns the regime and the rules as they are then.
func (r *Rules) apply(ctx context.Context, tx *gorm.DB, account int64, c Change) (id int64, book *rulebook, err error) {
	// Two who change rules at once would each check against what the other changes.
	if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtext('sla_rules'))").Error; err != nil {
		return 0, nil, fmt.Errorf("wait for the rules: %w", err)
	}
	a := author{tx: tx, account: account, rules: r}
	switch {
	case c.Regime != nil:
		id, err = a.regime(c.Regime)
	case c.Policy != nil:
		calendars, readErr := readCalendars(ctx, tx, r.policies.builtIn)
		if readErr != nil {
			return 0, nil, readErr
		}
		id, err = a.policy(c.Policy, calendars)
	case c.Remove != 0:
		id, err = a.remove(c.Remove)
	default:
		id, err = a.order(c.Order)
	}
	if err != nil {
		return 0, nil, err
	}
	book, err = readRulebook(ctx, tx, r.policies.builtIn)
	return id, book, err
}

// author is somebody who changes rules in a transaction.
type author struct {
	tx      *gorm.DB
	account int64
	rules   *Rules
}

// note keeps who has changed what.
func (a author) note(regime int64, policy *int64, act string, before, after any) error {
	was, err := json.Marshal(before)
	is, err2 := json.Marshal(after)
	if err == nil {
		err = err2
	}
	if err == nil {
		err = a.tx.Exec(`INSERT INTO rule_changes (regime_id, policy_id, act, before, after, account_id, at) VALUES (?, ?, ?, nullif(?::jsonb, 'null'), nullif(?::jsonb, 'null'), ?, ?)`,
			regime, policy, act, string(was), string(is), a.account, a.rules.now()).Error
	}
	if err != nil {
		return fmt.Errorf("note the change of regime %d: %w", regime, err)
	}
	return nil
}

func (a author) regime(e *RegimeEdit) (int64, error) {
	at := a.rules.now()
	if err := e.check(brazil.DateOf(at, a.rules.zone())); err != nil {
		return 0, err
	}
	row := regimeRow{ID: e.ID, Name: e.Name, Norm: e.Norm, Evidence: e.Evidence, Source: e.Source, Note: e.Note, CheckedBy: e.CheckedBy,
		CheckedOn: dateOf(e.CheckedOn), Active: e.Active, Extension: e.Extension, Cap: e.Cap, UpdatedAt: at, UpdatedBy: &a.account}
	if e.ID == 0 {
		return a.addRegime(row)
	}
	was, err := a.regimeNow(e.ID)
	switch {
	case err != nil:
		return 0, err
	case was.Version != e.Version:
		return 0, ErrRulesChanged
	}
	row.Key, row.Position, row.Version = was.Key, was.Position, was.Version+1
	if err := a.tx.Select("*").Updates(&row).Error; err != nil {
		return 0, fmt.Errorf("change regime %d: %w", e.ID, err)
	}
	return e.ID, a.note(e.ID, nil, "regime_changed", was, row)
}

func (a author) addRegime(row regimeRow) (int64, error) {
	var there struct{ Number, Last int }
	if err := a.tx.Raw("SELECT count(*) AS number, coalesce(max(position), 0) AS last FROM regimes").Scan(&there).Error; err != nil {
		return 0, fmt.Errorf("count the regimes: %w", err)
	}
	if there.Number >= maxRegimes {
		return 0, ErrRules.Field("body.regime", "sla_too_many")
	}
	row.Position, row.Version, row.Key = there.Last+10, 1, "r"+strconv.FormatInt(a.rules.now().UnixMicro(), 36)
	if err := a.tx.Create(&row).Error; err != nil {
		return 0, fmt.Errorf("add a regime: %w", err)
	}
	if err := a.ladder(row.ID, nil, defaultLadder); err != nil {
		return 0, fmt.Errorf("give regime %d a ladder: %w", row.ID, err)
	}
	return row.ID, a.note(row.ID, nil, "regime_added", nil, row)
}

func (a author) regimeNow(id int64) (row regimeRow, err error) {
	found := a.tx.Where("id = ?", id).Limit(1).Find(&row)
	if found.Error != nil {
		return row, fmt.Errorf("read regime %d: %w", id, found.Error)
	}
	if found.RowsAffected == 0 {
		return row, ErrNoRegime
	}
	return row, nil
}

// policyNow reads a policy that stands in the list.
func (a author) policyNow(id int64) (row policyRow, err error) {
	found := a.tx.Where("id = ?", id).Limit(1).Find(&row)
	switch {
	case found.Error != nil:
		return row, fmt.Errorf("read policy %d: %w", id, found.Error)
	case found.RowsAffected == 0:
		return row, ErrNoPolicy
	case row.RetiredAt != nil:
		return row, ErrRulesChanged
	}
	return row, nil
}

func (a author) policy(e *PolicyEdit, calendars Calendars) (int64, error) {
	var was policyRow
	var err error
	if e.ID == 0 {
		_, err = a.regimeNow(e.Regime)
	} else {
		was, err = a.policyNow(e.ID)
	}
	if err == nil {
		err = e.check(a.tx, calendars)
	}
	if err != nil {
		return 0, err
	}
	if e.ID == 0 {
		var there struct{ Number, Last int }
		err := a.tx.Raw(`SELECT count(*) FILTER (WHERE regime_id = ?) AS number, coalesce(max(position), 0) AS last
			FROM sla_policies WHERE retired_at IS NULL`, e.Regime).Scan(&there).Error
		if err != nil {
			return 0, fmt.Errorf("count the policies: %w", err)
		}
		if there.Number >= maxPolicies {
			return 0, ErrRules.Field("body.policy", "sla_too_many")
		}
		e.Position = there.Last + 10
		id, err := a.insert(e, nil)
		if err != nil {
			return 0, err
		}
		return e.Regime, a.note(e.Regime, &id, "policy_added", nil, e)
	}
	e.Regime, e.Position, e.Duty = was.RegimeID, was.Position, was.Duty
	if err := a.retire(e.ID); err != nil {
		return 0, err
	}
	id, err := a.insert(e, &was.ID)
	if err != nil {
		return 0, err
	}
	return e.Regime, a.note(e.Regime, &id, "policy_changed", was.listed(), e)
}

// insert adds the row of a policy. What is joined here was checked and has no
// comma.
func (a author) insert(e *PolicyEdit, replaces *int64) (id int64, err error) {
	err = a.tx.Raw(`INSERT INTO sla_policies (regime_id, position, name, channels, kinds, priorities, teams, segments, walled, clock, calendar,
			amount, unit, roll, pauses, legal_ref, active, by_hand, valid_from, valid_to, replaces, duty)
		VALUES (?, ?, ?, string_to_array(?, ','), string_to_array(?, ','), string_to_array(?, ',')::smallint[], string_to_array(?, ',')::bigint[],
			string_to_array(?, ','), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		e.Regime, e.Position, e.Name, strings.Join(e.Channels, ","), strings.Join(e.Kinds, ","), joined(e.Priorities), joined(e.Teams),
		strings.Join(e.Segments, ","), e.Walled, e.Clock, e.Calendar, e.Term.Amount, e.Term.Unit, e.Term.Roll, e.Pauses, e.LegalRef,
		e.Active, e.ByHand, dateOf(e.From), dateOf(e.To), replaces, e.Duty).Scan(&id).Error
	if err != nil {
		return 0, fmt.Errorf("add policy %q: %w", e.Name, err)
	}
	return id, nil
}

func joined[N int | int64](list []N) string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = strconv.FormatInt(int64(n), 10)
	}
	return strings.Join(texts, ",")
}

// retire takes a policy out of the list. Its row stays, for its clocks.
func (a author) retire(id int64) error {
	if err := a.tx.Exec("UPDATE sla_policies SET active = false, retired_at = ? WHERE id = ?", a.rules.now(), id).Error; err != nil {
		return fmt.Errorf("retire policy %d: %w", id, err)
	}
	return nil
}

func (a author) remove(id int64) (int64, error) {
	was, err := a.policyNow(id)
	if err == nil {
		err = a.retire(id)
	}
	if err != nil {
		return 0, err
	}
	return was.RegimeID, a.note(was.RegimeID, &id, "policy_removed", was.listed(), nil)
}

// order lets the policies of a regime change places among themselves.
func (a author) order(order []int64) (int64, error) {
	if len(order) == 0 {
		return 0, ErrRules.Field("body.policies", "required")
	}
	first, err := a.policyNow(order[0])
	if err != nil {
		return 0, err
	}
	var rows []policyRow
	if err := a.tx.Where("regime_id = ? AND retired_at IS NULL", first.RegimeID).Order("position, id").Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("read the policies of regime %d: %w", first.RegimeID, err)
	}
	before := make([]int64, len(rows))
	places := make([]int, len(rows))
	for i, r := range rows {
		before[i], places[i] = r.ID, r.Position
		if i > 0 && places[i] <= places[i-1] { // two that shared a place have one each from now on
			places[i] = places[i-1] + 1
		}
	}
	if !slices.Equal(sorted(before), sorted(order)) {
		return 0, ErrRulesChanged
	}
	for i, id := range order {
		if err := a.tx.Exec("UPDATE sla_policies SET position = ? WHERE id = ?", places[i], id).Error; err != nil {
			return 0, fmt.Errorf("place policy %d: %w", id, err)
		}
	}
	return first.RegimeID, a.note(first.RegimeID, nil, "policies_ordered", before, order)
}

func sorted[N cmp.Ordered](list []N) []N {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
