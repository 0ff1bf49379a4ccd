// Package redistest gives each test a Redis of its own, so that FLUSHALL or a
// kill hurts nobody else. Without an engine the tests fail; they never skip.
package redistest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/rediskit"
)

// New starts a Redis and opens a client of it; both end with the test.
func New(t testing.TB) redis.UniversalClient {
	t.Helper()
	return Start(t).Client()
}

// Engine is a Redis that a test may stop, kill and start again at the same address.
type Engine struct {
	t    testing.TB
	opts embedded.RedisOptions
	r    *embedded.Redis
}

// Start starts a Redis that keeps nothing on disk.
func Start(t testing.TB) *Engine {
	t.Helper()
	// Not t.TempDir: its path grows with the test's name, and a Unix socket's may not.
	dir, err := os.MkdirTemp("", "escuta-redis-")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatalf("make a folder for Redis: %v", err)
	}
	e := &Engine{t: t, opts: embedded.RedisOptions{
		Dir: filepath.Join(dir, "r"), Sockets: filepath.Join(dir, "s"), Log: filepath.Join(dir, "log"),
		Volatile: true, DieWithParent: true,
	}}
	e.Start()
	t.Cleanup(func() {
		if err := e.r.Kill(); err != nil {
			t.Errorf("end Redis: %v", err)
		}
		_ = os.RemoveAll(dir)
	})
	return e
}

// URL is how to reach it with redis.ParseURL; it stays the same over Kill and Start.
func (e *Engine) URL() string { return e.r.URL() }

// PID is its process, for a test that stops or slows it by a signal.
func (e *Engine) PID() int { return e.r.PID() }

// Client opens one more client, as the server does, closed when the test ends.
func (e *Engine) Client() redis.UniversalClient {
	e.t.Helper()
	c, err := rediskit.Open(e.URL())
	if err != nil {
		e.t.Fatalf("open Redis: %v", err)
	}
	e.t.Cleanup(func() { _ = c.Close() })
	return c
}

// Start starts it again, empty.
func (e *Engine) Start() {
	e.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := embedded.StartRedis(ctx, e.opts)
	if err != nil {
		e.t.Fatalf("start Redis: %v", err)
	}
	e.r = r
}

// Stop ends it in good order.
func (e *Engine) Stop() {
	e.t.Helper()
	if err := e.r.Stop(context.Background()); err != nil {
		e.t.Fatalf("stop Redis: %v", err)
	}
}

// Kill ends it as a crash would.
func (e *Engine) Kill() {
	e.t.Helper()
	if err := e.r.Kill(); err != nil {
		e.t.Fatalf("kill Redis: %v", err)
	}
}
