package app

import (
	"log/slog"
	"net/url"
	"path/filepath"

	"github.com/escuta-sac/escuta/internal/channel/imap"
	"github.com/escuta-sac/escuta/internal/channel/smtp"
	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/dial"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailbox"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// carriers are the parts that bring mail: they stop before those that take it in.
func (a *App) carriers(cfg config.Config, db *postgres.DB, dialer *dial.Dialer, boxes *mailbox.Service, in *intake.Intake, log *slog.Logger) ([]part, error) {
	incoming, err := spool.New(filepath.Join(cfg.DataDir, "spool"), cfg.MaxMail)
	if err != nil {
		return nil, err
	}
	fetchers := imap.New(imap.Options{DB: db, Directory: boxes, Dialer: dialer, Acceptor: in, Spool: incoming, Sources: mailSources{in.Sources(), log}, Log: log})
	parts := []part{{"fetching of mail", fetchers.Run}}
	if cfg.SMTPAddr == "" {
		return parts, nil
	}
	name := "localhost"
	if u, err := url.Parse(string(cfg.BaseURL)); err == nil && u.Hostname() != "" {
		name = u.Hostname()
	}
	secured, err := smtp.TLS(cfg.SMTPCert, cfg.SMTPKey, cfg.DataDir, name)
	if err != nil {
		return nil, err
	}
	server, err := smtp.Listen(cfg.SMTPAddr, smtp.Options{Name: name, TLS: secured, Recipients: boxes, Acceptor: in, Spool: incoming, Log: log})
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, server.Close)
	log.Info("receiving mail", "address", server.Addr().String())
	return append(parts, part{"receiving of mail", server.Run}), nil
}
