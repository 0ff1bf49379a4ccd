package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/jobs"
)

const (
	looking = 20 * time.Second // for a round that was asked for, or that a dead node left
	batch   = 50               // that are looked for at once
	begins  = 2                // the hour at which the day's round begins
)

// errElsewhere says that another node purges just now.
var errElsewhere = errors.New("another node purges")

// Run purges what need not be kept, a round a day and when somebody asks for one,
// until ctx ends. Any number of nodes may: one thing at a time is removed, and a
// round that its node leaves unfinished is gone on with by any other. Its beginning
// is looked at anew then; what is gone is not there to be found.
func (s *Service) Run(ctx context.Context) error {
	return jobs.Sweep(ctx, looking, func(ctx context.Context) bool {
		err := s.Round(ctx)
		if err != nil && ctx.Err() == nil && !errors.Is(err, errElsewhere) && !errors.Is(err, ErrOff) {
			s.Log.ErrorContext(ctx, "what need not be kept is purged later", "error", err)
		}
		return false
	})
}

// Ask begins a round now.
func (s *Service) Ask(ctx context.Context, actor access.Actor) (Run, error) {
	is, err := s.Settings(ctx)
	if err != nil {
		return Run{}, err
	}
	if !is.Purging {
		return Run{}, ErrOff
	}
	r := Run{AskedBy: &actor.AccountID, BegunAt: s.Now()}
	err = s.DB.Pool.QueryRow(ctx, "INSERT INTO retention_runs (day, asked_by, begun_at) VALUES ($1::date, $2, $3) ON CONFLICT DO NOTHING RETURNING id",
		brazil.DateOf(r.BegunAt, s.Zone).String(), actor.AccountID, r.BegunAt).Scan(&r.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Run{}, ErrRunning
	}
	if err != nil {
		return Run{}, fmt.Errorf("begin a round of purging: %w", err)
	}
	return r, nil
}

// Round goes on with the round that is open, or begins the day's when its hour has
// come, and ends it. Without either, or while purging is switched off, it does
// nothing.
func (s *Service) Round(ctx context.Context) error {
	run, err := s.open(ctx)
	if err != nil || run == 0 {
		return err
	}
	for _, walk := range []func(context.Context, int64) error{s.walkRecords, s.walkOriginals, s.walkRecordings, s.walkStrays, s.walkImports} {
		if err := walk(ctx, run); err != nil {
			return err
		}
	}
	removed := map[Subject]int{}
	rows, err := s.DB.Pool.Query(ctx, `WITH done AS (UPDATE retention_runs SET finished_at = $2 WHERE id = $1)
		SELECT subject, count(*) FROM retention_proofs WHERE run_id = $1 GROUP BY subject`, run, s.Now())
	if err == nil {
		var subject Subject
		var n int
		_, err = pgx.ForEachRow(rows, []any{&subject, &n}, func() error { removed[subject] = n; return nil })
	}
	if err != nil {
		return fmt.Errorf("end round %d of purging: %w", run, err)
	}
	s.Log.InfoContext(ctx, "purged what need not be kept any longer", "round", run, "records", removed[Record],
		"recordings", removed[Recording], "originals", removed[Original], "strays", removed[Stray],
		"imports", removed[Import])
	return nil
}

// open gives the round to go on with; 0 when there is none.
func (s *Service) open(ctx context.Context) (run int64, err error) {
	is, err := s.Settings(ctx)
	if err != nil || !is.Purging {
		return 0, err
	}
	now := s.Now().In(s.Zone)
	if now.Hour() >= begins {
		_, err = s.DB.Pool.Exec(ctx, "INSERT INTO retention_runs (day, begun_at) VALUES ($1::date, $2) ON CONFLICT DO NOTHING",
			brazil.DateOf(now, s.Zone).String(), now)
	}
	if err == nil {
		err = s.DB.Pool.QueryRow(ctx, "SELECT coalesce(max(id), 0) FROM retention_runs WHERE finished_at IS NULL").Scan(&run)
	}
	if err != nil {
		return 0, fmt.Errorf("look for a round of purging: %w", err)
	}
	return run, nil
}

// each tries one thing after the other. One that cannot be removed is told of and
// left: it does not keep the others.
func (s *Service) each(ctx context.Context, run int64, found []int64, purge func(context.Context, int64, int64) (bool, error)) error {
	for _, id := range found {
		switch _, err := purge(ctx, run, id); {
		case err == nil:
		case errors.Is(err, errElsewhere) || errors.Is(err, ErrOff) || ctx.Err() != nil:
			return err
		default:
			s.Log.ErrorContext(ctx, "something that need not be kept could not be removed", "id", id, "round", run, "error", err)
		}
	}
	return nil
}

func (s *Service) walkRecords(ctx context.Context, run int64) error {
	return s.walkOver(ctx, run, Record, s.purgeRecord)
}

func (s *Service) walkOriginals(ctx context.Context, run int64) error {
	return s.walkOver(ctx, run, Original, s.purgeOriginals)
}

func (s *Service) walkOver(ctx context.Context, run int64, subject Subject, purge func(context.Context, int64, int64) (bool, error)) error {
	for cursor := (place{}); ; {
		rules, err := s.Rules(ctx)
		if err != nil {
			return err
		}
		found, next, err := over(ctx, s.DB.Pool, rules, subject, s.Now(), cursor, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		cursor = next
		if found, err = s.ripe(ctx, rules, subject, found); err != nil {
			return err
		}
		if err := s.each(ctx, run, found, purge); err != nil {
			return err
		}
	}
}

// ripe leaves out what is not to go by what can be seen without locking it.
func (s *Service) ripe(ctx context.Context, rules []Rule, subject Subject, found []int64) ([]int64, error) {
	all, err := readGroups(ctx, s.DB.Pool, found)
	if err != nil {
		return nil, err
	}
	today := brazil.DateOf(s.Now(), s.Zone)
	var some []int64
	for _, g := range all {
		until := g.until(rules, s.Zone)
		over := until != nil && until.Before(today) && !g.held() && !g.busy()
		if subject == Original {
			_, over = g.rawOver(rules, today, s.Zone)
		}
		if over {
			some = append(some, g[0].root)
		}
	}
	return some, nil
}

func (s *Service) walkRecordings(ctx context.Context, run int64) error {
	for after := int64(0); ; {
		found, err := ids(ctx, s.DB.Pool, dueRecordings, s.Now(), after, batch)
		if err != nil || len(found) == 0 {
			return err
		}
		after = found[len(found)-1]
		if err := s.each(ctx, run, found, s.purgeRecording); err != nil {
			return err
		}
	}
}

func (s *Service) walkStrays(ctx context.Context, run int64) error {
	for cursor := (place{}); ; {
		rules, err := s.Rules(ctx)
		if err != nil {
			return err
		}
		before, some := latest(rules, Stray, s.Now())
		if !some {
			return nil
		}
		rows, err := s.DB.Pool.Query(ctx, straysOver, cursor.ended, cursor.id, before, batch)
		if err != nil {
			return fmt.Errorf("look for what became no ticket: %w", err)
		}
		var found []int64
		_, err = pgx.ForEachRow(rows, []any{&cursor.id, &cursor.ended}, func() error {
			found = append(found, cursor.id)
			return nil
		})
		if err != nil {
			return fmt.Errorf("look for what became no ticket: %w", err)
		}
		if len(found) == 0 {
			return nil
		}
		if err := s.each(ctx, run, found, s.purgeStray); err != nil {
			return err
		}
	}
}
