package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/postgres"
)

type accountCommand struct {
	Create   createCommand   `cmd:"" help:"${help_account_create}"`
	List     listCommand     `cmd:"" help:"${help_account_list}"`
	Password passwordCommand `cmd:"" help:"${help_account_password}"`
	Confirm  confirmCommand  `cmd:"" help:"${help_account_confirm}"`
}

// passwords come from standard input or are made up: an argument would stand in
// the shell's history and in the list of processes.
type passwordFlag struct {
	Stdin bool `name:"password-stdin" help:"${help_account_stdin}"`
}

func (p passwordFlag) read(in io.Reader) (password string, invented bool, err error) {
	if !p.Stdin {
		return strings.ToLower(rand.Text()), true, nil
	}
	line, err := bufio.NewReader(io.LimitReader(in, 4096)).ReadString('\n')
	if err != nil && err != io.EOF {
		return "", false, fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), false, nil
}

type createCommand struct {
	Email string `arg:"" help:"${help_account_email}"`
	Name  string `required:"" help:"${help_account_name}"`
	Role  string `default:"agent" enum:"agent,supervisor,ombudsman,admin" help:"${help_account_role}"`
	passwordFlag
}

// Run makes an account.
func (c createCommand) Run(ctx context.Context, e env) error {
	password, invented, err := c.read(e.in)
	if err != nil {
		return err
	}
	return withAccounts(ctx, e, func(s *account.Service) error {
		a, err := s.Create(ctx, account.New{Email: c.Email, Name: c.Name, Role: access.Role(c.Role), Password: password, Locale: e.lang})
		if err != nil {
			return err
		}
		e.say("account_created", map[string]any{"email": a.Email, "role": a.Role})
		if invented {
			e.say("password_is", map[string]any{"password": password})
		}
		return nil
	})
}

type listCommand struct{}

// Run lists the accounts.
func (listCommand) Run(ctx context.Context, e env) error {
	return withAccounts(ctx, e, func(s *account.Service) error {
		all, err := s.List(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
		for _, a := range all {
			state := "active"
			if !a.Active {
				state = "inactive"
			}
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\n", a.ID, a.Email, a.Name, a.Role, e.text(state, nil))
		}
		return table.Flush()
	})
}

type passwordCommand struct {
	Email string `arg:"" help:"${help_account_email}"`
	passwordFlag
}

// Run gives an account a new password, which ends its sessions.
func (c passwordCommand) Run(ctx context.Context, e env) error {
	password, invented, err := c.read(e.in)
	if err != nil {
		return err
	}
	return withAccounts(ctx, e, func(s *account.Service) error {
		all, err := s.List(ctx)
		if err != nil {
			return err
		}
		email, _ := account.NormalEmail(c.Email)
		for _, a := range all {
			if a.Email != email {
				continue
			}
			if _, err := s.Update(ctx, a.ID, account.Change{Password: &password}); err != nil {
				return err
			}
			e.say("password_changed", map[string]any{"email": a.Email})
			if invented {
				e.say("password_is", map[string]any{"password": password})
			}
			return nil
		}
		return account.ErrNotFound
	})
}

func withAccounts(ctx context.Context, e env, fn func(*account.Service) error) error {
	return with(ctx, e, func(_ config.Config, x *engines, log *slog.Logger) error {
		clock, err := postgres.NewClock(ctx, x.db.Pool)
		if err != nil {
			return err
		}
		return fn(account.NewService(x.db, x.redis, clock.Now, log))
	})
}
