package intake

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// usualKind is what an arrival asks for that does not say.
const usualKind = "solicitacao"

// settleLedger gives a row that waits its fate, and moves it in the accounts. It
// goes behind the wall when it was meant for the ombudsman or its ticket is there.
const settleLedger = `
WITH old AS (
  SELECT id, channel, fate, day, walled AS was, walled OR $6 OR coalesce((SELECT t.walled FROM tickets t WHERE t.id = $4), false) AS walled
  FROM intake_ledger WHERE id = $1 AND fate IN ('pending', 'quarantined') FOR UPDATE),
counted AS (
  INSERT INTO intake_tallies (channel, fate, walled, day, n)
  SELECT channel, fate, was, day, -1 FROM old UNION ALL SELECT channel, $2, walled, day, 1 FROM old)
UPDATE intake_ledger g SET fate = $2, reason = $3, ticket_id = $4, message_id = $5, walled = old.walled, fated_at = now()
FROM old WHERE g.id = old.id`

// settleOne decides about one arrival and does what was decided, all in tx. A row
// that somebody else has settled is left alone. One that is held is waited for:
// whoever only looks for work locks rows in passing, also those that turn out to
// be taken, and skipping such a one would leave it alone for a whole lease.
func (in *Intake) settleOne(ctx context.Context, tx *gorm.DB, s Stored, reading Reading) (r Receipt, err error) {
	var mine int
	err = tx.WithContext(ctx).Raw(`SELECT 1 FROM intake_ledger WHERE id = ? AND fate IN ('pending', 'quarantined') FOR UPDATE`,
		s.LedgerID).Scan(&mine).Error
	switch {
	case err != nil:
		return Receipt{}, fmt.Errorf("hold row %d of the ledger: %w", s.LedgerID, err)
	case mine == 0:
		return Receipt{}, ErrSettled
	}
	var v Verdict
	err = guarded(func() (err error) {
		v, err = reading.Decide(ctx, tx)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	if r, err = in.carryOut(ctx, tx, s, v); err != nil {
		return Receipt{}, err
	}
	if v.Settled == nil {
		return r, nil
	}
	return r, guarded(func() error { return v.Settled(ctx, tx, r) })
}

// carryOut gives the arrival the fate it was meant to have.
func (in *Intake) carryOut(ctx context.Context, tx *gorm.DB, s Stored, v Verdict) (r Receipt, err error) {
	m := v.Inbound
	m.SourceKey, m.BodyHash, m.Raw, m.ReceivedAt = s.SourceKey, s.BodyHash, nil, s.ReceivedAt
	if m.Channel == "" {
		m.Channel = s.Channel
	}
	if m.Kind == "" {
		m.Kind = usualKind
	}
	r = Receipt{LedgerID: s.LedgerID}
	switch {
	case v.Fate == FateTicket:
		return in.openIn(ctx, tx, m, origin{ledger: s.LedgerID}, v.Reason)
	case v.Fate == FateReply:
		r, err = in.speak(ctx, tx, v.TicketID, m)
		if errors.Is(err, ticket.ErrClosed) {
			return in.openLinked(ctx, tx, v.TicketID, m, s.LedgerID, v.Reason)
		}
	case v.Fate == FateAutomatic && v.TicketID != 0 && !v.Apart:
		r, err = in.noteAutomatic(ctx, tx, v.TicketID, m)
	case v.Fate == FateAutomatic, v.Fate == FateDuplicate, v.Fate == FateQuarantined, v.Fate == FateDiscarded:
		r.TicketID = v.TicketID
	default:
		err = fmt.Errorf("a digester of %s cannot decide for %q", s.Channel, v.Fate)
	}
	if err != nil {
		return Receipt{}, err
	}
	r.LedgerID = s.LedgerID
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := borrowed.Exec(ctx, settleLedger, s.LedgerID, v.Fate, v.Reason, idOrNull(r.TicketID), idOrNull(r.MessageID), m.Channel == channel.Ombudsman); err != nil {
		return Receipt{}, fmt.Errorf("settle row %d of the ledger: %w", s.LedgerID, err)
	}
	return r, nil
}

// openIn opens a ticket for a row of the ledger within tx, by the statements of
// a group of one.
func (in *Intake) openIn(ctx context.Context, tx *gorm.DB, m channel.Inbound, o origin, reason string) (Receipt, error) {
	it := in.prepare(ctx, m, o)
	it.reason = reason
	return in.writeIn(ctx, tx, it)
}

// writeIn writes an item within tx, where write makes a transaction of a group.
func (in *Intake) writeIn(ctx context.Context, tx *gorm.DB, it *item) (Receipt, error) {
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return Receipt{}, err
	}
	items := []*item{it}
	if err := in.reserve(ctx, borrowed, items); err != nil {
		return Receipt{}, err
	}
	if err := in.bySegment(ctx, borrowed, items); err != nil {
		return Receipt{}, err
	}
	g := newGroup(items, digestLedger)
	if err := borrowed.SendBatch(ctx, &g.batch).Close(); err != nil {
		return Receipt{}, fmt.Errorf("open a ticket for row %d of the ledger: %w", it.origin.ledger, err)
	}
	if g.taken != 1 {
		return Receipt{}, ErrSettled
	}
	return it.receipt(), nil
}

// noteAutomatic stores what a machine sent with the ticket it is about. Nobody
// spoke: status, clocks and what the customer sees stay as they are.
func (in *Intake) noteAutomatic(ctx context.Context, tx *gorm.DB, ticketID int64, m channel.Inbound) (Receipt, error) {
	now := in.now()
	var told struct {
		MessageID int64 `json:"message_id"`
	}
	t, err := ticket.Change(ctx, tx, ticketID, ticket.Cause{Kind: event.TicketAutomatic, Data: &told, At: now}, func(t *ticket.Ticket) (err error) {
		told.MessageID, err = in.storeMessage(ctx, tx, t, m, true, now)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	return Receipt{TicketID: t.ID, MessageID: told.MessageID, Protocol: t.Protocol, AnswerBy: t.Deadline.Due}, nil
}

func idOrNull(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}
