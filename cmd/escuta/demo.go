package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/demo"
	"github.com/escuta-sac/escuta/internal/postgres"
)

type demoCommand struct {
	Seed    uint64 `default:"1" help:"${help_demo_seed}"`
	Tickets int    `default:"2000" help:"${help_demo_tickets}"`
	IfEmpty bool   `help:"${help_demo_if_empty}"`
}

// Run fills an empty desk and prints the log-ins.
func (c demoCommand) Run(ctx context.Context, e env) error {
	return with(ctx, e, func(cfg config.Config, x *engines, log *slog.Logger) error {
		clock, err := postgres.NewClock(ctx, x.db.Pool)
		if err != nil {
			return err
		}
		accounts := account.NewService(x.db, x.redis, clock.Now, log)
		if cfg.AdminEmail != "" { // the demonstration's accounts would otherwise keep it from being made
			if _, err := accounts.FirstAdmin(ctx, cfg.AdminEmail, cfg.AdminPassword.Reveal()); err != nil {
				return err
			}
		}
		begins := sync.OnceFunc(func() { e.say("demo_begins", nil) })
		made, err := demo.Fill(ctx, x.db, accounts, demo.Options{
			Seed: c.Seed, Tickets: c.Tickets, Now: clock.Now(), Zone: cfg.Timezone,
			Progress: func(int, int) { begins() },
		})
		switch {
		case errors.Is(err, demo.ErrNotEmpty) && c.IfEmpty:
			e.say("demo_kept", nil)
		case err != nil:
			return err
		default:
			e.say("demo_made", map[string]any{"tickets": made.Tickets, "customers": made.Customers})
		}
		return logIns(ctx, e, accounts)
	})
}

// logIns prints one of the demonstration's accounts for each role, if they are
// there: who was shown them all would not know which to take.
func logIns(ctx context.Context, e env, accounts *account.Service) error {
	all, err := accounts.List(ctx)
	if err != nil {
		return err
	}
	_, domain, _ := strings.Cut(demo.AdminEmail, "@")
	table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	for _, role := range []access.Role{access.Agent, access.Supervisor, access.Ombudsman, access.Admin} {
		i := slices.IndexFunc(all, func(a account.Account) bool {
			return a.Role == role && a.Active && strings.HasSuffix(a.Email, "@"+domain)
		})
		if i >= 0 {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", e.text("role_"+string(role), nil), all[i].Email, demo.Password)
		}
	}
	return table.Flush()
}
