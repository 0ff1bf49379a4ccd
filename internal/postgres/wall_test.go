package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// The wall clock of the database's machine is set ahead and back: what the server
// takes for the time follows it.
func TestTheClockOfTheDatabaseIsSet(t *testing.T) {
	t.Parallel()
	engine, wall := pgtest.EngineWithWall(t)
	db := pgtest.Open(t, engine.URL(), postgres.Options{MaxConns: 4})
	ahead := func() (d time.Duration) {
		var theirs time.Time
		if err := db.Gorm.Raw("SELECT clock_timestamp()").Scan(&theirs).Error; err != nil {
			t.Fatal(err)
		}
		return time.Until(theirs)
	}
	wait := func(want time.Duration) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); (ahead() - want).Abs() > 5*time.Second; {
			if time.Now().After(end) {
				t.Fatalf("the database's clock is %v ahead, want %v", ahead(), want)
			}
		}
	}
	wait(0)
	wall.Set(2 * time.Hour)
	wait(2 * time.Hour)
	c, err := postgres.NewClock(t.Context(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	running := make(chan error, 1)
	go func() { running <- c.Run(ctx) }()
	wall.Set(-time.Hour)
	wait(-time.Hour)
	for end := time.Now().Add(time.Minute); (time.Until(c.Now()) + time.Hour).Abs() > 5*time.Second; {
		if time.Now().After(end) {
			t.Fatalf("the server's idea of it is %v ahead", time.Until(c.Now()))
		}
	}
	stop()
	if err := <-running; err != nil {
		t.Error(err)
	}
}
