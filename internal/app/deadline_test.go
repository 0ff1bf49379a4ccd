package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// A deadline that passes while nobody is there to see it is recorded at the next
// start, and at no start after that (I6).
func TestADeadlineMissedWhileTheServerWasDownIsRecordedOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	rdb := redistest.Start(t)
	s := newServer(t, "ESCUTA_DATABASE_URL="+url, "ESCUTA_REDIS_URL="+rdb.URL())
	db := open(t, url)
	missed, later := openTicket(t, s, db, "missed"), openTicket(t, s, db, "later")
	s.crash()
	dueSoon(t, db, missed)
	eventually(t, "pass the deadline", func() error {
		var passed bool
		query(t, db, `SELECT due < now() FROM clocks WHERE id = $1`, []any{missed}, &passed)
		if !passed {
			return fmt.Errorf("not yet")
		}
		return nil
	})
	if told, recorded, _ := breaches(t, db, missed); told != 0 || recorded != 0 {
		t.Errorf("with the server down %d were told, %d recorded", told, recorded)
	}

	s.start()
	breached(t, db, missed)

	// It starts again with every timer gone. Once it has seen to a deadline that
	// passed later, it has looked at this one, too.
	s.crash()
	if err := rdb.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.start()
	dueSoon(t, db, later)
	breached(t, db, later)
	if told, recorded, atItsTime := breaches(t, db, missed); told != 1 || recorded != 1 || !atItsTime {
		t.Errorf("told %d times, recorded %d times, with its own time: %v", told, recorded, atItsTime)
	}
}

// openTicket has a customer open a ticket and returns the clock of its first response.
func openTicket(t testing.TB, s *server, db *pgxpool.Pool, key string) (clock int64) {
	t.Helper()
	status, body, err := call(t.Context(), http.MethodPost, s.at("http", "/api/public/tickets"),
		http.Header{"Idempotency-Key": {key}}, opening(1, key))
	if err != nil || status != http.StatusCreated {
		t.Fatalf("open a ticket: %d %s %v", status, body, err)
	}
	query(t, db, `SELECT k.id FROM clocks k JOIN intake_ledger l USING (ticket_id)
		WHERE l.source_key = 'webform:' || $1::text AND k.kind = 'first_response'`, []any{key}, &clock)
	return clock
}

// dueSoon moves a clock, as if it had started four hours ago.
func dueSoon(t testing.TB, db *pgxpool.Pool, clock int64) {
	t.Helper()
	_, err := db.Exec(t.Context(), `UPDATE clocks SET due = now() + '200 ms', target = now() + '200 ms',
		warn50 = now() - interval '2 h', warn75 = now() - interval '1 h', warn90 = now() - interval '20 min'
		WHERE id = $1`, clock)
	if err != nil {
		t.Fatal(err)
	}
}

func breached(t testing.TB, db *pgxpool.Pool, clock int64) {
	t.Helper()
	eventually(t, "record the breach", func() error {
		if told, recorded, _ := breaches(t, db, clock); told == 0 || recorded == 0 {
			return fmt.Errorf("told %d times, recorded %d times", told, recorded)
		}
		return nil
	})
}

// breaches counts how often the end of a clock was told and recorded, and
// reports whether as of when it was due.
func breaches(t testing.TB, db *pgxpool.Pool, clock int64) (told, recorded int, atItsTime bool) {
	t.Helper()
	query(t, db, `SELECT
		(SELECT count(*) FROM events e WHERE e.ticket_id = k.ticket_id AND e.kind = 'clock.breached'),
		(SELECT count(*) FROM clock_stages g WHERE g.clock_id = k.id AND g.stage = 100 AND g.due = k.due),
		coalesce(k.breached_at = k.due, false) FROM clocks k WHERE k.id = $1`, []any{clock}, &told, &recorded, &atItsTime)
	return told, recorded, atItsTime
}
