package retention

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// outline is everything that hangs under a ticket, as the database itself knows
// it by its foreign keys: what has to go before a ticket can.
type outline struct {
	steps []step
}

// step is one statement on one table; $1 are the ids of the tickets.
type step struct {
	table string
	sql   string
	goes  bool // rows are removed, and counted; otherwise they only forget
}

// link is a foreign key of one column.
type link struct {
	child, column, parent, key string
	required                   bool
}

// root is what everything hangs under.
const root = "tickets"

// readOutline reads the foreign keys. A table of which a row names the ticket
// that it belongs to (ticket_id), or cannot be without one, goes with it; one that
// cannot be without something that goes, too. A column that may be null and points
// to a ticket from elsewhere forgets it.
func readOutline(ctx context.Context, q asker) (outline, error) {
	rows, err := q.Query(ctx, `SELECT c.relname, a.attname, p.relname, k.attname, a.attnotnull, cardinality(f.conkey)
		FROM pg_constraint f JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
		JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = f.conkey[1]
		JOIN pg_attribute k ON k.attrelid = f.confrelid AND k.attnum = f.confkey[1]
		WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace ORDER BY c.relname, a.attname`)
	if err != nil {
		return outline{}, fmt.Errorf("read what hangs under a ticket: %w", err)
	}
	var links []link
	var l link
	var columns int
	_, err = pgx.ForEachRow(rows, []any{&l.child, &l.column, &l.parent, &l.key, &l.required, &columns}, func() error {
		if columns == 1 {
			links = append(links, l)
		}
		return nil
	})
	if err != nil {
		return outline{}, fmt.Errorf("read what hangs under a ticket: %w", err)
	}
	return drawOutline(links)
}

func drawOutline(links []link) (outline, error) {
	where := map[string]string{root: "id = ANY($1)"} // by table, the rows that go
	direct := map[string][]string{}
	var forgets []step
	for _, l := range links {
		switch {
		case l.parent != root || l.child == root && l.required:
		case l.child != root && (l.required || l.column == "ticket_id"):
			direct[l.child] = append(direct[l.child], quote(l.column)+" = ANY($1)")
		default:
			forgets = append(forgets, step{table: l.child,
				sql: "UPDATE " + quote(l.child) + " SET " + quote(l.column) + " = NULL WHERE " + quote(l.column) + " = ANY($1)"})
		}
	}
	for table, conditions := range direct {
		where[table] = strings.Join(conditions, " OR ")
	}
	for grown := true; grown; {
		grown = false
		for _, l := range links {
			if _, goes := where[l.child]; goes || !l.required {
				continue
			}
			if above, goes := where[l.parent]; goes {
				where[l.child] = quote(l.column) + " IN (SELECT " + quote(l.key) + " FROM " + quote(l.parent) + " WHERE " + above + ")"
				grown = true
			}
		}
	}
	delete(where, root)
	o := outline{steps: forgets}
	for len(where) > 0 {
		var free []string // tables that no other one that is left refers to
		for table := range where {
			if !slices.ContainsFunc(links, func(l link) bool {
				_, left := where[l.child]
				return left && l.parent == table && l.child != table
			}) {
				free = append(free, table)
			}
		}
		if len(free) == 0 {
			return outline{}, fmt.Errorf("tables under a ticket refer to each other in a circle: %v", where)
		}
		slices.Sort(free)
		for _, table := range free {
			o.steps = append(o.steps, step{table: table, goes: true, sql: "DELETE FROM " + quote(table) + " WHERE " + where[table]})
			delete(where, table)
		}
	}
	return o, nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
