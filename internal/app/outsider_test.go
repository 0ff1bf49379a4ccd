package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/jackc/pgx/v5/pgxpool"
)

// outsider is an agent of a team that has no tickets. Whatever breaks and however
// often they come back to listen, they are told of no ticket (I5).
type outsider struct {
	t       testing.TB
	server  *server
	who     colleague
	cancel  context.CancelFunc
	running sync.WaitGroup
	heard   int // messages, of which none was about a ticket
}

func eavesdrop(t testing.TB, s *server, db *pgxpool.Pool) *outsider {
	t.Helper()
	o := &outsider{t: t, server: s, who: hire(t, db, "agent")}
	_, err := db.Exec(t.Context(), `WITH team AS (INSERT INTO teams (name) VALUES ('Longe') RETURNING id)
		UPDATE account_teams SET team_id = team.id FROM team WHERE account_id = $1`, o.who.id)
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, o.cancel = context.WithCancel(context.Background())
	o.running.Go(func() {
		since := ""
		for ctx.Err() == nil {
			since = o.listen(ctx, since)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond): // a browser's pause before it comes back
			}
		}
	})
	t.Cleanup(o.leave)
	return o
}

// listen listens for as long as one connection lasts and returns the last position.
func (o *outsider) listen(ctx context.Context, since string) string {
	address := o.server.at("ws", "/api/live")
	if since != "" {
		address += "?since=" + url.QueryEscape(since)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, address, o.who.header())
	if err != nil {
		return since
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return since
		}
		var frame []frameItem
		if err := json.Unmarshal(text, &frame); err != nil {
			o.t.Errorf("a frame that is none: %s", text)
			return since
		}
		o.heard++
		for _, it := range frame {
			if it.Ticket != 0 || len(it.Row) > 0 || it.Count != 0 || strings.HasPrefix(it.Kind, "ticket.") {
				o.t.Errorf("an outsider heard %s", text)
			}
			if it.ID != "" {
				since = it.ID
			}
		}
	}
}

// leave ends the listening.
func (o *outsider) leave() {
	o.cancel()
	o.running.Wait()
}

// knowsNothing asks the API for what there is, as the outsider: no list has any of
// it, and each ticket is absent.
func (o *outsider) knowsNothing(db *pgxpool.Pool) {
	o.t.Helper()
	o.leave()
	if o.heard == 0 {
		o.t.Error("the outsider heard nothing at all, not even hello")
	}
	var page struct{ Items []json.RawMessage }
	o.who.read(o.t, o.server, "/api/tickets?view=all", &page)
	if len(page.Items) != 0 {
		o.t.Errorf("the outsider is shown %d tickets", len(page.Items))
	}
	var id int64
	query(o.t, db, `SELECT id FROM tickets ORDER BY random() LIMIT 1`, nil, &id)
	status, body, err := call(o.t.Context(), http.MethodGet, o.server.at("http", fmt.Sprintf("/api/tickets/%d", id)), o.who.header(), nil)
	if err != nil || status != http.StatusNotFound {
		o.t.Errorf("the outsider asks for ticket %d: %d %s %v", id, status, body, err)
	}
}
