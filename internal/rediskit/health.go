package rediskit

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrDown is the answer, at once, in place of a Redis that is known to be away.
var ErrDown = errors.New("redis is away")

const (
	// tolerated failures in a row make it "away". Each has already been retried.
	tolerated = 2
	// trialEvery is how often one call is let through to see whether it is back.
	trialEvery = 250 * time.Millisecond
	// pingEvery is how soon an idle server notices that Redis went away.
	pingEvery = 2 * time.Second
)

// Health knows whether Redis is there, from the calls that are made anyway.
// While it is away calls fail at once with ErrDown, save one each trialEvery
// that finds out. Its changes are logged, its failures are not: they come by
// the thousand.
type Health struct {
	client redis.UniversalClient
	log    *slog.Logger
	now    func() time.Time

	mu     sync.Mutex
	failed int       // failures in a row
	trial  time.Time // when the next call may try
	since  time.Time // of the state it is in
}

// Watch begins to watch the client's calls. Publishing and subscribing use
// connections of their own and are not held back.
func Watch(client redis.UniversalClient, log *slog.Logger) *Health {
	h := &Health{client: client, log: log, now: time.Now, since: time.Now()}
	client.AddHook(hook{h})
	return h
}

// Up reports whether Redis was there at the last call.
func (h *Health) Up() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failed < tolerated
}

// Run asks now and then, so that a server to which nobody talks knows it too.
func (h *Health) Run(ctx context.Context) error {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		_ = h.client.Ping(ctx).Err() // the hook draws the conclusion
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// admit decides whether a call may go to Redis.
func (h *Health) admit() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed < tolerated {
		return nil
	}
	if now := h.now(); !now.Before(h.trial) {
		h.trial = now.Add(trialEvery)
		return nil
	}
	return ErrDown
}

func (h *Health) report(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	if err == nil {
		if h.failed >= tolerated {
			h.log.Info("redis is back", "away_for", now.Sub(h.since).Round(time.Millisecond))
			h.since = now
		}
		h.failed = 0
		return
	}
	h.failed++
	if h.failed == tolerated {
		h.since, h.trial = now, now.Add(trialEvery)
		h.log.Warn("redis is away; the server goes on without it", "error", err)
	}
}

// verdict says what an answer tells about Redis: that it is there (nil), that
// it is not (the error), or nothing (ok is false).
func verdict(ctx context.Context, err error) (failure error, ok bool) {
	var reply redis.Error
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		return nil, true
	case errors.As(err, &reply):
		for _, busy := range []string{"LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY"} {
			if redis.HasErrorPrefix(err, busy) {
				return err, true
			}
		}
		return nil, true // it refused, so it is there
	case ctx.Err() != nil:
		return nil, false // the caller had no more time; that may be the caller's own doing
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrClosed):
		return nil, false
	}
	return err, true
}

type hook struct{ h *Health }

func (k hook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (k hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if admitted(ctx) {
			return next(ctx, cmd)
		}
		if err := k.h.admit(); err != nil {
			cmd.SetErr(err)
			return err
		}
		err := next(admit(ctx), cmd)
		if failure, ok := verdict(ctx, err); ok {
			k.h.report(failure)
		}
		return err
	}
}

func (k hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if admitted(ctx) {
			return next(ctx, cmds)
		}
		if err := k.h.admit(); err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
			return err
		}
		err := next(admit(ctx), cmds)
		if failure, ok := verdict(ctx, err); ok {
			k.h.report(failure)
		}
		return err
	}
}

// A call that needs a new connection makes go-redis greet on it, through the
// same hooks. The greeting belongs to the call: refused, it would fail the very
// trial that was let through.
type admittedKey struct{}

func admit(ctx context.Context) context.Context { return context.WithValue(ctx, admittedKey{}, true) }

func admitted(ctx context.Context) bool { return ctx.Value(admittedKey{}) != nil }
