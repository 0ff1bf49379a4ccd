package call

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Change is what an agent writes down during a call and after it. Nil leaves a
// field as it is.
type Change struct {
	Version int // of the call, as its author has it before them; another one is ErrVersion

	Note      *string
	Direction *Direction
	Duration  *time.Duration
	Ended     bool

	Subject  *string // of the ticket
	Kind     *ticket.Kind
	ReasonID *int64

	Customer *Claim // who it is

	Outcome  *Outcome
	Said     string  // with Solved: what was answered, which the customer will read
	Reason   string  // with an outcome that closes the ticket
	CallBack *Window // with ToCallBack and Dropped: when we call; nil is at once
}

// longestCall bounds a duration that somebody types.
const longestCall = 24 * time.Hour

func (c *Change) check() error {
	bad := *ErrInvalid
	tooLong := func(field string, limit int) {
		bad.Details = append(bad.Details, fault.Detail{Field: field, Code: "too_long", Args: map[string]any{"max": limit}})
	}
	if c.Note != nil {
		switch {
		case !utf8.ValidString(*c.Note) || strings.ContainsRune(*c.Note, 0):
			bad = *bad.Field("note", "not_text")
		case utf8.RuneCountInString(*c.Note) > phone.MaxNote:
			tooLong("note", phone.MaxNote)
		}
	}
	if c.Duration != nil && (*c.Duration < 0 || *c.Duration > longestCall) {
		bad = *bad.Field("duration", "unknown_choice")
	}
	if c.Direction != nil && *c.Direction != In && *c.Direction != Out {
		bad = *bad.Field("direction", "unknown_choice")
	}
	if c.Outcome != nil && effects[*c.Outcome] == nil {
		bad = *bad.Field("outcome", "unknown_choice")
	}
	if utf8.RuneCountInString(c.Reason) > maxReason {
		tooLong("reason", maxReason)
	}
	if len(bad.Details) > 0 {
		return &bad
	}
	return nil
}

// maxReason bounds why a ticket was closed, in runes.
const maxReason = 500

// onlyOfTheCall reports whether nothing of the ticket changes: what an agent
// types is kept every few seconds, and is no news to anybody.
func (c Change) onlyOfTheCall() bool {
	return c.Subject == nil && c.Kind == nil && c.ReasonID == nil && c.Customer == nil && c.Outcome == nil && !c.Ended
}

// Change keeps what an agent has written down. What it changes of the ticket is
// one change of it, with the call's, or nothing is.
func (s *Service) Change(ctx context.Context, actor access.Actor, contact int64, c Change) (Opened, error) {
	was, _, err := s.see(ctx, s.db.Gorm, actor, contact)
	if err != nil {
		return Opened{}, err
	}
	if err := was.mine(actor); err != nil {
		return Opened{}, err
	}
	if err := c.check(); err != nil {
		return Opened{}, err
	}
	var r row
	if c.onlyOfTheCall() && was.EndedAt == nil {
		err = s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
			if r, err = hold(ctx, tx, contact, c.Version); err != nil {
				return err
			}
			c.write(&r, s.now())
			return save(ctx, tx, &r, s.now())
		})
	} else {
		told := Told{ContactID: contact}
		_, err = s.desk.Act(ctx, &actor, was.TicketID, event.TicketCall, &told, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
			r, err = s.apply(ctx, tx, actor, t, contact, c, &told)
			return err
		})
	}
	if err != nil {
		return Opened{}, err
	}
	t, err := ticket.ByID(ctx, s.db.Gorm, r.TicketID)
	return Opened{r.call(), t}, err
}

// write sets what is of the call alone.
func (c Change) write(r *row, now time.Time) {
	if c.Note != nil {
		r.Note = *c.Note
	}
	if c.Direction != nil {
		r.Direction = *c.Direction
	}
	if c.Ended && r.EndedAt == nil {
		r.EndedAt = &now
		if r.Duration == nil {
			seconds := max(0, int(now.Sub(r.StartedAt).Seconds()))
			r.Duration = &seconds
		}
	}
	if c.Duration != nil {
		seconds := int(c.Duration.Seconds())
		r.Duration = &seconds
	}
}

// apply changes the call and its ticket together.
func (s *Service) apply(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, contact int64, c Change, told *Told) (row, error) {
	r, err := hold(ctx, tx, contact, c.Version)
	if err != nil {
		return row{}, err
	}
	ended, noted := r.EndedAt != nil, r.Note
	c.write(&r, s.now())
	if c.Subject != nil || c.Kind != nil || c.ReasonID != nil {
		if err := desk.Describe(ctx, tx, actor, t, c.Subject, c.Kind, c.ReasonID); err != nil {
			return row{}, err
		}
	}
	if c.Customer != nil {
		if err := s.identify(ctx, tx, actor, t, r, *c.Customer); err != nil {
			return row{}, err
		}
		told.Customer = t.CustomerID
	}
	if r.EndedAt != nil && r.Note != "" && (!ended || r.Note != noted) {
		if err := s.keepNote(ctx, tx, actor, t, r.Note, told); err != nil {
			return row{}, err
		}
	}
	if c.Outcome != nil && *c.Outcome != r.Outcome {
		r.Outcome, told.Outcome = *c.Outcome, *c.Outcome
		if err := effects[*c.Outcome](s, ctx, tx, ending{actor, t, &r, c, told}); err != nil {
			return row{}, err
		}
	}
	return r, save(ctx, tx, &r, s.now())
}

// keepNote makes the note of a call that has ended part of its ticket.
func (s *Service) keepNote(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, note string, told *Told) error {
	body, err := ticket.CheckBody("note", note)
	if err != nil {
		return err
	}
	n, err := ticket.InsertNote(ctx, tx, t, ticket.Note{AuthorID: actor.AccountID, AuthorName: actor.Name, Body: body, At: s.now()})
	if err != nil {
		return err
	}
	told.NoteID, t.Preview = n.ID, ticket.Preview(body)
	return indexNote(ctx, tx, *t, body)
}
