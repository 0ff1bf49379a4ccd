package app

import (
	"context"
	"log/slog"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

// mailSources tells the intake how the mailboxes that are fetched fare. That a word
// of it is lost is no trouble: the next look brings another one.
type mailSources struct {
	sources *intake.Sources
	log     *slog.Logger
}

// Alive implements imap.Sources.
func (m mailSources) Alive(ctx context.Context, source string) {
	m.noted(ctx, source, m.sources.Alive(ctx, mailSource(source)))
}

// Arrived implements imap.Sources.
func (m mailSources) Arrived(ctx context.Context, source string) {
	m.noted(ctx, source, m.sources.Arrived(ctx, mailSource(source)))
}

// Only implements imap.Sources.
func (m mailSources) Only(ctx context.Context, sources []string) {
	m.noted(ctx, "imap", m.sources.Only(ctx, channel.Email, "imap:", sources))
}

// Failed implements imap.Sources.
func (m mailSources) Failed(ctx context.Context, source, code string) {
	m.noted(ctx, source, m.sources.Failed(ctx, mailSource(source), code))
}

func (m mailSources) noted(ctx context.Context, source string, err error) {
	if err != nil && ctx.Err() == nil {
		m.log.WarnContext(ctx, "how a source of mail fares could not be noted", "source", source, "error", err)
	}
}

func mailSource(name string) intake.Source { return intake.Source{Channel: channel.Email, Name: name} }
