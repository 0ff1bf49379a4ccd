package pgtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/embedded"
)

// Private is an engine of one test alone, durable, to be killed and started again.
type Private struct {
	t    testing.TB
	opts embedded.PostgresOptions
	pg   *embedded.Postgres
}

// Engine starts a private, durable engine with a migrated database; environ is
// added to its environment.
func Engine(t testing.TB, environ ...string) *Private {
	t.Helper()
	dir, err := os.MkdirTemp("", "escuta-engine-")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatalf("make a folder for the engine: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &Private{t: t, opts: embedded.PostgresOptions{
		Dir: filepath.Join(dir, "pg"), Sockets: filepath.Join(dir, "s"), Log: filepath.Join(dir, "log"), DieWithParent: true, Environ: environ,
	}}
	p.Start()
	t.Cleanup(func() {
		if err := p.pg.Kill(); err != nil {
			t.Errorf("end the engine: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := migrate(ctx, p.URL()); err != nil {
		t.Fatalf("migrate the engine's database: %v", err)
	}
	return p
}

// URL is how to reach the database; it stays the same over Kill and Start.
func (p *Private) URL() string { return p.pg.URL("escuta") }

// Kill ends the engine as a crash would.
func (p *Private) Kill() {
	p.t.Helper()
	if err := p.pg.Kill(); err != nil {
		p.t.Fatalf("kill PostgreSQL: %v", err)
	}
}

// Start starts the engine again on what it left behind.
func (p *Private) Start() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pg, err := embedded.StartPostgres(ctx, p.opts)
	if err != nil {
		p.t.Fatalf("start PostgreSQL: %v", err)
	}
	p.pg = pg
}
