package routing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/roster"
)

// desk is all that a decision stands on, apart from the tickets.
type desk struct {
	teams  map[int64]roster.Team
	rules  []roster.Rule
	agents []*Agent
	names  map[int64]string
	turns  time.Time // when somebody's shift or absence next begins or ends
}

// push are the teams whose tickets are given out.
func (d desk) of(mode roster.Mode) (ids []int64) {
	for id, t := range d.teams {
		if t.Mode == mode {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// gone are the accounts that meet one of these obstacles.
func (d desk) gone(by ...Obstacle) (ids []int64) {
	for _, a := range d.agents {
		if slices.Contains(by, a.Obstacle) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// free are those who can be given something.
func (d desk) free() (free []*Agent) {
	for _, a := range d.agents {
		if a.Obstacle == "" && a.Load < a.Capacity {
			free = append(free, a)
		}
	}
	return free
}

// everybody is who is of concern: members of teams that are pushed to, and
// whoever has working time.
const everybody = `SELECT a.id, a.name, a.active, a.role FROM accounts a
	WHERE EXISTS (SELECT FROM account_teams m JOIN teams t ON t.id = m.team_id WHERE m.account_id = a.id AND t.routing = 'push')
	   OR EXISTS (SELECT FROM account_shifts s WHERE s.account_id = a.id)
	   OR EXISTS (SELECT FROM absences b WHERE b.account_id = a.id AND b.to_at > @now)
	ORDER BY a.id`

// ofTeam is who is of concern for one ticket: its team, and whose it is.
const ofTeam = `SELECT a.id, a.name, a.active, a.role FROM accounts a
	WHERE EXISTS (SELECT FROM account_teams m WHERE m.account_id = a.id AND m.team_id = @team) OR a.id = @assignee ORDER BY a.id`

// load reads the desk; who says of whom.
func (r *Router) load(ctx context.Context, tx *gorm.DB, who string, args map[string]any, states map[int64]presence.State, gone func(int64) bool) (desk, error) {
	tx = tx.WithContext(ctx)
	d := desk{teams: map[int64]roster.Team{}, names: map[int64]string{}}
	teams, err := roster.Teams(ctx, tx)
	if err != nil {
		return d, err
	}
	for _, t := range teams {
		d.teams[t.ID] = t
	}
	if d.rules, err = roster.Rules(ctx, tx); err != nil {
		return d, err
	}
	var people []struct {
		ID     int64
		Name   string
		Active bool
		Role   access.Role
	}
	now := r.deps.Now()
	args["now"] = now
	if err := tx.Raw(who, args).Scan(&people).Error; err != nil {
		return d, fmt.Errorf("read who can be given tickets: %w", err)
	}
	if len(people) == 0 {
		return d, nil
	}
	ids := make([]int64, len(people))
	for i, p := range people {
		ids[i] = p.ID
	}
	profiles, err := r.deps.Roster.Profiles(ctx, tx, ids)
	if err != nil {
		return d, err
	}
	for _, p := range people {
		profile := profiles[p.ID]
		d.names[p.ID] = p.Name
		d.agents = append(d.agents, agentOf(profile, p.Role, obstacle(profile, p.Active, states[p.ID], gone(p.ID), now)))
		if at := profile.Turns(now); p.Active && !at.IsZero() && (d.turns.IsZero() || at.Before(d.turns)) {
			d.turns = at
		}
	}
	return d, d.weigh(tx, ids)
}

// agentOf gives who does the work the usual capacity; others get tickets only
// when they were given one.
func agentOf(p roster.Profile, role access.Role, o Obstacle) *Agent {
	a := &Agent{ID: p.AccountID, Teams: p.TeamIDs, Skills: p.Skills, Obstacle: o, Bounds: map[string]int{}, Loads: map[string]int{}}
	if role == access.Agent {
		a.Capacity = Usual
	}
	for channel, n := range p.AtOnce {
		if channel == "" {
			a.Capacity = n
		} else {
			a.Bounds[channel] = n
		}
	}
	return a
}

func obstacle(p roster.Profile, active bool, state presence.State, gone bool, now time.Time) Obstacle {
	if !active {
		return Inactive
	}
	if _, away := p.AbsentAt(now); away {
		return Absent
	}
	if on, _ := p.Hours.On(now); !on {
		return OffShift
	}
	switch {
	case gone:
		return Offline
	case state == "":
		return Left
	case state.Free():
		return ""
	case state == presence.OnCall, state == presence.AfterCall:
		return OnCall
	case state == presence.Away:
		return Away
	}
	return Break
}

// weigh counts what everybody has in hand. What stands behind the wall is not
// counted: how much of it somebody has is nobody's business.
func (d desk) weigh(tx *gorm.DB, ids []int64) error {
	var loads []struct {
		AssigneeID int64
		Channel    string
		N          int
	}
	err := tx.Raw(`SELECT assignee_id, channel, count(*) AS n FROM tickets
		WHERE open AND NOT walled AND assignee_id IN ? AND status IN ('new', 'open') GROUP BY assignee_id, channel`, ids).Scan(&loads).Error
	if err != nil {
		return fmt.Errorf("count what people have in hand: %w", err)
	}
	by := map[int64]*Agent{}
	for _, a := range d.agents {
		by[a.ID] = a
	}
	for _, l := range loads {
		by[l.AssigneeID].Load += l.N
		by[l.AssigneeID].Loads[l.Channel] += l.N
	}
	return nil
}
