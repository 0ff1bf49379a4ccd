package app_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// tooMany guards against a poll that nobody needs, which shows as ten and more a
// second. Five are seen: every worker's net for a poke that was lost, each some
// seconds apart, River's own, and a ping for each connection that rested.
const tooMany = 8

// With nothing to do the server hardly asks PostgreSQL anything.
func TestAnIdleDeskIsIdle(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	s := newServer(t, "ESCUTA_DATABASE_URL="+address, "ESCUTA_REDIS_URL="+redistest.Start(t).URL())
	eventually(t, "be ready", s.ready)

	// What is counted is counted from another database, and so is not counted in.
	other, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	name := other.Path[1:]
	other.Path = "/postgres"
	db := open(t, other.String())
	measure := func() (at time.Time, transactions int64) {
		query(t, db, `SELECT clock_timestamp(), xact_commit + xact_rollback FROM pg_stat_database WHERE datname = $1`,
			[]any{name}, &at, &transactions)
		return at, transactions
	}
	// A session tells its numbers up to ten seconds after it has become idle, and up
	// to a minute later when others are telling theirs: a window may hold what
	// happened before it. A poll that nobody needs is in every window.
	const window = 12 * time.Second
	pass := func(since time.Time) {
		eventually(t, "let time pass", func() error {
			if now, _ := measure(); now.Sub(since) < window {
				return fmt.Errorf("%v of %v", now.Sub(since), window)
			}
			return nil
		})
	}
	at, before := measure()
	var rates []string
	for range 6 {
		pass(at)
		to, after := measure()
		rate := float64(after-before) / to.Sub(at).Seconds()
		rates = append(rates, fmt.Sprintf("%.1f", rate))
		if rate < tooMany {
			t.Logf("%v transactions a second", rates)
			return
		}
		at, before = to, after
	}
	t.Errorf("%v transactions a second with nothing to do", rates)
}
