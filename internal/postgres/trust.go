package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// idleTrust is for how long an idle connection is taken to be still there, as long
// as no other one of its pool broke: longer than most of what is polled rests, so
// that an idle desk does not ask twice.
const idleTrust = 20 * time.Second

// trust decides which idle connections are asked whether they are still there
// before they serve. What one of them finds out is believed of all: after an engine
// that went away, statements fail of each pool until the first has told, not one of
// each connection.
type trust struct {
	broke atomic.Int64 // when a connection was last found broken, in nanoseconds since 1970
}

func (t *trust) attach(cfg *pgxpool.Config) {
	cfg.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool {
		used := time.Now().Add(-p.IdleDuration)
		return p.IdleDuration > idleTrust || used.UnixNano() <= t.broke.Load()
	}
	cfg.BeforeClose = func(c *pgx.Conn) {
		if c.IsClosed() { // the pool closes healthy ones only after this
			t.broke.Store(time.Now().UnixNano())
		}
	}
}
