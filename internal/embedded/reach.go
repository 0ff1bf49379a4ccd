package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Addresses are the URLs of the private engines, for postgres.Open and
// rediskit.Open; empty for an engine that was not asked for.
type Addresses struct {
	Postgres string
	Redis    string
}

// Addresses says how to reach the engines.
func (e *Engines) Addresses() (a Addresses) {
	if e.Postgres != nil {
		a.Postgres = e.Postgres.URL(role)
	}
	if e.Redis != nil {
		a.Redis = e.Redis.URL()
	}
	return a
}

// Reach is for a command beside the server: the engines of a server that is
// running on the folder are used and left alone; otherwise they are started,
// and stopped by release.
func Reach(ctx context.Context, o Options) (a Addresses, release func(context.Context) error, err error) {
	e, err := Start(ctx, o)
	if err == nil {
		return e.Addresses(), e.Stop, nil
	}
	if !errors.Is(err, ErrInUse) {
		return Addresses{}, nil, err
	}
	dir, err := dataFolder(o.Dir)
	if err != nil {
		return Addresses{}, nil, err
	}
	sockets := socketFolder(dir)
	if o.Postgres {
		p := &Postgres{opts: PostgresOptions{Dir: filepath.Join(dir, "postgres"), Sockets: sockets}}
		if err := poll(ctx, p.answers); err != nil {
			return Addresses{}, nil, fmt.Errorf("wait for the PostgreSQL of the running server: %w", err)
		}
		a.Postgres = p.URL(role)
	}
	if o.Redis {
		r := &Redis{opts: RedisOptions{Dir: filepath.Join(dir, "redis"), Sockets: sockets}}
		if err := poll(ctx, r.ready); err != nil {
			return Addresses{}, nil, fmt.Errorf("wait for the Redis of the running server: %w", err)
		}
		a.Redis = r.URL()
	}
	return a, func(context.Context) error { return nil }, nil
}

func poll(ctx context.Context, ready func(context.Context) bool) error {
	t := time.NewTicker(50 * time.Millisecond)
	defer t.Stop()
	for !ready(ctx) {
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
