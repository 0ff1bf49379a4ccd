package desk_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"
)

// doubts hears when a server could not reach Redis. A copy of a lease may be older
// then than it should: it may refuse a free ticket, or renew a lease that has ended,
// until it is brought up to date.
type doubts struct {
	slog.Handler
	last atomic.Int64 // when, in nanoseconds since 1970
}

// since reports whether that was so since an instant, or so shortly before that
// the server may still have left Redis alone.
func (d *doubts) since(t time.Time) bool { return d.last.Load() > t.Add(-5*time.Second).UnixNano() }

func (d *doubts) Enabled(context.Context, slog.Level) bool { return true }

func (d *doubts) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "claims go on without Redis" {
		d.last.Store(time.Now().UnixNano())
	}
	return nil
}

// leaseEnds is a minute and a half in which nobody types.
func (w *world) leaseEnds(rt *rapid.T) {
	id, l, _, at := w.some(rt)
	if l.holder == 0 {
		rt.Skip("nobody holds it")
	}
	if err := w.o.db.Gorm.Exec("UPDATE tickets SET lease_until = now() - interval '1 second' WHERE id = ?", id).Error; err != nil {
		rt.Fatal(err)
	}
	w.flush()
	l.alive = false
	if rapid.Bool().Draw(rt, "swept") {
		if err := at.claims.Expire(w.t.Context()); err != nil {
			rt.Fatal(err)
		}
		for _, other := range w.lives {
			if other.holder != 0 && !other.alive {
				other.holder = 0
				other.version++
			}
		}
	}
}

func (w *world) flush() {
	if err := w.rdb.FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) loseRedis(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "lost") > 0 {
		rt.Skip("not now")
	}
	w.redis.Kill()
	w.claim(rt)
	w.reply(rt)
	w.redis.Start()
}
