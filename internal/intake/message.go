package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
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
	now := in.now()
	at := m.ReceivedAt
	if at.IsZero() {
		at = now
	}
	ledger, err := claimReply(ctx, tx, ticketID, m, at)
	if err != nil {
		return Receipt{}, err
	}
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
		told.MessageID, err = in.storeMessage(ctx, tx, t, m, now)
		if err != nil {
			return c, err
		}
		return c, in.goOn(tx, t, told, now)
	})
	switch {
	case err != nil:
		return Receipt{}, err
	case len(changed) == 0:
		return Receipt{}, ticket.ErrNotFound
	}
	err = tx.Exec(`UPDATE intake_ledger SET message_id = ? WHERE id = ?`, told.MessageID, ledger).Error
	if err != nil {
		return Receipt{}, fmt.Errorf("note message %d in the ledger: %w", told.MessageID, err)
	}
	return Receipt{LedgerID: ledger, TicketID: ticketID, Protocol: changed[0].Protocol, AnswerBy: changed[0].Deadline.Due}, nil
}

// claimReply writes the ledger's row, or fails with errKnown when a rival did.
func claimReply(ctx context.Context, tx *gorm.DB, ticketID int64, m channel.Inbound, at time.Time) (id int64, err error) {
	err = tx.WithContext(ctx).Raw(`
		WITH g AS (
		  INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, ticket_id, received_at, fated_at)
		  VALUES (?, ?, ?, ?, 'reply', ?, ?, now()) ON CONFLICT (source_key) DO NOTHING RETURNING id, channel, fate),
		counted AS (INSERT INTO intake_tallies (channel, fate, n) SELECT channel, fate, 1 FROM g)
		SELECT id FROM g`, m.Channel, m.SourceKey, m.BodyHash[:], m.Raw, ticketID, at).Scan(&id).Error
	switch {
	case err != nil:
		return 0, fmt.Errorf("enter a message into the ledger: %w", err)
	case id == 0:
		return 0, errKnown
	}
	return id, nil
}

func (in *Intake) storeMessage(ctx context.Context, tx *gorm.DB, t *ticket.Ticket, m channel.Inbound, now time.Time) (int64, error) {
	contact, err := ticket.InsertContact(ctx, tx, t, ticket.In, now)
	if err != nil {
		return 0, err
	}
	files := make([]ticket.File, len(m.Files))
	for i, f := range m.Files {
		files[i] = ticket.File{Blob: f.Blob, Name: f.Name, Mime: f.Mime, Size: f.Size}
	}
	name, err := calledThemselves(ctx, tx, t.ID)
	if err != nil {
		return 0, err
	}
	stored, err := ticket.InsertMessage(ctx, tx, t, ticket.Message{
		ContactID: &contact, Direction: ticket.In, AuthorName: name, Body: m.Body, At: now, Files: files,
	})
	return stored.ID, err
}

// goOn lets the clocks run that stood still while it was not our turn.
func (in *Intake) goOn(tx *gorm.DB, t *ticket.Ticket, told cameIn, now time.Time) error {
	if told.From == told.To {
		return nil
	}
	if told.From == ticket.Resolved {
		if err := sla.Reopen(tx, in.calendars, t.ID, now); err != nil {
			return err
		}
	}
	if err := sla.Resume(tx, in.calendars, t.ID, now); err != nil {
		return err
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

// submitLinked opens the ticket that continues one whose time is over: of the
// same customer, with the same team, about the same thing.
func (in *Intake) submitLinked(ctx context.Context, ticketID int64, m channel.Inbound) (Receipt, error) {
	old, err := ticket.ByID(ctx, in.db.Gorm, ticketID)
	if err != nil {
		return Receipt{}, err
	}
	from, err := in.toldWith(ctx, ticketID)
	if err != nil {
		return Receipt{}, err
	}
	m.Kind, m.Subject = string(old.Kind), old.Subject
	if m.Name, err = calledThemselves(ctx, in.db.Gorm, ticketID); err != nil {
		return Receipt{}, err
	}
	it := in.prepare(ctx, m, origin{
		follows: &old.ID, customer: old.CustomerID, team: old.TeamID, brand: old.BrandID, walled: old.Walled, from: from,
	})
	it.name, it.search = old.CustomerName, ticket.SearchText(old.CustomerName, m.Subject, m.Body)
	return in.enqueue(ctx, it)
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
func (in *Intake) toldWith(ctx context.Context, ticketID int64) (map[channel.IdentityKind]string, error) {
	var data []byte
	err := in.db.Pool.QueryRow(ctx, `SELECT c.data FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
		WHERE l.ticket_id = $1 ORDER BY c.id LIMIT 1`, ticketID).Scan(&data)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	var was told
	if err == nil {
		err = json.Unmarshal(data, &was)
	}
	if err != nil {
		return nil, fmt.Errorf("read who opened ticket %d: %w", ticketID, err)
	}
	return was.From, nil
}
