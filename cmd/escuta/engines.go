package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/rediskit"
)

// configure reads the environment and makes the log that goes with it.
func configure(e env) (config.Config, *slog.Logger, error) {
	cfg, err := config.Load(e.environ)
	if err != nil {
		return cfg, nil, err
	}
	log := newLog(e, cfg, cfg.LogLevel)
	for _, name := range config.Unknown(e.environ) {
		log.Warn("this variable is not known; is it misspelled?", "variable", name)
	}
	return cfg, log, nil
}

func newLog(e env, cfg config.Config, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewTextHandler(e.err, options)
	if cfg.LogFormat == "json" {
		handler = slog.NewJSONHandler(e.err, options)
	}
	return slog.New(handler)
}

// engines are what a command beside the server works with.
type engines struct {
	db    *postgres.DB
	redis redis.UniversalClient

	release func(context.Context) error
}

// reach opens the engines that the configuration names, or the private ones:
// those of the running server, or its own for as long as the command takes.
// The schema is brought up to date.
func reach(ctx context.Context, cfg config.Config, log *slog.Logger) (*engines, error) {
	x, err := reachBare(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	if err := postgres.Migrate(ctx, x.db); err != nil {
		return nil, errors.Join(err, x.close(ctx))
	}
	return x, nil
}

// reachBare is reach for who must meet the schema as it is.
func reachBare(ctx context.Context, cfg config.Config, log *slog.Logger) (*engines, error) {
	urls := embedded.Addresses{Postgres: cfg.DatabaseURL.Reveal(), Redis: cfg.RedisURL.Reveal()}
	x := &engines{release: func(context.Context) error { return nil }}
	if urls.Postgres == "" || urls.Redis == "" {
		private, release, err := embedded.Reach(ctx, embedded.Options{
			Dir: cfg.DataDir, Postgres: urls.Postgres == "", Redis: urls.Redis == "", Log: log,
		})
		if err != nil {
			return nil, err
		}
		x.release = release
		if urls.Postgres == "" {
			urls.Postgres = private.Postgres
		}
		if urls.Redis == "" {
			urls.Redis = private.Redis
		}
	}
	err := x.open(ctx, urls, log)
	if err != nil {
		return nil, errors.Join(err, x.close(ctx))
	}
	return x, nil
}

func (x *engines) open(ctx context.Context, urls embedded.Addresses, log *slog.Logger) (err error) {
	if x.db, err = postgres.Open(ctx, urls.Postgres, postgres.Options{Log: log, Name: "escuta command"}); err != nil {
		return err
	}
	if err := postgres.CheckDurable(ctx, x.db); err != nil {
		return err
	}
	x.redis, err = rediskit.Open(urls.Redis)
	return err
}

// close also works when ctx has ended: engines that were started are stopped.
func (x *engines) close(ctx context.Context) error {
	if x.redis != nil {
		_ = x.redis.Close()
	}
	if x.db != nil {
		x.db.Close()
	}
	return x.release(context.WithoutCancel(ctx))
}

// with runs fn on the engines and puts them away.
func with(ctx context.Context, e env, fn func(cfg config.Config, x *engines, log *slog.Logger) error) (err error) {
	cfg, _, err := configure(e)
	if err != nil {
		return err
	}
	// A command answers on the terminal; what the server would log is noise there.
	log := newLog(e, cfg, max(cfg.LogLevel, slog.LevelWarn))
	x, err := reach(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.close(ctx)) }()
	return fn(cfg, x, log)
}
