package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/retention"
)

// leftovers are tickets of years ago that need not be kept, on a server that is
// asked to purge them.
type leftovers struct {
	t  testing.TB
	s  *server
	db *pgxpool.Pool
	n  int
}

func leaveBehind(t testing.TB, s *server, db *pgxpool.Pool, n int) leftovers {
	t.Helper()
	if _, err := db.Exec(t.Context(), `WITH t AS (
		  INSERT INTO tickets (protocol, brand_id, channel, kind, subject, status, team_id, opened_at, resolved_at, closed_at, updated_at)
		  SELECT '2019' || lpad(i::text, 13, '0'), (SELECT min(id) FROM brands), 'webform', 'reclamacao', 'x', 'closed', (SELECT min(id) FROM teams), d, d, d, d
		  FROM generate_series(1, $1) i, (SELECT timestamptz '2019-01-01' AS d) d RETURNING id, protocol, opened_at)
		INSERT INTO messages (ticket_id, version, direction, body, at) SELECT id, 1, 'in', 'x', opened_at FROM t`, n); err != nil {
		t.Fatal(err)
	}
	return leftovers{t, s, db, n}
}

// purge switches purging on as an admin does, with what would go before them, and
// asks for a round.
func (l leftovers) purge(admin colleague) {
	l.t.Helper()
	status, body, err := admin.post(l.t.Context(), l.s, "/api/retention/preview", struct{}{})
	var effect struct {
		Records int
		Seen    string
	}
	if err == nil {
		err = json.Unmarshal(body, &effect)
	}
	if err != nil || effect.Records != l.n {
		l.t.Fatalf("before the purge: %d %s, %v", status, body, err)
	}
	status, body, err = call(l.t.Context(), http.MethodPut, l.s.at("http", "/api/retention/purging"), admin.header(), map[string]any{"on": true, "seen": effect.Seen})
	if err != nil || status != http.StatusOK {
		l.t.Fatalf("switch purging on: %d %s, %v", status, body, err)
	}
	// The day's round may have begun by itself.
	if status, body, err = admin.post(l.t.Context(), l.s, "/api/retention/runs", struct{}{}); err != nil || status != http.StatusCreated && status != http.StatusConflict {
		l.t.Fatalf("ask for a round: %d %s, %v", status, body, err)
	}
}

// count tells how many are left, how many are proved to be gone, and of how many
// only a part is left.
func (l leftovers) count() (left, proved, half int) {
	l.t.Helper()
	query(l.t, l.db, `SELECT (SELECT count(*) FROM tickets WHERE opened_at < '2020-01-01'), (SELECT count(*) FROM retention_proofs),
		(SELECT count(*) FROM messages m FULL JOIN tickets t ON t.id = m.ticket_id WHERE coalesce(m.at, t.opened_at) < '2020-01-01' AND (m.id IS NULL OR t.id IS NULL))`,
		nil, &left, &proved, &half)
	return left, proved, half
}

// crashAmid kills the server in the middle of the round, and has another life of
// it go on.
func (l leftovers) crashAmid() {
	l.t.Helper()
	l.s.crash() // a server that starts goes on at once
	l.s.start()
	eventually(l.t, "begin to purge", func() error {
		if _, proved, _ := l.count(); proved == 0 {
			return fmt.Errorf("nothing is purged")
		}
		return nil
	})
	l.s.crash()
	left, proved, half := l.count()
	if left+proved != l.n || half != 0 {
		l.t.Errorf("after the crash %d are left and %d proved to be gone, of %d; %d are half there", left, proved, l.n, half)
	}
	l.t.Logf("killed with %d of %d purged", proved, l.n)
	l.s.start()
	l.gone()
}

// gone waits until all are purged, each with its proof.
func (l leftovers) gone() {
	l.t.Helper()
	eventually(l.t, "purge what is left", func() error {
		if left, _, _ := l.count(); left > 0 {
			return fmt.Errorf("%d are left", left)
		}
		return nil
	})
	_, proved, half := l.count()
	v, err := retention.Verify(l.t.Context(), l.db)
	if proved != l.n || half != 0 || err != nil || !v.Whole {
		l.t.Errorf("%d proofs of %d, %d half there, the chain %+v, %v", proved, l.n, half, v, err)
	}
}
