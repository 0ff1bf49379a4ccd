package intake

import (
	"context"
	"errors"
	"strings"
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
		in.busy.Add(1)
		in.settle(context.WithoutCancel(ctx), items)
		in.busy.Add(-1)
	}
}

// gather waits for a first item and takes whatever else is there, up to a full
// group. It waits for company only while another writer is writing: then the
// machine has enough to do, and a larger group costs less. With nobody writing it
// would keep a lone customer waiting, and leave PostgreSQL idle meanwhile. It
// returns nil when ctx has ended.
func (in *Intake) gather(ctx context.Context) []*item {
	in.turn.Lock()
	defer in.turn.Unlock()
	items := make([]*item, 0, groupSize)
	byKey := make(map[string]*item, groupSize)
	add := func(it *item) {
		if first, ok := byKey[it.in.SourceKey]; ok {
			first.twins = append(first.twins, it)
			return
		}
		byKey[it.in.SourceKey] = it
		items = append(items, it)
	}
	select {
	case <-ctx.Done():
		return nil
	case it := <-in.queue:
		add(it)
	}
	var late <-chan time.Time
	if in.busy.Load() > 0 {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		late = timer.C
	}
	for len(items) < groupSize {
		select {
		case it := <-in.queue:
			add(it)
			continue
		default:
		}
		if late == nil {
			break
		}
		select {
		case it := <-in.queue:
			add(it)
			continue
		case <-late:
		case <-ctx.Done():
		}
		break
	}
	return items
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
