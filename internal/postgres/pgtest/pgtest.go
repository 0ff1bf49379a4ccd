// Package pgtest gives each test a migrated PostgreSQL database of its own.
//
// The engine is the one of TEST_DATABASE_URL, or a private one that starts with
// the first test that asks and dies with the test process. There is no way to
// skip: without an engine the tests fail.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// New opens a fresh, migrated database that is dropped when the test ends.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	return Open(t, URL(t), postgres.Options{MaxConns: 8})
}

// Open opens a pool on a database of URL, closed before that database is dropped.
func Open(t testing.TB, url string, o postgres.Options) *postgres.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db, err := postgres.Open(ctx, url, o)
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	t.Cleanup(db.Close)
	return db
}

// URL makes a fresh, migrated database and says how to reach it.
func URL(t testing.TB) string {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatalf("tests need PostgreSQL: %v", err)
	}
	return s.database(t, s.template)
}

// Empty makes a fresh database without any migration and says how to reach it.
func Empty(t testing.TB) string {
	t.Helper()
	s, err := sharedServer()
	if err != nil {
		t.Fatalf("tests need PostgreSQL: %v", err)
	}
	return s.database(t, "template0")
}

// Start gives the URL of the engine that several test processes are to share,
// and what ends it: see withengine.
func Start() (url string, stop func(), err error) {
	if url := os.Getenv("TEST_DATABASE_URL"); url != "" {
		return url, func() {}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	dir, err := scratch()
	if err != nil {
		return "", nil, err
	}
	pg, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{
		Dir: dir + "/pg", Sockets: dir + "/s", Log: dir + "/log", DieWithParent: true,
		Volatile: true, Settings: []string{postgres.VolatileMark + "=on"},
	})
	if err != nil {
		return "", nil, err
	}
	return pg.URL("postgres"), func() {
		_ = pg.Kill() // nothing in it is worth a checkpoint
		_ = os.RemoveAll(dir)
	}, nil
}

// server is the engine that the tests of this process use.
type server struct {
	admin    string // URL of a database that may create others
	template string // name of the migrated database that others are copied from
}

// sharedServer never stops what it starts: nobody says which test was the last,
// so the engine dies with the process.
var sharedServer = sync.OnceValues(func() (s server, err error) {
	if s.admin, _, err = Start(); err != nil {
		return s, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	s.template, err = template(ctx, s.admin)
	return s, err
})

var databases atomic.Int64

// database copies a template, file by file: by way of the log, as PostgreSQL does
// unless told, it takes ten times as long.
func (s server) database(t testing.TB, template string) string {
	t.Helper()
	// The process id keeps apart the packages that share an engine.
	name := fmt.Sprintf("t%d_%d", os.Getpid(), databases.Add(1))
	if err := s.exec("CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template) + " STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("create the test database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE IF EXISTS " + quote(name) + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return withDatabase(s.admin, name)
}

func (s server) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// withDatabase replaces the database in a URL.
func withDatabase(raw, name string) string {
	u, err := url.Parse(raw)
	if err != nil {
		panic(fmt.Sprintf("TEST_DATABASE_URL is no URL: %v", err))
	}
	u.Path = "/" + name
	return u.String()
}
