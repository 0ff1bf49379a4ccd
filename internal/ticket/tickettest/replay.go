package tickettest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Replay is the test that keeps events honest: it notes the rows of all tickets,
// makes the call, puts the rows that its events carry in the place of the old
// ones, and fails unless that gives the rows as they are stored now, with no
// version left out. It returns what was told.
func Replay(t testing.TB, db *postgres.DB, call func()) []event.Event {
	t.Helper()
	screen := rows(t, db)
	var last int64
	scan(t, db, &last, "SELECT coalesce(max(id), 0) FROM events")

	call()

	var tickets []int64
	scan(t, db, &tickets, "SELECT DISTINCT ticket_id FROM events WHERE id > ? ORDER BY 1", last)
	var told []event.Event
	for _, id := range tickets {
		for _, e := range Events(t, db, id) {
			if e.ID <= last {
				continue
			}
			told = append(told, e)
			var payload event.Payload
			if err := json.Unmarshal(e.Payload, &payload); err != nil {
				t.Fatal(err)
			}
			version := 0
			if row, known := screen[id]; known {
				version = int(row["version"].(float64))
			}
			if e.Version != version+1 {
				t.Errorf("%s of ticket %d has version %d after %d", e.Kind, id, e.Version, version)
			}
			screen[id] = object(t, payload.Row)
		}
	}
	if diff := cmp.Diff(rows(t, db), screen); diff != "" {
		t.Errorf("the events do not give the fresh rows (-stored +told):\n%s", diff)
	}
	return told
}

// rows are all list rows as JSON has them.
func rows(t testing.TB, db *postgres.DB) map[int64]map[string]any {
	t.Helper()
	var ids []int64
	scan(t, db, &ids, "SELECT id FROM tickets")
	all := map[int64]map[string]any{}
	for _, id := range ids {
		row, err := json.Marshal(Fresh(t, db, id).Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		all[id] = object(t, row)
	}
	return all
}

func object(t testing.TB, row []byte) (o map[string]any) {
	t.Helper()
	if err := json.Unmarshal(row, &o); err != nil {
		t.Fatal(err)
	}
	return o
}
