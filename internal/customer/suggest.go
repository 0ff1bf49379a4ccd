package customer

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Suggestion is another record that may be the same person. It is only ever a
// hint for somebody to look at: what was typed proves nothing.
type Suggestion struct {
	ID   int64
	Name string
	// Why is "claimed" when a ticket of this one came with an identity of the other,
	// and "name" when both have the same full name and part of an identity.
	Why    string
	Shared Identity // what they have in common; shown masked
}

// most bounds the suggestions for one customer.
const most = 5

// Suggest looks for records that may be the same person as customer id, as far as
// the asker may see: only by tickets in the scope, so that nobody learns from a
// hint who has turned to the ombudsman.
func Suggest(ctx context.Context, db *postgres.DB, who access.Actor, id int64) ([]Suggestion, error) {
	rows, err := db.Pool.Query(ctx, suggest, pgx.NamedArgs(who.Scope().Named(map[string]any{"id": id, "most": most})))
	if err != nil {
		return nil, fmt.Errorf("look for who may be customer %d: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s Suggestion, err error) {
		return s, row.Scan(&s.ID, &s.Name, &s.Why, &s.Shared.Kind, &s.Shared.Value)
	})
	if err != nil {
		return nil, fmt.Errorf("look for who may be customer %d: %w", id, err)
	}
	return found, nil
}

// suggest takes the tickets that the asker sees, of this customer and of the
// others. Claimed: what came with a ticket of one names an identity of the other.
// Named alike: the same name of two words or more, and the same last eight digits
// of a phone or the same mailbox at another provider.
const suggest = `
WITH mine AS (
  SELECT c.data->'from' AS said FROM tickets t JOIN ticket_contacts l ON l.ticket_id = t.id JOIN contacts c ON c.id = l.contact_id
  WHERE t.customer_id = @id AND ` + access.Condition + `
  ORDER BY t.id DESC LIMIT 200),
claimed AS (
  SELECT DISTINCT i.customer_id AS id, i.kind, i.value FROM mine, jsonb_each_text(coalesce(said, '{}')) f
  JOIN identities i ON i.kind = f.key AND i.value = f.value WHERE i.customer_id <> @id),
alike AS (
  SELECT o.id, y.kind, y.value FROM customers me
  JOIN customers o ON lower(o.name) = lower(me.name) AND o.id <> me.id AND o.merged_into IS NULL
  JOIN identities x ON x.customer_id = me.id
  JOIN identities y ON y.customer_id = o.id AND y.kind = x.kind
  WHERE me.id = @id AND position(' ' IN me.name) > 0
    AND (x.kind = 'phone' AND right(x.value, 8) = right(y.value, 8)
      OR x.kind = 'email' AND split_part(x.value, '@', 1) = split_part(y.value, '@', 1))),
hints AS (
  SELECT id, 'claimed' AS why, kind, value FROM claimed UNION ALL SELECT id, 'name', kind, value FROM alike)
SELECT DISTINCT ON (b.id) b.id, c.name, b.why, b.kind, b.value
FROM hints b JOIN customers c ON c.id = b.id AND c.merged_into IS NULL
WHERE NOT EXISTS (SELECT FROM customer_strangers s WHERE s.a = least(b.id, @id) AND s.b = greatest(b.id, @id))
  AND EXISTS (SELECT FROM tickets t WHERE t.customer_id = b.id AND ` + access.Condition + `)
ORDER BY b.id, b.why LIMIT @most`
