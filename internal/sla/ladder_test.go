package sla_test

import (
	"errors"
	"testing"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
)

func TestALadderIsKeptInOrderAndWhatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	r, who := rules(t, db, policies(t, db)), admin(t, db)
	all, err := r.Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	regime := all[0]
	if len(regime.Ladder) != 4 || regime.Ladder[0].Act != sla.RiseHolder {
		t.Fatalf("it comes with %+v", regime.Ladder)
	}
	team := int64(1)
	kept, err := r.KeepLadder(t.Context(), who, regime.ID, regime.Version, []sla.Rung{
		{Stage: 100, After: 60, Act: sla.RiseReassign, Team: &team}, {Stage: 100, Act: sla.RiseSupervisors}, {Stage: 50, Act: sla.RiseHolder}, {Stage: 75, Act: sla.RiseHolder}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ stage, after int }{{50, 0}, {75, 0}, {100, 0}, {100, 60}} {
		if got := kept.Ladder[i]; got.Stage != want.stage || got.After != want.after {
			t.Errorf("step %d is %+v", i, got)
		}
	}
	if kept.Ladder[1].ID != regime.Ladder[0].ID || kept.Ladder[2].ID != regime.Ladder[2].ID {
		t.Error("a step that stays is another now")
	}
	if _, err := r.KeepLadder(t.Context(), who, regime.ID, regime.Version, nil); !errors.Is(err, sla.ErrRulesChanged) {
		t.Errorf("an old version: %v", err)
	}
	if _, err := r.KeepLadder(t.Context(), who, 1<<40, 1, nil); !errors.Is(err, sla.ErrNoRegime) {
		t.Errorf("no regime: %v", err)
	}
	far := int64(1 << 40)
	for name, tt := range map[string]struct {
		field  string
		ladder []sla.Rung
	}{
		"a stage that is none":          {"body.ladder.0.stage", []sla.Rung{{Stage: 60, Act: sla.RiseHolder}}},
		"an act that is none":           {"body.ladder.0.act", []sla.Rung{{Stage: 50, Act: "shout"}}},
		"minutes before the deadline":   {"body.ladder.0.after", []sla.Rung{{Stage: 75, After: 1, Act: sla.RiseHolder}}},
		"a year later":                  {"body.ladder.0.after", []sla.Rung{{Stage: 100, After: 525_600, Act: sla.RiseHolder}}},
		"twice the same":                {"body.ladder.1.act", []sla.Rung{{Stage: 75, Act: sla.RiseHolder}, {Stage: 75, Act: sla.RiseHolder}}},
		"a team that is none":           {"body.ladder.0.team_id", []sla.Rung{{Stage: 100, Act: sla.RiseReassign, Team: &far}}},
		"a team where nothing is given": {"body.ladder.0.team_id", []sla.Rung{{Stage: 100, Act: sla.RisePriority, Team: &team}}},
		"too many":                      {"body.ladder", make([]sla.Rung, 13)},
	} {
		_, err := r.KeepLadder(t.Context(), who, regime.ID, kept.Version, tt.ladder)
		if f := fault.From(err); !errors.Is(err, sla.ErrRules) || len(f.Details) != 1 || f.Details[0].Field != tt.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	none, err := r.KeepLadder(t.Context(), who, regime.ID, kept.Version, nil)
	if err != nil || len(none.Ladder) != 0 {
		t.Errorf("no ladder at all: %+v, %v", none.Ladder, err)
	}
	var noted int
	if err := db.Gorm.Raw("SELECT count(*) FROM rule_changes WHERE act = 'ladder_changed' AND account_id = ?", who).Scan(&noted).Error; err != nil || noted != 2 {
		t.Errorf("%d changes noted, %v", noted, err)
	}
}
