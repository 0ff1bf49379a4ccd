package event_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func TestTheFirstLookAtADatabaseKeepsItsEpoch(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var born string
	if err := db.Gorm.Raw(`SELECT epoch FROM event_head`).Scan(&born).Error; err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if p, err := event.Settle(t.Context(), db); err != nil || p.Epoch != born {
			t.Errorf("epoch %q became %q, %v", born, p.Epoch, err)
		}
	}
}

func TestACopyOfTheDatabaseBeginsANewEpoch(t *testing.T) {
	t.Parallel()
	t.Run("by template", func(t *testing.T) { t.Parallel(); copyBeginsANewEpoch(t, copyOf) })
	t.Run("by dump and restore", func(t *testing.T) { t.Parallel(); copyBeginsANewEpoch(t, restoredDump) })
}

func copyBeginsANewEpoch(t *testing.T, copied func(t *testing.T, source string) string) {
	source := pgtest.URL(t)
	original := pgtest.Open(t, source, postgres.Options{MaxConns: 4})
	rdb := redistest.New(t)
	n := newNode(original, rdb)
	stopLog, stopSequencer := run(t, "log", n.log.Run), run(t, "sequencer", n.seq.Run)
	f := follow(t, n.log)
	ticket := seed(t, original, 1)[0]
	for range 5 {
		if err := change(t.Context(), original, ticket, false); err != nil {
			t.Fatal(err)
		}
	}
	n.seq.Poke()
	expect(t, 5, f)
	before, err := n.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stopLog()
	stopSequencer()
	// One that is committed and has no position yet is in the copy, too.
	if err := change(t.Context(), original, ticket, false); err != nil {
		t.Fatal(err)
	}

	restored := pgtest.Open(t, copied(t, source), postgres.Options{MaxConns: 4})
	m := newNode(restored, rdb) // the same Redis, which still has the old stream
	m.start(t)
	var after event.Position
	wait(t, "a new epoch", func() bool {
		after, err = m.log.Head(t.Context())
		return err == nil && after.Epoch != before.Epoch
	})
	wait(t, "the copy's last event to be numbered", func() bool {
		after, err = m.log.Head(t.Context())
		return err == nil && after.Pos == before.Pos+1
	})
	if _, err := m.log.Since(t.Context(), before, 10); !errors.Is(err, event.ErrResync) {
		t.Errorf("a position of before the restore gave %v", err)
	}
	g := follow(t, m.log)
	if err := change(t.Context(), restored, ticket, false); err != nil {
		t.Fatal(err)
	}
	m.seq.Poke()
	expect(t, 1, g)
}

// restoredDump takes a database through pg_dump and pg_restore.
func restoredDump(t *testing.T, source string) string {
	t.Helper()
	binaries, err := embedded.FindPostgres()
	if err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(binaries.Postgres), name), args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
	}
	dump, restored := filepath.Join(t.TempDir(), "dump"), pgtest.Empty(t)
	tool("pg_dump", "--format=custom", "--file="+dump, "--dbname="+source)
	tool("pg_restore", "--no-owner", "--exit-on-error", "--dbname="+restored, dump)
	return restored
}

// copyOf clones a database that nobody is connected to any more.
func copyOf(t *testing.T, source string) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	name := u.Path[1:] + "_copy"
	// Disconnects whoever is still in the pool of the original.
	admin := *u
	admin.Path = "/postgres"
	run := func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(context.Background(), admin.String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	run(fmt.Sprintf(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'`, u.Path[1:]))
	run(fmt.Sprintf(`CREATE DATABASE %s TEMPLATE %s`, name, u.Path[1:]))
	t.Cleanup(func() { run(fmt.Sprintf(`DROP DATABASE %s WITH (FORCE)`, name)) })
	u.Path = "/" + name
	return u.String()
}

func TestAStreamAheadOfTheDatabaseBeginsANewEpoch(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	before, err := event.Settle(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	// Told, and then lost by the database in a fail-over.
	err = rdb.XAdd(t.Context(), &redis.XAddArgs{Stream: "live:{" + before.Epoch + "}", ID: "7-0", Values: []any{"e", "{}\n{}"}}).Err()
	if err != nil {
		t.Fatal(err)
	}
	n := newNode(db, rdb)
	n.start(t)
	var after event.Position
	wait(t, "a new epoch", func() bool {
		after, err = n.log.Head(t.Context())
		return err == nil && after.Epoch != before.Epoch
	})
	f := follow(t, n.log)
	if err := change(t.Context(), db, seed(t, db, 1)[0], false); err != nil {
		t.Fatal(err)
	}
	n.seq.Poke()
	expect(t, 1, f)
}

func TestAFollowerLearnsThatItsEpochHasEnded(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	n := newNode(db, rdb)
	n.start(t)
	head, err := n.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	var heard atomic.Int64
	go func() {
		ended <- n.log.Follow(t.Context(), head, func(e []event.Event) error { heard.Add(int64(len(e))); return nil })
	}()
	if err := change(t.Context(), db, seed(t, db, 1)[0], false); err != nil {
		t.Fatal(err)
	}
	n.seq.Poke()
	wait(t, "the first event", func() bool { return heard.Load() == 1 })
	if err := db.Gorm.Exec(`UPDATE event_head SET timeline = timeline + 1`).Error; err != nil { // as after a fail-over
		t.Fatal(err)
	}
	n.seq.Poke()
	if err := <-ended; !errors.Is(err, event.ErrResync) {
		t.Errorf("Follow ended with %v", err)
	}
}

// Attack 77: positions that were never given, or not to this history.
func TestAttack77PositionsThatCannotBeContinued(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	n := newNode(db, rdb)
	n.start(t)
	f := follow(t, n.log)
	ticket := seed(t, db, 1)[0]
	for range 3 {
		if err := change(t.Context(), db, ticket, false); err != nil {
			t.Fatal(err)
		}
	}
	n.seq.Poke()
	expect(t, 3, f)
	head, err := n.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := func(epoch string, pos int64) event.Position { return event.Position{Epoch: epoch, Pos: pos} }
	for name, p := range map[string]event.Position{
		"ahead":         at(head.Epoch, head.Pos+1),
		"far ahead":     at(head.Epoch, 1<<62),
		"negative":      at(head.Epoch, -1),
		"another epoch": at("000000000000", 1),
		"no epoch":      {},
	} {
		if _, err := n.log.Since(t.Context(), p, 10); !errors.Is(err, event.ErrResync) {
			t.Errorf("%s: Since gave %v", name, err)
		}
		if err := n.log.Follow(t.Context(), p, func([]event.Event) error { return nil }); !errors.Is(err, event.ErrResync) {
			t.Errorf("%s: Follow gave %v", name, err)
		}
	}
	if events, err := n.log.Since(t.Context(), at(head.Epoch, head.Pos-2), 10); err != nil || len(events) != 2 {
		t.Errorf("two behind: %d events, %v", len(events), err)
	}
	// Pruned: older than what is kept is never a silent gap.
	if err := db.Gorm.Exec(`DELETE FROM events WHERE pos = ?`, head.Pos-1).Error; err != nil {
		t.Fatal(err)
	}
	elsewhere := newNode(db, rdb).log // which has nothing of it in memory
	if _, err := elsewhere.Since(t.Context(), at(head.Epoch, head.Pos-3), 10); !errors.Is(err, event.ErrResync) {
		t.Errorf("over a pruned event: %v", err)
	}
	if err := db.Gorm.Exec(`UPDATE event_head SET pos = pos + 60000`).Error; err != nil {
		t.Fatal(err)
	}
	if _, err := n.log.Since(t.Context(), head, 10); !errors.Is(err, event.ErrResync) {
		t.Errorf("60,000 behind: %v", err)
	}
}
