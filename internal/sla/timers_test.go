package sla_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/sla"
)

func TestEachStageIsRecordedOnceWhileWorkersRace(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	rec := &recorder{db: db}
	const n = 200
	spread(t, db, n, 500*time.Millisecond, 2*time.Second)
	if err := newNode(t, db, rdb, rec, time.Now).Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		start(t, newNode(t, db, rdb, rec, time.Now).Hear)
	}
	newNode(t, db, rdb, rec, time.Now).start(t)
	eventually(t, "all clocks had run out", func() bool { return rec.count(t) == n })
	if got := len(rec.recorded); got != 4*n {
		t.Errorf("%d stages recorded, want %d", got, 4*n)
	}
	nothingEarly(t, db)
}

func TestAFlushCostsTimeAndNoBreach(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	rec := &recorder{db: db}
	const n = 60
	tickets := spread(t, db, n, 0, 4*time.Second)
	far := only(t, db, openTicket(t, db, clockDue(20*time.Hour)), sla.Resolution)
	nd := newNode(t, db, rdb, rec, time.Now)
	nd.start(t)
	eventually(t, "the timers were loaded", func() bool { _, ok := nd.Timer(t.Context(), far.ID); return ok })
	eventually(t, "some had run out", func() bool { return rec.count(t) > n/10 })
	if err := rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all clocks had run out", func() bool { return rec.count(t) == n })
	eventually(t, "the timers were back", func() bool { _, ok := nd.Timer(t.Context(), far.ID); return ok })
	if s := current(t, db, tickets[0]); !s.Breached {
		t.Errorf("%+v", s)
	}
	nothingEarly(t, db)
}

func TestWithoutRedisTheSweepKeepsTheDeadlines(t *testing.T) {
	t.Parallel()
	db, engine := pgtest.New(t), redistest.Start(t)
	rec := &recorder{db: db}
	nd := newNode(t, db, engine.Client(), rec, time.Now)
	nd.start(t)
	first := only(t, db, openTicket(t, db, clockDue(30*time.Hour)), sla.Resolution)
	eventually(t, "the clock was found", func() bool { return len(stages(t, db, first.ID)) == 1 })
	engine.Kill()
	spread(t, db, 20, time.Second, time.Second)
	eventually(t, "all clocks had run out without Redis", func() bool { return rec.count(t) == 20 })
	engine.Start()
	eventually(t, "the timers were loaded again", func() bool { _, ok := nd.Timer(t.Context(), first.ID); return ok })
	spread(t, db, 20, 0, time.Second)
	eventually(t, "all clocks had run out", func() bool { return rec.count(t) == 40 })
	nothingEarly(t, db)
}

func TestWhatADeadWorkerTookIsRecordedByAnother(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	spread(t, db, 10, -time.Second, 0)
	died := make(chan struct{})
	var stop func()
	dying := &recorder{db: db}
	dying.fail = func([]sla.Due) error {
		select {
		case <-died:
		default:
			close(died)
		}
		return context.Canceled
	}
	first := newNode(t, db, rdb, dying, time.Now)
	if err := first.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	stop = start(t, first.Hear)
	<-died
	stop()
	rec := &recorder{db: db}
	newNode(t, db, rdb, rec, time.Now).start(t)
	eventually(t, "another worker had recorded them", func() bool { return rec.count(t) == 10 })
}

func TestATakenTimerGoesOffAgainWhenItsLeaseEnds(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	clock := only(t, db, openTicket(t, db, clockDue(-time.Second)), sla.Resolution)
	n := newNode(t, db, rdb, nil, time.Now)
	if err := n.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	take := func(now time.Time) []int64 {
		got, err := n.Take(t.Context(), clock.ID, now, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	mine := []int64{clock.ID}
	if got := take(now.Add(-100 * time.Hour)); len(got) != 0 {
		t.Errorf("before its time: %v", got)
	}
	if got := take(now); !slices.Equal(got, mine) {
		t.Errorf("in time: %v", got)
	}
	if got := take(now.Add(59 * time.Second)); len(got) != 0 {
		t.Errorf("under the lease: %v", got)
	}
	if got := take(now.Add(time.Minute)); !slices.Equal(got, mine) {
		t.Errorf("after the lease: %v", got)
	}
	// Given back, it goes off at its next instant, and not by the lease.
	if err := n.GiveBack(t.Context(), clock.ID, now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := take(now.Add(59 * time.Minute)); len(got) != 0 {
		t.Errorf("given back: %v", got)
	}
	if at, ok := n.Timer(t.Context(), clock.ID); !ok || !at.Equal(now.Add(time.Hour)) {
		t.Errorf("the timer is at %s", at)
	}
	// A later instant does not push an earlier one away that was set meanwhile.
	if err := n.GiveBack(t.Context(), clock.ID, now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if at, _ := n.Timer(t.Context(), clock.ID); !at.Equal(now.Add(time.Hour)) {
		t.Errorf("the timer moved to %s", at)
	}
	if got := take(now.Add(time.Hour)); !slices.Equal(got, mine) {
		t.Errorf("at its next instant: %v", got)
	}
	if err := n.GiveBack(t.Context(), clock.ID, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := take(now.Add(1000 * time.Hour)); len(got) != 0 {
		t.Errorf("ended: %v", got)
	}
}

func TestAClockThatIsWrongMovesNoDeadline(t *testing.T) {
	t.Parallel()
	for name, wrong := range map[string]time.Duration{"ahead": 48 * time.Hour, "behind": -48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, rdb := pgtest.New(t), redistest.New(t)
			rec := &recorder{db: db}
			later := openTicket(t, db, clockDue(time.Hour))
			soon := openTicket(t, db, clockDue(time.Second))
			newNode(t, db, rdb, rec, func() time.Time { return time.Now().Add(wrong) }).start(t)
			eventually(t, "the clock had run out", func() bool { return rec.count(t) == 1 })
			if s := current(t, db, later); s.Breached {
				t.Error("a clock with an hour left was breached")
			}
			if s := current(t, db, soon); !s.Breached {
				t.Error("the clock that ran out was not breached")
			}
			nothingEarly(t, db)
		})
	}
}

func TestAPausedClockIsNotBreached(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	rec := &recorder{db: db}
	nd := newNode(t, db, rdb, rec, time.Now)
	start := sync.OnceFunc(func() { nd.start(t) })
	var paused int64
	term := 2 * time.Second
	for ; ; term *= 2 { // on a slow machine it may run out before it is paused
		c := clockDue(term)
		paused = openTicket(t, db, c)
		start()
		clock := only(t, db, paused, sla.Resolution)
		eventually(t, "its timer was set", func() bool {
			_, ok := nd.Timer(t.Context(), clock.ID)
			return ok || time.Now().After(c.Due)
		})
		act(t, db, func(tx *gorm.DB) error { return sla.Pause(tx, paused, sla.WaitingCustomer, nil, time.Now()) })
		if time.Now().Before(c.Due) {
			break
		}
	}
	later := spread(t, db, 1, term+time.Second, 0)[0]
	eventually(t, "a clock due later had run out", func() bool { return current(t, db, later).Breached })
	if s := current(t, db, paused); s.Breached || s.Paused != sla.WaitingCustomer {
		t.Errorf("%+v", s)
	}
}

func TestATimerFollowsItsDeadline(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	rec := &recorder{db: db}
	nd := newNode(t, db, rdb, rec, time.Now)
	nd.start(t)
	id := openTicket(t, db, clockDue(5*time.Hour))
	tell := func(version int) { nd.tell(t, db, id, version) }
	clock := only(t, db, id, sla.Resolution)
	tell(2)
	timerAt := func(want time.Time) func() bool {
		return func() bool { at, ok := nd.Timer(t.Context(), clock.ID); return ok && at.Equal(want) }
	}
	eventually(t, "the timer was set to the deadline", timerAt(clock.Due))
	move := func(due time.Time) time.Time {
		t.Helper()
		due = due.UTC().Truncate(time.Microsecond)
		if err := db.Gorm.Exec("UPDATE clocks SET due = ? WHERE id = ?", due, clock.ID).Error; err != nil {
			t.Fatal(err)
		}
		return due
	}
	later := move(time.Now().Add(9 * time.Hour))
	tell(3)
	eventually(t, "the timer had followed to a later deadline", timerAt(later))
	move(time.Now().Add(1500 * time.Millisecond))
	tell(4)
	eventually(t, "the clock had run out at its new deadline", func() bool { return rec.count(t) == 1 })
	nothingEarly(t, db)
	// An ended clock has no timer: stop one and tell.
	other := openTicket(t, db, clockDue(5*time.Hour))
	id, clock = other, only(t, db, other, sla.Resolution)
	tell(2)
	eventually(t, "the timer was set", timerAt(clock.Due))
	act(t, db, func(tx *gorm.DB) error { return sla.Stop(tx, other, sla.Resolution, time.Now()) })
	tell(3)
	eventually(t, "the timer was gone", func() bool { _, ok := nd.Timer(t.Context(), clock.ID); return !ok })
}

func TestAnotherNodeTakesTheLeadWhenOneStops(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	rec := &recorder{db: db}
	a, b := newNode(t, db, rdb, rec, time.Now), newNode(t, db, rdb, rec, time.Now)
	stopA := a.start(t)
	hasTimer := func(n node, clock sla.Clock) func() bool {
		return func() bool { _, ok := n.Timer(t.Context(), clock.ID); return ok }
	}
	first := only(t, db, openTicket(t, db, clockDue(5*time.Hour)), sla.Resolution)
	eventually(t, "the first node had set its timer", hasTimer(a, first))
	b.start(t)
	stopA()
	second := only(t, db, openTicket(t, db, clockDue(40*time.Hour)), sla.Resolution)
	b.tell(t, db, second.TicketID, 2)
	eventually(t, "the second node had set a timer", hasTimer(b, second))
	spread(t, db, 20, 500*time.Millisecond, time.Second)
	eventually(t, "all clocks had run out", func() bool { return rec.count(t) == 20 })
	nothingEarly(t, db)
}

func TestOneBadTicketHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	tickets := spread(t, db, 50, -time.Minute, time.Second)
	rec := &recorder{db: db, fail: func(due []sla.Due) error {
		if slices.ContainsFunc(due, func(d sla.Due) bool { return d.TicketID == tickets[17] }) {
			return errors.New("this ticket is broken")
		}
		return nil
	}}
	newNode(t, db, rdb, rec, time.Now).start(t)
	eventually(t, "the others had run out", func() bool { return rec.count(t) == 49 })
	if s := current(t, db, tickets[17]); s.Breached {
		t.Errorf("%+v", s)
	}
}

func TestTheSweepReadsItsIndex(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var plan []string
	err := db.Gorm.Transaction(func(tx *gorm.DB) error {
		// An empty table is quickest read whole; whether the index fits is the question.
		if err := tx.Exec("SET LOCAL enable_seqscan = off").Error; err != nil {
			return err
		}
		return tx.Raw("EXPLAIN " + sla.OverduePlan).Scan(&plan).Error
	})
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(plan, "\n")
	if !strings.Contains(text, "clocks_warn") || strings.Contains(text, "Sort") {
		t.Errorf("plan:\n%s", text)
	}
}

// BenchmarkLoad sets the timers of a million running clocks.
func BenchmarkLoad(b *testing.B) {
	db, rdb := pgtest.New(b), redistest.New(b)
	id := openTicket(b, db)
	err := db.Gorm.Exec(`INSERT INTO clocks (ticket_id, kind, policy, calendar, amount, unit, roll, pauses, started_at, due, target, warn50, warn75, warn90)
		SELECT ?, 'resolution', i::text, 'br', 1, 'minutes', false, false, now(), at, at, at, at, at
		  FROM generate_series(1, 1000000) i, LATERAL (SELECT now() + make_interval(secs => 3600 + i) AS at) d`, id).Error
	if err != nil {
		b.Fatal(err)
	}
	n := newNode(b, db, rdb, nil, time.Now)
	for b.Loop() {
		if err := n.Load(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
