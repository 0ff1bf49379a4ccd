package retention_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/retention"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var zone = time.FixedZone("BRT", -3*60*60)

// noon is an instant of a day, far from where it begins or ends in any zone.
func noon(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 15, 0, 0, 0, time.UTC)
}

type quiet struct{}

func (quiet) Poke() {}

// archive is a database with nodes that purge, under a clock that stands where it is put.
type archive struct {
	testing.TB
	db    *postgres.DB
	rdb   redis.UniversalClient
	blobs *blob.Store
	log   *event.Log
	in    *intake.Intake
	clock atomic.Pointer[time.Time]
	*retention.Service
	admin access.Actor
}

func newArchive(t testing.TB) *archive {
	t.Helper()
	a := &archive{TB: t, rdb: redistest.New(t)}
	url := pgtest.URL(t)
	a.db = pgtest.Open(t, url, postgres.Options{MaxConns: 12})
	quietly := slog.New(slog.DiscardHandler)
	var err error
	if a.blobs, err = blob.New(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	policies, err := sla.LoadPolicies(t.Context(), a.db.Gorm, sla.BuiltIn(zone))
	if err != nil {
		t.Fatal(err)
	}
	a.in, err = intake.New(t.Context(), intake.Options{URL: url, DB: a.db, Blobs: a.blobs, Planner: policies, Calendars: policies.Calendars(), Poke: quiet{},
		Now: time.Now, Zone: zone, Log: quietly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.in.Close)
	a.log = event.NewLog(a.db, a.rdb, quietly)
	a.admin = tickettest.Account(t, a.db, access.Admin)
	a.at(noon(2024, 3, 15))
	a.Service = a.node()
	return a
}

// node is one more server that purges.
func (a *archive) node() *retention.Service {
	return retention.New(retention.Deps{DB: a.db, Events: a.log, Intake: a.in, Poke: quiet{},
		Now: func() time.Time { return *a.clock.Load() }, Zone: zone, Log: slog.New(slog.DiscardHandler)})
}

func (a *archive) at(now time.Time) { a.clock.Store(&now) }

// on switches purging on, as an admin who has looked does it.
func (a *archive) on() {
	a.Helper()
	e, err := a.Preview(a.Context(), a.admin, nil)
	if err == nil {
		_, err = a.Switch(a.Context(), a.admin, true, e.Seen)
	}
	if err != nil {
		a.Fatal(err)
	}
}

// ended opens a ticket that ended then, with its events numbered.
func (a *archive) ended(at time.Time, tk ticket.Ticket) ticket.Ticket {
	a.Helper()
	if tk.Status == "" {
		tk.Status = ticket.Closed
	}
	tk.ResolvedAt, tk.ClosedAt = &at, &at
	if tk.OpenedAt.IsZero() {
		tk.OpenedAt = at.Add(-48 * time.Hour)
	}
	tk = tickettest.Open(a, a.db, tk)
	a.numbered()
	return tk
}

// numbered waits until the events have positions and are on the stream.
func (a *archive) numbered() {
	a.Helper()
	ctx, stop := context.WithCancel(a.Context())
	done := make(chan error, 1)
	go func() { done <- event.NewSequencer(a.log).Run(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			a.Error(err)
		}
	}()
	for deadline := time.Now().Add(30 * time.Second); ; {
		if a.count("SELECT count(*) FROM events WHERE pos IS NULL") == 0 {
			return
		}
		if time.Now().After(deadline) {
			a.Fatal("events are not numbered")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (a *archive) count(sql string, args ...any) (n int) {
	a.Helper()
	if err := a.db.Pool.QueryRow(a.Context(), sql, args...).Scan(&n); err != nil {
		a.Fatalf("%s: %v", sql, err)
	}
	return n
}

func (a *archive) exec(sql string, args ...any) {
	a.Helper()
	if _, err := a.db.Pool.Exec(a.Context(), sql, args...); err != nil {
		a.Fatalf("%s: %v", sql, err)
	}
}

// round purges once, as the day's round or one that was asked for.
func (a *archive) round() {
	a.Helper()
	a.exec("INSERT INTO retention_runs (day, asked_by, begun_at) VALUES ('2030-01-01', $1, now()) ON CONFLICT DO NOTHING", a.admin.AccountID)
	if err := a.Round(a.Context()); err != nil {
		a.Fatal(err)
	}
}

func (a *archive) there(id int64) bool {
	a.Helper()
	return a.count("SELECT count(*) FROM tickets WHERE id = $1", id) == 1
}

func (a *archive) whole() {
	a.Helper()
	if v, err := retention.Verify(a.Context(), a.db.Pool); err != nil || !v.Whole {
		a.Errorf("the proofs: %+v, %v", v, err)
	}
}
