package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/escuta-sac/escuta/internal/app"
	"github.com/escuta-sac/escuta/internal/config"
)

type serveCommand struct {
	Demo bool `help:"${help_serve_demo}"`
}

// Run serves until a signal ends ctx.
func (c serveCommand) Run(ctx context.Context, e env) error {
	cfg, log, err := configure(e)
	if err != nil {
		return err
	}
	if c.Demo {
		if err := (demoCommand{Seed: 1, Tickets: 2000, IfEmpty: true}).Run(ctx, e); err != nil {
			return err
		}
	}
	log.Info("starting", "version", version(), "config", cfg)
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	var greeting sync.WaitGroup
	greeting.Go(func() { greet(running, e, cfg) })
	defer greeting.Wait()
	defer stop()
	return a.Run(ctx)
}

// greet tells the person at the terminal where the desk is, once it answers.
func greet(ctx context.Context, e env, cfg config.Config) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ready(ctx, cfg.Addr) != nil {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
	fmt.Fprintln(e.out)
	e.say("serving", map[string]any{"url": cfg.BaseURL})
	e.say("serving_public", map[string]any{"url": cfg.BaseURL})
	e.say("serving_stop", nil)
}
