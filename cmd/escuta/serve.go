package main

import (
	"context"

	"github.com/escuta-sac/escuta/internal/app"
)

type serveCommand struct{}

// Run serves until a signal ends ctx.
func (c serveCommand) Run(ctx context.Context, e env) error {
	cfg, log, err := configure(e)
	if err != nil {
		return err
	}
	log.Info("starting", "version", version(), "config", cfg)
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}
