package redistest_test

import (
	"testing"

	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func TestRedisComesBackAtTheSameAddress(t *testing.T) {
	t.Parallel()
	e := redistest.Start(t)
	c := e.Client()
	if err := c.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	e.Kill()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("a dead Redis answered")
	}
	e.Start()
	if n, err := c.DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("after the restart %d keys, %v", n, err)
	}
	e.Stop()
	e.Start()
	if err := c.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestEachTestHasItsOwnRedis(t *testing.T) {
	t.Parallel()
	a, b := redistest.New(t), redistest.New(t)
	if err := a.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := b.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if v, err := a.Get(t.Context(), "k").Result(); v != "v" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
}
