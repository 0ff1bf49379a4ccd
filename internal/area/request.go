package area

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// State is how far a request has come.
type State string

// The states. All but Open are final.
const (
	Open      State = "open"
	Answered  State = "answered"
	Withdrawn State = "withdrawn" // it is not needed any more
	Closed    State = "closed"    // settled without an answer here
)

// Request is what an area is asked. Its text was written for the area; its id is
// 128 random bits, so that neither it nor the order of two tells anything.
type Request struct {
	ID        string
	TicketID  int64
	AreaID    *int64 // nil when the office asked a team
	Area      string
	TeamID    *int64
	Emails    []string // to which it was mailed
	Body      string
	Hides     bool // nothing of the customer is told
	Blocks    bool // it is the area's turn until it answers
	Calendar  string
	Term      sla.Term // zero when it was asked for an instant
	AskedBy   int64
	Asker     string // name
	AskedAt   time.Time
	Due       time.Time
	State     State
	Round     int
	OverdueAt *time.Time
	NextStage string
	NextAt    *time.Time // when the area is reminded next
	EndedAt   *time.Time
	Remark    string

	// Of its ticket, for its asker; and for its area, when it may know.
	Protocol string
	Customer string

	Files   []ticket.File // of the ticket's, as the area sees them
	Answers []Answer
	Stages  []Stage
	Mails   []Mailed
	Steps   []sla.Step // why it is due when it is
}

// Ref is what a request is called when it is spoken of.
func (r Request) Ref() string { return refOf(r.ID) }

func refOf(id string) string { return strings.ToUpper(id[:min(len(id), 8)]) }

// Answer is what an area has said.
type Answer struct {
	ID      int64
	Way     string // desk, link or mail
	Name    string // who signed it
	Address string // whose link or mail it was
	Body    string
	Files   []ticket.File
	At      time.Time
}

// Stage is a reminder that went out, or the moment a request was found overdue.
type Stage struct {
	Stage string
	Round int
	At    time.Time
}

// Mailed is the newest mail to one address and what became of it.
type Mailed struct {
	Recipient string
	State     string
	Reason    string
}

// Question is what somebody asks.
type Question struct {
	AreaID int64
	Body   string
	Amount int      // with Unit: how long the area has; 0 is its usual term
	Unit   sla.Unit // empty is its usual one
	Hides  *bool    // nil is as usual for the area
	Aside  bool     // it is not the area's turn by it
	Files  []string // tokens of the ticket's files that go with it
	Looked bool     // the asker has seen that no file tells who the customer is
}

// Ask sends a request to an area. The due instant is computed from now on by the
// area's calendar. A question that hides the customer is refused when its text
// tells who they are, and behind the wall every question does.
func (s *Service) Ask(ctx context.Context, actor access.Actor, ticketID int64, q Question) (Request, error) {
	body, err := checkText("body", q.Body, MaxText)
	if err != nil {
		return Request{}, err
	}
	r := Request{ID: newID(), TicketID: ticketID, Body: body, Blocks: !q.Aside, AskedBy: actor.AccountID, Asker: actor.Name, State: Open}
	carries, err := s.lend(ctx, actor, ticketID, q)
	if err != nil {
		return Request{}, err
	}
	r.Files = carries.files
	told := &Told{Act: "asked", Request: r.ID}
	_, err = s.change(ctx, &actor, ticketID, told, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) error {
		if !t.Status.IsOpen() {
			return ticket.ErrClosed
		}
		a, err := s.askable(ctx, tx, *t, q.AreaID)
		if err != nil {
			return err
		}
		told.Area, told.Team = a.Name, a.TeamID
		r.AreaID, r.Area, r.TeamID, r.Emails, r.Calendar, r.AskedAt = &a.ID, a.Name, a.TeamID, a.Emails, a.Calendar, at
		r.Term, r.Hides = a.Term, hides(a, *t, q)
		if q.Amount != 0 {
			r.Term.Amount = q.Amount
		}
		if q.Unit != "" {
			r.Term.Unit = q.Unit
		}
		if r.Hides {
			if len(r.Files) > 0 && !carries.bare { // it hides since a moment ago
				return ticket.Wrong("looked", "area_look")
			}
			if err := Revealing(ctx, tx, *t, body); err != nil {
				return err
			}
		}
		if err := s.checkTerm(r.Calendar, r.Term); err != nil {
			return err
		}
		if err := s.insert(ctx, tx, &r, a); err != nil {
			return err
		}
		if err := ticket.Lend(ctx, tx, t.ID, r.ID, r.Files, at); err != nil {
			return err
		}
		t.AreaAnsweredAt = nil
		return s.mail(ctx, tx, *t, r, "asked", at)
	})
	if err != nil {
		return Request{}, err
	}
	return s.one(ctx, r.ID)
}

// askable finds an area that this ticket may ask.
func (s *Service) askable(ctx context.Context, tx *gorm.DB, t ticket.Ticket, id int64) (Area, error) {
	a, err := areaByID(ctx, tx, id)
	if err != nil || !a.Active {
		return Area{}, ticket.Wrong("area_id", "unknown_choice").Because(err)
	}
	var many, accused bool
	accounts, _, err := t.Barred.Parties()
	if err != nil {
		return Area{}, err
	}
	err = tx.WithContext(ctx).Raw(`SELECT (SELECT count(*) FROM area_requests WHERE ticket_id = @ticket AND state = 'open') >= @most,
		EXISTS (SELECT FROM accounts WHERE id IN @accounts AND lower(email) = ANY (CAST(@emails AS text[])))`,
		map[string]any{"ticket": t.ID, "most": maxOpen, "accounts": append(accounts, 0), "emails": texts(a.Emails)}).Row().Scan(&many, &accused)
	switch {
	case err != nil:
		return Area{}, fmt.Errorf("count what ticket %d asks: %w", t.ID, err)
	case many:
		return Area{}, ErrTooMany.With("max", maxOpen)
	case accused, a.TeamID != nil && t.Barred.BarsTeam(*a.TeamID):
		return Area{}, ErrAccused
	}
	return a, nil
}

func (s *Service) insert(ctx context.Context, tx *gorm.DB, r *Request, a Area) error {
	next, err := s.plan(r, a, nil)
	if err != nil {
		return err
	}
	err = tx.WithContext(ctx).Exec(`INSERT INTO area_requests (id, ticket_id, area_id, team_id, emails, body, hides, blocks, calendar, amount, unit,
		due, asked_by, asked_at, next_stage, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce(?::timestamptz, 'infinity'))`,
		r.ID, r.TicketID, r.AreaID, r.TeamID, texts(r.Emails), r.Body, r.Hides, r.Blocks, r.Calendar, r.Term.Amount, r.Term.Unit,
		r.Due, r.AskedBy, r.AskedAt, next.stage, next.or()).Error
	if err != nil {
		return fmt.Errorf("store what ticket %d asks: %w", r.TicketID, err)
	}
	return nil
}

// plan computes when a request is due and which stage comes next.
func (s *Service) plan(r *Request, a Area, done map[string]bool) (next rung, err error) {
	c, err := s.Calendars.Get(r.Calendar)
	if err != nil {
		return rung{}, err
	}
	var warn [3]time.Time
	if r.Term.Amount > 0 {
		d, err := c.Due(r.AskedAt, r.Term, nil)
		if err != nil {
			return rung{}, err
		}
		r.Due, warn = d.Due, d.Warn
	}
	all, err := ladder(c, a, r.Due, warn)
	if err != nil {
		return rung{}, err
	}
	if _, upcoming := climb(all, done, s.Now()); upcoming != nil {
		next = *upcoming
	}
	r.NextStage = next.stage
	return next, nil
}

// or is the instant of a stage for the database, NULL when there is none.
func (r rung) or() *time.Time {
	if r.stage == "" {
		return nil
	}
	return &r.at
}

// Withdraw takes a request back that has no answer yet, and tells the area so.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, ticketID int64, id, remark string) (Request, error) {
	return s.end(ctx, &actor, ticketID, id, Withdrawn, remark)
}

// Close settles a request without an answer here: the area has said it another
// way. remark says what, and is required.
func (s *Service) Close(ctx context.Context, actor access.Actor, ticketID int64, id, remark string) (Request, error) {
	remark, err := checkText("remark", remark, 2000)
	if err != nil {
		return Request{}, err
	}
	return s.end(ctx, &actor, ticketID, id, Closed, remark)
}

func (s *Service) end(ctx context.Context, actor *access.Actor, ticketID int64, id string, as State, remark string) (Request, error) {
	if remark != "" {
		var err error
		if remark, err = checkText("remark", remark, 2000); err != nil {
			return Request{}, err
		}
	}
	told := &Told{Act: string(as), Request: id}
	_, err := s.change(ctx, actor, ticketID, told, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) error {
		r, err := lockOpen(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		told.Area, told.Team = r.Area, r.TeamID
		if err := finish(ctx, tx, r.ID, as, remark, at); err != nil {
			return err
		}
		return s.mail(ctx, tx, *t, r, "over", at)
	})
	if err != nil {
		return Request{}, err
	}
	return s.one(ctx, id)
}

// Extend gives the area so much more of its own term, counted from the day it was
// asked, as if it had had that long from the beginning.
func (s *Service) Extend(ctx context.Context, actor access.Actor, ticketID int64, id string, more int) (Request, error) {
	told := &Told{Act: "extended", Request: id}
	_, err := s.change(ctx, &actor, ticketID, told, func(tx *gorm.DB, t *ticket.Ticket, at time.Time) error {
		r, err := lockOpen(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		told.Area, told.Team = r.Area, r.TeamID
		if r.Term.Amount == 0 || more < 1 {
			return ticket.Wrong("more", "unknown_choice")
		}
		r.Term.Amount += more
		if err := s.checkTerm(r.Calendar, r.Term); err != nil {
			return ticket.Wrong("more", "unknown_choice").Because(err)
		}
		a, err := areaByID(ctx, tx, *r.AreaID)
		if err != nil {
			return err
		}
		next, err := s.plan(&r, a, nil)
		if err != nil {
			return err
		}
		if !r.Due.After(at) {
			return ticket.Wrong("more", "bad_time")
		}
		r.Round++
		told.Due = &r.Due
		err = tx.Exec(`UPDATE area_requests SET amount = ?, due = ?, round = ?, overdue_at = NULL, next_stage = ?,
			next_at = coalesce(?::timestamptz, 'infinity') WHERE id = ?`, r.Term.Amount, r.Due, r.Round, next.stage, next.or(), id).Error
		if err != nil {
			return fmt.Errorf("extend request %s: %w", r.Ref(), err)
		}
		return s.mail(ctx, tx, *t, r, "extended", at)
	})
	if err != nil {
		return Request{}, err
	}
	return s.one(ctx, id)
}

// finish ends a request. Reminders that are still on their way stay at home.
func finish(ctx context.Context, tx *gorm.DB, id string, as State, remark string, at time.Time) error {
	err := tx.WithContext(ctx).Exec(`UPDATE area_requests SET state = ?, remark = ?, ended_at = ?, next_stage = '', next_at = 'infinity' WHERE id = ?`,
		as, remark, at, id).Error
	if err == nil {
		err = tx.WithContext(ctx).Exec(`UPDATE outbox SET state = 'undone', settled_at = ? WHERE purpose = 'area' AND state = 'queued'
			AND key LIKE ?`, at, id+":%").Error
	}
	if err != nil {
		return fmt.Errorf("end request %s: %w", refOf(id), err)
	}
	return nil
}
