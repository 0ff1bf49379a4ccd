package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// sweeper removes files that were uploaded and never became part of anything.
type sweeper struct {
	files *blob.Store
	db    *postgres.DB
	log   *slog.Logger
}

const (
	sweepEvery = 6 * time.Hour
	keptFor    = 24 * time.Hour // longer than an upload waits for its reply
)

// Run sweeps now and then until ctx ends. Nodes may do it at once.
func (s sweeper) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		removed, err := s.files.Sweep(ctx, s.referenced, keptFor)
		if err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "files are swept later", "error", err)
		}
		if removed > 0 {
			s.log.InfoContext(ctx, "swept files that belong to nothing", "files", removed)
		}
	}
}

// referenced also looks into what may be tried again from the ledger: its source
// names its files. A mail's does not, it has them inside; and a large source is a
// file itself. What is to be sent, or may be sent again, names its files, too.
func (s sweeper) referenced(ctx context.Context, hash string) (used bool, err error) {
	err = s.db.Pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM attachments WHERE blob = $1) OR EXISTS (SELECT FROM imports WHERE blob = $1)
		OR EXISTS (SELECT FROM recordings WHERE blob = $1 AND erased_at IS NULL)
		OR EXISTS (SELECT FROM intake_ledger WHERE raw_blob = $1)
		OR EXISTS (SELECT FROM outbox WHERE state IN ('queued', 'sending', 'failed', 'suppressed')
		           AND envelope->'files' @> jsonb_build_array(jsonb_build_object('blob', $1::text)))
		OR EXISTS (SELECT FROM intake_ledger WHERE fate IN ('pending', 'quarantined', 'discarded') AND channel <> 'email'
		           AND position(convert_to($1, 'UTF8') IN raw) > 0)`, hash).Scan(&used)
	if err != nil {
		return false, fmt.Errorf("look for the owner of a file: %w", err)
	}
	return used, nil
}
