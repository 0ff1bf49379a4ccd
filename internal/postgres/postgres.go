// Package postgres opens the database: one pool that GORM, River and plain pgx
// share, transactions that are tried again when they lost a race, and the
// migrations. Every time that comes out of it is in UTC.
package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	gormpg "gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options shapes a pool. The zero value suits the main pool of a small machine.
type Options struct {
	// MaxConns bounds the connections; 0 means 16.
	MaxConns int
	// Params are settings for each of its sessions, such as enable_seqscan=off
	// for a pool whose plans are pinned to indexes, or statement_timeout.
	Params map[string]string
	// Name tells the pools apart in pg_stat_activity; empty means "escuta".
	Name string
	// Log gets GORM's warnings; nil discards them.
	Log *slog.Logger
	// Server marks a server's pool, whose transactions wait for nothing but their
	// next statement. A node that stands still in the middle of one, as a frozen
	// machine does, holds its rows for all others: PostgreSQL ends it after letGo.
	Server bool
}

const letGo = "10s"

// DB is one pool seen two ways. Both draw from the same connections.
type DB struct {
	Pool *pgxpool.Pool
	Gorm *gorm.DB

	sql *sql.DB
}

// Open connects and checks that the server answers.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The parser's own text repeats the URL; it hides the password only where it recognised one.
		return nil, fmt.Errorf("the database URL cannot be read")
	}
	cfg.MaxConns = 16
	if o.MaxConns > 0 {
		cfg.MaxConns = int32(min(o.MaxConns, 1000))
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	new(trust).attach(cfg)
	cfg.ConnConfig.ConnectTimeout = 5 * time.Second
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = "escuta"
	if o.Name != "" {
		params["application_name"] = o.Name
	}
	if o.Server {
		params["idle_in_transaction_session_timeout"] = letGo
	}
	maps.Copy(params, o.Params)
	params["timezone"] = "UTC"
	cfg.AfterConnect = inUTC

	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open the database pool: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach the database: %w", err)
	}
	db := &DB{Pool: pool, sql: stdlib.OpenDBFromPool(pool)}
	db.Gorm, err = gorm.Open(gormpg.New(gormpg.Config{Conn: db.sql}), &gorm.Config{
		SkipDefaultTransaction: true, // what must be together says so by InTx
		NowFunc:                func() time.Time { return time.Now().UTC() },
		Logger:                 gormLogger(o.Log),
		// A translated error has lost the constraint's name, which says what went wrong.
		TranslateError: false,
	})
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("open GORM: %w", err)
	}
	return db, nil
}

// Close waits until the connections in use have come back, and closes them all.
func (db *DB) Close() {
	_ = db.sql.Close() // holds no connections of its own
	db.Pool.Close()
}

// inUTC makes timestamptz arrive in UTC; pgx hands it out in the machine's zone.
func inUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID,
		Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// gormLogger lets GORM speak of slow statements, which it alone can see.
func gormLogger(log *slog.Logger) logger.Interface {
	if log == nil {
		return logger.Discard
	}
	return slowOnly{logger.NewSlogLogger(log, logger.Config{
		LogLevel:             logger.Warn,
		SlowThreshold:        200 * time.Millisecond,
		ParameterizedQueries: true, // values are people's data
	})}
}

// slowOnly keeps GORM from logging errors: they are returned, and logged once
// at the edge, where it is known which of them are no trouble at all.
type slowOnly struct{ logger.Interface }

func (l slowOnly) LogMode(level logger.LogLevel) logger.Interface {
	return slowOnly{l.Interface.LogMode(level)}
}

func (l slowOnly) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), _ error) {
	l.Interface.Trace(ctx, begin, statement, nil)
}

// ParamsFilter keeps values out of the statement; GORM looks for it on the
// outermost logger only.
func (l slowOnly) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}
