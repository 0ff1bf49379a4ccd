package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Reply is an answer to the customer as its author sends it.
type Reply struct {
	Body string
	// SeenVersion is the version of the ticket that its author had before them. A
	// public message after it, whoever wrote it, makes the reply ErrStale. Nil
	// does not ask.
	SeenVersion *int
	// Fence is the author's lease. Another one than the newest is ErrLeaseLost.
	Fence *int64
	// Resolve says that the answer settles the matter; else it is the customer's turn.
	Resolve bool
	Files   []ticket.File // Blob, Name, Mime and Size
	// Promises are those that its author confirms.
	Promises Pledges
	// AskPromises refuses with ErrPromisesOpen to resolve with an answer that itself
	// promises something; what was promised before it is kept by it.
	AskPromises bool
	// ToAll is one answer to many tickets: nobody becomes holder or assignee by it,
	// and unless it resolves it stays our turn, since its customers are asked nothing.
	ToAll bool
	// Within, when given, runs in the transaction after the message was stored: for
	// what shares the answer's fate. Of a case, only an answer that has it concludes.
	Within func(ctx context.Context, tx *gorm.DB, m ticket.Message) error
}

// Replied is what the event of a reply tells beside the row.
type Replied struct {
	MessageID int64         `json:"message_id"`
	From      ticket.Status `json:"from"`
	To        ticket.Status `json:"to"`
	PromisesTold
}

// Reply stores an answer, frozen as it will go out, makes it the customer's turn
// (or resolves the ticket), stops the clocks that wait for an answer and orders
// the delivery: all of it or nothing. Whoever answers a ticket that nobody holds
// holds it by that; one that somebody else holds is ErrClaimed.
func (s *Service) Reply(ctx context.Context, actor access.Actor, id int64, r Reply) (ticket.Message, ticket.Ticket, error) {
	body, err := ticket.CheckBody("body", r.Body)
	if err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	if len(r.Files) > ticket.MaxFiles {
		return ticket.Message{}, ticket.Ticket{}, ticket.Wrong("files", "too_many", ticket.MaxFiles)
	}
	if r.Promises, err = checkPledges(r.Promises, s.now()); err != nil {
		return ticket.Message{}, ticket.Ticket{}, err
	}
	var sent ticket.Message
	var told Replied
	c := ticket.Cause{Kind: event.TicketReplied, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		told.From = t.Status
		if r.Resolve && r.Within == nil && t.Walled {
			return ErrCase
		}
		undo, err := standing(tx, *t)
		if err != nil {
			return err
		}
		if err := s.mayReply(ctx, tx, actor, t, r); err != nil {
			return err
		}
		if r.ToAll && !r.Resolve {
			err = t.Informed(c.At)
		} else {
			err = t.Answered(r.Resolve, c.At)
		}
		if err != nil {
			return err
		}
		sent, err = s.send(ctx, tx, t, ticket.Message{
			Direction: ticket.Out, AuthorID: &actor.AccountID, AuthorName: actor.Name,
			Body: body, Delivery: ticket.Queued, At: c.At, Files: r.Files,
		}, &undo)
		told.MessageID, told.To = sent.ID, t.Status
		if err == nil && (!r.ToAll || r.Resolve) { // news to many is nobody's own promise, and keeps none
			told.PromisesTold, err = s.spoke(ctx, tx, actor, t, sent, r.Promises)
		}
		if err == nil && r.Resolve && r.AskPromises && len(told.Promised) > 0 {
			err = promisesOpen(ctx, tx, *t)
		}
		if err == nil {
			err = sentDraft(ctx, tx, actor, t.ID, DraftReply, body)
		}
		if err == nil && r.Within != nil {
			err = r.Within(ctx, tx, sent)
		}
		return err
	})
	return sent, done, err
}

// mayReply refuses a reply that crosses another, and makes its author the holder
// otherwise. Time is the transaction's, as in every contest for a lease.
func (s *Service) mayReply(ctx context.Context, tx *gorm.DB, actor access.Actor, t *ticket.Ticket, r Reply) error {
	if t.Status == ticket.Closed {
		return ticket.ErrClosed
	}
	if r.Fence != nil && *r.Fence != t.Fence {
		return ticket.ErrLeaseLost
	}
	if r.SeenVersion != nil {
		switch seen := *r.SeenVersion; {
		case seen < 0 || seen >= t.Version: // t.Version is the one being made
			return ticket.Wrong("seen_version", "unknown_version")
		case seen < t.PublicVersion:
			missed, err := ticket.Messages(ctx, tx, t.ID, seen)
			if err != nil {
				return err
			}
			return ErrStale.With("messages", missed)
		}
	}
	now, err := s.txTime(ctx, tx)
	if err != nil {
		return err
	}
	if holder, held := t.HeldByAnother(actor.AccountID, now); held {
		who, err := ticket.PersonOf(ctx, tx, holder)
		if err != nil {
			return err
		}
		return ticket.ErrClaimed.With("holder", who).With("until", t.LeaseUntil)
	}
	if !r.ToAll && (t.HolderID == nil || *t.HolderID != actor.AccountID) {
		until := now.Add(ticket.LeaseTime)
		t.HolderID, t.LeaseUntil = &actor.AccountID, &until
		if r.Fence == nil {
			t.Fence++
		}
		if t.AssigneeID == nil {
			t.AssigneeID = &actor.AccountID
		}
	}
	return nil
}

// send freezes a message, stores it and orders what brings it to the customer: a
// mail, when there is an address to write to, and the customer's page anyway.
// Without undo it is not held: what stands by it cannot be taken back.
func (s *Service) send(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, m ticket.Message, undo *undoing) (ticket.Message, error) {
	contact, err := ticket.InsertContact(ctx, tx, t, ticket.Out, m.At)
	if err != nil {
		return ticket.Message{}, err
	}
	m.ContactID = &contact
	to, err := addressOf(ctx, tx, *t)
	if err != nil {
		return ticket.Message{}, err
	}
	plan, byMail, err := s.post.Plan(ctx, tx, *t, to)
	if err != nil {
		return ticket.Message{}, err
	}
	m.Envelope = freeze(*t, to)
	if byMail && plan.Sender.Undo > 0 && undo != nil {
		until := m.At.Add(plan.Sender.Undo)
		m.HeldUntil = &until
	}
	if m, err = ticket.InsertMessage(ctx, tx, t, m); err != nil {
		return ticket.Message{}, err
	}
	for _, kind := range []sla.Kind{sla.Acknowledgement, sla.FirstResponse, sla.NextResponse} {
		if err := sla.Stop(tx, t.ID, kind, m.At); err != nil {
			return ticket.Message{}, err
		}
	}
	if m.HeldUntil != nil {
		if err := undo.keep(ctx, tx, m); err != nil {
			return ticket.Message{}, err
		}
	}
	if byMail {
		o, err := s.post.Reply(ctx, tx, *t, m, plan)
		if err != nil || o.State == outbox.Queued {
			return m, err
		}
		if o.Reason != reach.Preference {
			m.Delivery, m.DeliveryReason = ticket.Failed, o.Reason
			err := tx.WithContext(ctx).Exec("UPDATE messages SET delivery = ?, delivery_reason = ? WHERE id = ?", m.Delivery, m.DeliveryReason, m.ID).Error
			if err != nil {
				return ticket.Message{}, fmt.Errorf("note that message %d goes to nobody: %w", m.ID, err)
			}
			return m, nil
		}
	}
	shown := m.At
	if m.HeldUntil != nil {
		shown = *m.HeldUntil
	}
	return m, s.jobs.InsertAt(tx, jobs.DeliverReply{MessageID: m.ID}, shown)
}

// envelope is where a message goes, decided when it is sent: an address that
// changes afterwards does not redirect it.
type envelope struct {
	Channel string `json:"channel"`      // the one the customer came by, or by which we answer
	To      string `json:"to,omitempty"` // e-mail, when one is known; the page shows it in any case
	ToName  string `json:"to_name,omitempty"`
	Subject string `json:"subject"`
	BrandID int64  `json:"brand_id"`
	Spoken  bool   `json:"spoken,omitempty"` // it was said on the phone; nothing is sent
}

// freeze makes the envelope of a message. Strings and a number: it cannot fail.
func freeze(t ticket.Ticket, to string) json.RawMessage { return freezeAs(t.Channel, t, to) }

func freezeAs(channel string, t ticket.Ticket, to string) json.RawMessage {
	return envelopeOf(channel, t, to).frozen()
}

func envelopeOf(channel string, t ticket.Ticket, to string) envelope {
	return envelope{Channel: channel, To: to, ToName: t.CustomerName, Subject: t.Subject, BrandID: t.BrandID}
}

func (e envelope) frozen() json.RawMessage {
	text, err := json.Marshal(e)
	if err != nil {
		panic("desk: " + err.Error())
	}
	return text
}

// addressOf is where a ticket is answered by mail, empty when nowhere. An address
// that nobody has verified counts only when it was given with this very ticket:
// whoever typed a stranger's document beside an own address must not get the
// answers that the stranger asks for. What was given last in it comes first.
func addressOf(ctx context.Context, tx *gorm.DB, t ticket.Ticket) (to string, err error) {
	if t.Walled { // no customer's record knows of a case: only what was given with it counts
		err := tx.WithContext(ctx).Raw(`SELECT c.data->'from'->>'email' FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
			WHERE l.ticket_id = ? AND c.data->'from'->>'email' IS NOT NULL ORDER BY c.id LIMIT 1`, t.ID).Scan(&to).Error
		if err != nil {
			return "", fmt.Errorf("find where to answer case %d: %w", t.ID, err)
		}
		return to, nil
	}
	if t.CustomerID == nil {
		return "", nil
	}
	err = tx.WithContext(ctx).Raw(addressQuery("?", "?"), t.ID, *t.CustomerID).Scan(&to).Error
	if err != nil {
		return "", fmt.Errorf("find where to answer ticket %d: %w", t.ID, err)
	}
	return to, nil
}

// addressQuery selects the address of a ticket and its customer, as value.
func addressQuery(ticketID, customerID string) string {
	return `SELECT i.value FROM identities i LEFT JOIN LATERAL (
			SELECT max(c.id) AS given FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
			WHERE l.ticket_id = ` + ticketID + ` AND c.data->'from'->>'email' = i.value) g ON true
		WHERE i.customer_id = ` + customerID + ` AND i.kind = 'email' AND (i.verified_at IS NOT NULL OR g.given IS NOT NULL)
		ORDER BY g.given DESC NULLS LAST, i.verified_at IS NULL, i.id LIMIT 1`
}

// Note stores what only we see, at any status: what was learned afterwards is
// written down, too. What it promises the customer is promised, as by a reply;
// given are the promises that its author confirms.
func (s *Service) Note(ctx context.Context, actor access.Actor, id int64, body string, given ...Pledges) (ticket.Note, ticket.Ticket, error) {
	var confirmed Pledges
	body, err := ticket.CheckBody("body", body)
	if err == nil && len(given) > 0 {
		confirmed, err = checkPledges(given[0], s.now())
	}
	if err != nil {
		return ticket.Note{}, ticket.Ticket{}, err
	}
	var noted ticket.Note
	var told struct {
		NoteID   int64   `json:"note_id"`
		Mentions []int64 `json:"mentions,omitempty"`
		PromisesTold
	}
	c := ticket.Cause{Kind: event.TicketNoted, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		noted, err = ticket.InsertNote(ctx, tx, t, ticket.Note{AuthorID: actor.AccountID, AuthorName: actor.Name, Body: body, At: c.At})
		if err != nil {
			return err
		}
		told.NoteID = noted.ID
		if told.Mentions, err = mention(ctx, tx, t, noted); err != nil {
			return err
		}
		if told.Promised, err = s.pledge(ctx, tx, actor, t, body, confirmed, source{note: &noted.ID}, c.At); err != nil {
			return err
		}
		return sentDraft(ctx, tx, actor, t.ID, DraftNote, body)
	})
	return noted, done, err
}
