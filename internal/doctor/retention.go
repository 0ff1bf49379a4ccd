package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/retention"
)

// overdue is how long after the last round another one should have ended: a day,
// and as much again as a large one may take.
const overdue = 36 * time.Hour

// retention looks at what is purged: recordings past their term that nobody
// purges, rounds that do not come, and proofs that are missing. Missing proofs
// cannot be brought back by anybody, so they do not keep the desk from working.
func (r *Report) retention(ctx context.Context, db *postgres.DB, zone *time.Location) {
	var there bool
	if err := db.Pool.QueryRow(ctx, "SELECT to_regclass('retention_runs') IS NOT NULL").Scan(&there); err != nil {
		r.failed("retention", fmt.Errorf("look whether anything is purged: %w", err))
		return
	}
	if !there {
		return // the migrations are still to come
	}
	r.purging(ctx, db, zone)
	v, err := retention.Verify(ctx, db.Pool)
	switch {
	case err != nil:
		r.failed("retention_proofs", err)
	case v.Whole:
		r.add("retention_proofs", OK, "whole", nil)
	default:
		r.add("retention_proofs", Warn, "broken", map[string]any{"chain": v.Chain, "seq": v.Seq})
	}
}

func (r *Report) purging(ctx context.Context, db *postgres.DB, zone *time.Location) {
	var on, late bool
	var last *time.Time
	var recordings int
	err := db.Pool.QueryRow(ctx, `SELECT s.purging, l.at, coalesce(greatest(l.at, s.switched_at) < now() - make_interval(secs => $1), false),
		  (SELECT count(*) FROM recordings WHERE erased_at IS NULL AND retain_until < now())
		FROM retention_settings s, (SELECT max(finished_at) AS at FROM retention_runs) l`, overdue.Seconds()).Scan(&on, &last, &late, &recordings)
	if err != nil {
		r.failed("retention", fmt.Errorf("look whether anything is purged: %w", err))
		return
	}
	at := ""
	if last != nil {
		at = last.In(zone).Format("2006-01-02 15:04")
	}
	switch {
	case !on && recordings > 0:
		r.add("retention", Warn, "off_past", map[string]any{"n": recordings})
	case !on:
		r.add("retention", OK, "off", nil)
	case late && last == nil:
		r.add("retention", Warn, "never", nil)
	case late:
		r.add("retention", Warn, "late", map[string]any{"at": at})
	case last == nil:
		r.add("retention", OK, "first", nil)
	default:
		r.add("retention", OK, "on", map[string]any{"at": at})
	}
}
