package intake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// bySegment plans the items anew whose customers are known to be of a segment,
// when a rule of deadlines asks for one: an installation without such a rule pays
// nothing. Nothing is locked: a customer who is given another segment in the
// moment between this and the commit has a ticket planned by the one before, until
// the ticket is planned anew.
func (in *Intake) bySegment(ctx context.Context, db querier, items []*item) error {
	if !in.planner.AskSegments() {
		return nil
	}
	rows, err := db.Query(ctx, `
		SELECT u.n, c.segment
		FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY u(customer, kind, value, n)
		LEFT JOIN identities i ON i.kind = u.kind AND i.value = u.value
		JOIN customers c ON c.id = coalesce(u.customer, i.customer_id)
		WHERE c.segment IS NOT NULL`,
		column(items, func(it *item) *int64 { return it.origin.customer }),
		column(items, func(it *item) string { return string(it.main().Kind) }),
		column(items, func(it *item) string { return it.main().Value }))
	if err != nil {
		return fmt.Errorf("look for the segments of customers: %w", err)
	}
	var n int
	var segment string
	_, err = pgx.ForEachRow(rows, []any{&n, &segment}, func() error {
		items[n-1].plan(in.planner, segment)
		return nil
	})
	if err != nil {
		return fmt.Errorf("look for the segments of customers: %w", err)
	}
	return nil
}
