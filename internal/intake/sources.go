package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
)

// Source is a place from which a channel brings things: a mailbox, a listener,
// a telephone line. An empty name means the channel as such.
type Source struct {
	Channel channel.Name
	Name    string
}

// Health is how a source does.
type Health struct {
	Source
	Since       time.Time  // known since
	LastArrival *time.Time // when something came from it
	LastOK      *time.Time // when it was reached, whether anything came or not
	LastFailure *time.Time
	Failure     string    // code of what is wrong now, empty when nothing is
	QuietAfter  int       // business hours of silence that are too long
	QuietSince  time.Time // when the silence became too long; zero when it is not
}

// Failing reports whether the source could not be reached the last time.
func (h Health) Failing() bool { return h.Failure != "" }

// Quiet reports whether nothing has come for longer than usual.
func (h Health) Quiet() bool { return !h.QuietSince.IsZero() }

// usualQuiet is after how many business hours a source is quiet that says
// nothing else: a business day, which leaves out nights and weekends.
const usualQuiet = 10

const maxQuiet = 1000 // business hours: five months

// ErrQuiet is a limit of silence that is none.
var ErrQuiet = fault.New(fault.Invalid, "source_quiet").With("max", maxQuiet)

// ErrSource is a source that nobody knows.
var ErrSource = fault.New(fault.NotFound, "source_not_found")

// Sources keeps what is known of the sources. Whoever fetches or listens tells it.
type Sources struct {
	db        *postgres.DB
	calendars sla.Calendars
	now       func() time.Time
}

// Sources are those of the channels.
func (in *Intake) Sources() *Sources {
	return &Sources{db: in.db, calendars: in.calendars, now: in.now}
}

// Alive notes that the source was reached; a failure is over.
func (s *Sources) Alive(ctx context.Context, src Source) error {
	return s.note(ctx, src, "last_ok_at", "")
}

// Arrived notes that something came from it, which also means that it is alive.
func (s *Sources) Arrived(ctx context.Context, src Source) error {
	if err := s.note(ctx, src, "last_arrival_at", ""); err != nil {
		return err
	}
	return s.Alive(ctx, src)
}

// Failed notes why the source could not be reached. The code's text is
// source.failure.<code>.
func (s *Sources) Failed(ctx context.Context, src Source, code string) error {
	return s.note(ctx, src, "last_failure_at", code)
}

func (s *Sources) note(ctx context.Context, src Source, moment, failure string) error {
	_, err := s.db.Pool.Exec(ctx, `INSERT INTO channel_sources (channel, name, `+moment+`, failure) VALUES ($1, $2, now(), $3)
		ON CONFLICT (channel, name) DO UPDATE SET `+moment+` = now(), failure = excluded.failure`, src.Channel, src.Name, failure)
	if err != nil {
		return fmt.Errorf("note how the source %s of %s does: %w", src.Name, src.Channel, err)
	}
	return nil
}

// Only says which sources of a channel there are now whose names begin so. Of
// others nothing is expected any more: they are neither quiet nor failing.
func (s *Sources) Only(ctx context.Context, ch channel.Name, prefix string, names []string) error {
	_, err := s.db.Pool.Exec(ctx, `DELETE FROM channel_sources WHERE channel = $1 AND starts_with(name, $2) AND name <> ALL(coalesce($3::text[], '{}'))`,
		ch, prefix, names)
	if err != nil {
		return fmt.Errorf("forget the sources of %s that are none any more: %w", ch, err)
	}
	return nil
}

// ExpectWithin says how many business hours of silence are usual for a source;
// 0 is the installation's default.
func (s *Sources) ExpectWithin(ctx context.Context, src Source, hours int, walled bool) error {
	if hours < 0 || hours > maxQuiet {
		return ErrQuiet
	}
	known, err := s.List(ctx, walled)
	if err != nil {
		return err
	}
	for _, h := range known {
		if h.Source != src {
			continue
		}
		_, err := s.db.Pool.Exec(ctx, `INSERT INTO channel_sources (channel, name, quiet_after) VALUES ($1, $2, nullif($3, 0))
			ON CONFLICT (channel, name) DO UPDATE SET quiet_after = excluded.quiet_after`, src.Channel, src.Name, hours)
		if err != nil {
			return fmt.Errorf("set how quiet the source %s of %s may be: %w", src.Name, src.Channel, err)
		}
		return nil
	}
	return ErrSource
}

// List gives all sources, those of one channel together. A channel that has
// brought something and has no source of its own stands for itself. A source that
// never told of an arrival has that of its channel. What the ombudsman has is left
// out unless walled is set.
func (s *Sources) List(ctx context.Context, walled bool) ([]Health, error) {
	rows, err := s.db.Pool.Query(ctx, `
		WITH c AS (SELECT DISTINCT channel FROM intake_tallies),
		known AS (
		  SELECT channel, name, since, last_arrival_at, last_ok_at, last_failure_at, failure, quiet_after FROM channel_sources
		  UNION ALL
		  SELECT c.channel, '', (SELECT min(day) FROM intake_tallies t WHERE t.channel = c.channel), NULL, NULL, NULL, '', NULL
		  FROM c WHERE NOT EXISTS (SELECT FROM channel_sources s WHERE s.channel = c.channel))
		SELECT k.channel, k.name, k.since,
		       coalesce(k.last_arrival_at, (SELECT g.received_at FROM intake_ledger g WHERE g.channel = k.channel ORDER BY g.id DESC LIMIT 1)),
		       k.last_ok_at, k.last_failure_at, k.failure, coalesce(k.quiet_after, $3)
		FROM known k WHERE $1 OR k.channel <> $2 ORDER BY k.channel, k.name`, walled, channel.Ombudsman, usualQuiet)
	if err != nil {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Health, err error) {
		err = row.Scan(&h.Channel, &h.Name, &h.Since, &h.LastArrival, &h.LastOK, &h.LastFailure, &h.Failure, &h.QuietAfter)
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	now := s.now()
	for i := range all {
		h := &all[i]
		last := h.Since
		if h.LastArrival != nil && h.LastArrival.After(last) {
			last = *h.LastArrival
		}
		calendar, err := s.calendars.Get(sla.CalendarBR)
		if err != nil {
			return nil, err
		}
		until, err := calendar.Due(last, sla.Term{Amount: h.QuietAfter, Unit: sla.BusinessHours}, nil)
		if err != nil {
			return nil, fmt.Errorf("say whether the source %s of %s is quiet: %w", h.Name, h.Channel, err)
		}
		if until.Due.Before(now) {
			h.QuietSince = until.Due
		}
	}
	return all, nil
}
