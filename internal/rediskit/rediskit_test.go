package rediskit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/rediskit"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func TestEachFormOfAddress(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://h:1/3":                                  "single",
		"rediss://u:p@h:1":                               "single",
		"unix:///run/redis.sock":                         "single",
		"redis+sentinel://h:1":                           "",
		"redis+cluster://h:1?addr=h2:1":                  "cluster",
		"http://h:1":                                     "",
		"h:6379":                                         "",
		"redis://h:1/x?secret=hunter2":                   "",
		"redis+cluster://h:1?nonsense=1":                 "",
		"redis+sentinel://h:1/0?master_name=m&addr=h2:1": "single",
	} {
		c, err := rediskit.Open(url)
		if want == "" {
			if !errors.Is(err, rediskit.ErrURL) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: got %v", url, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", url, err)
			continue
		}
		got := "single"
		if _, ok := c.(*redis.ClusterClient); ok {
			got = "cluster"
		}
		if got != want {
			t.Errorf("%s opens %s, want %s", url, got, want)
		}
		_ = c.Close()
	}
}

// buffer collects log lines of several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) count(s string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Count(b.b.String(), s)
}

func watched(t *testing.T, e *redistest.Engine) (redis.UniversalClient, *rediskit.Health, *buffer) {
	t.Helper()
	c, err := rediskit.Open(e.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	log := &buffer{}
	return c, rediskit.Watch(c, slog.New(slog.NewTextHandler(log, nil))), log
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func TestDeadRedisIsNoticedCheapAndForgiven(t *testing.T) {
	t.Parallel()
	e := redistest.Start(t)
	c, h, log := watched(t, e)
	if err := c.Set(t.Context(), "k", 1, 0).Err(); err != nil || !h.Up() {
		t.Fatalf("at first: %v, up %v", err, h.Up())
	}
	e.Kill()
	eventually(t, "it is noticed", func() bool {
		_ = c.Ping(t.Context()).Err()
		return !h.Up()
	})
	begin := time.Now()
	for range 1000 {
		if err := c.Get(t.Context(), "k").Err(); err == nil {
			t.Fatal("a dead Redis answered")
		}
	}
	pipe := c.Pipeline()
	got := pipe.Get(t.Context(), "k")
	if _, err := pipe.Exec(t.Context()); err == nil || got.Err() == nil {
		t.Error("a dead Redis answered in a pipeline")
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("1,000 calls to a dead Redis took %v", took)
	}
	e.Start()
	eventually(t, "it is back", func() bool { return c.Ping(t.Context()).Err() == nil && h.Up() })
	if away, back := log.count("redis is away"), log.count("redis is back"); away != 1 || back != 1 {
		t.Errorf("logged %d times away and %d times back", away, back)
	}
}

func TestHangingRedisCostsLittle(t *testing.T) {
	t.Parallel()
	e := redistest.Start(t)
	c, h, _ := watched(t, e)
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(e.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	resume := sync.OnceFunc(func() { _ = syscall.Kill(e.PID(), syscall.SIGCONT) })
	defer resume()
	begin := time.Now()
	eventually(t, "it is noticed", func() bool {
		_ = c.Ping(t.Context()).Err()
		return !h.Up()
	})
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("noticed after %v", took)
	}
	resume()
	eventually(t, "it is back", func() bool { return c.Ping(t.Context()).Err() == nil && h.Up() })
}

func TestRefusalsAndImpatientCallersAreNoOutage(t *testing.T) {
	t.Parallel()
	c, h, log := watched(t, redistest.Start(t))
	late, cancel := context.WithCancel(t.Context())
	cancel()
	for range 5 {
		if err := c.Do(t.Context(), "nonsense").Err(); err == nil {
			t.Error("Redis knows a command nonsense")
		}
		if err := c.Get(t.Context(), "absent").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("got %v", err)
		}
		if err := c.Get(late, "absent").Err(); err == nil {
			t.Error("answered under a context that had ended")
		}
	}
	if !h.Up() || log.count("away") != 0 {
		t.Error("taken for an outage")
	}
}

func TestRunNoticesByItself(t *testing.T) {
	t.Parallel()
	e := redistest.Start(t)
	e.Kill()
	_, h, _ := watched(t, e)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	eventually(t, "an outage nobody ran into is noticed", func() bool { return !h.Up() })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
