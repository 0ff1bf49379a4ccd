package event_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

const (
	writers = 6
	enough  = 300 // changes between one calamity and the next
)

func TestEveryFollowerHearsEveryChangeOnceAndInOrder(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	a, b := newNode(db, rdb), newNode(db, rdb)
	a.start(t)
	b.start(t)
	fa, fb := follow(t, a.log), follow(t, b.log)
	stop := storm(t, db, b.seq.Poke, seed(t, db, 3), writers)
	wait(t, "changes", func() bool { n, _ := fb.seen(); return n > enough })

	// Whoever comes later and starts from the beginning hears the same.
	head, err := a.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	late := followFrom(t, a.log, event.Position{Epoch: head.Epoch})
	expect(t, stop(), fa, fb, late)
}

func TestAFlushCostsNoEvent(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	n := newNode(db, rdb)
	n.start(t)
	f := follow(t, n.log)
	stop := storm(t, db, n.seq.Poke, seed(t, db, 3), writers)
	for i := range 5 {
		wait(t, "changes", func() bool { n, _ := f.seen(); return n > (i+1)*enough/3 })
		if err := rdb.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	done := stop()
	// The last ones may be flushed before anybody has read them.
	if err := rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	expect(t, done, f)
}

func TestSequencersThatBothBelieveToLeadDoNoHarm(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	// Two Redis: each sequencer holds its own lease and neither knows of the other.
	a, b := newNode(db, redistest.New(t)), newNode(db, redistest.New(t))
	a.start(t)
	b.start(t)
	fa, fb := follow(t, a.log), follow(t, b.log)
	stop := storm(t, db, func() { a.seq.Poke(); b.seq.Poke() }, seed(t, db, 3), writers)
	wait(t, "changes", func() bool { n, _ := fa.seen(); return n > 2*enough })
	expect(t, stop(), fa, fb)
}

func TestRivalsOnOneStreamDoNoHarm(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	a, b := newNode(db, rdb), newNode(db, rdb)
	a.start(t)
	b.start(t)
	f := follow(t, a.log)
	stop := storm(t, db, func() { a.seq.Poke(); b.seq.Poke() }, seed(t, db, 2), writers)
	for i := range 4 {
		wait(t, "changes", func() bool { n, _ := f.seen(); return n > (i+1)*enough/2 })
		// Whoever asks next has the lease while the other still works on.
		keys, err := rdb.Keys(t.Context(), "sequencer:*").Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			if err := rdb.Del(t.Context(), key).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
	expect(t, stop(), f)
}

func TestAnotherSequencerGoesOnAfterADeadOne(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	head, err := event.Settle(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	// Somebody took the lease and died with it.
	if err := rdb.Set(t.Context(), "sequencer:{"+head.Epoch+"}", "dead", 0).Err(); err != nil {
		t.Fatal(err)
	}
	n := newNode(db, rdb)
	n.start(t)
	f := follow(t, n.log)
	stop := storm(t, db, n.seq.Poke, seed(t, db, 2), 2)
	var unnumbered int64
	wait(t, "changes that nobody numbers", func() bool {
		if err := db.Gorm.Raw(`SELECT count(*) FROM events WHERE pos IS NULL`).Scan(&unnumbered).Error; err != nil {
			t.Fatal(err)
		}
		return unnumbered > 20
	})
	if heard, _ := f.seen(); heard != 0 {
		t.Fatalf("%d events were numbered under somebody else's lease", heard)
	}
	if err := rdb.Del(t.Context(), "sequencer:{"+head.Epoch+"}").Err(); err != nil { // as when it expires
		t.Fatal(err)
	}
	expect(t, stop(), f)
}

func TestTheNextSequencerTakesOverWhenOneIsStopped(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	a, b := newNode(db, rdb), newNode(db, rdb)
	stopA := a.start(t)
	b.start(t)
	f := follow(t, b.log)
	stop := storm(t, db, b.seq.Poke, seed(t, db, 3), writers)
	wait(t, "changes", func() bool { n, _ := f.seen(); return n > enough })
	stopA()
	n, _ := f.seen()
	wait(t, "changes after the first has gone", func() bool { m, _ := f.seen(); return m > n+enough })
	expect(t, stop(), f)
}

func TestWithoutRedisEventsAreStillHeard(t *testing.T) {
	t.Parallel()
	db, engine := pgtest.New(t), redistest.Start(t)
	n := newNode(db, engine.Client())
	n.start(t)
	f := follow(t, n.log)
	stop := storm(t, db, n.seq.Poke, seed(t, db, 3), 3)
	wait(t, "changes with Redis", func() bool { n, _ := f.seen(); return n > enough })
	engine.Kill()
	heard, _ := f.seen()
	wait(t, "changes without Redis", func() bool { n, _ := f.seen(); return n > heard+enough })
	engine.Start()
	heard, _ = f.seen()
	wait(t, "changes with Redis again", func() bool { n, _ := f.seen(); return n > heard+enough })
	expect(t, stop(), f)
}

func TestAKilledPostgresIsWaitedOut(t *testing.T) {
	t.Parallel()
	engine := pgtest.Engine(t)
	db := pgtest.Open(t, engine.URL(), postgres.Options{MaxConns: 8})
	n := newNode(db, redistest.New(t))
	n.start(t)
	f := follow(t, n.log)
	tickets := seed(t, db, 2)
	for range 20 {
		if err := change(t.Context(), db, tickets[0], false); err != nil {
			t.Fatal(err)
		}
	}
	n.seq.Poke()
	expect(t, 20, f)
	engine.Kill()
	n.seq.Poke()
	engine.Start()
	wait(t, "a change after the restart", func() bool { return change(t.Context(), db, tickets[1], false) == nil })
	n.seq.Poke()
	expect(t, 21, f)
}

func TestACrashBetweenCommitAndStreamIsMadeGood(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	n := newNode(db, rdb)
	run(t, "log", n.log.Run)
	f := follow(t, n.log)
	// Numbered by a sequencer that died before it reached Redis.
	if err := change(t.Context(), db, seed(t, db, 1)[0], false); err != nil {
		t.Fatal(err)
	}
	err := db.Gorm.Exec(`WITH h AS (UPDATE event_head SET pos = pos + 1 RETURNING pos)
	  UPDATE events SET pos = h.pos FROM h WHERE events.pos IS NULL`).Error
	if err != nil {
		t.Fatal(err)
	}
	run(t, "sequencer", n.seq.Run)
	expect(t, 1, f)
}

func TestAFollowerWithoutATailStillHears(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	n := newNode(db, rdb)
	run(t, "sequencer", n.seq.Run)
	f := follow(t, n.log)
	tickets := seed(t, db, 1)
	if err := change(t.Context(), db, tickets[0], false); err != nil {
		t.Fatal(err)
	}
	n.seq.Poke()
	expect(t, 1, f)
}

func TestADurableReaderGoesOnWhereItLeftOff(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	n := newNode(db, rdb)
	n.start(t)
	tickets := seed(t, db, 2)
	f := &follower{versions: map[int64]int{}}
	reader := n.log.Cursor("test")
	stopReader := run(t, "reader", func(ctx context.Context) error { return reader.Follow(ctx, f.take) })
	wait(t, "the cursor", func() bool {
		var rows int64
		err := db.Gorm.Raw(`SELECT count(*) FROM event_cursors WHERE reader = 'test'`).Scan(&rows).Error
		return err == nil && rows == 1
	})
	stop := storm(t, db, n.seq.Poke, tickets, 2)
	wait(t, "changes", func() bool { n, _ := f.seen(); return n > 50 })
	stopReader()
	heard, _ := f.seen()
	wait(t, "changes that the reader does not hear", func() bool {
		head, err := n.log.Head(t.Context())
		return err == nil && head.Pos > int64(heard)+50
	})
	run(t, "reader again", func(ctx context.Context) error { return reader.Follow(ctx, f.take) })
	expect(t, stop(), f)
}

func TestAFailingFollowerIsToldItsOwnError(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	l := event.NewLog(db, rdb, slog.New(slog.DiscardHandler))
	run(t, "sequencer", event.NewSequencer(l).Run)
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := change(t.Context(), db, seed(t, db, 1)[0], false); err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	if err := l.Follow(t.Context(), head, func([]event.Event) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("Follow gave %v", err)
	}
}
