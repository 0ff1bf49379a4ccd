package retention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
)

// What can go before its record does, or has none: recordings, originals, and
// what came in and became no ticket.

// heard is a recording and whose it is.
type heard struct {
	ticket int64
	blob   string
	recorded
}

const dueRecordings = `SELECT r.id FROM recordings r WHERE r.erased_at IS NULL AND r.retain_until < $1 AND r.id > $2 ORDER BY r.id LIMIT $3`

const rawOver = `SELECT g.id FROM intake_ledger g WHERE g.ticket_id = ANY($1) AND g.purged_at IS NULL ORDER BY g.id`

const straysOver = `SELECT g.id, g.received_at FROM intake_ledger g WHERE g.ticket_id IS NULL AND g.fate IN ('duplicate', 'automatic', 'discarded')
	AND (g.received_at, g.id) > ($1, $2) AND g.received_at < $3 ORDER BY g.received_at, g.id LIMIT $4`

func ids(ctx context.Context, q asker, sql string, args ...any) ([]int64, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("look for what may go: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("look for what may go: %w", err)
	}
	return found, nil
}

// ticketOf is the record that a recording belongs to; none when it is gone.
func ticketOf(ctx context.Context, q asker, recording int64, lock string) (h heard, err error) {
	err = q.QueryRow(ctx, `SELECT c.ticket_id, r.id, r.blob FROM recordings r JOIN calls c ON c.contact_id = r.contact_id
		WHERE r.id = $1 AND r.erased_at IS NULL `+lock, recording).Scan(&h.ticket, &h.id, &h.blob)
	if errors.Is(err, pgx.ErrNoRows) {
		return heard{}, nil
	}
	if err != nil {
		return heard{}, fmt.Errorf("read recording %d: %w", recording, err)
	}
	return h, nil
}

// over reports whether a recording's time is over, with what decides it.
func (g group) heardOut(id int64, rules []Rule, today brazil.Date, zone *time.Location) (r recorded, p part, over bool) {
	for _, p := range g {
		for _, r := range p.calls {
			if r.id == id {
				until := r.kept(rules, zone)
				return r, p, until != nil && until.Before(today) && !g.held()
			}
		}
	}
	return recorded{}, part{}, false
}

func (s *Service) purgeRecording(ctx context.Context, run, id int64) (done bool, err error) {
	err = s.item(ctx, func(tx *gorm.DB, q asker, rules []Rule) error {
		h, err := ticketOf(ctx, q, id, "")
		if err != nil || h.id == 0 {
			return err
		}
		g, err := lockGroup(ctx, q, h.ticket)
		if err != nil || len(g) == 0 {
			return err
		}
		if h, err = ticketOf(ctx, q, id, "FOR UPDATE OF r"); err != nil || h.id == 0 {
			return err
		}
		r, p, over := g.heardOut(id, rules, brazil.DateOf(s.Now(), s.Zone), s.Zone)
		if !over {
			return nil
		}
		tag, err := q.Exec(ctx, "UPDATE recordings SET reference = '', blob = '', name = '', erased_at = $2 WHERE id = $1", id, s.Now())
		if err != nil {
			return fmt.Errorf("erase recording %d: %w", id, err)
		}
		done = true
		removal := Removal{Run: run, Subject: Recording, Team: &p.audience.Team, Protocols: []string{p.protocol}, Channel: p.facts.Channel,
			Opened: &r.facts.Attended, Kept: r.kept(rules, s.Zone).String(), Rules: applied(keeps(rules, Recording, r.facts, s.Zone)),
			Rows: map[string]int{"recordings": int(tag.RowsAffected())}}
		if h.blob != "" {
			removal.Blobs = []string{h.blob}
		}
		return s.prove(ctx, q, chainOf(p.audience), removal)
	})
	return done && err == nil, err
}

// rawOver reports whether the originals of a record may go before it does.
func (g group) rawOver(rules []Rule, today brazil.Date, zone *time.Location) (until *brazil.Date, over bool) {
	for _, p := range g {
		day := last(keeps(rules, Original, p.facts, zone))
		if day == nil || p.facts.Ended.IsZero() {
			return nil, false
		}
		if until == nil || until.Before(*day) {
			until = day
		}
	}
	return until, until.Before(today) && !g.held()
}

func (s *Service) purgeOriginals(ctx context.Context, run, id int64) (done bool, err error) {
	err = s.item(ctx, func(tx *gorm.DB, q asker, rules []Rule) error {
		g, err := lockGroup(ctx, q, id)
		if err != nil || len(g) == 0 {
			return err
		}
		until, over := g.rawOver(rules, brazil.DateOf(s.Now(), s.Zone), s.Zone)
		if !over {
			return nil
		}
		entries, err := ids(ctx, q, rawOver, g.ids())
		if err != nil || len(entries) == 0 {
			return err
		}
		var blobs []string
		err = q.QueryRow(ctx, "SELECT ARRAY(SELECT raw_blob FROM intake_ledger WHERE id = ANY($1) AND raw_blob IS NOT NULL ORDER BY 1)", entries).Scan(&blobs)
		if err != nil {
			return fmt.Errorf("name the originals of record %d: %w", id, err)
		}
		if err := s.Intake.Purge(ctx, tx, entries...); err != nil {
			return err
		}
		done = true
		main := g[0]
		return s.prove(ctx, q, chainOf(main.audience), Removal{Run: run, Subject: Original, Team: &main.audience.Team, Protocols: []string{main.protocol},
			Channel: main.facts.Channel, Opened: &main.facts.Opened, Ended: &main.facts.Ended, Kept: until.String(),
			Rules: applied(keeps(rules, Original, main.facts, s.Zone)), Rows: map[string]int{"intake_ledger": len(entries)}, Blobs: blobs})
	})
	return done && err == nil, err
}

func (s *Service) purgeStray(ctx context.Context, run, id int64) (done bool, err error) {
	err = s.item(ctx, func(tx *gorm.DB, q asker, rules []Rule) error {
		f, raw, err := readStray(ctx, q, id)
		if err != nil || f.Opened.IsZero() {
			return err
		}
		all := keeps(rules, Stray, f, s.Zone)
		until := last(all)
		if until == nil || !until.Before(brazil.DateOf(s.Now(), s.Zone)) {
			return nil
		}
		if err := s.Intake.Remove(ctx, tx, id); err != nil {
			return err
		}
		done = true
		return s.prove(ctx, q, chainOf(access.Audience{Walled: f.Walled}), Removal{Run: run, Subject: Stray, Channel: f.Channel, Opened: &f.Opened,
			Kept: until.String(), Rules: applied(all), Rows: map[string]int{"intake_ledger": 1}, Blobs: raw})
	})
	return done && err == nil, err
}

// readStray reads and locks what came in and became no ticket.
func readStray(ctx context.Context, q asker, id int64) (f facts, blobs []string, err error) {
	err = q.QueryRow(ctx, `SELECT channel, walled, received_at, CASE WHEN raw_blob IS NULL THEN '{}' ELSE ARRAY[raw_blob] END FROM intake_ledger
		WHERE id = $1 AND ticket_id IS NULL AND fate IN ('duplicate', 'automatic', 'discarded') FOR UPDATE SKIP LOCKED`, id).
		Scan(&f.Channel, &f.Walled, &f.Opened, &blobs)
	if errors.Is(err, pgx.ErrNoRows) {
		return facts{}, nil, nil
	}
	if err != nil {
		return facts{}, nil, fmt.Errorf("read entry %d of the ledger: %w", id, err)
	}
	return f, blobs, nil
}

func (s *Service) countRecordings(ctx context.Context, q asker, actor access.Actor, rules []Rule, today brazil.Date) (n int, err error) {
	for after := int64(0); ; {
		found, err := ids(ctx, q, dueRecordings, s.Now(), after, 1000)
		if err != nil || len(found) == 0 {
			return n, err
		}
		after = found[len(found)-1]
		owners, err := ids(ctx, q, "SELECT DISTINCT c.ticket_id FROM recordings r JOIN calls c ON c.contact_id = r.contact_id WHERE r.id = ANY($1)", found)
		if err != nil {
			return n, err
		}
		all, err := readGroups(ctx, q, owners)
		if err != nil {
			return n, err
		}
		for _, id := range found {
			for _, g := range all {
				if _, p, over := g.heardOut(id, rules, today, s.Zone); over && actor.MaySee(p.audience) {
					n++
					break
				}
			}
		}
	}
}

func (s *Service) countOriginals(ctx context.Context, q asker, actor access.Actor, rules []Rule, today brazil.Date) (n int, err error) {
	for cursor := (place{}); ; {
		found, next, err := over(ctx, q, rules, Original, s.Now(), cursor, 1000)
		if err != nil || len(found) == 0 {
			return n, err
		}
		cursor = next
		all, err := readGroups(ctx, q, found)
		if err != nil {
			return n, err
		}
		var roots []int64
		for _, g := range all {
			if _, over := g.rawOver(rules, today, s.Zone); over && actor.MaySee(g[0].audience) {
				roots = append(roots, g.ids()...)
			}
		}
		some, err := ids(ctx, q, rawOver, roots)
		if err != nil {
			return n, err
		}
		n += len(some)
	}
}

func (s *Service) countStrays(ctx context.Context, q asker, actor access.Actor, rules []Rule, today brazil.Date) (n int, err error) {
	before, some := latest(rules, Stray, s.Now())
	if !some || !actor.Scope().AllTeams {
		return 0, nil
	}
	rows, err := q.Query(ctx, `SELECT channel, walled, received_at, count(*) FROM intake_ledger
		WHERE ticket_id IS NULL AND fate IN ('duplicate', 'automatic', 'discarded') AND received_at < $1 AND (NOT walled OR $2)
		GROUP BY channel, walled, received_at`, before, actor.Scope().Walled)
	if err != nil {
		return 0, fmt.Errorf("count what became no ticket: %w", err)
	}
	var f facts
	var m int
	_, err = pgx.ForEachRow(rows, []any{&f.Channel, &f.Walled, &f.Opened, &m}, func() error {
		if until := last(keeps(rules, Stray, f, s.Zone)); until != nil && until.Before(today) {
			n += m
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("count what became no ticket: %w", err)
	}
	return n, nil
}
