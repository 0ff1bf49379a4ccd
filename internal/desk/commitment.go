package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/commitment"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Pledge is a promise as its author confirms it, or as it was found with certainty.
type Pledge struct {
	Text string
	Due  time.Time // to the minute; a part of one is cut off
}

// Pledges are what somebody promises with a reply or a note. Nil leaves it to the
// text: what it promises with certainty. An empty list promises nothing.
type Pledges []Pledge

// Bounds of what one text promises.
const (
	maxPledges  = 5
	maxPledge   = 300 // runes
	farthestDue = 90 * 24 * time.Hour
)

// Promised is a promise as events tell it.
type Promised struct {
	ID    int64     `json:"id"`
	Text  string    `json:"text"`
	Due   time.Time `json:"due"`
	Owner int64     `json:"owner_id"`
}

// PromisesTold is what the event of a message or note tells of promises.
type PromisesTold struct {
	Promised []Promised `json:"promised,omitempty"`      // made by it
	Kept     []int64    `json:"promises_kept,omitempty"` // by it
}

// PromiseChanged is what the event of a promise tells beside the row.
type PromiseChanged struct {
	Did    string     `json:"did"` // kept, moved, withdrawn
	ID     int64      `json:"id"`
	Text   string     `json:"text"`
	Due    time.Time  `json:"due"`
	To     *time.Time `json:"to,omitempty"`
	Reason string     `json:"reason"`
	Broken bool       `json:"broken,omitempty"` // it had run out
}

// ReadPromises finds what a text promises its customer, also what only may be one.
func (s *Service) ReadPromises(text string) ([]commitment.Promise, error) {
	return s.readPromises(text, s.now())
}

// readPromises counts days as the company's own calendar has them.
func (s *Service) readPromises(text string, now time.Time) ([]commitment.Promise, error) {
	c, err := s.calendars.Get(sla.CalendarBR)
	if err != nil {
		return nil, err
	}
	fresh, _ := email.Fold(text)
	return commitment.Read(fresh, now, commitment.Reckoning{Zone: c.Zone(), BusinessDays: func(from time.Time, n int) (time.Time, error) {
		d, err := c.Due(from, sla.Term{Amount: n, Unit: sla.BusinessDays}, nil)
		return d.Due, err
	}}), nil
}

// source is where promises are made: a message, a note, or neither.
type source struct{ message, note *int64 }

// pledge writes down what an author promises with a text, within the act that
// stores it. What the ticket has promised for the same minute is not promised
// twice. given is checked; see Pledges for nil.
func (s *Service) pledge(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, text string, given Pledges, in source, at time.Time) ([]Promised, error) {
	if given == nil {
		found, err := s.readPromises(text, at)
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			if p.Certain {
				given = append(given, Pledge{p.Text, p.Due})
			}
		}
	}
	if len(given) == 0 {
		return nil, nil
	}
	open, err := ticket.OpenCommitments(ctx, tx, t.ID)
	if err != nil {
		return nil, err
	}
	taken := map[int64]bool{}
	for _, c := range open {
		taken[c.Due.Unix()] = true
	}
	var told []Promised
	for _, g := range given {
		if taken[g.Due.Unix()] {
			continue
		}
		taken[g.Due.Unix()] = true
		c := ticket.Commitment{TicketID: t.ID, MessageID: in.message, NoteID: in.note, AuthorID: actor.AccountID, OwnerID: actor.AccountID,
			Text: g.Text, Due: g.Due.UTC(), State: ticket.CommitmentOpen, CreatedAt: at}
		if err := tx.WithContext(ctx).Omit("BrokenAt").Create(&c).Error; err != nil {
			return nil, fmt.Errorf("write down a promise of ticket %d: %w", t.ID, err)
		}
		if err := s.wind(ctx, tx, &c, at); err != nil {
			return nil, err
		}
		told = append(told, Promised{c.ID, c.Text, c.Due, c.OwnerID})
	}
	return told, ticket.ShowOwed(ctx, tx, t)
}

// wind starts the clock of a promise.
func (s *Service) wind(ctx context.Context, tx *gorm.DB, c *ticket.Commitment, at time.Time) error {
	key, words := "sla.commitment.policy", map[string]any{"n": strconv.FormatInt(c.ID, 10)}
	if moved := len(c.Moves); moved > 0 { // each clock of a promise has a name of its own
		key, words["date"] = "sla.commitment.policy_moved", strconv.Itoa(moved+1)
	}
	name := i18n.Text(i18n.Default, key, words)
	clock, err := sla.Commit(tx.WithContext(ctx), s.calendars, c.TicketID, name, at, c.Due)
	if err != nil {
		return err
	}
	c.ClockID = &clock
	if err := tx.WithContext(ctx).Exec("UPDATE commitments SET clock_id = ? WHERE id = ?", clock, c.ID).Error; err != nil {
		return fmt.Errorf("note the clock of promise %d: %w", c.ID, err)
	}
	return nil
}

// checkPledges tidies what an author confirms. Errors name the field.
func checkPledges(given Pledges, now time.Time) (Pledges, error) {
	if len(given) > maxPledges {
		return nil, ticket.Wrong("commitments", "too_many", maxPledges)
	}
	for i, g := range given {
		at := "commitments[" + strconv.Itoa(i) + "]."
		g.Text = strings.Join(strings.Fields(g.Text), " ")
		if g.Text == "" || !utf8.ValidString(g.Text) {
			return nil, ticket.Wrong(at+"text", "required")
		}
		if utf8.RuneCountInString(g.Text) > maxPledge {
			return nil, ticket.Wrong(at+"text", "too_long", maxPledge)
		}
		due, err := checkDue(at+"due_at", g.Due, now)
		if err != nil {
			return nil, err
		}
		given[i] = Pledge{g.Text, due}
	}
	return given, nil
}

func checkDue(field string, due, now time.Time) (time.Time, error) {
	due = due.UTC().Truncate(time.Minute)
	switch {
	case !due.After(now):
		return due, ticket.Wrong(field, "in_the_past")
	case due.Sub(now) > farthestDue:
		return due, ticket.Wrong(field, "too_far_ahead")
	}
	return due, nil
}

// KeepPromises notes what the ticket has promised so far as kept, within a change
// of it: we have been in contact with its customer, by a message (nil: a call).
func (s *Service) KeepPromises(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, message *int64, at time.Time) ([]int64, error) {
	if t.PromisedAt == nil {
		return nil, nil
	}
	open, err := ticket.OpenCommitments(ctx, tx, t.ID)
	if err != nil {
		return nil, err
	}
	var kept []int64
	for _, c := range open {
		if message != nil && c.MessageID != nil && *c.MessageID == *message {
			continue
		}
		if err := endPromise(ctx, tx, c, ticket.CommitmentKept, "", actor.AccountID, message, at); err != nil {
			return nil, err
		}
		kept = append(kept, c.ID)
	}
	return kept, ticket.ShowOwed(ctx, tx, t)
}

func endPromise(ctx context.Context, tx *gorm.DB, c ticket.Commitment, to ticket.CommitmentState, reason string, by int64, message *int64, at time.Time) error {
	if c.ClockID != nil {
		if err := sla.EndCommitment(tx.WithContext(ctx), c.TicketID, *c.ClockID, to == ticket.CommitmentKept, at); err != nil {
			return err
		}
	}
	err := tx.WithContext(ctx).Exec("UPDATE commitments SET state = ?, reason = ?, kept_by = ?, ended_by = ?, ended_at = ? WHERE id = ?", to, reason, message, by, at, c.ID).Error
	if err != nil {
		return fmt.Errorf("end promise %d: %w", c.ID, err)
	}
	return nil
}

// spoke is what an answer of ours does to promises: those before it are kept, what
// it promises begins.
func (s *Service) spoke(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, m ticket.Message, given Pledges) (told PromisesTold, err error) {
	if told.Kept, err = s.KeepPromises(ctx, tx, actor, t, &m.ID, m.At); err != nil {
		return told, err
	}
	told.Promised, err = s.pledge(ctx, tx, actor, t, m.Body, given, source{message: &m.ID}, m.At)
	return told, err
}

// unspoke takes that back with the message: what it kept is open again, what it
// promised was never promised.
func (s *Service) unspoke(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, message int64, at time.Time) error {
	var all []ticket.Commitment
	tx = tx.WithContext(ctx)
	err := tx.Raw("SELECT * FROM commitments WHERE ticket_id = ? AND (message_id = ? AND state <> 'undone' OR kept_by = ?) ORDER BY id", t.ID, message, message).Scan(&all).Error
	if err != nil {
		return fmt.Errorf("read what message %d has promised: %w", message, err)
	}
	for _, c := range all {
		if c.MessageID != nil && *c.MessageID == message {
			err = endPromise(ctx, tx, c, ticket.CommitmentUndone, "", actor.AccountID, nil, at)
		} else if err = tx.Exec("UPDATE commitments SET state = 'open', kept_by = NULL, ended_by = NULL, ended_at = NULL WHERE id = ?", c.ID).Error; err == nil && c.ClockID != nil {
			err = sla.Recommit(tx, s.calendars, t.ID, *c.ClockID)
		}
		if err != nil {
			return fmt.Errorf("take back what message %d did to promise %d: %w", message, c.ID, err)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return ticket.ShowOwed(ctx, tx, t)
}

// KeepPromise notes by hand that a promise was kept; reason says how.
func (s *Service) KeepPromise(ctx context.Context, actor access.Actor, id, promise int64, reason string) (ticket.Ticket, error) {
	return s.changePromise(ctx, actor, id, promise, PromiseChanged{Did: "kept", Reason: reason}, func(tx *gorm.DB, c ticket.Commitment, told *PromiseChanged, at time.Time) error {
		return endPromise(ctx, tx, c, ticket.CommitmentKept, told.Reason, actor.AccountID, nil, at)
	})
}

// WithdrawPromise takes a promise back, for a reason: nobody is to keep it.
func (s *Service) WithdrawPromise(ctx context.Context, actor access.Actor, id, promise int64, reason string) (ticket.Ticket, error) {
	return s.changePromise(ctx, actor, id, promise, PromiseChanged{Did: "withdrawn", Reason: reason}, func(tx *gorm.DB, c ticket.Commitment, told *PromiseChanged, at time.Time) error {
		return endPromise(ctx, tx, c, ticket.CommitmentWithdrawn, told.Reason, actor.AccountID, nil, at)
	})
}

// MovePromise gives a promise another instant, for a reason. One that had run out
// by then was broken, and stays counted.
func (s *Service) MovePromise(ctx context.Context, actor access.Actor, id, promise int64, due time.Time, reason string) (ticket.Ticket, error) {
	due, err := checkDue("due_at", due, s.now())
	if err != nil {
		return ticket.Ticket{}, err
	}
	return s.changePromise(ctx, actor, id, promise, PromiseChanged{Did: "moved", Reason: reason, To: &due}, func(tx *gorm.DB, c ticket.Commitment, told *PromiseChanged, at time.Time) error {
		if c.Due.Equal(due) {
			return ticket.ErrUnchanged
		}
		if c.ClockID != nil {
			if err := sla.EndCommitment(tx, id, *c.ClockID, false, at); err != nil {
				return err
			}
		}
		m := ticket.CommitmentMove{CommitmentID: c.ID, ClockID: c.ClockID, FromDue: c.Due, ToDue: due, Reason: told.Reason, AccountID: actor.AccountID, At: at}
		err := tx.Create(&m).Error
		if err == nil {
			err = tx.Exec("UPDATE commitments SET due = ? WHERE id = ?", due, c.ID).Error
		}
		if err != nil {
			return fmt.Errorf("move promise %d: %w", c.ID, err)
		}
		c.Due, c.Moves = due, append(c.Moves, m)
		return s.wind(ctx, tx, &c, at)
	})
}

func (s *Service) changePromise(ctx context.Context, actor access.Actor, id, promise int64, told PromiseChanged,
	fn func(tx *gorm.DB, c ticket.Commitment, told *PromiseChanged, at time.Time) error) (ticket.Ticket, error) {
	reason, err := checkReason(told.Reason)
	if err == nil && reason == "" {
		err = ticket.Wrong("reason", "required")
	}
	if err != nil {
		return ticket.Ticket{}, err
	}
	told.Reason = reason
	cause := ticket.Cause{Kind: event.TicketPromise, Data: &told, At: s.now()}
	return s.act(ctx, &actor, id, cause, func(tx *gorm.DB, t *ticket.Ticket) error {
		c, err := ticket.CommitmentOf(ctx, tx, t.ID, promise)
		if err != nil {
			return err
		}
		if c.State != ticket.CommitmentOpen {
			return ticket.ErrCommitmentOver
		}
		told.ID, told.Text, told.Due, told.Broken = c.ID, c.Text, c.Due, c.BrokenAt != nil || !c.Due.After(cause.At)
		if err := fn(tx.WithContext(ctx), c, &told, cause.At); err != nil {
			return err
		}
		return ticket.ShowOwed(ctx, tx, t)
	})
}
