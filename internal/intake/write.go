package intake

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// write takes the items in, in one transaction and one round trip, and answers
// them when it is committed. On an error nobody has been answered.
//
// A pipeline up to its Sync is one transaction of PostgreSQL, committed there,
// and Close reads as far as the answer to that.
func (in *Intake) write(ctx context.Context, items []*item, claim string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	if err := in.reserve(ctx, in.pool, items); err != nil {
		return err
	}
	if err := in.bySegment(ctx, in.pool, items); err != nil {
		return err
	}
	g := newGroup(items, claim)
	if err := in.pool.SendBatch(ctx, &g.batch).Close(); err != nil {
		return fmt.Errorf("write a group of %d: %w", len(items), err)
	}
	for _, it := range items {
		it.answer(g.outcome(it))
	}
	return nil
}

// OpenIn takes a submission in within tx, by the statements of a group of one, for
// a caller whose own rows stand or fall with the ticket. What Submit says of
// repetitions is true here, too; nothing is accepted until tx is committed.
func (in *Intake) OpenIn(ctx context.Context, tx *gorm.DB, m channel.Inbound) (Receipt, error) {
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return Receipt{}, err
	}
	it := in.prepare(ctx, m, origin{})
	items := []*item{it}
	if err := in.reserve(ctx, borrowed, items); err != nil {
		return Receipt{}, err
	}
	if err := in.bySegment(ctx, borrowed, items); err != nil {
		return Receipt{}, err
	}
	g := newGroup(items, insertLedger)
	if err := borrowed.SendBatch(ctx, &g.batch).Close(); err != nil {
		return Receipt{}, fmt.Errorf("take something in: %w", err)
	}
	return g.outcome(it)
}

// claimed notes how many rows of the ledger the group has made its own.
func (g *group) claimed(tag pgconn.CommandTag) error {
	g.taken = tag.RowsAffected()
	return nil
}

// read notes what was there before.
func (g *group) read(rows pgx.Rows) error {
	g.found = make(map[string]found)
	var key string
	var f found
	_, err := pgx.ForEachRow(rows, []any{&key, &f.ledger, &f.hash, &f.ticket, &f.protocol, &f.answerBy}, func() error {
		g.found[key] = f
		f.hash, f.answerBy = nil, nil
		return nil
	})
	return err
}

// outcome is the answer for one item of a committed group.
func (g *group) outcome(it *item) (Receipt, error) {
	f, before := g.found[it.in.SourceKey]
	switch {
	case !before && it.origin.ledger != 0 && g.taken == 0:
		return Receipt{}, ErrSettled
	case !before:
		return it.receipt(), nil
	case !bytes.Equal(f.hash, it.in.BodyHash[:]):
		return Receipt{}, ErrReused
	}
	// A try of its own that was committed, though nobody heard, is no repetition.
	own := slices.Contains(it.tried, f.ledger)
	return Receipt{LedgerID: f.ledger, TicketID: f.ticket, Protocol: f.protocol, AnswerBy: f.answerBy, Replayed: !own}, nil
}

// receipt is the answer for an item that was taken in as it was prepared.
func (it *item) receipt() Receipt {
	return Receipt{LedgerID: it.ledger, TicketID: it.ticket, MessageID: it.message, Protocol: it.protocol, AnswerBy: it.next.Due}
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// reserve gives each item the ids and the number of this try. They are drawn
// just before they are used: tickets are listed by id as by age.
func (in *Intake) reserve(ctx context.Context, db querier, items []*item) error {
	numbers, err := in.numbers.take(ctx, len(items))
	if err != nil {
		return err
	}
	rows, err := db.Query(ctx, `
		SELECT nextval('intake_ledger_id_seq'), nextval('tickets_id_seq'), nextval('messages_id_seq'),
		       nextval('contacts_id_seq'), nextval('customers_id_seq')
		FROM generate_series(1, $1)`, len(items))
	if err != nil {
		return fmt.Errorf("reserve ids: %w", err)
	}
	i := 0
	var r reserved
	_, err = pgx.ForEachRow(rows, []any{&r.ledger, &r.ticket, &r.message, &r.contact, &r.customer}, func() error {
		r.protocol = string(numbers[i])
		if o := items[i].origin.ledger; o != 0 {
			r.ledger = o
		}
		items[i].reserved = r
		items[i].tried = append(items[i].tried, r.ledger)
		i++
		return nil
	})
	if err != nil {
		return fmt.Errorf("reserve ids: %w", err)
	}
	return nil
}
