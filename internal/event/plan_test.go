package event

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func TestNumberingReadsOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	// A plan made while the table was empty, and then a history.
	_, err := db.Pool.Exec(t.Context(), `INSERT INTO events (ticket_id, version, kind, team_id, walled, payload, pos)
	  SELECT i, 1, 'ticket.opened', 1, false, '{}', CASE WHEN i <= 19950 THEN i END FROM generate_series(1, 20000) i`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Pool.Exec(t.Context(), `UPDATE event_head SET pos = 19950`); err != nil {
		t.Fatal(err)
	}
	for _, analyzed := range []bool{false, true} {
		if analyzed {
			if _, err := db.Pool.Exec(t.Context(), `ANALYZE events`); err != nil {
				t.Fatal(err)
			}
		}
		err := pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(t.Context(), lockHead); err != nil {
				return err
			}
			rows, err := tx.Query(t.Context(), `EXPLAIN (ANALYZE, BUFFERS) `+number, page)
			if err != nil {
				return err
			}
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				return err
			}
			text := strings.Join(plan, "\n")
			if strings.Contains(text, "Seq Scan on events ") || !strings.Contains(text, "events_unnumbered") {
				t.Errorf("analyzed %v:\n%s", analyzed, text)
			}
			return tx.Rollback(t.Context())
		})
		if err != nil && err != pgx.ErrTxClosed {
			t.Fatal(err)
		}
	}
}
