package roster_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/roster"
)

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

type desk struct {
	db          *postgres.DB
	s           *roster.Service
	admin, boss access.Actor
	ana, far    int64 // Ana is of the boss's team
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{db: pgtest.New(t)}
	d.s = roster.New(d.db, time.UTC, now)
	account := func(name, role string, team int64) int64 {
		var id int64
		d.sql(t, &id, "INSERT INTO accounts (email, name, role, password_hash) VALUES (?, ?, ?, '-') RETURNING id", name+"@example.com", name, role)
		d.sql(t, nil, "INSERT INTO account_teams VALUES (?, ?)", id, team)
		return id
	}
	var other int64
	d.sql(t, &other, "INSERT INTO teams (name) VALUES ('Longe') RETURNING id")
	d.admin = access.Actor{AccountID: account("admin", "admin", 1), Role: access.Admin, Teams: []int64{1}}
	d.boss = access.Actor{AccountID: account("chefe", "supervisor", 1), Role: access.Supervisor, Teams: []int64{1}}
	d.ana, d.far = account("ana", "agent", 1), account("longe", "agent", other)
	return d
}

func (d desk) sql(t *testing.T, into any, sql string, args ...any) {
	t.Helper()
	tx := d.db.Gorm.WithContext(t.Context())
	var err error
	if into == nil {
		err = tx.Exec(sql, args...).Error
	} else {
		err = tx.Raw(sql, args...).Scan(into).Error
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAProfileIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	skill, err := d.s.AddSkill(t.Context(), "  Garantia ")
	if err != nil || skill.Name != "Garantia" {
		t.Fatalf("%+v %v", skill, err)
	}
	zone := "America/Manaus"
	p, err := d.s.ChangeProfile(t.Context(), d.boss, d.ana, roster.ProfileChange{
		Skills: &[]int64{skill.ID, skill.ID}, AtOnce: &map[string]int{"": 8, "email": 3}, Zone: &zone,
		Shifts: &[]roster.Shift{{Weekday: time.Friday, From: 22 * 60, To: 30 * 60}, {Weekday: time.Monday, From: 0, To: 60}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(p.Skills, []int64{skill.ID}) || p.AtOnce[""] != 8 || p.AtOnce["email"] != 3 || p.Hours.Zone.String() != zone ||
		len(p.Hours.Shifts) != 2 || p.Hours.Shifts[0].Weekday != time.Monday || p.Hours.Shifts[1].To != 30*60 {
		t.Errorf("%+v", p)
	}
	select {
	case <-d.s.Changed():
	default:
		t.Error("nobody was told")
	}
	at := now()
	a, err := d.s.AddAbsence(t.Context(), d.boss, roster.Absence{AccountID: d.ana, From: at.Add(-time.Hour), To: at.Add(time.Hour), Reason: "consulta"})
	if err != nil {
		t.Fatal(err)
	}
	p, err = d.s.Profile(t.Context(), d.admin, d.ana)
	if _, away := p.AbsentAt(at); err != nil || !away || p.Absences[0].Reason != "consulta" || !p.Turns(at).Before(at.Add(time.Hour+time.Second)) {
		t.Errorf("%+v %v", p, err)
	}
	if err := d.s.RemoveAbsence(t.Context(), d.boss, a.ID); err != nil {
		t.Error(err)
	}
	if err := d.s.RemoveAbsence(t.Context(), d.boss, a.ID); !errors.Is(err, roster.ErrNoAbsence) {
		t.Errorf("a second time: %v", err)
	}
	// Without the skill nothing is left of it.
	if err := d.s.RemoveSkill(t.Context(), skill.ID); err != nil {
		t.Fatal(err)
	}
	if p, err := d.s.Profile(t.Context(), d.boss, d.ana); err != nil || len(p.Skills) != 0 {
		t.Errorf("%+v %v", p, err)
	}
}

func TestASupervisorArrangesOnlyWhatIsOfTheirTeams(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.s.Profile(t.Context(), d.boss, d.far); !errors.Is(err, roster.ErrForbidden) {
		t.Errorf("reading: %v", err)
	}
	if _, err := d.s.ChangeProfile(t.Context(), d.boss, d.far, roster.ProfileChange{AtOnce: &map[string]int{"": 1}}); !errors.Is(err, roster.ErrForbidden) {
		t.Errorf("changing: %v", err)
	}
	if _, err := d.s.AddAbsence(t.Context(), d.boss, roster.Absence{AccountID: d.far, From: now(), To: now().Add(time.Hour)}); !errors.Is(err, roster.ErrForbidden) {
		t.Errorf("an absence: %v", err)
	}
	mode := roster.Push
	if _, err := d.s.ChangeTeam(t.Context(), d.boss, 2, roster.TeamChange{Mode: &mode}); !errors.Is(err, roster.ErrForbidden) {
		t.Errorf("a team: %v", err)
	}
	if got, err := d.s.ChangeTeam(t.Context(), d.boss, 1, roster.TeamChange{Mode: &mode}); err != nil || got.Mode != roster.Push || got.HeavyInRow != 0 {
		t.Errorf("%+v %v", got, err)
	}
	if teams, err := d.s.Teams(t.Context(), d.boss); err != nil || len(teams) != 1 || teams[0].Mode != roster.Push {
		t.Errorf("%+v %v", teams, err)
	}
	if _, err := d.s.ChangeTeam(t.Context(), d.admin, 99, roster.TeamChange{Mode: &mode}); !errors.Is(err, roster.ErrNoTeam) {
		t.Errorf("no team: %v", err)
	}
	if _, err := d.s.Profile(t.Context(), d.admin, 99); !errors.Is(err, roster.ErrNoPerson) {
		t.Errorf("nobody: %v", err)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	mode, zone, skills := roster.Mode("chaos"), "Local", []int64{99}
	for name, change := range map[string]roster.ProfileChange{
		"a channel nobody knows": {AtOnce: &map[string]int{"pombo": 1}},
		"too much":               {AtOnce: &map[string]int{"": roster.MaxAtOnce + 1}},
		"no zone":                {Zone: &zone},
		"no skill":               {Skills: &skills},
	} {
		if _, err := d.s.ChangeProfile(t.Context(), d.admin, d.ana, change); !errors.Is(err, roster.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := d.s.ChangeTeam(t.Context(), d.admin, 1, roster.TeamChange{Mode: &mode}); !errors.Is(err, roster.ErrInvalid) {
		t.Errorf("a mode: %v", err)
	}
	at := now()
	for name, a := range map[string]roster.Absence{
		"backwards": {From: at.Add(time.Hour), To: at}, "for ever": {From: at, To: at.AddDate(3, 0, 0)}, "over": {From: at.AddDate(0, 0, -2), To: at.AddDate(0, 0, -1)},
	} {
		if a.AccountID = d.ana; true {
			if _, err := d.s.AddAbsence(t.Context(), d.admin, a); !errors.Is(err, roster.ErrInvalid) {
				t.Errorf("an absence %s: %v", name, err)
			}
		}
	}
	skill, err := d.s.AddSkill(t.Context(), "Espanhol")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.s.AddSkill(t.Context(), "espanhol"); !errors.Is(err, roster.ErrSkillTaken) {
		t.Errorf("twice: %v", err)
	}
	if _, err := d.s.AddSkill(t.Context(), " "); !errors.Is(err, roster.ErrInvalid) {
		t.Errorf("nameless: %v", err)
	}
	if _, err := d.s.AddRule(t.Context(), roster.Rule{SkillID: skill.ID}); !errors.Is(err, roster.ErrInvalid) {
		t.Errorf("a rule of nothing: %v", err)
	}
	if _, err := d.s.AddRule(t.Context(), roster.Rule{SkillID: 99, Tag: "x"}); !errors.Is(err, roster.ErrNoSkill) {
		t.Errorf("a rule for nothing: %v", err)
	}
	if r, err := d.s.AddRule(t.Context(), roster.Rule{SkillID: skill.ID, Tag: "Idioma-ES"}); err != nil || r.Tag != "idioma-es" || r.Skill != "Espanhol" {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := d.s.AddRule(t.Context(), roster.Rule{SkillID: skill.ID, Tag: "idioma-es"}); !errors.Is(err, roster.ErrRuleTwice) {
		t.Errorf("the same rule: %v", err)
	}
}

func TestWhatATicketDemands(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var leaf, above, other int64
	d.sql(t, &leaf, "SELECT id FROM reasons WHERE name = 'Como acionar'")
	d.sql(t, &above, "SELECT id FROM reasons WHERE name = 'Produto'")
	d.sql(t, &other, "SELECT id FROM reasons WHERE name = 'Segunda via'")
	var ids []int64
	for _, name := range []string{"Garantia", "Espanhol", "E-mail"} {
		skill, err := d.s.AddSkill(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, skill.ID)
	}
	team := int64(1)
	for _, r := range []roster.Rule{
		{SkillID: ids[0], ReasonID: &above}, {SkillID: ids[1], Tag: "idioma-es"}, {SkillID: ids[2], TeamID: &team, Channel: "email"},
	} {
		if _, err := d.s.AddRule(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := roster.Rules(t.Context(), d.db.Gorm)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		a    roster.Asked
		want []int64
	}{
		{roster.Asked{TeamID: 1, Channel: "webform"}, nil},
		{roster.Asked{TeamID: 1, Channel: "email", ReasonID: &leaf, Tags: []string{"idioma-es", "vip"}}, ids},
		{roster.Asked{TeamID: 2, Channel: "email", ReasonID: &other, Tags: []string{"vip"}}, nil},
	} {
		if got := roster.Demanded(rules, tt.a); !slices.Equal(got, tt.want) {
			t.Errorf("%+v demands %v, want %v", tt.a, got, tt.want)
		}
	}
}
