package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/roster"
)

// rosters is what these handlers need of package roster, and no more.
type rosters interface {
	Teams(ctx context.Context, actor access.Actor) ([]roster.Team, error)
	ChangeTeam(ctx context.Context, actor access.Actor, id int64, c roster.TeamChange) (roster.Team, error)
	Skills(ctx context.Context) ([]roster.Skill, []roster.Rule, error)
	AddSkill(ctx context.Context, name string) (roster.Skill, error)
	RenameSkill(ctx context.Context, id int64, name string) (roster.Skill, error)
	RemoveSkill(ctx context.Context, id int64) error
	AddRule(ctx context.Context, r roster.Rule) (roster.Rule, error)
	RemoveRule(ctx context.Context, id int64) error
	Profile(ctx context.Context, actor access.Actor, account int64) (roster.Profile, error)
	ChangeProfile(ctx context.Context, actor access.Actor, account int64, c roster.ProfileChange) (roster.Profile, error)
	AddAbsence(ctx context.Context, actor access.Actor, a roster.Absence) (roster.Absence, error)
	RemoveAbsence(ctx context.Context, actor access.Actor, id int64) error
}

type rosterRoutes struct{ rosters rosters }

// TeamRouting is how a team's tickets get to people.
type TeamRouting struct {
	TeamID     int64  `json:"team_id"`
	Name       string `json:"name"`
	Mode       string `json:"mode" enum:"manual,pull,push" doc:"Claimed by hand, taken by Next, or given out by the desk"`
	HeavyInRow int    `json:"heavy_in_row" doc:"So many heavy kinds in a row by Next while something lighter waits; 0 does not mix"`
	StickyDays int    `json:"sticky_days" doc:"For so many days a customer's new tickets go to who answered them last; 0 for none"`
}

func teamRoutingBody(t roster.Team) TeamRouting {
	return TeamRouting{t.ID, t.Name, string(t.Mode), t.HeavyInRow, t.StickyDays}
}

// teams handles GET /api/routing/teams.
func (h rosterRoutes) teams(ctx context.Context, who access.Actor, _ *none) (Items[TeamRouting], error) {
	all, err := h.rosters.Teams(ctx, who)
	return itemsOf(all, teamRoutingBody), err
}

type patchTeamRouting struct {
	ByID
	Body struct {
		Mode       *string `json:"mode,omitempty" enum:"manual,pull,push"`
		HeavyInRow *int    `json:"heavy_in_row,omitempty" minimum:"0" maximum:"50"`
		StickyDays *int    `json:"sticky_days,omitempty" minimum:"0" maximum:"365"`
	}
}

// changeTeam handles PATCH /api/teams/{id}/routing.
func (h rosterRoutes) changeTeam(ctx context.Context, who access.Actor, in *patchTeamRouting) (TeamRouting, error) {
	id, err := pathID(in.ID, roster.ErrNoTeam)
	if err != nil {
		return TeamRouting{}, err
	}
	b := in.Body
	t, err := h.rosters.ChangeTeam(ctx, who, id, roster.TeamChange{Mode: (*roster.Mode)(b.Mode), HeavyInRow: b.HeavyInRow, StickyDays: b.StickyDays})
	return teamRoutingBody(t), err
}

// Skill is something that not everybody can do.
type Skill struct {
	ID    int64       `json:"id"`
	Name  string      `json:"name"`
	Rules []SkillRule `json:"rules"`
}

// SkillRule says which tickets demand a skill: those of which everything holds.
type SkillRule struct {
	ID       int64  `json:"id"`
	TeamID   *int64 `json:"team_id"`
	Channel  string `json:"channel" doc:"Empty for any"`
	ReasonID *int64 `json:"reason_id" doc:"With everything below it"`
	Tag      string `json:"tag" doc:"Such as idioma-es; empty for any"`
}

func skillRuleBody(r roster.Rule) SkillRule {
	return SkillRule{r.ID, r.TeamID, r.Channel, r.ReasonID, r.Tag}
}

func skillBody(s roster.Skill) Skill { return Skill{s.ID, s.Name, []SkillRule{}} }

// skills handles GET /api/skills.
func (h rosterRoutes) skills(ctx context.Context, _ access.Actor, _ *none) (Items[Skill], error) {
	all, rules, err := h.rosters.Skills(ctx)
	out := itemsOf(all, skillBody)
	for i := range out.Items {
		for _, r := range rules {
			if r.SkillID == out.Items[i].ID {
				out.Items[i].Rules = append(out.Items[i].Rules, skillRuleBody(r))
			}
		}
	}
	return out, err
}

type newSkill struct {
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"60"`
	}
}

// addSkill handles POST /api/skills.
func (h rosterRoutes) addSkill(ctx context.Context, _ access.Actor, in *newSkill) (Skill, error) {
	skill, err := h.rosters.AddSkill(ctx, in.Body.Name)
	return skillBody(skill), err
}

type patchSkill struct {
	ByID
	newSkill
}

// renameSkill handles PATCH /api/skills/{id}.
func (h rosterRoutes) renameSkill(ctx context.Context, _ access.Actor, in *patchSkill) (Skill, error) {
	id, err := pathID(in.ID, roster.ErrNoSkill)
	if err != nil {
		return Skill{}, err
	}
	skill, err := h.rosters.RenameSkill(ctx, id, in.Body.Name)
	return skillBody(skill), err
}

// removeSkill handles DELETE /api/skills/{id}.
func (h rosterRoutes) removeSkill(ctx context.Context, _ access.Actor, in *ByID) error {
	id, err := pathID(in.ID, roster.ErrNoSkill)
	if err != nil {
		return err
	}
	return h.rosters.RemoveSkill(ctx, id)
}

type newSkillRule struct {
	ByID
	Body struct {
		TeamID   *int64 `json:"team_id,omitempty" minimum:"1"`
		Channel  string `json:"channel,omitempty" enum:"phone,webform,email"`
		ReasonID *int64 `json:"reason_id,omitempty" minimum:"1"`
		Tag      string `json:"tag,omitempty" maxLength:"40"`
	}
}

// addRule handles POST /api/skills/{id}/rules.
func (h rosterRoutes) addRule(ctx context.Context, _ access.Actor, in *newSkillRule) (SkillRule, error) {
	id, err := pathID(in.ID, roster.ErrNoSkill)
	if err != nil {
		return SkillRule{}, err
	}
	b := in.Body
	r, err := h.rosters.AddRule(ctx, roster.Rule{SkillID: id, TeamID: b.TeamID, Channel: b.Channel, ReasonID: b.ReasonID, Tag: b.Tag})
	return skillRuleBody(r), err
}

// removeRule handles DELETE /api/skills/rules/{id}.
func (h rosterRoutes) removeRule(ctx context.Context, _ access.Actor, in *ByID) error {
	id, err := pathID(in.ID, roster.ErrNoRule)
	if err != nil {
		return err
	}
	return h.rosters.RemoveRule(ctx, id)
}

// Shift is weekly working time.
type Shift struct {
	Weekday int `json:"weekday" minimum:"0" maximum:"6" doc:"0 is Sunday"`
	From    int `json:"from" minimum:"0" maximum:"1439" doc:"Minutes since midnight, by the clock on the wall"`
	To      int `json:"to" minimum:"1" maximum:"2880" doc:"Not part of it; past 1440 on the next day"`
}

// Absence is a time in which somebody is away.
type Absence struct {
	ID     int64     `json:"id"`
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason"`
}

func absenceBody(a roster.Absence) Absence { return Absence{a.ID, a.From, a.To, a.Reason} }

// AtOnce is how many tickets that wait for us somebody is given at once.
type AtOnce struct {
	All     *int `json:"all" required:"false" minimum:"0" maximum:"500" doc:"Null is 10 for agents and none for others"`
	Phone   *int `json:"phone" required:"false" minimum:"0" maximum:"500"`
	Webform *int `json:"webform" required:"false" minimum:"0" maximum:"500"`
	Email   *int `json:"email" required:"false" minimum:"0" maximum:"500"`
}

// channels are its bounds by the names that package roster has for them.
func (a *AtOnce) channels() map[string]**int {
	return map[string]**int{"": &a.All, "phone": &a.Phone, "webform": &a.Webform, "email": &a.Email}
}

// Profile is what somebody can be given, and when.
type Profile struct {
	AccountID int64     `json:"account_id"`
	Skills    []int64   `json:"skills"`
	AtOnce    AtOnce    `json:"at_once"`
	Zone      string    `json:"zone" doc:"Of the shifts; empty for the installation's"`
	Shifts    []Shift   `json:"shifts" doc:"None is always"`
	Absences  []Absence `json:"absences" doc:"Those that are not over"`
}

func profileBody(p roster.Profile) Profile {
	b := Profile{AccountID: p.AccountID, Skills: p.Skills, Zone: p.ZoneName,
		Shifts:   itemsOf(p.Hours.Shifts, func(s roster.Shift) Shift { return Shift{int(s.Weekday), s.From, s.To} }).Items,
		Absences: itemsOf(p.Absences, absenceBody).Items}
	for name, bound := range b.AtOnce.channels() {
		if n, set := p.AtOnce[name]; set {
			*bound = &n
		}
	}
	return b
}

// profile handles GET /api/accounts/{id}/routing.
func (h rosterRoutes) profile(ctx context.Context, who access.Actor, in *ByID) (Profile, error) {
	id, err := pathID(in.ID, roster.ErrNoPerson)
	if err != nil {
		return Profile{}, err
	}
	p, err := h.rosters.Profile(ctx, who, id)
	return profileBody(p), err
}

type patchProfile struct {
	ByID
	Body struct {
		Skills *[]int64 `json:"skills,omitempty" maxItems:"200"`
		AtOnce *AtOnce  `json:"at_once,omitempty" doc:"As a whole: what is left out has no bound"`
		Zone   *string  `json:"zone,omitempty" maxLength:"60"`
		Shifts *[]Shift `json:"shifts,omitempty" maxItems:"42"`
	}
}

// changeProfile handles PATCH /api/accounts/{id}/routing.
func (h rosterRoutes) changeProfile(ctx context.Context, who access.Actor, in *patchProfile) (Profile, error) {
	id, err := pathID(in.ID, roster.ErrNoPerson)
	if err != nil {
		return Profile{}, err
	}
	b := in.Body
	c := roster.ProfileChange{Skills: b.Skills, Zone: b.Zone}
	if b.AtOnce != nil {
		bounds := map[string]int{}
		for name, bound := range b.AtOnce.channels() {
			if *bound != nil {
				bounds[name] = **bound
			}
		}
		c.AtOnce = &bounds
	}
	if b.Shifts != nil {
		shifts := make([]roster.Shift, len(*b.Shifts))
		for i, s := range *b.Shifts {
			shifts[i] = roster.Shift{Weekday: time.Weekday(s.Weekday), From: s.From, To: s.To}
		}
		c.Shifts = &shifts
	}
	p, err := h.rosters.ChangeProfile(ctx, who, id, c)
	return profileBody(p), err
}

type newAbsence struct {
	ByID
	Body struct {
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
		Reason string    `json:"reason,omitempty" maxLength:"200" doc:"For those who arrange the team alone"`
	}
}

// addAbsence handles POST /api/accounts/{id}/absences.
func (h rosterRoutes) addAbsence(ctx context.Context, who access.Actor, in *newAbsence) (Absence, error) {
	id, err := pathID(in.ID, roster.ErrNoPerson)
	if err != nil {
		return Absence{}, err
	}
	b := in.Body
	a, err := h.rosters.AddAbsence(ctx, who, roster.Absence{AccountID: id, From: b.From, To: b.To, Reason: b.Reason})
	return absenceBody(a), err
}

// removeAbsence handles DELETE /api/absences/{id}.
func (h rosterRoutes) removeAbsence(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, roster.ErrNoAbsence)
	if err != nil {
		return err
	}
	return h.rosters.RemoveAbsence(ctx, who, id)
}
