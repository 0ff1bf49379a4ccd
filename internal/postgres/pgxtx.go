package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
)

// PgxTx gives the transaction that InTx opened as pgx sees it, for River's
// InsertTx, COPY and batches. It is valid as long as tx is, and neither commits
// nor rolls back: that stays with InTx.
func PgxTx(tx *gorm.DB) (pgx.Tx, error) {
	v, ok := tx.Get(connKey)
	if !ok {
		return nil, errors.New("this GORM handle is no transaction of InTx")
	}
	return borrowedTx{conn: v.(*pgx.Conn)}, nil
}

var errBorrowed = errors.New("the transaction belongs to InTx, which alone may end it")

// borrowedTx is a transaction that somebody else ends.
type borrowedTx struct{ conn *pgx.Conn }

func (t borrowedTx) Commit(context.Context) error   { return errBorrowed }
func (t borrowedTx) Rollback(context.Context) error { return errBorrowed }

// Begin sets a savepoint. Savepoints of one name stack up, and each command
// means the innermost, so one name is enough for any depth.
func (t borrowedTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if _, err := t.conn.Exec(ctx, "SAVEPOINT borrowed"); err != nil {
		return nil, fmt.Errorf("set a savepoint: %w", err)
	}
	return &savepoint{borrowedTx: t}, nil
}

func (t borrowedTx) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error) {
	return t.conn.CopyFrom(ctx, table, columns, rows)
}

func (t borrowedTx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	return t.conn.SendBatch(ctx, b)
}

func (t borrowedTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (t borrowedTx) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	return t.conn.Prepare(ctx, name, sql)
}

func (t borrowedTx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return t.conn.Exec(ctx, sql, args...)
}

func (t borrowedTx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return t.conn.Query(ctx, sql, args...)
}

func (t borrowedTx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return t.conn.QueryRow(ctx, sql, args...)
}

func (t borrowedTx) Conn() *pgx.Conn { return t.conn }

// savepoint is a part of a borrowed transaction, which may be ended by whoever began it.
type savepoint struct {
	borrowedTx
	ended bool
}

func (s *savepoint) Commit(ctx context.Context) error {
	if s.ended {
		return pgx.ErrTxClosed
	}
	s.ended = true
	_, err := s.conn.Exec(ctx, "RELEASE SAVEPOINT borrowed")
	return err
}

// Rollback after Commit answers ErrTxClosed, as pgx does, so that a deferred
// Rollback does not undo the savepoint around it.
func (s *savepoint) Rollback(ctx context.Context) error {
	if s.ended {
		return pgx.ErrTxClosed
	}
	s.ended = true
	_, err := s.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT borrowed; RELEASE SAVEPOINT borrowed")
	return err
}
