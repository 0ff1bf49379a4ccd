package httpapi

import (
	"context"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/view"
)

// Condition is a rule of a saved view: exactly one of all, any, not and field.
type Condition struct {
	All     []Condition `json:"all,omitempty" maxItems:"60" doc:"Every one of these"`
	Any     []Condition `json:"any,omitempty" maxItems:"60" doc:"At least one of these"`
	Not     *Condition  `json:"not,omitempty" doc:"Not this"`
	Field   string      `json:"field,omitempty" doc:"status, kind, channel, priority, legal_priority, is, team, assignee, reason, brand, incident, turn, tag, subject; or of time: due, opened, waiting"`
	Op      string      `json:"op,omitempty" doc:"in or not_in, of a subject: contains or not; of time: within or over"`
	Values  []string    `json:"values,omitempty" maxItems:"50" doc:"Ids as digits; me and none where somebody or nothing is meant; of a subject: parts of it, in any case and with or without accents"`
	Minutes int         `json:"minutes,omitempty" minimum:"0" doc:"From now, of time"`
}

func (c Condition) rule() ticket.Rule {
	r := ticket.Rule{Field: c.Field, Op: c.Op, Values: c.Values, Minutes: c.Minutes}
	for _, part := range c.All {
		r.All = append(r.All, part.rule())
	}
	for _, part := range c.Any {
		r.Any = append(r.Any, part.rule())
	}
	if c.Not != nil {
		not := c.Not.rule()
		r.Not = &not
	}
	return r
}

func conditionBody(r ticket.Rule) Condition {
	c := Condition{Field: r.Field, Op: r.Op, Values: r.Values, Minutes: r.Minutes}
	for _, part := range r.All {
		c.All = append(c.All, conditionBody(part))
	}
	for _, part := range r.Any {
		c.Any = append(c.Any, conditionBody(part))
	}
	if r.Not != nil {
		not := conditionBody(*r.Not)
		c.Not = &not
	}
	return c
}

// SavedView is a list that somebody has put together.
type SavedView struct {
	ID       int64      `json:"id"`
	OwnerID  int64      `json:"owner_id"`
	Scope    view.Scope `json:"scope" enum:"own,team,all"`
	TeamID   *int64     `json:"team_id"`
	Name     string     `json:"name"`
	Rule     Condition  `json:"rule"`
	Sort     string     `json:"sort" enum:"due,waiting,newest"`
	Pinned   bool       `json:"pinned" doc:"Stands in the rail, with its counter"`
	Position int        `json:"position"`
	Version  int        `json:"version"`
}

func savedBody(s view.Saved) SavedView {
	return SavedView{s.ID, s.OwnerID, s.Scope, s.TeamID, s.Name, conditionBody(s.Rule), string(s.Sort), s.Pinned, s.Position, s.Version}
}

type newView struct {
	Body struct {
		Name     string     `json:"name" minLength:"1" maxLength:"200"`
		Scope    view.Scope `json:"scope" enum:"own,team,all"`
		TeamID   *int64     `json:"team_id,omitempty" minimum:"1" doc:"Of scope team"`
		Rule     Condition  `json:"rule"`
		Sort     string     `json:"sort" enum:"due,waiting,newest"`
		Pinned   bool       `json:"pinned"`
		Position int        `json:"position,omitempty" minimum:"0" maximum:"1000"`
	}
}

// create handles POST /api/views.
func (h viewRoutes) create(ctx context.Context, who access.Actor, in *newView) (SavedView, error) {
	b := in.Body
	s, err := h.saved.Create(ctx, who, view.Saved{Name: b.Name, Scope: b.Scope, TeamID: b.TeamID, Rule: b.Rule.rule(),
		Sort: ticket.Sort(b.Sort), Pinned: b.Pinned, Position: b.Position})
	return savedBody(s), err
}

type patchView struct {
	ByID
	Body struct {
		Version  int         `json:"version" minimum:"1"`
		Name     *string     `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Scope    *view.Scope `json:"scope,omitempty" enum:"own,team,all"`
		TeamID   *int64      `json:"team_id,omitempty" minimum:"1"`
		Rule     *Condition  `json:"rule,omitempty"`
		Sort     *string     `json:"sort,omitempty" enum:"due,waiting,newest"`
		Pinned   *bool       `json:"pinned,omitempty"`
		Position *int        `json:"position,omitempty" minimum:"0" maximum:"1000"`
	}
}

// change handles PATCH /api/views/{id}.
func (h viewRoutes) change(ctx context.Context, who access.Actor, in *patchView) (SavedView, error) {
	id, err := pathID(in.ID, view.ErrNotFound)
	if err != nil {
		return SavedView{}, err
	}
	b := in.Body
	s, err := h.saved.Change(ctx, who, id, b.Version, func(s *view.Saved) {
		if b.Name != nil {
			s.Name = *b.Name
		}
		if b.Scope != nil {
			s.Scope, s.TeamID = *b.Scope, b.TeamID
		}
		if b.Rule != nil {
			s.Rule = b.Rule.rule()
		}
		if b.Sort != nil {
			s.Sort = ticket.Sort(*b.Sort)
		}
		if b.Pinned != nil {
			s.Pinned = *b.Pinned
		}
		if b.Position != nil {
			s.Position = *b.Position
		}
	})
	return savedBody(s), err
}

// remove handles DELETE /api/views/{id}.
func (h viewRoutes) remove(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, view.ErrNotFound)
	if err != nil {
		return err
	}
	return h.saved.Remove(ctx, who, id)
}
