package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/imports"
	"github.com/escuta-sac/escuta/internal/postgres"
)

type importCommand struct {
	File   string `arg:"" type:"existingfile" help:"${help_import_file}"`
	Source string `default:"" enum:",consumidor_gov,reclame_aqui,procon,bacen,other" help:"${help_import_source}"`
	Target string `default:"ombudsman" enum:"ombudsman,sac" help:"${help_import_target}"`
	As     string `required:"" help:"${help_import_as}"`
}

// followed is how often the progress of an import is looked at.
const followed = time.Second

// Run hands a list to the server and follows it to its end. The server does the
// work: interrupting the command does not.
func (c importCommand) Run(ctx context.Context, e env) error {
	return with(ctx, e, func(cfg config.Config, x *engines, log *slog.Logger) error {
		clock, err := postgres.NewClock(ctx, x.db.Pool)
		if err != nil {
			return err
		}
		files, err := blob.New(filepath.Join(cfg.DataDir, "files"))
		if err != nil {
			return err
		}
		who, err := accountOf(ctx, account.NewService(x.db, x.redis, clock.Now, log), c.As)
		if err != nil {
			return err
		}
		lists := imports.New(x.db, files, nil, clock.Now, log)
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		p, err := lists.Upload(ctx, who.Actor(), filepath.Base(c.File), f, imports.Source(c.Source), imports.Target(c.Target))
		if err != nil {
			return err
		}
		if _, err := lists.Start(ctx, who.Actor(), p.Import.ID, "", nil); err != nil {
			return err
		}
		e.say("import_queued", map[string]any{"id": p.Import.ID, "source": string(p.Import.Source), "columns": len(p.Import.Shape.Columns)})
		return c.follow(ctx, e, lists, who, p.Import.ID)
	})
}

func (c importCommand) follow(ctx context.Context, e env, lists *imports.Service, who account.Account, id int64) error {
	look := time.NewTicker(followed)
	defer look.Stop()
	shown := int64(-1)
	for {
		i, err := lists.Get(ctx, who.Actor(), id)
		if err != nil {
			return err
		}
		if i.Rows != shown {
			shown = i.Rows
			e.say("import_progress", map[string]any{"rows": i.Rows, "imported": i.Imported, "already": i.Already, "failed": i.Failed})
		}
		if i.State != imports.Queued && i.State != imports.Running {
			e.say("import_"+string(i.State), map[string]any{"id": id})
			if i.State == imports.Failed {
				return errUnhealthy
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// accountOf finds an account by its e-mail address.
func accountOf(ctx context.Context, s *account.Service, address string) (account.Account, error) {
	all, err := s.List(ctx)
	if err != nil {
		return account.Account{}, err
	}
	email, _ := account.NormalEmail(address)
	for _, a := range all {
		if a.Email == email {
			return a, nil
		}
	}
	return account.Account{}, account.ErrNotFound
}

type confirmCommand struct {
	Email string `arg:"" help:"${help_account_email}"`
	Rank  string `default:"ombudsman" enum:"ombudsman,substitute,analyst" help:"${help_account_rank}"`
}

// Run lets an account into the ombudsman's office when nobody is left there who
// could: whoever owns the machine may. The office's log keeps it.
func (c confirmCommand) Run(ctx context.Context, e env) error {
	return withAccounts(ctx, e, func(s *account.Service) error {
		a, err := accountOf(ctx, s, c.Email)
		if err != nil {
			return err
		}
		if _, err := s.Seat(ctx, nil, a.ID, account.Rank(c.Rank)); err != nil {
			return err
		}
		e.say("account_confirmed", map[string]any{"email": a.Email})
		return nil
	})
}
