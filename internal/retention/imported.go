package retention

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
)

// An import's file is a copy of what its rows became, each with a source of its
// own. It goes with its name and its errors, which quote it; a hold on anything
// that it brought keeps it as it came.

// importsOver are imports that have ended, or that were never begun.
const importsOver = `SELECT i.id FROM imports i WHERE i.state NOT IN ('queued', 'running')
	AND coalesce(i.finished_at, i.created_at) < $1 AND i.id > $2 ORDER BY i.id LIMIT $3`

// importHeld says in SQL whether an import i brought something that is held.
const importHeld = `EXISTS (SELECT FROM retention_holds h JOIN tickets t ON t.id = h.ticket_id OR t.merged_into = h.ticket_id
	    OR t.customer_id IN (WITH RECURSIVE became (id) AS (SELECT h.customer_id UNION SELECT c.merged_into FROM became b JOIN customers c ON c.id = b.id AND c.merged_into IS NOT NULL)
	      SELECT id FROM became)
	  JOIN intake_ledger g ON g.ticket_id = t.id
	  WHERE h.lifted_at IS NULL AND CAST(g.envelope->>'import' AS bigint) = i.id)`

// brought is an import as far as retention is concerned.
type brought struct {
	facts facts
	blob  string
	held  bool
}

func readImport(ctx context.Context, q asker, id int64, lock string) (b brought, err error) {
	err = q.QueryRow(ctx, `SELECT i.target = 'ombudsman', coalesce(i.finished_at, i.created_at), i.blob, `+importHeld+`
		FROM imports i WHERE i.id = $1 AND i.state NOT IN ('queued', 'running') `+lock, id).Scan(&b.facts.Walled, &b.facts.Opened, &b.blob, &b.held)
	if errors.Is(err, pgx.ErrNoRows) {
		return brought{}, nil
	}
	if err != nil {
		return brought{}, fmt.Errorf("read import %d: %w", id, err)
	}
	return b, nil
}

// over reports whether the file's time is over, and what keeps it until when.
func (b brought) over(rules []Rule, s *Service) (all []Kept, over bool) {
	all = keeps(rules, Import, b.facts, s.Zone)
	until := last(all)
	return all, !b.facts.Opened.IsZero() && !b.held && until != nil && until.Before(brazil.DateOf(s.Now(), s.Zone))
}

func (s *Service) purgeImport(ctx context.Context, run, id int64) (done bool, err error) {
	err = s.item(ctx, func(tx *gorm.DB, q asker, rules []Rule) error {
		b, err := readImport(ctx, q, id, "FOR UPDATE OF i SKIP LOCKED")
		if err != nil {
			return err
		}
		all, over := b.over(rules, s)
		if !over {
			return nil
		}
		rows := map[string]int{}
		for _, st := range [][2]string{
			{"import_errors", "DELETE FROM import_errors WHERE import_id = ANY($1)"},
			{"imports", "DELETE FROM imports WHERE id = ANY($1)"},
		} {
			if err := away(ctx, q, st[0], st[1], []int64{id}, rows); err != nil {
				return err
			}
		}
		done = true
		return s.prove(ctx, q, chainOf(access.Audience{Walled: b.facts.Walled}), Removal{Run: run, Subject: Import, Opened: &b.facts.Opened,
			Kept: last(all).String(), Rules: applied(all), Rows: rows, Blobs: []string{b.blob}})
	})
	return done && err == nil, err
}

func (s *Service) walkImports(ctx context.Context, run int64) error {
	for after := int64(0); ; {
		found, err := ids(ctx, s.DB.Pool, importsOver, s.Now(), after, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		after = found[len(found)-1]
		if err := s.each(ctx, run, found, s.purgeImport); err != nil {
			return err
		}
	}
}

func (s *Service) countImports(ctx context.Context, q asker, actor access.Actor, rules []Rule) (n int, err error) {
	for after := int64(0); actor.Scope().AllTeams || actor.Scope().Walled; {
		found, err := ids(ctx, q, importsOver, s.Now(), after, 1000)
		if err != nil || len(found) == 0 {
			return n, err
		}
		after = found[len(found)-1]
		for _, id := range found {
			b, err := readImport(ctx, q, id, "")
			if err != nil {
				return n, err
			}
			if _, over := b.over(rules, s); over && actor.MaySee(access.Audience{Walled: b.facts.Walled}) {
				n++
			}
		}
	}
	return 0, nil
}
