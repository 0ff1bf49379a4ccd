package account

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/postgres"
)

// Service is all that can be asked of this package. Who may ask for it is
// decided by its callers: see access.ManageAccounts.
type Service struct {
	db       *postgres.DB
	hasher   *hasher
	throttle *throttle
	cache    *cache
	uses     *uses
	now      func() time.Time
	log      *slog.Logger
}

// NewService puts the parts together; now is PostgreSQL's clock. Redis may be
// away: then failed log-ins are counted by each node for itself.
func NewService(db *postgres.DB, rdb redis.Scripter, now func() time.Time, log *slog.Logger) *Service {
	s := &Service{
		db:       db,
		hasher:   newHasher(),
		throttle: &throttle{shared: sharedGuesses{rdb}, own: newOwnGuesses(), log: log},
		uses:     newUses(),
		now:      func() time.Time { return now().UTC().Truncate(time.Microsecond) }, // as PostgreSQL will give it back
		log:      log,
	}
	s.cache = newCache(s.changedSince)
	return s
}

const (
	writeUsesEach = 10 * time.Second
	purgeEach     = time.Hour
	placesKept    = 90 * 24 * time.Hour
)

// Run writes down when sessions and tokens were last used, and deletes what has
// expired, until ctx ends. Nodes may do it at once. A failure is logged and
// tried again with the next turn: nothing here is lost but freshness.
func (s *Service) Run(ctx context.Context) error {
	write := time.NewTicker(writeUsesEach)
	defer write.Stop()
	purge := time.NewTicker(purgeEach)
	defer purge.Stop()
	s.try(ctx, "delete expired sessions", s.purge)
	for {
		select {
		case <-write.C:
			s.try(ctx, "write the last use of sessions", s.writeUses)
		case <-purge.C:
			s.try(ctx, "delete expired sessions", s.purge)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			s.try(last, "write the last use of sessions", s.writeUses)
			return nil
		}
	}
}

func (s *Service) try(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, what, "error", err)
	}
}
