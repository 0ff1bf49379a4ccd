package access

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestMaySee(t *testing.T) {
	sac, billing := Audience{Team: 1}, Audience{Team: 2}
	walled := Audience{Team: 1, Walled: true}
	tests := []struct {
		name  string
		actor Actor
		see   []Audience
		not   []Audience
	}{
		{"an agent sees the own team", Actor{Role: Agent, Teams: []int64{1}}, []Audience{sac}, []Audience{billing, walled}},
		{"an agent without teams sees nothing", Actor{Role: Agent}, nil, []Audience{sac, billing, walled}},
		{"a supervisor sees the own teams", Actor{Role: Supervisor, Teams: []int64{1, 2}}, []Audience{sac, billing}, []Audience{walled}},
		{"an admin sees all but what is behind the wall", Actor{Role: Admin}, []Audience{sac, billing}, []Audience{walled}},
		{"the ombudsman sees both sides", Actor{Role: Ombudsman}, []Audience{sac, billing, walled}, nil},
		{"an unknown role sees nothing it has no team for", Actor{Role: "root"}, nil, []Audience{sac, walled}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, au := range tt.see {
				if !tt.actor.MaySee(au) {
					t.Errorf("does not see %+v", au)
				}
			}
			for _, au := range tt.not {
				if tt.actor.MaySee(au) {
					t.Errorf("sees %+v", au)
				}
			}
		})
	}
}

// A list is filtered by Scope, a single ticket is judged by MaySee. If the two
// ever differ, a list shows what a page refuses, or the other way round.
func TestScopeAndMaySeeAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		teams := rapid.SliceOfDistinct(rapid.Int64Range(1, 6), rapid.ID[int64]).Draw(t, "teams")
		slices.Sort(teams)
		a := Actor{Role: rapid.SampledFrom([]Role{Agent, Supervisor, Ombudsman, Admin}).Draw(t, "role"), Teams: teams}
		au := Audience{Team: rapid.Int64Range(1, 6).Draw(t, "team"), Walled: rapid.Bool().Draw(t, "walled")}
		s := a.Scope()
		in := s.Walled
		if !au.Walled {
			in = s.AllTeams || slices.Contains(s.Teams, au.Team)
		}
		if in != a.MaySee(au) {
			t.Fatalf("%+v and %+v: the scope says %v", a, au, in)
		}
	})
}

func TestMay(t *testing.T) {
	if (Actor{Role: Agent}).May(TakeOver) || !(Actor{Role: Supervisor}).May(TakeOver) {
		t.Error("taking over is for supervisors, not for agents")
	}
	if (Actor{Role: Supervisor}).May(ManageAccounts) || !(Actor{Role: Admin}).May(ManageAccounts) {
		t.Error("accounts are the admin's")
	}
	if (Actor{Role: Admin}).May("something.new") {
		t.Error("what no table allows is forbidden")
	}
}
