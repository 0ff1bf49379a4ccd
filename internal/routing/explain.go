package routing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Verdict says in a word how a ticket stands with being given out.
type Verdict string

// The verdicts.
const (
	Done      Verdict = "done"     // resolved or closed
	OfTheWall Verdict = "office"   // the ombudsman's office gives out its own
	Held      Verdict = "held"     // somebody is answering
	Theirs    Verdict = "assigned" // it is somebody's
	NotOurs   Verdict = "waiting"  // it waits for the customer or somebody else
	ByHand    Verdict = "manual"   // the team takes by hand
	Taken     Verdict = "pull"     // whoever asks for the next one gets it
	Soon      Verdict = "soon"     // somebody can have it
	Nobody    Verdict = "nobody"   // nobody can have it now
)

// Explanation is why a ticket is whose it is, or why it is nobody's.
type Explanation struct {
	Verdict  Verdict
	Mode     roster.Mode
	Assignee *int64
	Gone     Obstacle // of the assignee; empty when they are there
	// Told is what was said when it was given out or taken off last, at At; nil
	// when it became whose it is in another way.
	Told   *Told
	At     time.Time
	Skills []roster.Skill // demanded
	People []Candidate    // of the team, in order of id
	// Lacking are demanded skills that nobody has who is there.
	Lacking []roster.Skill
}

// Candidate is somebody who could have the ticket.
type Candidate struct {
	AccountID int64
	Name      string
	Obstacle  Obstacle // why they cannot have it now; empty when they can
	Load, Of  int
}

// Explain says why a ticket is whose it is. Whether the asker may see it is
// asked before.
func (r *Router) Explain(ctx context.Context, t ticket.Ticket) (Explanation, error) {
	e := Explanation{Assignee: t.AssigneeID}
	if t.Walled {
		e.Verdict = OfTheWall
		return e, nil
	}
	states, gone, _ := r.attend()
	db := r.deps.DB.Gorm
	d, err := r.load(ctx, db, ofTeam, map[string]any{"team": t.TeamID, "assignee": t.AssigneeID}, states, gone)
	if err != nil {
		return e, err
	}
	if e.Skills, err = demandedOf(ctx, db, d, t); err != nil {
		return e, err
	}
	e.Mode = d.teams[t.TeamID].Mode
	alone := []Ticket{{ID: t.ID, Team: t.TeamID, Channel: t.Channel}}
	if err := tie(ctx, db, alone); err != nil {
		return e, err
	}
	asked := alone[0]
	for _, s := range e.Skills {
		asked.Skills = append(asked.Skills, s.ID)
	}
	there := map[int64]bool{}
	can := false
	for _, a := range d.agents {
		if t.AssigneeID != nil && a.ID == *t.AssigneeID && isGone(a.Obstacle) {
			e.Gone = a.Obstacle
		}
		refuses := a.Refuses(asked)
		if a.Capacity == 0 || refuses == NoTeam || refuses == Inactive {
			continue
		}
		if !isGone(a.Obstacle) && a.Obstacle != Left {
			for _, skill := range a.Skills {
				there[skill] = true
			}
		}
		can = can || refuses == ""
		e.People = append(e.People, Candidate{a.ID, d.names[a.ID], refuses, a.Load, a.Capacity})
	}
	for _, s := range e.Skills {
		if !there[s.ID] {
			e.Lacking = append(e.Lacking, s)
		}
	}
	e.Verdict = verdict(t, e.Mode, can, r.deps.Now())
	return e, r.recall(ctx, &e, t.ID)
}

func isGone(o Obstacle) bool { return o == Inactive || o == Absent || o == OffShift || o == Offline }

func verdict(t ticket.Ticket, mode roster.Mode, can bool, now time.Time) Verdict {
	_, held := t.HeldByAnother(0, now)
	switch {
	case !t.Status.IsOpen():
		return Done
	case held:
		return Held
	case t.AssigneeID != nil:
		return Theirs
	case t.Status != ticket.New && t.Status != ticket.Open:
		return NotOurs
	case mode == roster.Manual:
		return ByHand
	case mode == roster.Pull:
		return Taken
	case can:
		return Soon
	}
	return Nobody
}

func demandedOf(ctx context.Context, db *gorm.DB, d desk, t ticket.Ticket) ([]roster.Skill, error) {
	ids := roster.Demanded(d.rules, roster.Asked{TeamID: t.TeamID, Channel: t.Channel, ReasonID: t.ReasonID, Tags: t.Tags})
	if len(ids) == 0 {
		return nil, nil
	}
	names, err := d.skillNames(ctx, db)
	if err != nil {
		return nil, err
	}
	skills := make([]roster.Skill, len(ids))
	for i, id := range ids {
		skills[i] = roster.Skill{ID: id, Name: names[id]}
	}
	return skills, nil
}

// recall finds what was told when the ticket was given out last, if it is as it
// was then.
func (r *Router) recall(ctx context.Context, e *Explanation, id int64) error {
	var last struct {
		Kind string
		Data string
		At   time.Time
	}
	err := r.deps.DB.Gorm.WithContext(ctx).Raw(`SELECT kind, payload->'data' AS data, at FROM events
		WHERE ticket_id = ? AND kind IN ? ORDER BY version DESC LIMIT 1`, id, []string{event.TicketRouted, event.TicketUnrouted}).Scan(&last).Error
	if err != nil {
		return fmt.Errorf("read how ticket %d was given out: %w", id, err)
	}
	if last.Kind == "" {
		return nil
	}
	var told Told
	if err := json.Unmarshal([]byte(last.Data), &told); err != nil {
		return errors.Join(fmt.Errorf("read how ticket %d was given out", id), err)
	}
	if or0(told.To) == or0(e.Assignee) {
		e.Told, e.At = &told, last.At
	}
	return nil
}
