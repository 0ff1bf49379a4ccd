package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// A node that does a bulk is struck in the middle of a ticket. Another one goes
// on, the one that only stood still comes back late, and each ticket is changed
// once and can be given back.
func TestABulkEndsWhateverBecomesOfTheNodeThatDoesIt(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ strike, mend func(*server) }{
		"killed": {(*server).crash, (*server).start},
		"frozen": {func(s *server) { s.signal(syscall.SIGSTOP) }, func(s *server) { s.signal(syscall.SIGCONT) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.URL(t)
			rdb := redistest.Start(t)
			engines := []string{"ESCUTA_DATABASE_URL=" + url, "ESCUTA_REDIS_URL=" + rdb.URL()}
			struck, other := newServer(t, engines...), newServer(t, engines...)
			db := open(t, url)
			boss := hire(t, db, "supervisor")
			const all, before = 120, 20
			for n := range all {
				openTicket(t, struck, db, fmt.Sprintf("lote-%d", n))
			}

			// Somebody else's transaction holds up the twentieth ticket, so that the node
			// is struck when it has changed that one and has not committed it yet.
			var at int64
			query(t, db, `SELECT id FROM tickets ORDER BY id OFFSET $1 LIMIT 1`, []any{before}, &at)
			letTicket := locks(t, db, `SELECT FROM tickets WHERE id = $1 FOR NO KEY UPDATE`, at)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			called := make(chan struct{})
			go func() { // its answer is lost, or late
				defer close(called)
				_, _, _ = boss.post(ctx, struck, "/api/bulk", map[string]any{
					"matching": map[string]any{"view": "all"}, "action": map[string]any{"add_tags": []string{"lote"}}, "changes": all})
			}()
			var id, changed int64
			eventually(t, "come to the ticket that is held up", func() error {
				query(t, db, `SELECT coalesce(max(bulk_id), 0), count(*) FROM bulk_items WHERE state = 'changed'`, nil, &id, &changed)
				if changed < before {
					return fmt.Errorf("%d are changed", changed)
				}
				return nil
			})
			letItem := locks(t, db, `SELECT FROM bulk_items WHERE ticket_id = $1 FOR UPDATE`, at)
			letTicket()
			eventually(t, "change the ticket that is held up", func() error {
				var waiting int
				query(t, db, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
					AND wait_event_type = 'Lock' AND query LIKE 'UPDATE bulk_items%'`, nil, &waiting)
				if waiting == 0 {
					return fmt.Errorf("nobody waits for it")
				}
				return nil
			})
			fault.strike(struck)
			letItem()

			var b struct {
				Effect struct {
					Total, Changed, Pending, Refused, Held, Gone int
				}
				Ended *time.Time `json:"ended_at"`
			}
			follow := func(id int64) {
				t.Helper()
				eventually(t, "end the bulk", func() error {
					boss.read(t, other, fmt.Sprintf("/api/bulk/%d", id), &b)
					if b.Ended == nil {
						return fmt.Errorf("%+v", b.Effect)
					}
					return nil
				})
			}
			follow(id)
			fault.mend(struck)
			<-called
			if boss.read(t, struck, fmt.Sprintf("/api/bulk/%d", id), &b); b.Effect.Total != all || b.Effect.Changed != all {
				t.Errorf("it has ended as %+v", b.Effect)
			}
			once := func(id int64, undo bool, tagged int) {
				t.Helper()
				var tickets, events, tags int
				query(t, db, `SELECT count(DISTINCT ticket_id), count(*) FROM events WHERE (payload->'data'->>'bulk_id')::bigint = $1
					AND coalesce((payload->'data'->>'undo')::boolean, false) = $2`, []any{id, undo}, &tickets, &events)
				query(t, db, `SELECT count(*) FROM tickets WHERE tags = '{lote}'`, nil, &tags)
				if tickets != all || events != all || tags != tagged {
					t.Errorf("%d tickets were changed, %d times; %d are so now, want %d", tickets, events, tags, tagged)
				}
			}
			once(id, false, all)

			status, body, err := boss.post(t.Context(), other, fmt.Sprintf("/api/bulk/%d/undo", id), struct{}{})
			var undo struct{ ID int64 }
			if err != nil || status != http.StatusCreated || json.Unmarshal(body, &undo) != nil {
				t.Fatalf("take it back: %d %s %v", status, body, err)
			}
			follow(undo.ID)
			once(id, true, 0)
			toldInOrder(t, db)
		})
	}
}

// locks holds rows until it is told to let them go.
func locks(t testing.TB, db *pgxpool.Pool, sql string, args ...any) (letGo func()) {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err == nil {
		_, err = tx.Exec(t.Context(), sql, args...)
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return func() {
		t.Helper()
		if err := tx.Rollback(t.Context()); err != nil {
			t.Errorf("let it go: %v", err)
		}
	}
}
