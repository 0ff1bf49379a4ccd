package desk_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
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
	w.runOut(rt, id, l)
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

func (w *world) runOut(rt *rapid.T, id int64, l *life) {
	if err := w.o.db.Gorm.Exec("UPDATE tickets SET lease_until = now() - interval '1 second' WHERE id = ?", id).Error; err != nil {
		rt.Fatal(err)
	}
	w.flush()
	l.alive = false
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
	w.meanwhile(rt)
	w.reply(rt)
	w.redis.Start()
}

// meanwhile is what people do while something is wrong.
func (w *world) meanwhile(rt *rapid.T) {
	acts := []func(*rapid.T){w.claim, w.takeOver, w.release, w.reply, w.transfer, w.note, w.customer, w.resolve, w.reopen, w.end}
	for range rapid.IntRange(1, 3).Draw(rt, "acts meanwhile") {
		acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act meanwhile")](rt)
	}
}

// gate is the time of a node that can be made to stand still: it stops where the
// next call asks for the time, before it has locked anything in PostgreSQL. (A claim
// asks later, and is one statement until then.)
type gate struct {
	now           func() time.Time
	armed         atomic.Bool
	reached, open chan struct{}
}

func (g *gate) pass() time.Time {
	if g.armed.CompareAndSwap(true, false) {
		close(g.reached)
		<-g.open
	}
	return g.now()
}

// pause is a call of a node that stands still in the middle of it, maybe past the
// lease it is made with, while others go on. It changes what it would have changed
// had it come after them.
func (w *world) pause(rt *rapid.T) {
	w.still = true
	defer func() { w.still = false }()
	acts := []func(*rapid.T){w.release, w.reply, w.reply, w.transfer, w.note, w.resolve, w.reopen}
	acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "paused")](rt)
}

// call makes a call, through which its node may stand still.
func (w *world) call(rt *rapid.T, fn func()) {
	if !w.still {
		fn()
		return
	}
	w.still = false
	w.gate.reached, w.gate.open = make(chan struct{}), make(chan struct{})
	w.gate.armed.Store(true)
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	defer func() {
		w.gate.armed.Store(false)
		close(w.gate.open)
		<-done
	}()
	select {
	case <-w.gate.reached:
	case <-done: // it was refused by what it knew
		return
	}
	w.pauses++
	for _, id := range slices.Sorted(maps.Keys(w.lives)) {
		if l := w.lives[id]; l.holder != 0 && rapid.Bool().Draw(rt, "its lease runs out") {
			w.runOut(rt, id, l)
		}
	}
	w.meanwhile(rt)
}
