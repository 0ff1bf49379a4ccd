package app_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// kept looks in the database for everything that was accepted: it is there, and
// nothing else is, and each once (I1, I2, I7).
func (c *crowd) kept(db *pgxpool.Pool) {
	c.t.Helper()
	c.keptAmongOthers(db)
	var ledger, messages, strays int
	query(c.t, db, `SELECT (SELECT count(*) FROM intake_ledger), (SELECT count(*) FROM messages),
		(SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM intake_ledger l WHERE l.ticket_id = t.id))`, nil, &ledger, &messages, &strays)
	if n := len(c.accepted); ledger != n || messages != n || strays != 0 {
		c.t.Errorf("%d submissions became %d ledger rows and %d messages; %d tickets are nobody's", n, ledger, messages, strays)
	}
}

// keptAmongOthers is kept when other things came by other ways.
func (c *crowd) keptAmongOthers(db *pgxpool.Pool) {
	c.t.Helper()
	rows, err := db.Query(c.t.Context(), `
		SELECT l.source_key, l.fate, coalesce(t.protocol, ''),
		       (SELECT count(*) FROM protocols p WHERE p.ticket_id = t.id AND p.protocol = t.protocol),
		       (SELECT count(*) FROM messages m WHERE m.ticket_id = t.id AND m.id = l.message_id),
		       (SELECT count(*) FROM events e WHERE e.ticket_id = t.id AND e.version = 1 AND e.kind = 'ticket.opened'),
		       (SELECT count(*) FROM clocks k WHERE k.ticket_id = t.id AND k.kind = 'first_response')
		  FROM intake_ledger l LEFT JOIN tickets t ON t.id = l.ticket_id WHERE l.channel = 'webform'`)
	if err != nil {
		c.t.Fatal(err)
	}
	found := map[string]string{}
	var source, fate, protocol string
	var numbers, messages, openings, clocks int
	_, err = pgx.ForEachRow(rows, []any{&source, &fate, &protocol, &numbers, &messages, &openings, &clocks}, func() error {
		key := source[strings.LastIndexByte(source, ':')+1:]
		if _, twice := found[key]; twice {
			c.t.Errorf("%s is in the ledger twice", key)
		}
		found[key] = protocol
		want := "ticket"
		if strings.HasSuffix(key, "-more") {
			want = "reply"
		}
		if fate != want || numbers != 1 || messages != 1 || openings != 1 || clocks != 1 {
			c.t.Errorf("%s became %s with %d numbers, %d messages, %d openings, %d clocks", key, fate, numbers, messages, openings, clocks)
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	tickets := map[string]string{}
	for key, got := range c.accepted {
		if found[key] != got.Protocol {
			c.t.Errorf("%s was told %q and the ledger has %q", key, got.Protocol, found[key])
		}
		if strings.HasSuffix(key, "-more") {
			continue
		}
		if other, taken := tickets[got.Protocol]; taken {
			c.t.Errorf("%s and %s were both told %s", key, other, got.Protocol)
		}
		tickets[got.Protocol] = key
	}
	var ledger, inTickets, inMessages, texts int
	query(c.t, db, `SELECT count(*), count(DISTINCT l.ticket_id), count(DISTINCT m.id), count(DISTINCT m.body)
		FROM intake_ledger l LEFT JOIN messages m ON m.id = l.message_id WHERE l.channel = 'webform'`,
		nil, &ledger, &inTickets, &inMessages, &texts)
	if n := len(c.accepted); ledger != n || inMessages != n || texts != n || inTickets != len(tickets) {
		c.t.Errorf("%d submissions, %d of them tickets, became %d ledger rows, %d messages of %d texts, %d tickets",
			n, len(tickets), ledger, inMessages, texts, inTickets)
	}
}

// toldInOrder looks at the events: each change has one, each has its position,
// positions have no holes and follow the versions of every ticket (I3).
func toldInOrder(t testing.TB, db *pgxpool.Pool) {
	t.Helper()
	var waiting, events, newest, head, broken, crossed int64
	eventually(t, "number the last events", func() error {
		query(t, db, `SELECT count(*) FILTER (WHERE pos IS NULL), count(*), max(pos), (SELECT pos FROM event_head) FROM events`,
			nil, &waiting, &events, &newest, &head)
		if waiting > 0 {
			return fmt.Errorf("%d wait", waiting)
		}
		return nil
	})
	if events != newest || newest != head {
		t.Errorf("%d events lead to position %d, the head is %d", events, newest, head)
	}
	query(t, db, `SELECT count(*) FROM tickets t LEFT JOIN LATERAL (
		  SELECT min(version), max(version), count(*) AS n FROM events e WHERE e.ticket_id = t.id) e ON true
		 WHERE (e.min, e.max, e.n) IS DISTINCT FROM (1, t.version, t.version)`, nil, &broken)
	query(t, db, `SELECT count(*) FROM (
		  SELECT version < lag(version) OVER (PARTITION BY ticket_id ORDER BY pos) AS crossed FROM events) e
		 WHERE crossed`, nil, &crossed)
	if broken > 0 || crossed > 0 {
		t.Errorf("%d tickets have not one event for each version; %d events come before an older version", broken, crossed)
	}
}

// summed asks the program itself whether everything is accounted for.
func summed(t testing.TB, s *server, who colleague, received int) {
	t.Helper()
	var sum struct{ Received, Accounted, Pending int }
	who.read(t, s, "/api/intake/summary", &sum)
	if sum.Received != received || sum.Accounted+sum.Pending != received || sum.Pending != 0 {
		t.Errorf("%d submissions, and the summary says %+v", received, sum)
	}
}

// upToDate waits until the listener has heard everything and compares what it
// has made of the events with the rows that a fresh list shows (I3).
func (l *listener) upToDate(db *pgxpool.Pool) {
	l.t.Helper()
	var epoch string
	var head int64
	eventually(l.t, "hear the last event", func() error {
		var waiting int
		query(l.t, db, `SELECT epoch, pos, (SELECT count(*) FROM events WHERE pos IS NULL) FROM event_head`, nil, &epoch, &head, &waiting)
		if at := l.position(); at.Epoch != epoch || at.Pos != head || waiting > 0 {
			return fmt.Errorf("at %v, the head is %s.%d, and %d wait for a position", at, epoch, head, waiting)
		}
		return nil
	})
	fresh := map[int64]shown{}
	for cursor := ""; ; {
		var page struct {
			Items []json.RawMessage
			Next  *string
		}
		l.who.read(l.t, l.server, "/api/tickets?view=all&sort=newest&limit=100&cursor="+url.QueryEscape(cursor), &page)
		for _, row := range page.Items {
			var known struct {
				ID      int64
				Version int
			}
			if err := json.Unmarshal(row, &known); err != nil {
				l.t.Fatal(err)
			}
			fresh[known.ID] = shown{known.Version, row}
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	compared, wrong := 0, 0
	for id, heard := range l.tickets {
		if !l.loaded && heard.version < fresh[id].version {
			continue // its last change was one of many
		}
		compared++
		if !sameJSON(heard.row, fresh[id].row) {
			if wrong++; wrong < 4 {
				l.t.Errorf("ticket %d\nas heard: %s\nas listed: %s", id, heard.row, fresh[id].row)
			}
		}
	}
	if l.loaded && len(l.tickets) != len(fresh) {
		l.t.Errorf("heard of %d tickets, %d are listed", len(l.tickets), len(fresh))
	}
	l.t.Logf("%d events in %d connections, %d times many, %d times resync; %d of %d rows compared, %d differ",
		l.at.Pos, l.connections, l.many, l.resyncs, compared, len(fresh), wrong)
}

func sameJSON(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
