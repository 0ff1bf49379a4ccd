// Package app puts the parts of the server together, starts them and stops
// them. Nothing imports it but the command.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/httpapi"
)

// App is a server that is built and not running yet.
type App struct {
	addr string
	log  *slog.Logger
	web  *httpapi.Server
	// stages are the parts behind the web, in the order of the flow of data:
	// what a later one works off comes from an earlier one.
	stages []stage
	// puts away what New has opened, the last first.
	closers []func() error
}

// patience is how long running requests are waited for when the server stops.
const patience = 10 * time.Second

// New opens the engines that the configuration names, or starts private ones,
// brings the schema up to date and builds every part. Nothing works before Run,
// which also puts everything away; without Run, Close does.
func New(ctx context.Context, cfg config.Config, log *slog.Logger) (*App, error) {
	a := &App{addr: cfg.Addr, log: log}
	if err := a.build(ctx, cfg); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// Close puts away what New has opened.
func (a *App) Close() error {
	var all error
	for i := len(a.closers) - 1; i >= 0; i-- {
		all = errors.Join(all, a.closers[i]())
	}
	a.closers = nil
	return all
}

// Run serves until ctx ends or a part fails. It stops along the flow of data:
// no new requests first, then the parts that handle what requests left behind,
// then those that tell of it, and the engines last.
func (a *App) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, a.Close()) }()
	ln, err := net.Listen("tcp", a.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.addr, err)
	}
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	for i := range a.stages {
		a.stages[i].start(context.WithoutCancel(ctx), fail)
	}
	served := make(chan error, 1)
	go func() { served <- a.web.Serve(ln) }()
	a.log.Info("serving", "address", ln.Addr().String())

	select {
	case err = <-served:
	case <-running.Done():
		// When it was not asked for, a part has failed: a half-working desk is worse
		// than a restart.
		if ctx.Err() == nil {
			err = context.Cause(running)
		}
		err = errors.Join(err, a.stopServing(ln, served))
	}
	for i := range a.stages {
		if e := a.stages[i].stop(); err == nil {
			err = e
		}
	}
	return err
}

func (a *App) stopServing(ln net.Listener, served <-chan error) error {
	err := a.web.Stop(patience)
	ln.Close() // Stop before Serve has begun does nothing; this ends it either way
	if e := <-served; !errors.Is(e, net.ErrClosed) {
		err = errors.Join(err, e)
	}
	return err
}
