package httpapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// From the settings to the ticket: what demands a skill, who has it, when they
// work, and why nobody gets the ticket.
func TestWhoIsGivenWhatIsArrangedAndExplained(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin, boss, agent := w.as(access.Admin), w.as(access.Supervisor), w.as(access.Agent)
	var team TeamRouting
	boss.call("PATCH", "/api/teams/1/routing", "application/json", []byte(`{"mode":"push","heavy_in_row":3}`)).want(200).into(&team)
	if team.Mode != "push" || team.HeavyInRow != 3 || team.StickyDays != 0 {
		t.Errorf("%+v", team)
	}
	var teams Items[TeamRouting]
	boss.get("/api/routing/teams").want(200).into(&teams)
	if len(teams.Items) != 1 || teams.Items[0] != team {
		t.Errorf("%+v", teams)
	}

	var skill Skill
	admin.post("/api/skills", map[string]any{"name": "Espanhol"}).want(201).into(&skill)
	admin.post("/api/skills", map[string]any{"name": "ESPANHOL"}).want(409).problem("skill_taken")
	admin.post(fmt.Sprintf("/api/skills/%d/rules", skill.ID), map[string]any{}).want(422).problem("roster_invalid", "body.tag")
	admin.post(fmt.Sprintf("/api/skills/%d/rules", skill.ID), map[string]any{"channel": "ombudsman"}).want(422).problem("invalid", "body.channel")
	var rule SkillRule
	admin.post(fmt.Sprintf("/api/skills/%d/rules", skill.ID), map[string]any{"tag": "idioma-es", "channel": "webform"}).want(201).into(&rule)
	admin.call("PATCH", fmt.Sprintf("/api/skills/%d", skill.ID), "application/json", []byte(`{"name":"Língua espanhola"}`)).want(200)
	var skills Items[Skill]
	boss.get("/api/skills").want(200).into(&skills)
	if len(skills.Items) != 1 || skills.Items[0].Name != "Língua espanhola" || len(skills.Items[0].Rules) != 1 || skills.Items[0].Rules[0] != rule {
		t.Errorf("%+v", skills)
	}

	profile := fmt.Sprintf("/api/accounts/%d/routing", agent.account.ID)
	var p Profile
	boss.call("PATCH", profile, "application/json", []byte(`{"skills":[`+fmt.Sprint(skill.ID)+`],"at_once":{"all":7,"email":2},"shifts":[{"weekday":5,"from":1320,"to":1800}],"zone":"America/Manaus"}`)).
		want(200).into(&p)
	if len(p.Skills) != 1 || *p.AtOnce.All != 7 || *p.AtOnce.Email != 2 || p.AtOnce.Phone != nil || len(p.Shifts) != 1 || p.Shifts[0] != (Shift{5, 1320, 1800}) || p.Zone != "America/Manaus" {
		t.Errorf("%+v", p)
	}
	boss.call("PATCH", profile, "application/json", []byte(`{"zone":"Lua/Tranquilidade"}`)).want(422).problem("roster_invalid", "body.zone")
	boss.call("PATCH", profile, "application/json", []byte(`{"shifts":[{"weekday":5,"from":0,"to":60},{"weekday":5,"from":30,"to":90}]}`)).want(422).problem("roster_invalid", "body.shifts")
	boss.call("PATCH", profile, "application/json", []byte(`{"shifts":[]}`)).want(200)
	var absence Absence
	boss.post(fmt.Sprintf("/api/accounts/%d/absences", agent.account.ID), map[string]any{"from": time.Now().Add(-time.Hour), "to": time.Now().Add(time.Hour), "reason": "cirurgia"}).
		want(201).into(&absence)
	boss.get(profile).want(200).into(&p)
	if len(p.Absences) != 1 || p.Absences[0].Reason != "cirurgia" || len(p.Shifts) != 0 {
		t.Errorf("%+v", p)
	}

	tk := tickettest.Open(t, w.db, ticket.Ticket{Tags: []string{"idioma-es"}})
	var why Routing
	agent.get(fmt.Sprintf("/api/tickets/%d/routing", tk.ID)).want(200).into(&why)
	if why.Verdict != "nobody" || why.Mode != "push" || len(why.Skills) != 1 || len(why.Lacking) != 1 || why.Told != nil {
		t.Errorf("%+v", why)
	}
	for _, c := range why.People {
		if c.AccountID == agent.account.ID && (c.Obstacle != "absent" || c.Capacity != 7) {
			t.Errorf("%+v", c)
		}
	}
	// Why somebody is away is for those who arrange the team alone.
	agent.get(profile).want(403).problem("forbidden")
	boss.call("DELETE", fmt.Sprintf("/api/absences/%d", absence.ID), "", nil).want(204)
	boss.call("DELETE", fmt.Sprintf("/api/absences/%d", absence.ID), "", nil).want(404).problem("absence_not_found")
	admin.call("DELETE", fmt.Sprintf("/api/skills/rules/%d", rule.ID), "", nil).want(204)
	admin.call("DELETE", fmt.Sprintf("/api/skills/%d", skill.ID), "", nil).want(204)

	// What is of other teams is not the supervisor's to arrange.
	other := tickettest.Team(t, w.db, "Longe")
	far := w.as(access.Agent, other)
	boss.get(fmt.Sprintf("/api/accounts/%d/routing", far.account.ID)).want(403).problem("roster_forbidden")
	boss.call("PATCH", fmt.Sprintf("/api/teams/%d/routing", other), "application/json", []byte(`{"mode":"push"}`)).want(403).problem("roster_forbidden")
	boss.call("PATCH", "/api/teams/999/routing", "application/json", []byte(`{"mode":"push"}`)).want(403)
	admin.call("PATCH", "/api/teams/999/routing", "application/json", []byte(`{"mode":"push"}`)).want(404).problem("roster_team_not_found")
}
