package app

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// ground is the engines, opened.
type ground struct {
	urls embedded.Addresses
	db   *postgres.DB
	run  func(context.Context) error // keeps private engines up
}

// stopEngines is how long private engines get to stop in good order.
const stopEngines = 30 * time.Second

// openEngines starts the engines that no URL names, and opens the database. It
// refuses one that does not keep what it says it has kept.
func (a *App) openEngines(ctx context.Context, cfg config.Config) (*ground, error) {
	g := &ground{
		urls: embedded.Addresses{Postgres: cfg.DatabaseURL.Reveal(), Redis: cfg.RedisURL.Reveal()},
		run:  func(ctx context.Context) error { <-ctx.Done(); return nil },
	}
	if g.urls.Postgres == "" || g.urls.Redis == "" {
		private, err := embedded.Start(ctx, embedded.Options{
			Dir: cfg.DataDir, Postgres: g.urls.Postgres == "", Redis: g.urls.Redis == "", Log: a.log,
		})
		if err != nil {
			return nil, err
		}
		a.closers = append(a.closers, func() error {
			ctx, cancel := context.WithTimeout(context.Background(), stopEngines)
			defer cancel()
			return private.Stop(ctx)
		})
		g.run = private.Run
		addresses := private.Addresses()
		if g.urls.Postgres == "" {
			g.urls.Postgres = addresses.Postgres
		}
		if g.urls.Redis == "" {
			g.urls.Redis = addresses.Redis
		}
	}
	db, err := postgres.Open(ctx, g.urls.Postgres, postgres.Options{Server: true, Log: a.log})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, func() error { db.Close(); return nil })
	if err := postgres.CheckDurable(ctx, db); err != nil {
		return nil, err
	}
	g.db = db
	return g, postgres.Migrate(ctx, db)
}
