// Package doctor examines an installation: whether the engines are there and
// keep what they confirm, whether clocks and time zones agree, whether there is
// room. It changes nothing, apart from starting private engines while it looks.
package doctor

import (
	"context"
	"io"
	"log/slog"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/rediskit"
)

// State is how bad a finding is.
type State string

// The states. A warning is worth a look; with a failure the server does not
// start, or must not.
const (
	OK   State = "ok"
	Warn State = "warn"
	Fail State = "fail"
)

// Check is one thing looked at. Its text is the message "doctor.<Name>.<Text>".
type Check struct {
	Name  string
	State State
	Text  string
	Args  map[string]any
	Err   error // why it could not be looked at, or what is wrong
}

// Report is all that was looked at, in order.
type Report []Check

// Healthy reports whether nothing failed.
func (r Report) Healthy() bool {
	for _, c := range r {
		if c.State == Fail {
			return false
		}
	}
	return true
}

func (r *Report) add(name string, s State, text string, args map[string]any) {
	*r = append(*r, Check{Name: name, State: s, Text: text, Args: args})
}

func (r *Report) failed(name string, err error) {
	*r = append(*r, Check{Name: name, State: Fail, Text: "failed", Err: err})
}

// Examine looks at everything that the configuration names. An engine that
// cannot be reached is a finding, and what depends on it is left out.
func Examine(ctx context.Context, cfg config.Config) Report {
	var r Report
	r.machine(cfg)
	urls, release, err := reach(ctx, cfg)
	if err != nil {
		r.failed("engines", err)
		return r
	}
	defer func() {
		if err := release(context.WithoutCancel(ctx)); err != nil {
			r.failed("engines", err)
		}
	}()
	r.postgres(ctx, cfg, urls.Postgres)
	r.redis(ctx, urls.Redis)
	return r
}

// reach gives the engines' addresses, private ones where the configuration names none.
func reach(ctx context.Context, cfg config.Config) (embedded.Addresses, func(context.Context) error, error) {
	urls := embedded.Addresses{Postgres: cfg.DatabaseURL.Reveal(), Redis: cfg.RedisURL.Reveal()}
	if urls.Postgres != "" && urls.Redis != "" {
		return urls, func(context.Context) error { return nil }, nil
	}
	private, release, err := embedded.Reach(ctx, embedded.Options{
		Dir: cfg.DataDir, Postgres: urls.Postgres == "", Redis: urls.Redis == "",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return urls, nil, err
	}
	if urls.Postgres == "" {
		urls.Postgres = private.Postgres
	}
	if urls.Redis == "" {
		urls.Redis = private.Redis
	}
	return urls, release, nil
}

func (r *Report) postgres(ctx context.Context, cfg config.Config, url string) {
	db, err := postgres.Open(ctx, url, postgres.Options{MaxConns: 2, Name: "escuta doctor"})
	if err != nil {
		r.failed("postgres", err)
		return
	}
	defer db.Close()
	r.postgresVersion(ctx, db)
	r.durability(ctx, db)
	r.clock(ctx, db)
	r.timezone(ctx, db, cfg.Timezone)
	r.migrations(ctx, db)
	r.retention(ctx, db, cfg.Timezone)
}

func (r *Report) redis(ctx context.Context, url string) {
	client, err := rediskit.Open(url)
	if err != nil {
		r.failed("redis", err)
		return
	}
	defer client.Close()
	r.redisVersion(ctx, client)
}

// known reports whether an error speaks for itself to a person.
func known(err error) bool { return fault.From(err).Kind != fault.Internal }
