package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Tables that are not taken along: what the migrations keep for themselves.
var bookkeeping = []string{"goose_db_version", "river_migration"}

// listTables lists the tables of the schema with their columns, each after those
// it refers to, so that they can be filled in this order. Unlogged tables hold
// nothing that outlives a crash, and generated columns are not stored twice.
func listTables(ctx context.Context, tx pgx.Tx) ([]Table, error) {
	rows, err := tx.Query(ctx, `
		SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relpersistence = 'p'
		  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> ALL ($1)
		GROUP BY c.relname ORDER BY c.relname`, bookkeeping)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Table, err error) {
		return t, row.Scan(&t.Name, &t.Columns)
	})
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	rows, err = tx.Query(ctx, `SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
		WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid <> confrelid`)
	if err != nil {
		return nil, fmt.Errorf("list what tables refer to: %w", err)
	}
	needs := map[string][]string{}
	var from, to string
	_, err = pgx.ForEachRow(rows, []any{&from, &to}, func() error {
		needs[from] = append(needs[from], to)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list what tables refer to: %w", err)
	}
	return inOrder(tables, needs)
}

// inOrder puts each table after those it needs. Tables that need each other in a
// circle cannot be filled one after the other, and are an error of the schema.
func inOrder(tables []Table, needs map[string][]string) ([]Table, error) {
	ordered := make([]Table, 0, len(tables))
	placed := map[string]bool{}
	for len(ordered) < len(tables) {
		before := len(ordered)
		for _, t := range tables {
			ready := !placed[t.Name] && !slices.ContainsFunc(needs[t.Name], func(n string) bool { return !placed[n] })
			if ready {
				placed[t.Name] = true
				ordered = append(ordered, t)
			}
		}
		if len(ordered) == before {
			var stuck []string
			for _, t := range tables {
				if !placed[t.Name] {
					stuck = append(stuck, t.Name)
				}
			}
			return nil, fmt.Errorf("these tables refer to each other in a circle: %s", strings.Join(stuck, ", "))
		}
	}
	return ordered, nil
}

// columnList is a table's columns as COPY wants them.
func (t Table) columnList() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

func (t Table) identifier() string { return pgx.Identifier{t.Name}.Sanitize() }

// readSequences reads where the sequences stand. They are ahead of any snapshot
// that was taken before, which is right: a number may be left out, not used again.
func readSequences(ctx context.Context, tx pgx.Tx) (map[string]int64, error) {
	rows, err := tx.Query(ctx, `SELECT sequencename::text, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = current_schema()`)
	if err != nil {
		return nil, fmt.Errorf("read the sequences: %w", err)
	}
	all := map[string]int64{}
	var name string
	var last int64
	_, err = pgx.ForEachRow(rows, []any{&name, &last}, func() error {
		if last > 0 {
			all[name] = last
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the sequences: %w", err)
	}
	return all, nil
}

// blobColumns are the columns that name stored files, by the rule that all of
// them follow: text, called blob or ending in _blob.
func blobColumns(tables []Table) map[string][]string {
	found := map[string][]string{}
	for _, t := range tables {
		for _, c := range t.Columns {
			if c == "blob" || strings.HasSuffix(c, "_blob") {
				found[t.Name] = append(found[t.Name], c)
			}
		}
	}
	return found
}
