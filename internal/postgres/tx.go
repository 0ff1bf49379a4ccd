package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// tries bounds how often a transaction that lost a race is run.
const tries = 4

// InTx runs fn in a transaction and commits when fn returns nil.
//
// A transaction that PostgreSQL ended to let a rival go on (serialization
// failure, deadlock) did nothing, and is run again: fn may be called several
// times and must have no other effects than through tx. Anything else is
// returned as it is, also an unknown answer of COMMIT.
func (db *DB) InTx(ctx context.Context, fn func(tx *gorm.DB) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, fn)
		if err == nil || try == tries || !lostRace(err) {
			return err
		}
		// Rivals that met once meet again unless they wait for different times.
		select {
		case <-time.After(time.Duration(try) * (5*time.Millisecond + rand.N(10*time.Millisecond))):
		case <-ctx.Done():
			return err
		}
	}
}

// lastWord is how long a transaction outlives the context of whoever wanted it.
const lastWord = 5 * time.Second

// once runs fn in one transaction. Its statements end with ctx. The transaction
// itself lives a little longer: database/sql rolls back from a goroutine of its own
// the moment the context of BEGIN ends, also while fn is using the connection that
// it has borrowed for jobs, and the connection bears only one at a time.
func (db *DB) once(ctx context.Context, fn func(tx *gorm.DB) error) error {
	held, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lastWord, release) })()
	return db.Gorm.WithContext(ctx).Connection(func(session *gorm.DB) error {
		conn, err := underlying(session)
		if err != nil {
			return err
		}
		return session.WithContext(held).Transaction(func(tx *gorm.DB) error {
			// Set keeps adding to one statement; a session makes tx reusable again.
			return fn(tx.Set(connKey, conn).Session(&gorm.Session{Context: ctx}))
		})
	})
}

// connKey is where a transaction of GORM remembers the connection it runs on.
const connKey = "escuta:pgx_conn"

func underlying(session *gorm.DB) (conn *pgx.Conn, err error) {
	std, ok := session.Statement.ConnPool.(*sql.Conn)
	if !ok {
		return nil, fmt.Errorf("a GORM session on %T has no connection of its own", session.Statement.ConnPool)
	}
	err = std.Raw(func(driver any) error {
		conn = driver.(*stdlib.Conn).Conn()
		return nil
	})
	return conn, err
}

func lostRace(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// IsBusy reports whether err is a row that somebody else held for longer than
// lock_timeout.
func IsBusy(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}

// IsUnique reports whether err is the violation of the named unique constraint
// or index; an empty name means any.
func IsUnique(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505" && (constraint == "" || pg.ConstraintName == constraint)
}
