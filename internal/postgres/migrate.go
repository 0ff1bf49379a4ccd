package postgres

import (
	"context"
	"fmt"

	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/escuta-sac/escuta/migrations"
)

// migrationLock is the key of the advisory lock under which one node at a time migrates.
const migrationLock = 0x45_53_43_55_54_41 // "ESCUTA"

// Migrate brings the schema up to date: River's tables, then ours. Nodes that
// start together wait for the first, and find nothing left to do. The lock is
// a session's, so a node that dies while it migrates lets go of it.
func Migrate(ctx context.Context, db *DB) error {
	return migrate(ctx, db, func(ours *goose.Provider) error { _, err := ours.Up(ctx); return err })
}

// MigrateTo does the same, up to the migration of this number and no further:
// a backup goes into the schema that it was taken from.
func MigrateTo(ctx context.Context, db *DB, version int64) error {
	return migrate(ctx, db, func(ours *goose.Provider) error { _, err := ours.UpTo(ctx, version); return err })
}

func migrate(ctx context.Context, db *DB, up func(*goose.Provider) error) error {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("reach the database to migrate it: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return fmt.Errorf("wait for the migration lock: %w", err)
	}
	// A lock must not go back into the pool with its connection, whatever ctx says by now.
	defer func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", int64(migrationLock))
	}()

	jobs, err := rivermigrate.New(riverpgxv5.New(db.Pool), nil)
	if err != nil {
		return fmt.Errorf("prepare the migrations of River: %w", err)
	}
	if _, err := jobs.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the tables of River: %w", err)
	}
	ours, err := provider(db)
	if err != nil {
		return err
	}
	if err := up(ours); err != nil {
		return fmt.Errorf("migrate the schema: %w", err)
	}
	return nil
}

// Version is the number of the last migration that this database has seen, 0
// for none.
func Version(ctx context.Context, db *DB) (int64, error) {
	ours, err := provider(db)
	if err != nil {
		return 0, err
	}
	version, err := ours.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the version of the schema: %w", err)
	}
	return version, nil
}

// Newest is the number of the last migration that this program knows.
func Newest() (newest int64, err error) {
	files, err := migrations.FS.ReadDir(".")
	if err != nil {
		return 0, fmt.Errorf("read the embedded migrations: %w", err)
	}
	for _, f := range files {
		n, err := goose.NumericComponent(f.Name())
		if err != nil {
			return 0, fmt.Errorf("read the number of a migration: %w", err)
		}
		newest = max(newest, n)
	}
	return newest, nil
}

// Pending counts our migrations that this database has not seen yet.
func Pending(ctx context.Context, db *DB) (int, error) {
	ours, err := provider(db)
	if err != nil {
		return 0, err
	}
	all, err := ours.Status(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the state of the migrations: %w", err)
	}
	n := 0
	for _, m := range all {
		if m.State == goose.StatePending {
			n++
		}
	}
	return n, nil
}

func provider(db *DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(goose.DialectPostgres, db.sql, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the embedded migrations: %w", err)
	}
	return p, nil
}
