package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// Two servers on the same engines are one desk.
func TestTwoNodesAreOneDesk(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	engines := []string{"ESCUTA_DATABASE_URL=" + url, "ESCUTA_REDIS_URL=" + redistest.Start(t).URL()}
	a, b := newServer(t, engines...), newServer(t, engines...)
	db := open(t, url)
	watch := follow(t, b, hire(t, db, "admin"), 1)

	openTicket(t, a, db, "on-a")
	var ticket int64
	query(t, db, `SELECT ticket_id FROM intake_ledger WHERE source_key = 'webform:on-a'`, nil, &ticket)
	watch.hears(ticket, 1)

	// Thirty agents reach for one ticket, half of them on each node (I8).
	const n = 30
	var reaching sync.WaitGroup
	var agents [n]colleague
	var answers [n]struct {
		status int
		Ticket struct {
			Holder int64 `json:"holder_id"`
		}
		Code   string
		Holder struct{ ID int64 }
	}
	for i := range agents {
		agents[i] = hire(t, db, "agent")
	}
	together := make(chan struct{})
	for i, who := range agents {
		reaching.Go(func() {
			<-together
			status, body, err := who.post(t.Context(), []*server{a, b}[i%2], fmt.Sprintf("/api/tickets/%d/claim", ticket), struct{}{})
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
	watch.hears(ticket, 2)
	watch.upToDate(db)

	// The node that numbers the events goes without a word; the other goes on.
	a.crash()
	openTicket(t, b, db, "on-b")
	watch.upToDate(db)
	toldInOrder(t, db)
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
