package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// cameIn is what the event of a customer's message tells beside the row.
type cameIn struct {
	MessageID int64         `json:"message_id"`
	From      ticket.Status `json:"from"`
	To        ticket.Status `json:"to"`
}

// errKnown ends a transaction that found its key in the ledger.
var errKnown = errors.New("the key is in the ledger already")

// SubmitMessage takes in what a customer adds to a ticket, and returns when that
// is committed. It is our turn then: a ticket that waited for the customer is
// open again, one that was resolved is reopened within the grace. After it, or
// when the ticket is closed, the message opens a ticket of its own, linked to the
// old one, and the receipt is that one's.
//
// Repetitions and reused keys are answered as by Submit.
func (in *Intake) SubmitMessage(ctx context.Context, ticketID int64, m channel.Inbound) (Receipt, error) {
	if r, known, err := in.known(ctx, m); known || err != nil {
		return r, err
	}
	var r Receipt
	err := in.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		r, err = in.addMessage(ctx, tx, ticketID, m)
		return err
	})
	switch {
	case errors.Is(err, errKnown):
		r, _, err = in.known(ctx, m)
		return r, err
	case errors.Is(err, ticket.ErrClosed):
		return in.submitLinked(ctx, ticketID, m)
	case blamesData(err):
		return Receipt{}, ErrRefused.Because(err)
	case err != nil && fault.From(err).Kind == fault.Internal && passing(err):
		return Receipt{}, ErrUnconfirmed.Because(err)
	case err != nil:
		return Receipt{}, err
	}
	in.poke.Poke()
	return r, nil
}

// addMessage does it in one transaction: the ledger first, as everywhere.
func (in *Intake) addMessage(ctx context.Context, tx *gorm.DB, ticketID int64, m channel.Inbound) (Receipt, error) {
	at := m.ReceivedAt
	if at.IsZero() {
		at = in.now()
	}
	ledger, err := in.claimReply(ctx, tx, ticketID, m, at)
	if err != nil {
		return Receipt{}, err
	}
	r, err := in.speak(ctx, tx, ticketID, m)
	if err != nil {
		return Receipt{}, err
	}
	err = tx.Exec(`UPDATE intake_ledger SET message_id = ? WHERE id = ?`, r.MessageID, ledger).Error
	if err != nil {
		return Receipt{}, fmt.Errorf("note message %d in the ledger: %w", r.MessageID, err)
	}
	r.LedgerID = ledger
	return r, nil
}

// speak adds a customer's message to a ticket. It fails with ticket.ErrClosed,
// having written nothing, when the ticket's time is over.
func (in *Intake) speak(ctx context.Context, tx *gorm.DB, ticketID int64, m channel.Inbound) (Receipt, error) {
	now := in.now()
	var told cameIn
	changed, err := ticket.ChangeAll(ctx, tx, []int64{ticketID}, func(t *ticket.Ticket) (ticket.Cause, error) {
		c := ticket.Cause{Kind: event.TicketMessageIn, Data: &told, At: now}
		told.From = t.Status
		reopened, err := t.Spoke(now)
		if err != nil {
			return c, err
		}
		told.To = t.Status
		if reopened {
			c.Kind = event.TicketReopened
		}
		told.MessageID, err = in.storeMessage(ctx, tx, t, m, false, now)
		if err != nil {
			return c, err
		}
		err = in.goOn(tx, t, told, &c, now)
		return c, err
	})
	switch {
	case err != nil:
		return Receipt{}, err
	case len(changed) == 0:
		return Receipt{}, ticket.ErrNotFound
	}
	t := changed[0]
	return Receipt{TicketID: t.ID, MessageID: told.MessageID, Protocol: t.Protocol, AnswerBy: t.Deadline.Due}, nil
}

// claimReply writes the ledger's row, or fails with errKnown when a rival did.
func (in *Intake) claimReply(ctx context.Context, tx *gorm.DB, ticketID int64, m channel.Inbound, at time.Time) (id int64, err error) {
	err = tx.WithContext(ctx).Raw(`
		WITH g AS (
		  INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, ticket_id, received_at, day, walled, fated_at)
		  VALUES (?, ?, ?, ?, 'reply', ?, ?, ?, coalesce((SELECT walled FROM tickets WHERE id = ?), false), now())
		  ON CONFLICT (source_key) DO NOTHING RETURNING id, channel, fate, walled, day),
		counted AS (INSERT INTO intake_tallies (channel, fate, walled, day, n) SELECT channel, fate, walled, day, 1 FROM g)
		SELECT id FROM g`, m.Channel, m.SourceKey, m.BodyHash[:], m.Raw, ticketID, at, in.dayOf(at), ticketID).Scan(&id).Error
	switch {
	case err != nil:
		return 0, fmt.Errorf("enter a message into the ledger: %w", err)
	case id == 0:
		return 0, errKnown
	}
	return id, nil
}

// storeMessage stores what came in for a ticket that is being changed.
func (in *Intake) storeMessage(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, m channel.Inbound, automatic bool, now time.Time) (int64, error) {
	contact, err := ticket.InsertContact(ctx, tx, t, ticket.In, now)
	if err != nil {
		return 0, err
	}
	files := make([]ticket.File, len(m.Files))
	for i, f := range m.Files {
		files[i] = ticket.File{Blob: f.Blob, Name: f.Name, Mime: f.Mime, Size: f.Size, ContentID: f.ContentID}
	}
	name := m.Name
	if name == "" {
		name = m.Email
	}
	if name == "" {
		if name, err = calledThemselves(ctx, tx, t.ID); err != nil {
			return 0, err
		}
	}
	stored, err := ticket.InsertMessage(ctx, tx, t, ticket.Message{
		ContactID: &contact, Direction: ticket.In, AuthorName: name, Body: m.Body, HTML: m.HTML, Folded: m.Folded,
		Origin: m.Origin, Automatic: automatic, At: now, Files: files,
	})
	return stored.ID, err
}

// goOn lets the clocks run that stood still while it was not our turn.
func (in *Intake) goOn(tx *gorm.DB, t *ticket.Ticket, told cameIn, c *ticket.Cause, now time.Time) error {
	if told.From == told.To {
		return nil
	}
	if told.From == ticket.Resolved {
		if err := sla.Reopen(tx, in.calendars, t.ID, now); err != nil {
			return err
		}
	}
	moved, err := sla.Resume(tx, in.calendars, t.ID, now)
	if err != nil {
		return err
	}
	if len(moved) > 0 {
		c.Deadlines = moved
	}
	if told.From == ticket.WaitingCustomer || told.From == ticket.Resolved {
		d := sla.Demand{Channel: t.Channel, Kind: string(t.Kind), Priority: t.Priority, Team: t.TeamID, Walled: t.Walled}
		if t.CustomerID != nil && in.planner.AskSegments() {
			if err := tx.Raw("SELECT coalesce(segment, '') FROM customers WHERE id = ?", *t.CustomerID).Scan(&d.Segment).Error; err != nil {
				return fmt.Errorf("read the segment of customer %d: %w", *t.CustomerID, err)
			}
		}
		if err := sla.Start(tx, t.ID, in.planner.PlanNext(d, now)); err != nil {
			return err
		}
	}
	current, err := sla.Current(tx, t.ID)
	t.Deadline = ticket.Deadline(current)
	return err
}

// known looks the key up in the ledger.
func (in *Intake) known(ctx context.Context, m channel.Inbound) (r Receipt, known bool, err error) {
	rows, err := in.pool.Query(ctx, selectFound, []string{m.SourceKey}, []int64{0})
	if err != nil {
		return Receipt{}, false, fmt.Errorf("look a key up in the ledger: %w", err)
	}
	var g group
	if err := g.read(rows); err != nil {
		return Receipt{}, false, fmt.Errorf("look a key up in the ledger: %w", err)
	}
	if len(g.found) == 0 {
		return Receipt{}, false, nil
	}
	r, err = g.outcome(&item{in: m})
	return r, true, err
}

// submitLinked opens the ticket that continues one whose time is over.
func (in *Intake) submitLinked(ctx context.Context, ticketID int64, m channel.Inbound) (Receipt, error) {
	it, err := in.prepareLinked(ctx, in.db.Gorm, ticketID, m, 0)
	if err != nil {
		return Receipt{}, err
	}
	return in.enqueue(ctx, it)
}

// openLinked does the same for a row of the ledger within tx.
func (in *Intake) openLinked(ctx context.Context, tx *gorm.DB, ticketID int64, m channel.Inbound, ledger int64, reason string) (Receipt, error) {
	it, err := in.prepareLinked(ctx, tx, ticketID, m, ledger)
	if err != nil {
		return Receipt{}, err
	}
	it.reason = reason
	return in.writeIn(ctx, tx, it)
}

// prepareLinked makes a continuation: of the same customer, with the same team,
// about the same thing.
func (in *Intake) prepareLinked(ctx context.Context, db *gorm.DB, ticketID int64, m channel.Inbound, ledger int64) (*item, error) {
	old, err := ticket.ByID(ctx, db, ticketID)
	if err != nil {
		return nil, err
	}
	from, err := toldWith(ctx, db, ticketID)
	if err != nil {
		return nil, err
	}
	m.Kind, m.Subject = string(old.Kind), old.Subject
	if m.Name == "" {
		if m.Name, err = calledThemselves(ctx, db, ticketID); err != nil {
			return nil, err
		}
	}
	it := in.prepare(ctx, m, origin{
		ledger: ledger, follows: &old.ID, customer: old.CustomerID, team: old.TeamID, brand: old.BrandID, walled: old.Walled, from: from,
	})
	it.name, it.search = old.CustomerName, ticket.SearchText(old.CustomerName, m.Subject, m.Body)
	return it, nil
}

// calledThemselves is the name that was given when the ticket was opened. What
// the customer reads carries it, and never the name in the customer's record:
// whoever knows no more than somebody's e-mail or CPF can open a ticket with it,
// and would be told who that is.
func calledThemselves(ctx context.Context, db *gorm.DB, ticketID int64) (name string, err error) {
	err = db.WithContext(ctx).Raw("SELECT author_name FROM messages WHERE ticket_id = ? AND direction = 'in' ORDER BY id LIMIT 1",
		ticketID).Scan(&name).Error
	if err != nil {
		return "", fmt.Errorf("read who wrote first in ticket %d: %w", ticketID, err)
	}
	return name, nil
}

// toldWith is who the opener of a ticket said to be.
func toldWith(ctx context.Context, db *gorm.DB, ticketID int64) (map[channel.IdentityKind]string, error) {
	var data string
	err := db.WithContext(ctx).Raw(`SELECT c.data FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
		WHERE l.ticket_id = ? ORDER BY c.id LIMIT 1`, ticketID).Scan(&data).Error
	var was told
	if err == nil && data != "" {
		err = json.Unmarshal([]byte(data), &was)
	}
	if err != nil {
		return nil, fmt.Errorf("read who opened ticket %d: %w", ticketID, err)
	}
	return was.From, nil
}
