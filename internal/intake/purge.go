package intake

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// ErrWaiting is an entry that is to be erased before it has a fate.
var ErrWaiting = fault.New(fault.Conflict, "ledger_waiting")

// Purge erases what the entries hold of people: raw source, envelope, and what
// was said about them. The rows stay, and with them their keys and their places
// in the accounts, so that what is brought again is known and not taken in. The
// blobs of large sources are swept when nobody refers to them any more. What
// still waits for its fate fails with ErrWaiting, and nothing is erased.
func (in *Intake) Purge(ctx context.Context, tx *gorm.DB, ids ...int64) error {
	if err := settledAll(ctx, tx, ids); err != nil {
		return err
	}
	err := tx.WithContext(ctx).Exec(`UPDATE intake_ledger SET raw = NULL, raw_blob = NULL, envelope = NULL, remark = '', purged_at = now()
		WHERE id IN ?`, ids).Error
	if err != nil {
		return fmt.Errorf("purge %d entries of the ledger: %w", len(ids), err)
	}
	return nil
}

// Remove takes the entries out of the ledger for good. What is left of each is
// a hash of its key, which nobody reads without the installation's secret, and
// its place in the accounts: when it is brought again, it is acknowledged and not
// taken in. What the web brings is not brought again by anybody, and a key that
// is used anew after this opens a ticket.
func (in *Intake) Remove(ctx context.Context, tx *gorm.DB, ids ...int64) error {
	if err := settledAll(ctx, tx, ids); err != nil {
		return err
	}
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return err
	}
	rows, err := borrowed.Query(ctx, `DELETE FROM intake_ledger WHERE id = ANY($1::bigint[])
		RETURNING source_key, channel, fate, walled, day`, ids)
	if err != nil {
		return fmt.Errorf("remove %d entries of the ledger: %w", len(ids), err)
	}
	type gone struct {
		key, channel, fate string
		walled             bool
		day                pgtype.Date
	}
	var all []gone
	var g gone
	_, err = pgx.ForEachRow(rows, []any{&g.key, &g.channel, &g.fate, &g.walled, &g.day}, func() error {
		all = append(all, g)
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove %d entries of the ledger: %w", len(ids), err)
	}
	_, err = borrowed.Exec(ctx, `INSERT INTO intake_tombstones (key_hash, channel, fate, walled, day)
		SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::boolean[], $5::date[])`,
		column(all, func(g gone) []byte { return in.stone(g.key) }),
		column(all, func(g gone) string { return g.channel }),
		column(all, func(g gone) string { return g.fate }),
		column(all, func(g gone) bool { return g.walled }),
		column(all, func(g gone) pgtype.Date { return g.day }))
	if err != nil {
		return fmt.Errorf("bury %d entries of the ledger: %w", len(all), err)
	}
	return nil
}

// settledAll holds the entries and makes sure that each has its fate.
func settledAll(ctx context.Context, tx *gorm.DB, ids []int64) error {
	var fates []Fate
	err := tx.WithContext(ctx).Raw(`SELECT fate FROM intake_ledger WHERE id IN ? ORDER BY id FOR UPDATE`, ids).Scan(&fates).Error
	if err != nil {
		return fmt.Errorf("hold %d entries of the ledger: %w", len(ids), err)
	}
	for _, fate := range fates {
		if fate == FatePending || fate == FateQuarantined {
			return ErrWaiting
		}
	}
	return nil
}
