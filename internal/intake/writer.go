package intake

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// writer takes groups off the queue and settles them, one after the other.
func (in *Intake) writer(ctx context.Context) {
	for {
		items := in.gather(ctx)
		if items == nil {
			return
		}
		// What has begun is finished: Run waits, and patience bounds it.
		in.writing.busy.Add(1)
		in.settle(context.WithoutCancel(ctx), items)
		in.writing.busy.Add(-1)
	}
}

// gather takes a group of items, of which twins count as one. It returns nil
// when ctx has ended.
func (in *Intake) gather(ctx context.Context) []*item {
	items := make([]*item, 0, groupSize)
	byKey := make(map[string]*item, groupSize)
	gather(ctx, &in.writing, in.queue, func(it *item) (more bool) {
		if first, ok := byKey[it.in.SourceKey]; ok {
			first.twins = append(first.twins, it)
			return true
		}
		byKey[it.in.SourceKey] = it
		items = append(items, it)
		return len(items) < groupSize
	})
	if len(items) == 0 {
		return nil
	}
	return items
}

// lane is what goroutines that work off one queue in groups know of each other.
type lane struct {
	turn sync.Mutex   // one gathers at a time, or they would halve each other's groups
	busy atomic.Int32 // how many are writing
}

// gather waits for a first one and takes whatever else is there, until take
// says that it is enough. It waits for company only while another group is being
// written: then the machine has enough to do, and a larger group costs less. With
// nobody writing it would keep a lone customer waiting, and leave PostgreSQL idle
// meanwhile. When ctx has ended, it has taken nothing.
func gather[T any](ctx context.Context, l *lane, queue <-chan T, take func(T) (more bool)) {
	l.turn.Lock()
	defer l.turn.Unlock()
	select {
	case <-ctx.Done():
		return
	case one := <-queue:
		if !take(one) {
			return
		}
	}
	var late <-chan time.Time
	if l.busy.Load() > 0 {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		late = timer.C
	}
	for {
		select {
		case one := <-queue:
			if !take(one) {
				return
			}
			continue
		default:
		}
		if late == nil {
			return
		}
		select {
		case one := <-queue:
			if !take(one) {
				return
			}
		case <-late:
			return
		case <-ctx.Done():
			return
		}
	}
}

// settle gives every item its answer. A group that PostgreSQL refuses because
// of what is in it is halved until the bad item stands alone; whatever else goes
// wrong is tried again for as long as somebody waits for it.
func (in *Intake) settle(ctx context.Context, items []*item) {
	for try := 0; ; try++ {
		if items = in.waiting(items); len(items) == 0 {
			return
		}
		err := in.write(ctx, items, insertLedger)
		switch {
		case err == nil:
			in.poke.Poke()
			return
		case errors.Is(err, ErrExhausted):
			in.each(ctx, items, err)
			return
		case blamesData(err) && len(items) > 1:
			half := len(items) / 2
			in.settle(ctx, items[:half])
			in.settle(ctx, items[half:])
			return
		case blamesData(err):
			in.each(ctx, items, ErrRefused.Because(err))
			return
		case !passing(err):
			in.each(ctx, items, err)
			return
		}
		in.log.WarnContext(ctx, "a group of the intake is tried again", "items", len(items), "try", try+1, "error", err)
		time.Sleep(backoff(try))
	}
}

// each answers all items with the failure; what nobody could be told about is
// kept for a person instead.
func (in *Intake) each(ctx context.Context, items []*item, err error) {
	for _, it := range items {
		if it.in.Keep && it.origin.ledger == 0 {
			it.answer(in.keep(ctx, it, err))
			continue
		}
		it.answer(Receipt{}, err)
	}
}

// waiting leaves out the items for which nobody waits any more. Where the same
// key waits once more, that one takes the place.
func (in *Intake) waiting(items []*item) []*item {
	now := in.now()
	alive := items[:0]
	for _, it := range items {
		for it != nil && (it.ctx.Err() != nil || now.After(it.until)) {
			it.done <- answer{err: ErrUnconfirmed.Because(it.ctx.Err())}
			it = it.heir()
		}
		if it != nil {
			alive = append(alive, it)
		}
	}
	return alive
}

// backoff grows from 5 ms (a deadlock's loser may go on at once) to a second.
func backoff(try int) time.Duration {
	return min(5*time.Millisecond<<min(try, 8), time.Second)
}

// blamesData reports whether PostgreSQL refused the rows for what is in them:
// data exceptions, constraints, and limits that one row exceeds.
func blamesData(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "22") || strings.HasPrefix(pg.Code, "23") || strings.HasPrefix(pg.Code, "54"))
}

// passing reports whether the same statements may succeed later: a lost race, a
// connection or an engine that went away, a standby that is not yet a primary,
// a disk that is full. The rest is a fault of the program.
func passing(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return true
	}
	switch pg.Code[:2] {
	case "08", "40", "53", "55", "57", "58":
		return true
	}
	return pg.Code == "25006"
}
