package incident

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"
)

const (
	// listenAgain is how long Follow waits before it listens again after a failure.
	listenAgain = time.Second
	// recent is for how long customers read that an incident is solved.
	recent = 7 * 24 * time.Hour
	// told bounds how many incidents one page tells of.
	told = 3
)

// known is what customers' pages tell, so that showing one asks nobody. It is
// loaded again whenever an incident has changed, on whatever node.
type known struct {
	mu  sync.RWMutex
	all []Incident // neither closed nor untold, the newest first
}

// Follow hears of incidents that changed, on any node, until ctx ends: it keeps
// what customers' pages tell, and passes the id to tell. After a time in which
// it could not listen it is told of the incident 0: look at all of them again.
func (s *Service) Follow(ctx context.Context, tell func(id int64)) error {
	for ctx.Err() == nil {
		err := s.listen(ctx, tell)
		if ctx.Err() != nil {
			return nil
		}
		s.log.WarnContext(ctx, "incidents are not told until PostgreSQL is there again", slog.Any("error", err))
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
		}
	}
	return nil
}

func (s *Service) listen(ctx context.Context, tell func(id int64)) error {
	taken, err := s.db.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	conn := taken.Hijack() // what listens must not serve others afterwards
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(end)
	}()
	if _, err := conn.Exec(ctx, "LISTEN "+wire); err != nil {
		return err
	}
	// Only now: what changes from here on is heard.
	if err := s.learn(ctx); err != nil {
		return err
	}
	tell(0)
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		var told news
		if err := json.Unmarshal([]byte(n.Payload), &told); err != nil {
			s.log.WarnContext(ctx, "what was told of an incident cannot be read", slog.Any("error", err))
			continue
		}
		if told.Run {
			s.poke()
		}
		if told.Incident == 0 {
			continue
		}
		if err := s.learn(ctx); err != nil {
			return err
		}
		tell(told.Incident)
	}
}

// learn loads what customers' pages tell.
func (s *Service) learn(ctx context.Context) error {
	all, err := list(ctx, s.db.Gorm, "i.state <> 'closed' AND i.outside <> '' AND (i.state = 'open' OR i.solved_at > ?)", s.now().Add(-recent))
	if err != nil {
		return err
	}
	s.known.mu.Lock()
	defer s.known.mu.Unlock()
	s.known.all = all
	return nil
}

// Told is what the customers of a ticket of this incident are told, if anything.
func (s *Service) Told(id *int64) (Incident, bool) {
	if id == nil {
		return Incident{}, false
	}
	s.known.mu.RLock()
	defer s.known.mu.RUnlock()
	for _, i := range s.known.all {
		if i.ID == *id && (i.State == Open || s.now().Sub(*i.SolvedAt) < recent) {
			return i, true
		}
	}
	return Incident{}, false
}

// ToldOn is what whoever is about to open a ticket on the web with a brand is
// told: the newest open incidents that can concern them, a few at most.
func (s *Service) ToldOn(brand int64) (all []Incident) {
	s.known.mu.RLock()
	defer s.known.mu.RUnlock()
	for _, i := range s.known.all {
		concerned := (i.BrandID == nil || *i.BrandID == brand) && (i.Channel == "" || i.Channel == "webform")
		if i.State == Open && concerned && len(all) < told {
			all = append(all, i)
		}
	}
	return all
}
