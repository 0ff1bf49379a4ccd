package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"github.com/escuta-sac/escuta/internal/backup"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/config"
)

type backupCommand struct {
	Folder string `arg:"" help:"${help_backup_folder}"`
	Check  bool   `help:"${help_backup_check}"`
}

// Run writes a backup, or checks one that is there.
func (c backupCommand) Run(ctx context.Context, e env) error {
	bar := newProgress(e)
	if c.Check {
		m, err := backup.Check(ctx, c.Folder, bar.step)
		bar.end()
		if err == nil {
			e.say("backup_good", about(c.Folder, m))
		}
		return err
	}
	return with(ctx, e, func(cfg config.Config, x *engines, _ *slog.Logger) error {
		files, err := blob.New(filepath.Join(cfg.DataDir, "files"))
		if err != nil {
			return err
		}
		m, err := backup.Write(ctx, x.db, files, c.Folder, bar.step)
		bar.end()
		if err == nil {
			e.say("backup_made", about(c.Folder, m))
		}
		return err
	})
}

type restoreCommand struct {
	Folder string `arg:"" help:"${help_restore_folder}"`
}

// Run brings a backup back into an empty database.
func (c restoreCommand) Run(ctx context.Context, e env) (err error) {
	cfg, _, err := configure(e)
	if err != nil {
		return err
	}
	x, err := reachBare(ctx, cfg, newLog(e, cfg, max(cfg.LogLevel, slog.LevelWarn)))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.close(ctx)) }()
	files, err := blob.New(filepath.Join(cfg.DataDir, "files"))
	if err != nil {
		return err
	}
	bar := newProgress(e)
	m, err := backup.Restore(ctx, x.db, files, c.Folder, bar.step)
	bar.end()
	if err == nil {
		e.say("restored", about(c.Folder, m))
		e.say("restored_held", nil)
	}
	return err
}

func about(folder string, m backup.Manifest) map[string]any {
	return map[string]any{
		"folder": folder, "rows": m.Rows(), "tables": len(m.Tables), "files": len(m.Files),
		"taken": m.TakenAt.Format("2006-01-02 15:04:05 MST"),
	}
}
