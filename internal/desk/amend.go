package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrMovedOn is a change that is not taken back because somebody has changed the
// same since.
var ErrMovedOn = fault.New(fault.Conflict, "moved_on")

// Amendment is a change that means the same for many tickets. What is nil stays;
// 0 takes away what there is.
type Amendment struct {
	Status     *ticket.Status
	Priority   *int
	TeamID     *int64
	Assignee   *int64
	ReasonID   *int64
	IncidentID *int64
	AddTags    []string
	RemoveTags []string
}

// patch is the amendment for one ticket.
func (a Amendment) patch(t ticket.Ticket) Patch {
	p := Patch{Status: a.Status, Priority: a.Priority, TeamID: a.TeamID, Assignee: a.Assignee, ReasonID: a.ReasonID}
	if len(a.AddTags)+len(a.RemoveTags) > 0 {
		tags := slices.DeleteFunc(slices.Concat(t.Tags, a.AddTags), func(tag string) bool { return slices.Contains(a.RemoveTags, tag) })
		p.Tags = &tags
	}
	return p
}

// Kept is what an amendment has replaced, so that it can be taken back. It is
// stored as JSON.
type Kept struct {
	Version int      `json:"version"` // that the amendment made
	Before  Values   `json:"before"`
	After   Values   `json:"after"`
	Stood   *undoing `json:"stood,omitempty"` // when the status is another
}

// Values are what an amendment can change.
type Values struct {
	Status     ticket.Status `json:"status"`
	Priority   int           `json:"priority"`
	TeamID     int64         `json:"team_id"`
	AssigneeID int64         `json:"assignee_id"`
	ReasonID   int64         `json:"reason_id"`
	IncidentID int64         `json:"incident_id"`
	Tags       []string      `json:"tags"`
}

func valuesOf(t ticket.Ticket) Values {
	id := func(id *int64) int64 {
		if id == nil {
			return 0
		}
		return *id
	}
	return Values{t.Status, t.Priority, t.TeamID, id(t.AssigneeID), id(t.ReasonID), id(t.IncidentID), slices.Clone(t.Tags)}
}

func (v Values) equal(w Values) bool {
	return v.Status == w.Status && v.Priority == w.Priority && v.TeamID == w.TeamID && v.AssigneeID == w.AssigneeID &&
		v.ReasonID == w.ReasonID && v.IncidentID == w.IncidentID && slices.Equal(v.Tags, w.Tags)
}

// Foresee says what an amendment would do to a ticket: nil, ticket.ErrUnchanged,
// or why not. It is what Amend asks, too, so that what was shown is what happens.
// to is the assignee it names, as Colleague gives them.
func (a Amendment) Foresee(actor access.Actor, to *access.Actor, t ticket.Ticket, now time.Time) error {
	if !actor.MaySee(t.Audience()) {
		return ticket.ErrNotFound
	}
	if t.Walled && a.IncidentID != nil {
		return ErrIncidentCase
	}
	if a.onlyIncident() { // whoever sees a ticket may say which cause it has
		if same(t.IncidentID, orNone(*a.IncidentID)) {
			return ticket.ErrUnchanged
		}
		return nil
	}
	if t.Status == ticket.Closed {
		return ticket.ErrClosed
	}
	if _, held := t.HeldByAnother(actor.AccountID, now); held {
		return ticket.ErrClaimed
	}
	if others(t.AssigneeID, actor) && !actor.May(access.TakeOver) {
		return ticket.ErrNotYours
	}
	is := t
	if a.TeamID != nil && *a.TeamID != t.TeamID {
		is.TeamID, is.AssigneeID = *a.TeamID, nil
	}
	if a.Assignee != nil {
		if is.AssigneeID = orNone(*a.Assignee); to != nil && !to.MaySee(is.Audience()) {
			return ticket.Wrong("assignee_id", "unknown_choice")
		}
	}
	if a.Priority != nil {
		is.Priority = *a.Priority
	}
	if a.ReasonID != nil {
		is.ReasonID = orNone(*a.ReasonID)
	}
	if a.IncidentID != nil {
		is.IncidentID = orNone(*a.IncidentID)
	}
	if p := a.patch(t); p.Tags != nil {
		tags, err := ticket.NormaliseTags(*p.Tags)
		if err != nil {
			return err
		}
		is.Tags = tags
	}
	if a.Status != nil {
		if t.Walled && *a.Status == ticket.Resolved && t.Status != ticket.Resolved {
			return ErrCase
		}
		if err := is.Move(*a.Status, now); err != nil {
			return err
		}
	}
	if valuesOf(t).equal(valuesOf(is)) {
		return ticket.ErrUnchanged
	}
	return nil
}

// Colleague reads the account that an amendment names, for Foresee; nil when it
// names none. An unknown one sees nothing.
func (s *Service) Colleague(ctx context.Context, a Amendment) (*access.Actor, error) {
	if a.Assignee == nil || *a.Assignee == 0 {
		return nil, nil //nolint:nilnil // nobody
	}
	to, err := colleague(ctx, s.db.Gorm, *a.Assignee)
	return &to, err
}

// Amend changes one ticket as part of something larger, which its event names as
// bulk. within keeps the account of it, in the same transaction: of what was
// replaced, or nil when there was nothing to change.
func (s *Service) Amend(ctx context.Context, actor access.Actor, id, bulk int64, a Amendment, within func(tx *gorm.DB, kept *Kept) error) error {
	to, err := s.Colleague(ctx, a)
	if err != nil {
		return err
	}
	told := Changed{Bulk: bulk}
	kind := event.TicketChanged
	if a.Status != nil {
		kind = event.TicketStatus
	}
	c := ticket.Cause{Kind: kind, Data: &told, At: s.now()}
	_, err = s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		now, err := s.txTime(ctx, tx)
		if err != nil {
			return err
		}
		switch err := a.Foresee(actor, to, *t, now); {
		case errors.Is(err, ticket.ErrUnchanged):
			if err := within(tx, nil); err != nil {
				return err
			}
			return ticket.ErrUnchanged
		case err != nil:
			return err
		}
		before := *t
		kept := Kept{Version: t.Version, Before: valuesOf(before)}
		if a.Status != nil {
			stood, err := standing(tx, before)
			if err != nil {
				return err
			}
			kept.Stood = &stood
		}
		if err := a.patch(before).apply(ctx, tx, actor, t); err != nil {
			return err
		}
		incident, err := amendIncident(ctx, tx, a, t)
		if err != nil {
			return err
		}
		if a.Status != nil {
			if err := t.Move(*a.Status, c.At); err != nil {
				return err
			}
		}
		told.Fields, kept.After = difference(before, *t), valuesOf(*t)
		if incident != nil {
			told.Fields["incident"] = *incident
		}
		return within(tx, &kept)
	})
	return err
}

// TakeBack gives a ticket back what an amendment has replaced, where nobody has
// changed the same since; else it is ErrMovedOn and nothing is.
func (s *Service) TakeBack(ctx context.Context, actor access.Actor, id, bulk int64, kept Kept, within func(tx *gorm.DB) error) error {
	told := Changed{Bulk: bulk, Undo: true}
	c := ticket.Cause{Kind: event.TicketChanged, ActorID: &actor.AccountID, Data: &told, At: s.now()}
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		_, err := ticket.Change(ctx, tx, id, c, func(t *ticket.Ticket) error {
			if !actor.MaySee(t.Audience()) {
				return ticket.ErrNotFound
			}
			now, err := s.txTime(ctx, tx)
			if err != nil {
				return err
			}
			if _, held := t.HeldByAnother(actor.AccountID, now); held && !kept.onlyIncident() {
				return ticket.ErrClaimed
			}
			was := *t
			incident, err := s.giveBack(ctx, tx, actor, t, kept)
			if err != nil {
				return err
			}
			told.Fields = difference(was, *t)
			if incident != nil {
				told.Fields["incident"] = *incident
			}
			current, err := sla.Current(tx, t.ID)
			t.Deadline = ticket.Deadline(current)
			if err != nil {
				return err
			}
			return within(tx)
		})
		return err
	})
	if err == nil {
		s.poke.Poke()
		s.leases.Forget(ctx, id)
	}
	return err
}

func (s *Service) giveBack(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, kept Kept) (incident *FromTo, err error) {
	is, b, a := valuesOf(*t), kept.Before, kept.After
	var p Patch
	moved := false
	if b.Priority != a.Priority {
		p.Priority, moved = &b.Priority, moved || is.Priority != a.Priority
	}
	if b.ReasonID != a.ReasonID {
		p.ReasonID, moved = &b.ReasonID, moved || is.ReasonID != a.ReasonID
	}
	if b.TeamID != a.TeamID {
		p.TeamID, moved = &b.TeamID, moved || is.TeamID != a.TeamID
	}
	if b.TeamID != a.TeamID || b.AssigneeID != a.AssigneeID {
		p.Assignee, moved = &b.AssigneeID, moved || is.AssigneeID != a.AssigneeID
	}
	if b.IncidentID != a.IncidentID {
		moved = moved || is.IncidentID != a.IncidentID
	}
	if !slices.Equal(b.Tags, a.Tags) {
		p.Tags, moved = &b.Tags, moved || !slices.Equal(is.Tags, a.Tags)
	}
	if kept.Stood != nil && b.Status != a.Status {
		var since int
		err := tx.WithContext(ctx).Raw("SELECT count(*) FROM events WHERE ticket_id = ? AND version > ? AND kind NOT IN ?", t.ID, kept.Version, harmless).Scan(&since).Error
		if err != nil {
			return nil, fmt.Errorf("read what happened to ticket %d since: %w", t.ID, err)
		}
		moved = moved || since > 0
	}
	if moved {
		return nil, ErrMovedOn
	}
	if err := p.apply(ctx, tx, actor, t); err != nil {
		return nil, err
	}
	if b.IncidentID != a.IncidentID {
		if incident, err = amendIncident(ctx, tx, Amendment{IncidentID: &b.IncidentID}, t); err != nil {
			return nil, err
		}
	}
	if kept.Stood != nil && b.Status != a.Status {
		t.Restore(kept.Stood.Ticket)
		return incident, sla.Thaw(tx, t.ID, kept.Stood.Clocks)
	}
	return incident, nil
}
