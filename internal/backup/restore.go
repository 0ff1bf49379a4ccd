package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Restore brings the backup in dir into a database that nobody uses and that
// holds nothing yet, and its files into the store. Everything is checked against
// the manifest; the tables come in one transaction, so a restore that fails
// leaves nothing behind but files, which the next try finds.
//
// Afterwards the schema is brought up to this program's. The restored desk has a
// new epoch, so whoever followed the old one starts anew and no protocol is told
// twice; and it sends nothing until a person releases it: the one it was copied
// from may still be running, or may have sent everything already.
func Restore(ctx context.Context, db *postgres.DB, files *blob.Store, dir string, progress Progress) (Manifest, error) {
	m, err := Read(dir)
	if err != nil {
		return m, err
	}
	if newest, err := postgres.Newest(); err != nil || m.Schema > newest {
		return m, errors.Join(err, ErrNewer.With("schema", m.Schema))
	}
	if err := ready(ctx, db, m.Schema); err != nil {
		return m, err
	}
	if err := m.putFiles(ctx, files, dir, progress); err != nil {
		return m, err
	}
	if err := postgres.MigrateTo(ctx, db, m.Schema); err != nil {
		return m, err
	}
	err = pgx.BeginFunc(ctx, db.Pool, func(tx pgx.Tx) error { return m.putTables(ctx, tx, dir, progress) })
	if err != nil {
		return m, fmt.Errorf("bring back the database: %w", err)
	}
	if err := postgres.Migrate(ctx, db); err != nil || m.Schema >= holdable {
		return m, err
	}
	return m, hold(ctx, db.Pool)
}

// holdable is the first schema that can keep a desk from sending. An older one
// cannot send anything, until it has been brought up to date.
const holdable = 9

// ready makes sure that nobody works on the database and that nothing would be
// lost, and clears away an empty schema of a later version than the backup's.
func ready(ctx context.Context, db *postgres.DB, schema int64) error {
	var others int
	err := db.Pool.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
		AND application_name LIKE 'escuta%' AND application_name <> 'escuta command'`).Scan(&others)
	if err != nil {
		return fmt.Errorf("look who works on the database: %w", err)
	}
	if others > 0 {
		return ErrInUse
	}
	var tables, ours int
	err = db.Pool.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE tablename = 'intake_ledger') FROM pg_tables
		WHERE schemaname = current_schema()`).Scan(&tables, &ours)
	switch {
	case err != nil:
		return fmt.Errorf("look what the database holds: %w", err)
	case tables == 0:
		return nil
	case ours == 0:
		return ErrNotEmpty // somebody else's
	}
	var used bool
	err = db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM intake_ledger) OR EXISTS (SELECT FROM tickets)
		OR EXISTS (SELECT FROM customers) OR EXISTS (SELECT FROM accounts)`).Scan(&used)
	if err != nil {
		return fmt.Errorf("look what the database holds: %w", err)
	}
	if used {
		return ErrNotEmpty
	}
	version, err := postgres.Version(ctx, db)
	if err != nil || version <= schema {
		return err
	}
	if _, err := db.Pool.Exec(ctx, `DO $$ BEGIN
		EXECUTE format('DROP SCHEMA %I CASCADE', current_schema()); EXECUTE 'CREATE SCHEMA IF NOT EXISTS public'; END $$`); err != nil {
		return fmt.Errorf("clear away the empty schema of a later version: %w", err)
	}
	return nil
}

func (m Manifest) putFiles(ctx context.Context, files *blob.Store, dir string, progress Progress) error {
	var done int64
	for _, f := range m.Files {
		damaged := ErrDamaged.With("part", filesFolder+"/"+f.SHA256)
		in, err := f.open(dir)
		if err != nil {
			return damaged.Because(err)
		}
		ref, err := files.Put(ctx, in, f.Size)
		_ = in.Close()
		if err != nil {
			return fmt.Errorf("bring back file %s: %w", f.SHA256, err)
		}
		if ref.Hash != f.SHA256 || ref.Size != f.Size {
			return damaged
		}
		done += f.Size
		progress.tell(StepFiles, done, m.Bytes())
	}
	return nil
}

func (m Manifest) putTables(ctx context.Context, tx pgx.Tx, dir string, progress Progress) error {
	if err := m.clear(ctx, tx); err != nil {
		return err
	}
	var done int64
	for _, t := range m.Tables {
		if err := t.put(ctx, tx, dir); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		done += t.Rows
		progress.tell(StepTables, done, m.Rows())
	}
	for name, last := range m.Sequences {
		if _, err := tx.Exec(ctx, `SELECT setval(to_regclass(quote_ident($1)), $2) WHERE to_regclass(quote_ident($1)) IS NOT NULL`, name, last); err != nil {
			return fmt.Errorf("set the sequence %s: %w", name, err)
		}
	}
	_, err := tx.Exec(ctx, `UPDATE event_head SET epoch = substr(replace(gen_random_uuid()::text, '-', ''), 1, 12)`)
	if err != nil {
		return fmt.Errorf("begin a new epoch: %w", err)
	}
	if m.Schema < holdable {
		return nil
	}
	return hold(ctx, tx)
}

// clear empties all tables of what the migrations sowed.
func (m Manifest) clear(ctx context.Context, tx pgx.Tx) error {
	there, err := listTables(ctx, tx)
	if err != nil {
		return err
	}
	names := make([]string, len(there))
	for i, t := range there {
		names[i] = t.identifier()
	}
	if _, err := tx.Exec(ctx, "TRUNCATE "+strings.Join(names, ", ")); err != nil {
		return fmt.Errorf("empty the tables: %w", err)
	}
	return nil
}

// put fills a table. Its triggers rest: what they once did is in the backup.
func (t Table) put(ctx context.Context, tx pgx.Tx, dir string) error {
	if _, err := tx.Exec(ctx, "ALTER TABLE "+t.identifier()+" DISABLE TRIGGER USER"); err != nil {
		return err
	}
	part, err := t.open(ctx, dir)
	if err != nil {
		return err
	}
	defer part.Close()
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, part, fmt.Sprintf("COPY %s (%s) FROM STDIN", t.identifier(), t.columnList()))
	if err != nil {
		if part.bad != nil || unreadable(err) {
			err = ErrDamaged.With("part", t.Name).Because(err)
		}
		return err
	}
	if err := part.verdict(); err != nil {
		return err
	}
	if tag.RowsAffected() != t.Rows {
		return ErrDamaged.With("part", t.Name)
	}
	_, err = tx.Exec(ctx, "ALTER TABLE "+t.identifier()+" ENABLE TRIGGER USER")
	return err
}

// unreadable tells rows that PostgreSQL cannot take from an engine that failed.
func unreadable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23"))
}

// hold keeps everything from going out until a person releases it.
func hold(ctx context.Context, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}) error {
	_, err := db.Exec(ctx, `UPDATE installation SET outgoing_held_at = now(), outgoing_held_why = 'restored'`)
	if err != nil {
		return fmt.Errorf("keep the restored desk from sending: %w", err)
	}
	return nil
}
