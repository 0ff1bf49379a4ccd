package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// Two servers on the same engines are one desk.
func TestTwoNodesAreOneDesk(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	rdb := redistest.Start(t)
	engines := []string{"ESCUTA_DATABASE_URL=" + url, "ESCUTA_REDIS_URL=" + rdb.URL()}
	a, b := newServer(t, engines...), newServer(t, engines...)
	db := open(t, url)
	watch := follow(t, b, hire(t, db, "admin"), 1)

	openTicket(t, a, db, "on-a")
	var ticket int64
	query(t, db, `SELECT ticket_id FROM intake_ledger WHERE source_key = 'webform:on-a'`, nil, &ticket)
	watch.hears(ticket, 1)

	var agents []colleague
	for range 30 {
		agents = append(agents, hire(t, db, "agent"))
	}
	oneWinner(t, db, ticket, agents, a, b)
	watch.hears(ticket, 2)
	watch.upToDate(db)

	// Without Redis, which turns rivals away early, PostgreSQL decides alone.
	openTicket(t, b, db, "on-b")
	query(t, db, `SELECT ticket_id FROM intake_ledger WHERE source_key = 'webform:on-b'`, nil, &ticket)
	rdb.Kill()
	oneWinner(t, db, ticket, agents, a, b)
	watch.hears(ticket, 2)
	rdb.Start()
	eventually(t, "have Redis back", b.ready)

	// The node that numbers the events goes without a word; the other goes on.
	a.crash()
	openTicket(t, b, db, "later-on-b")
	watch.upToDate(db)
	toldInOrder(t, db)
}

// oneWinner lets all agents reach for a free ticket at once, by turns on each of
// the servers: one gets it, the rest are told who has it (I8).
func oneWinner(t *testing.T, db *pgxpool.Pool, ticket int64, agents []colleague, servers ...*server) {
	t.Helper()
	type answer struct {
		status int
		Ticket struct {
			Holder int64 `json:"holder_id"`
		}
		Code   string
		Holder struct{ ID int64 }
	}
	answers := make([]answer, len(agents))
	var reaching sync.WaitGroup
	together := make(chan struct{})
	for i, who := range agents {
		reaching.Go(func() {
			<-together
			status, body, err := who.post(t.Context(), servers[i%len(servers)], fmt.Sprintf("/api/tickets/%d/claim", ticket), struct{}{})
			if err == nil {
				err = json.Unmarshal(body, &answers[i])
			}
			if err != nil {
				t.Errorf("claim: %v", err)
			}
			answers[i].status = status
		})
	}
	close(together)
	reaching.Wait()
	var holder, fence, claims int64
	query(t, db, `SELECT holder_id, fence, (SELECT count(*) FROM events WHERE ticket_id = t.id AND kind = 'ticket.claimed')
		FROM tickets t WHERE id = $1`, []any{ticket}, &holder, &fence, &claims)
	winners := 0
	for i, got := range answers {
		switch {
		case got.status == http.StatusOK && got.Ticket.Holder == agents[i].id && holder == agents[i].id:
			winners++
		case got.status == http.StatusConflict && got.Code == "already_claimed" && got.Holder.ID == holder:
		default:
			t.Errorf("agent %d was answered %+v; the ticket is held by %d", agents[i].id, got, holder)
		}
	}
	if winners != 1 || fence != 1 || claims != 1 {
		t.Errorf("%d winners, fence %d, %d claims told", winners, fence, claims)
	}
}

// hears waits until the listener has heard of a version of a ticket.
func (l *listener) hears(ticket int64, version int) {
	l.t.Helper()
	eventually(l.t, fmt.Sprintf("hear of version %d of ticket %d", version, ticket), func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if known := l.tickets[ticket].version; known < version {
			return fmt.Errorf("version %d is known", known)
		}
		return nil
	})
}
