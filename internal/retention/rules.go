package retention

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Rule says how long something has to be kept, by which norm, and how sure that
// is. An empty condition is for all.
type Rule struct {
	ID        int64
	Key       string // its name for programs
	Name      string
	Subject   Subject
	Since     Since
	Term      Term
	RegimeID  *int64 // of tickets that have a deadline of it
	Channels  []string
	Kinds     []string
	Walled    *bool // which side of the ombudsman's wall; nil for both
	LegalRef  string
	Evidence  string // as of a regime of deadlines: own, read, secondary, unconfirmed
	Source    string
	Note      string
	Active    bool
	Version   int
	UpdatedAt time.Time
	UpdatedBy *int64
}

// Settings are whether anything is purged at all, and by whose word.
type Settings struct {
	Purging    bool
	Revision   int64 // another one with every change of the rules
	SwitchedBy *int64
	SwitchedAt *time.Time
}

// asker is a pool, or a transaction of InTx.
type asker interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Rules are all rules, in order, switched on or off.
func (s *Service) Rules(ctx context.Context) ([]Rule, error) { return readRules(ctx, s.DB.Pool) }

// Settings tells whether purging is switched on.
func (s *Service) Settings(ctx context.Context) (Settings, error) {
	return readSettings(ctx, s.DB.Pool, "")
}

func readRules(ctx context.Context, q asker) ([]Rule, error) {
	rows, err := q.Query(ctx, `SELECT id, key, name, subject, since, amount, unit, regime_id, channels, kinds, walled, legal_ref,
		evidence, source, note, active, version, updated_at, updated_by FROM retention_rules ORDER BY position, id`)
	if err != nil {
		return nil, fmt.Errorf("read the rules of retention: %w", err)
	}
	rules, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Rule, err error) {
		return r, row.Scan(&r.ID, &r.Key, &r.Name, &r.Subject, &r.Since, &r.Term.Amount, &r.Term.Unit, &r.RegimeID, &r.Channels, &r.Kinds,
			&r.Walled, &r.LegalRef, &r.Evidence, &r.Source, &r.Note, &r.Active, &r.Version, &r.UpdatedAt, &r.UpdatedBy)
	})
	if err != nil {
		return nil, fmt.Errorf("read the rules of retention: %w", err)
	}
	return rules, nil
}

// readSettings reads them and, with a lock, keeps them from changing until the
// transaction ends.
func readSettings(ctx context.Context, q asker, lock string) (is Settings, err error) {
	err = q.QueryRow(ctx, "SELECT purging, revision, switched_by, switched_at FROM retention_settings "+lock).
		Scan(&is.Purging, &is.Revision, &is.SwitchedBy, &is.SwitchedAt)
	if err != nil {
		return is, fmt.Errorf("read whether anything is purged: %w", err)
	}
	return is, nil
}
