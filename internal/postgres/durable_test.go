package postgres_test

import (
	"errors"
	"testing"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func TestEngineThatMayLoseCommitsIsRefused(t *testing.T) {
	t.Parallel()
	engine := pgtest.Engine(t)
	db := pgtest.Open(t, engine.URL(), postgres.Options{})
	if err := postgres.CheckDurable(t.Context(), db); err != nil {
		t.Fatalf("a durable engine: %v", err)
	}
	if _, err := db.Pool.Exec(t.Context(), "ALTER DATABASE escuta SET synchronous_commit = off"); err != nil {
		t.Fatal(err)
	}
	// A default of the database shows in new sessions.
	db = pgtest.Open(t, engine.URL(), postgres.Options{})
	err := postgres.CheckDurable(t.Context(), db)
	if !errors.Is(err, postgres.ErrNotDurable) || fault.From(err).Args["setting"] != "synchronous_commit" {
		t.Errorf("got %v", err)
	}
}

func TestOnlyAnEngineMarkedForTestsMayBeVolatile(t *testing.T) {
	t.Parallel()
	marked := pgtest.Open(t, pgtest.Empty(t), postgres.Options{Params: map[string]string{"synchronous_commit": "off", postgres.VolatileMark: "on"}})
	if err := postgres.CheckDurable(t.Context(), marked); err != nil {
		t.Errorf("marked: %v", err)
	}
	unmarked := pgtest.Open(t, pgtest.Empty(t), postgres.Options{Params: map[string]string{"synchronous_commit": "off", postgres.VolatileMark: "off"}})
	if err := postgres.CheckDurable(t.Context(), unmarked); !errors.Is(err, postgres.ErrNotDurable) {
		t.Errorf("unmarked: %v", err)
	}
}
