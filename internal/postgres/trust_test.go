package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// An engine that closed all connections of a pool, as one does that starts again,
// costs one statement at most: the others are not tried on connections of before.
func TestOneBrokenConnectionIsEnoughToDistrustTheOthers(t *testing.T) {
	t.Parallel()
	const conns = 6
	url := pgtest.URL(t)
	admin := pgtest.Open(t, url, postgres.Options{MaxConns: 1})
	db := pgtest.Open(t, url, postgres.Options{MaxConns: conns, Name: "doomed"})
	hold := func() (all []*pgxpool.Conn) {
		for range conns {
			c, err := db.Pool.Acquire(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, c)
		}
		return all
	}
	for _, c := range hold() {
		c.Release()
	}
	var ended int
	// Each is waited for until it is gone.
	err := admin.Pool.QueryRow(t.Context(), `WITH doomed AS MATERIALIZED (SELECT pid FROM pg_stat_activity
		WHERE application_name = 'doomed' AND datname = current_database())
		SELECT count(*) FROM doomed WHERE pg_terminate_backend(pid, 10000)`).Scan(&ended)
	if err != nil || ended != conns {
		t.Fatalf("%d connections ended, %v", ended, err)
	}
	if _, err := db.Pool.Exec(t.Context(), "SELECT 1"); err == nil {
		t.Fatal("a connection that was ended has served")
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); db.Pool.Stat().TotalConns() == conns; {
		select { // the pool puts it away by itself
		case <-tick.C:
		case <-deadline:
			t.Fatal("the broken connection is still kept")
		}
	}
	var all sync.WaitGroup
	for _, c := range hold() {
		all.Go(func() {
			defer c.Release()
			if _, err := c.Exec(t.Context(), "SELECT 1"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
