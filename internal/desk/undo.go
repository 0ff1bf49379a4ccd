package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of taking an answer back.
var (
	ErrUndoOver = fault.New(fault.Conflict, "undo_over")        // its time is over, or it was taken back before
	ErrNotWrote = fault.New(fault.Forbidden, "not_your_answer") // only its author takes it back
)

// Undone is what the event of an answer taken back tells beside the row.
type Undone struct {
	MessageID int64         `json:"message_id"`
	From      ticket.Status `json:"from"`
	To        ticket.Status `json:"to"`
}

// undoing is what a ticket was before an answer.
type undoing struct {
	Ticket ticket.Standing `json:"ticket"`
	Clocks sla.Frozen      `json:"clocks"`
}

func standing(tx *gorm.DB, t ticket.Ticket) (u undoing, err error) {
	u.Ticket = t.Standing()
	u.Clocks, err = sla.Freeze(tx, t.ID)
	return u, err
}

// keep stores it as long as the message may be taken back.
func (u undoing) keep(ctx context.Context, tx *gorm.DB, m ticket.Message) error {
	text, err := json.Marshal(u)
	if err == nil {
		err = tx.WithContext(ctx).Exec("INSERT INTO reply_undos (message_id, until, before) VALUES (?, ?, ?::jsonb)", m.ID, *m.HeldUntil, string(text)).Error
	}
	if err != nil {
		return fmt.Errorf("keep how message %d can be taken back: %w", m.ID, err)
	}
	return nil
}

// Undo takes an answer back while it is held: nobody outside has seen it. Its
// author alone may; the ticket and its clocks stand then as if it had not been,
// but for what others did since. The message stays, for staff, as taken back;
// it is returned so that its author can go on with the text.
func (s *Service) Undo(ctx context.Context, actor access.Actor, id, messageID int64) (ticket.Message, ticket.Ticket, error) {
	var m ticket.Message
	var done ticket.Ticket
	told := Undone{MessageID: messageID}
	c := ticket.Cause{Kind: event.TicketUndone, ActorID: &actor.AccountID, Data: &told, At: s.now()}
	err := s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		done, err = ticket.Change(ctx, tx, id, c, func(t *ticket.Ticket) error {
			if !actor.MaySee(t.Audience()) {
				return ticket.ErrNotFound
			}
			if t.Walled { // what the office sent has ended or suspended the case: it stands
				return ErrUndoOver
			}
			if m, err = s.withdraw(ctx, tx, actor, t.ID, messageID); err != nil {
				return err
			}
			told.From = t.Status
			if err := s.restore(ctx, tx, t, m, c.At); err != nil {
				return err
			}
			told.To = t.Status
			if err := s.unspoke(ctx, tx, actor, t, m.ID, c.At); err != nil {
				return err
			}
			now, err := sla.Current(tx, t.ID)
			t.Deadline = ticket.Deadline(now)
			return err
		})
		return err
	})
	if err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	s.poke.Poke()
	return m, done, nil
}

// withdraw takes the message out of every way out. The ticket is locked; whoever
// sends the mail claims its row, so one of the two comes first.
func (s *Service) withdraw(ctx context.Context, tx *gorm.DB, actor access.Actor, ticketID, messageID int64) (ticket.Message, error) {
	m, err := ticket.MessageByID(ctx, tx, ticketID, messageID)
	if err != nil {
		return ticket.Message{}, err
	}
	now, err := s.txTime(ctx, tx)
	switch {
	case err != nil:
		return ticket.Message{}, err
	case m.Direction != ticket.Out:
		return ticket.Message{}, ticket.ErrNotFound
	case m.AuthorID == nil || *m.AuthorID != actor.AccountID:
		return ticket.Message{}, ErrNotWrote
	case m.Public(now), m.Delivery == ticket.Undone:
		return ticket.Message{}, ErrUndoOver
	}
	if free, err := outbox.Undo(ctx, tx, messageID); err != nil {
		return ticket.Message{}, err
	} else if !free {
		return ticket.Message{}, ErrUndoOver
	}
	m.Delivery, m.DeliveryReason = ticket.Undone, ""
	if err := tx.WithContext(ctx).Exec("UPDATE messages SET delivery = 'undone', delivery_reason = '' WHERE id = ?", m.ID).Error; err != nil {
		return ticket.Message{}, fmt.Errorf("take message %d back: %w", m.ID, err)
	}
	return m, nil
}

// restore brings ticket and clocks back to before the answer. When others have
// done something since, only what is the answer's own is taken back: the clocks
// that it stopped go on, if it is our turn again.
func (s *Service) restore(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, m ticket.Message, now time.Time) error {
	var kept string
	if err := tx.WithContext(ctx).Raw("SELECT before FROM reply_undos WHERE message_id = ?", m.ID).Scan(&kept).Error; err != nil {
		return fmt.Errorf("read how message %d is taken back: %w", m.ID, err)
	}
	var before undoing
	if err := json.Unmarshal([]byte(kept), &before); err != nil {
		return fmt.Errorf("read how message %d is taken back: %w", m.ID, err)
	}
	var since int
	err := tx.WithContext(ctx).Raw("SELECT count(*) FROM events WHERE ticket_id = ? AND version > ? AND kind NOT IN ?", t.ID, m.Version, harmless).Scan(&since).Error
	switch {
	case err != nil:
		return fmt.Errorf("read what happened since message %d: %w", m.ID, err)
	case since > 0:
		if t.Status == ticket.New || t.Status == ticket.Open {
			return sla.Unstop(tx, s.calendars, t.ID, m.At)
		}
		return nil
	}
	t.Restore(before.Ticket)
	if t.Status.IsOpen() && t.HolderID == nil { // it resolved: its author goes on with it
		until := now.Add(ticket.LeaseTime)
		t.HolderID, t.LeaseUntil = m.AuthorID, &until
	}
	return sla.Thaw(tx, t.ID, before.Clocks)
}

// harmless are the events that touch neither what an answer changes of a ticket
// nor its clocks' terms.
var harmless = []string{event.TicketNoted, event.TicketRead, event.TicketDelivered, event.TicketClaimed, event.TicketReleased,
	event.TicketLeaseExpired, event.TicketIncident, event.ClockWarned, event.ClockBreached, event.ClockEscalated}
