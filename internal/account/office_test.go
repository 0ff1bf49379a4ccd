package account

import (
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

const password = "uma frase que ninguém adivinha"

var noon = time.Date(2026, 3, 2, 15, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct{ us atomic.Int64 }

func (c *clock) now() time.Time          { return time.UnixMicro(c.us.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.us.Add(d.Microseconds()) }

// office is one database and one Redis, with as many nodes as a test wants.
type office struct {
	*Service
	clock *clock
	db    *postgres.DB
	rdb   redis.UniversalClient
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{db: pgtest.New(t), rdb: redistest.New(t), clock: &clock{}}
	o.clock.us.Store(noon.UnixMicro())
	o.Service = o.node()
	return o
}

// node is another process on the same engines.
func (o *office) node() *Service {
	return NewService(o.db, o.rdb, o.clock.now, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func (o *office) hire(t *testing.T, email string, role access.Role, teams ...int64) Account {
	t.Helper()
	a, err := o.Create(t.Context(), New{Email: email, Name: "Ana", Role: role, Password: password, TeamIDs: teams})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// enter logs in and returns the token.
func (o *office) enter(t *testing.T, a Account, ip string) string {
	t.Helper()
	found, err := o.Authenticate(t.Context(), a.Email, password, ip)
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := o.Open(t.Context(), found, Client{IP: ip, UserAgent: "test"}, "")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// within waits until done holds, and fails when it does not in time.
func within(t *testing.T, d time.Duration, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.After(d)
	for !done() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("%s: not within %v", what, d)
		}
	}
}

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	all.Wait()
}

func ptr[T any](v T) *T { return &v }
