package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// maxSubject bounds a subject, in runes.
const maxSubject = 200

// Patch is a change of fields. What is nil stays. Where a ticket may have none,
// 0 takes away what it has.
type Patch struct {
	Version  int // the one its author has before them; one with other edits since is ErrVersion
	Status   *ticket.Status
	Priority *int
	Kind     *ticket.Kind
	Subject  *string
	TeamID   *int64
	Assignee *int64 // 0 makes it nobody's
	ReasonID *int64 // 0 takes the reason away
	Tags     *[]string
	// AskPromises refuses to end a ticket with ErrPromisesOpen while it owes what it
	// has promised.
	AskPromises bool
}

// Changed is what the event of a patch tells beside the row: each field that is
// different now, with both values.
type Changed struct {
	Fields map[string]FromTo `json:"fields"`
	Bulk   int64             `json:"bulk_id,omitempty"` // the act on many of which it is part
	Undo   bool              `json:"undo,omitempty"`    // that act was taken back
}

// FromTo is a value before and after.
type FromTo struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// Patch changes fields of a ticket that is not closed. A patch that changes
// nothing leaves the version as it is.
//
// A ticket may be handed over to any team. It is nobody's then, unless the patch
// names an assignee, and its author may no longer see it: whoever shows the
// answer asks access.Actor.MaySee first. An assignee must be able to see the
// ticket where it goes, and taking it out of somebody else's hands needs the
// right to take over.
func (s *Service) Patch(ctx context.Context, actor access.Actor, id int64, p Patch) (ticket.Ticket, error) {
	was, err := ticket.ByID(ctx, s.db.Gorm, id)
	if err != nil {
		return ticket.Ticket{}, err
	}
	told := Changed{}
	c := ticket.Cause{Kind: p.kind(was), Data: &told, At: s.now()}
	return s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		if current := t.Version - 1; p.Version != current {
			// A reply that was delivered, or a clock that ran on, is nobody's edit.
			quiet, err := event.Quiet(tx, id, p.Version, current)
			if err != nil {
				return err
			}
			if !quiet {
				return ticket.ErrVersion.With("version", current)
			}
		}
		if t.Status == ticket.Closed {
			return ticket.ErrClosed
		}
		before := *t
		if err := p.apply(ctx, tx, actor, t); err != nil {
			return err
		}
		if p.Status != nil {
			if !p.Status.Valid() {
				return ticket.Wrong("status", "unknown_choice")
			}
			if t.Walled && *p.Status == ticket.Resolved && t.Status != ticket.Resolved {
				return ErrCase
			}
			if err := t.Move(*p.Status, c.At); err != nil {
				return err
			}
			if p.AskPromises && before.Status.IsOpen() && !t.Status.IsOpen() {
				if err := promisesOpen(ctx, tx, *t); err != nil {
					return err
				}
			}
		}
		if told.Fields = difference(before, *t); len(told.Fields) == 0 {
			return ticket.ErrUnchanged
		}
		return nil
	})
}

// kind is what the patch will be called. was is not locked, but the patch fails
// unless it still is of that version when it is.
func (p Patch) kind(was ticket.Ticket) string {
	only := p
	only.Version, only.Status, only.AskPromises = 0, nil, false
	switch {
	case p.Status == nil || only != (Patch{}) || *p.Status == was.Status:
		return event.TicketChanged
	case was.Status == ticket.Resolved && p.Status.IsOpen():
		return event.TicketReopened
	}
	return event.TicketStatus
}

// apply checks and sets every field but the status.
func (p Patch) apply(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket) error {
	if p.Priority != nil {
		if *p.Priority < ticket.MostUrgent || *p.Priority > ticket.LeastUrgent {
			return ticket.Wrong("priority", "unknown_choice")
		}
		t.Priority = *p.Priority
	}
	if p.Kind != nil {
		if !slices.Contains(ticket.Kinds, *p.Kind) {
			return ticket.Wrong("kind", "unknown_choice")
		}
		t.Kind = *p.Kind
	}
	if p.Subject != nil {
		subject, err := checkSubject(*p.Subject)
		if err != nil {
			return err
		}
		if t.Subject != subject {
			t.Subject = subject
			if err := ticket.IndexSubject(ctx, tx, *t); err != nil {
				return err
			}
		}
	}
	if p.Tags != nil {
		tags, err := ticket.NormaliseTags(*p.Tags)
		if err != nil {
			return err
		}
		t.Tags = tags
	}
	if p.ReasonID != nil {
		if *p.ReasonID != 0 && !same(t.ReasonID, p.ReasonID) {
			if err := ticket.CheckReason(ctx, tx, *p.ReasonID); err != nil {
				return err
			}
		}
		t.ReasonID = orNone(*p.ReasonID)
	}
	return p.handOver(ctx, tx, actor, t)
}

// handOver changes whose the ticket is.
func (p Patch) handOver(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket) error {
	before := *t
	if p.TeamID != nil && *p.TeamID != t.TeamID {
		var known bool
		if err := tx.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM teams WHERE id = ?)", *p.TeamID).Scan(&known).Error; err != nil {
			return fmt.Errorf("look for team %d: %w", *p.TeamID, err)
		}
		if !known {
			return ticket.Wrong("team_id", "unknown_choice")
		}
		t.TeamID, t.AssigneeID = *p.TeamID, nil
	}
	if p.Assignee != nil {
		t.AssigneeID = orNone(*p.Assignee)
	}
	if same(before.AssigneeID, t.AssigneeID) && before.TeamID == t.TeamID {
		return nil
	}
	if (others(before.AssigneeID, actor) || others(before.HolderID, actor)) && !actor.May(access.TakeOver) {
		return ticket.ErrNotYours
	}
	if t.AssigneeID != nil {
		to, err := colleague(ctx, tx, *t.AssigneeID)
		if err != nil {
			return err
		}
		if !to.MaySee(t.Audience()) {
			return ticket.Wrong("assignee_id", "unknown_choice")
		}
	}
	if !same(t.HolderID, t.AssigneeID) {
		t.HolderID, t.LeaseUntil = nil, nil
	}
	return nil
}

// colleague reads an active account as the actor that it is; an absent one is an
// actor that sees nothing.
func colleague(ctx context.Context, tx *gorm.DB, id int64) (access.Actor, error) {
	a := access.Actor{AccountID: id}
	var role string
	err := tx.WithContext(ctx).Raw("SELECT CASE WHEN office_pending THEN 'agent' ELSE role END FROM accounts WHERE id = ? AND active", id).Scan(&role).Error
	if err == nil {
		err = tx.WithContext(ctx).Raw("SELECT team_id FROM account_teams WHERE account_id = ? ORDER BY team_id", id).Scan(&a.Teams).Error
	}
	if err != nil {
		return access.Actor{}, fmt.Errorf("read account %d: %w", id, err)
	}
	if a.Role = access.Role(role); role == "" {
		a.Teams = nil
	}
	return a, nil
}

func checkSubject(subject string) (string, error) {
	subject = strings.Join(strings.Fields(subject), " ") // one line: it becomes a header
	switch {
	case !utf8.ValidString(subject) || strings.ContainsRune(subject, 0):
		return "", ticket.Wrong("subject", "not_text")
	case subject == "":
		return "", ticket.Wrong("subject", "required")
	case utf8.RuneCountInString(subject) > maxSubject:
		return "", ticket.Wrong("subject", "too_long", maxSubject)
	}
	return subject, nil
}

// difference names what a patch has changed.
func difference(a, b ticket.Ticket) map[string]FromTo {
	fields := map[string]FromTo{}
	note := func(name string, from, to any, equal bool) {
		if !equal {
			fields[name] = FromTo{from, to}
		}
	}
	note("status", a.Status, b.Status, a.Status == b.Status)
	note("priority", a.Priority, b.Priority, a.Priority == b.Priority)
	note("kind", a.Kind, b.Kind, a.Kind == b.Kind)
	note("subject", a.Subject, b.Subject, a.Subject == b.Subject)
	note("team_id", a.TeamID, b.TeamID, a.TeamID == b.TeamID)
	note("assignee_id", a.AssigneeID, b.AssigneeID, same(a.AssigneeID, b.AssigneeID))
	note("reason_id", a.ReasonID, b.ReasonID, same(a.ReasonID, b.ReasonID))
	note("tags", a.Tags, b.Tags, slices.Equal(a.Tags, b.Tags))
	return fields
}

func others(account *int64, actor access.Actor) bool {
	return account != nil && *account != actor.AccountID
}

func same(a, b *int64) bool { return a == b || a != nil && b != nil && *a == *b }

func orNone(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
