// Package embedded runs a private PostgreSQL and a private Redis of the
// machine's own binaries, so that a support desk can be tried, and a small one
// run, with a single command.
//
// The engines listen on Unix sockets in a folder that only their user can
// enter, keep what they hold under one data folder, and are stopped with the
// server. They survive a server that is killed: the next one finds them running
// and takes them over, or starts them again on what they left.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Options says which engines to run and where.
type Options struct {
	Dir      string // data folder; made when it does not exist
	Postgres bool
	Redis    bool
	Log      *slog.Logger
}

// Engines are the private engines of one data folder. While they exist no other
// server can use that folder.
type Engines struct {
	Postgres *Postgres // nil when not asked for
	Redis    *Redis    // nil when not asked for

	log     *slog.Logger
	lock    *os.File
	sockets string
}

// Start takes the data folder for itself, starts the engines that were asked
// for, or adopts those that a killed server left running, and returns when all
// answer. Its errors are faults that say what to do: ErrMissing, ErrInUse,
// ErrUnreachable.
func Start(ctx context.Context, o Options) (*Engines, error) {
	dir, err := dataFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, err
	}
	sockets := socketFolder(dir)
	e := &Engines{log: o.Log, lock: lock, sockets: sockets}
	both, starting := errgroup.WithContext(ctx)
	if o.Postgres {
		both.Go(func() (err error) {
			e.Postgres, err = StartPostgres(starting, PostgresOptions{
				Dir: filepath.Join(dir, "postgres"), Sockets: sockets, Log: filepath.Join(dir, "postgres.log"),
			})
			return err
		})
	}
	if o.Redis {
		both.Go(func() (err error) {
			e.Redis, err = StartRedis(starting, RedisOptions{
				Dir: filepath.Join(dir, "redis"), Sockets: sockets, Log: filepath.Join(dir, "redis.log"),
			})
			return err
		})
	}
	if err := both.Wait(); err != nil {
		return nil, errors.Join(err, e.Stop(context.WithoutCancel(ctx)))
	}
	for _, engine := range e.running() {
		e.log.Info("private engine is up", "engine", engine.name(), "adopted", engine.adopted(), "dir", dir)
	}
	return e, nil
}

// Run keeps the engines up until ctx ends: one that dies unasked, killed by
// hand or by the kernel for want of memory, is started again. It leaves them
// running; Stop ends them, after everybody who still needs them.
func (e *Engines) Run(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, engine := range e.running() {
		all.Go(func() error {
			keep(ctx, engine, e.log)
			return nil
		})
	}
	return all.Wait()
}

// Stop ends the engines, each in good order, and lets go of the data folder.
// Run must have ended, or it would start them again.
func (e *Engines) Stop(ctx context.Context) error {
	var both errgroup.Group
	for _, engine := range e.running() {
		both.Go(func() error {
			if err := engine.Stop(ctx); err != nil {
				return fmt.Errorf("stop %s: %w", engine.name(), err)
			}
			return nil
		})
	}
	err := both.Wait()
	_ = os.Remove(e.sockets) // fails, as it should, while a socket is in it
	return errors.Join(err, e.lock.Close())
}

// engine is what Run and Stop need to know of either.
type engine interface {
	name() string
	adopted() bool
	Done() <-chan struct{}
	start(ctx context.Context) error
	Stop(ctx context.Context) error
}

func (e *Engines) running() (all []engine) {
	if e.Postgres != nil {
		all = append(all, e.Postgres)
	}
	if e.Redis != nil {
		all = append(all, e.Redis)
	}
	return all
}

// keep starts an engine again whenever it has ended, with growing pauses while
// that does not work: a full disk does not get better by hammering on it.
func keep(ctx context.Context, e engine, log *slog.Logger) {
	const longest = 30 * time.Second
	pause := 100 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.Done():
		}
		log.Error("a private engine ended unasked and is started again", "engine", e.name())
		for {
			err := e.start(ctx)
			if err == nil {
				pause = 100 * time.Millisecond
				log.Info("private engine is up", "engine", e.name(), "adopted", e.adopted())
				break
			}
			log.Error("cannot start a private engine", "engine", e.name(), "error", err, "retry_in", pause)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, longest)
		}
	}
}

// current is the process an engine runs as now; Run replaces it.
type current struct {
	mu      sync.Mutex
	proc    *process
	adopted bool
}

func (c *current) set(p *process, adopted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proc, c.adopted = p, adopted
}

func (c *current) get() (*process, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.proc, c.adopted
}
