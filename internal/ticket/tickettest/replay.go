package tickettest

import (
	"encoding/json"
	"fmt"
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

// ToldWell says what is wrong with the events of a ticket: there is one for each
// version, in order, and the last one carries the row as it is stored.
func ToldWell(t testing.TB, db *postgres.DB, id int64) error {
	t.Helper()
	fresh, events := Fresh(t, db, id), Events(t, db, id)
	for i, e := range events {
		if e.Version != i+1 {
			return fmt.Errorf("the event %d of ticket %d (%s) has version %d", i+1, id, e.Kind, e.Version)
		}
	}
	if len(events) != fresh.Version {
		return fmt.Errorf("ticket %d has version %d and %d events", id, fresh.Version, len(events))
	}
	var payload event.Payload
	if err := json.Unmarshal(events[len(events)-1].Payload, &payload); err != nil {
		return err
	}
	row, err := json.Marshal(fresh.Snapshot())
	if err != nil {
		return err
	}
	if diff := cmp.Diff(object(t, row), object(t, payload.Row)); diff != "" {
		return fmt.Errorf("the last event of ticket %d does not give its row (-stored +told):\n%s", id, diff)
	}
	return nil
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
