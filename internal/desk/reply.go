package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
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
}

// Replied is what the event of a reply tells beside the row.
type Replied struct {
	MessageID int64         `json:"message_id"`
	From      ticket.Status `json:"from"`
	To        ticket.Status `json:"to"`
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
	var sent ticket.Message
	var told Replied
	c := ticket.Cause{Kind: event.TicketReplied, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) error {
		told.From = t.Status
		if err := s.mayReply(ctx, tx, actor, t, r); err != nil {
			return err
		}
		if err := t.Answered(r.Resolve, c.At); err != nil {
			return err
		}
		sent, err = s.send(ctx, tx, t, ticket.Message{
			Direction: ticket.Out, AuthorID: &actor.AccountID, AuthorName: actor.Name,
			Body: body, Delivery: ticket.Queued, At: c.At, Files: r.Files,
		})
		told.MessageID, told.To = sent.ID, t.Status
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
	if t.HolderID == nil || *t.HolderID != actor.AccountID {
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

// send freezes a message, stores it and orders its delivery.
func (s *Service) send(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, m ticket.Message) (ticket.Message, error) {
	contact, err := ticket.InsertContact(ctx, tx, t, ticket.Out, m.At)
	if err != nil {
		return ticket.Message{}, err
	}
	m.ContactID = &contact
	if m.Envelope, err = freeze(ctx, tx, *t); err != nil {
		return ticket.Message{}, err
	}
	if m, err = ticket.InsertMessage(ctx, tx, t, m); err != nil {
		return ticket.Message{}, err
	}
	for _, kind := range []sla.Kind{sla.FirstResponse, sla.NextResponse} {
		if err := sla.Stop(tx, t.ID, kind, m.At); err != nil {
			return ticket.Message{}, err
		}
	}
	return m, s.jobs.Insert(tx, jobs.DeliverReply{MessageID: m.ID})
}

// envelope is where a message goes, decided when it is sent: an address that
// changes afterwards does not redirect it, and a retry is the same mail.
type envelope struct {
	MessageID string  `json:"message_id"`   // its local part, unique and the same at every try
	Channel   string  `json:"channel"`      // the one the customer came by
	To        *string `json:"to,omitempty"` // e-mail, when one is known; the page shows it in any case
	ToName    string  `json:"to_name,omitempty"`
	Subject   string  `json:"subject"`
	BrandID   int64   `json:"brand_id"`
}

func freeze(ctx context.Context, tx *gorm.DB, t ticket.Ticket) (json.RawMessage, error) {
	e := envelope{
		MessageID: fmt.Sprintf("%s.%d", t.Protocol, t.Version),
		Channel:   t.Channel, ToName: t.CustomerName, Subject: t.Subject, BrandID: t.BrandID,
	}
	if t.CustomerID != nil {
		// An address that nobody has verified counts only when it was given with this
		// very ticket: whoever typed a stranger's document beside an own address must
		// not get the answers that the stranger asks for.
		err := tx.WithContext(ctx).Raw(`SELECT i.value FROM identities i WHERE i.customer_id = ? AND i.kind = 'email'
			AND (i.verified_at IS NOT NULL OR EXISTS (SELECT FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
				WHERE l.ticket_id = ? AND c.data->'from'->>'email' = i.value))
			ORDER BY i.verified_at IS NULL, i.id LIMIT 1`, *t.CustomerID, t.ID).Scan(&e.To).Error
		if err != nil {
			return nil, fmt.Errorf("find where to answer ticket %d: %w", t.ID, err)
		}
	}
	return json.Marshal(e)
}

// Note stores what only we see, at any status: what was learned afterwards is
// written down, too.
func (s *Service) Note(ctx context.Context, actor access.Actor, id int64, body string) (ticket.Note, ticket.Ticket, error) {
	body, err := ticket.CheckBody("body", body)
	if err != nil {
		return ticket.Note{}, ticket.Ticket{}, err
	}
	var noted ticket.Note
	var told struct {
		NoteID int64 `json:"note_id"`
	}
	c := ticket.Cause{Kind: event.TicketNoted, Data: &told, At: s.now()}
	done, err := s.act(ctx, &actor, id, c, func(tx *gorm.DB, t *ticket.Ticket) (err error) {
		noted, err = ticket.InsertNote(ctx, tx, t, ticket.Note{AuthorID: actor.AccountID, AuthorName: actor.Name, Body: body, At: c.At})
		told.NoteID = noted.ID
		return err
	})
	return noted, done, err
}
