package account

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// useEach is how precisely the last use of a session or token is known.
	useEach = time.Minute
	// maxUses bounds what waits to be written. When it is full a use is dropped;
	// the next one, a minute later, is noted again.
	maxUses = maxCached
)

// use names what was used: a session or an API token.
type use struct{ session, token int64 }

// uses gathers when sessions and tokens were last used until Run writes it down,
// so that a request never waits for that.
type uses struct {
	mu      sync.Mutex
	waiting map[use]time.Time
}

func newUses() *uses { return &uses{waiting: map[use]time.Time{}} }

func (u *uses) note(what use, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.waiting[what]; known || len(u.waiting) < maxUses {
		u.waiting[what] = at
	}
}

func (u *uses) take() map[use]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	taken := u.waiting
	u.waiting = map[use]time.Time{}
	return taken
}

// writeUses stores what was noted. Rows that another node is writing are left
// to it. What cannot be written is dropped: it is at most a minute of freshness.
func (s *Service) writeUses(ctx context.Context) error {
	var sessions, tokens []int64
	var seen, used []time.Time
	for what, at := range s.uses.take() {
		if what.session != 0 {
			sessions, seen = append(sessions, what.session), append(seen, at)
		} else {
			tokens, used = append(tokens, what.token), append(used, at)
		}
	}
	if len(sessions) > 0 {
		_, err := s.db.Pool.Exec(ctx, `
			WITH mine AS (SELECT id FROM sessions WHERE id = ANY($1) FOR UPDATE SKIP LOCKED)
			UPDATE sessions s SET last_seen_at = greatest(s.last_seen_at, u.at),
			       expires_at = least(s.created_at + $4::interval, greatest(s.last_seen_at, u.at) + $3::interval)
			FROM unnest($1::bigint[], $2::timestamptz[]) u(id, at), mine
			WHERE s.id = u.id AND s.id = mine.id`, sessions, seen, SessionIdle, SessionLife)
		if err != nil {
			return fmt.Errorf("write the last use of %d sessions: %w", len(sessions), err)
		}
	}
	if len(tokens) > 0 {
		_, err := s.db.Pool.Exec(ctx, `
			WITH mine AS (SELECT id FROM api_tokens WHERE id = ANY($1) FOR UPDATE SKIP LOCKED)
			UPDATE api_tokens t SET last_used_at = greatest(t.last_used_at, u.at)
			FROM unnest($1::bigint[], $2::timestamptz[]) u(id, at), mine
			WHERE t.id = u.id AND t.id = mine.id`, tokens, used)
		if err != nil {
			return fmt.Errorf("write the last use of %d tokens: %w", len(tokens), err)
		}
	}
	return nil
}
