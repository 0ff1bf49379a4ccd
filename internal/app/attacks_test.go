package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// pair starts two servers on one PostgreSQL and one Redis.
func pair(t *testing.T) (nodes []*server, db *pgxpool.Pool) {
	t.Helper()
	url := pgtest.URL(t)
	engines := []string{"ESCUTA_DATABASE_URL=" + url, "ESCUTA_REDIS_URL=" + redistest.Start(t).URL()}
	return []*server{newServer(t, engines...), newServer(t, engines...)}, open(t, url)
}

// opened opens a ticket at a node and tells its number.
func opened(t *testing.T, at *server, db *pgxpool.Pool, key string) (ticket int64, path string) {
	t.Helper()
	openTicket(t, at, db, key)
	query(t, db, `SELECT ticket_id FROM intake_ledger WHERE source_key = 'webform:' || $1::text`, []any{key}, &ticket)
	return ticket, fmt.Sprintf("/api/tickets/%d", ticket)
}

// Attack 56 across nodes: what somebody wrote at one node is neither changed nor
// removed by anybody at another, while the ticket is open or after it was closed.
func TestAttack56AcrossNodesWhatWasWrittenStays(t *testing.T) {
	t.Parallel()
	nodes, db := pair(t)
	here, there := nodes[0], nodes[1]
	author, boss := hire(t, db, "agent"), hire(t, db, "supervisor")
	ticket, path := opened(t, here, db, "noted")
	var note, answer int64
	for what, body := range map[string]string{"notes": "Escrita aqui.", "replies": "Respondida aqui."} {
		if status, text, err := author.post(t.Context(), here, path+"/"+what, map[string]any{"body": body}); err != nil || status != http.StatusCreated {
			t.Fatalf("%s: %d %s %v", what, status, text, err)
		}
	}
	query(t, db, `SELECT (SELECT max(id) FROM notes WHERE ticket_id = $1), (SELECT max(id) FROM messages WHERE ticket_id = $1 AND direction = 'out')`, []any{ticket}, &note, &answer)
	written := func() (text string) {
		query(t, db, `SELECT string_agg(x, '|' ORDER BY x) FROM (SELECT 'm' || id || body || author_id || at AS x FROM messages WHERE id = $1
			UNION ALL SELECT 'n' || id || body || author_id || at FROM notes WHERE id = $2) y`, []any{answer, note}, &text)
		return text
	}
	before := written()
	attack := func() {
		t.Helper()
		for _, method := range []string{http.MethodPatch, http.MethodPut, http.MethodDelete} {
			for _, target := range []string{
				fmt.Sprintf("%s/notes/%d", path, note), fmt.Sprintf("/api/notes/%d", note),
				fmt.Sprintf("%s/replies/%d", path, answer), fmt.Sprintf("%s/messages/%d", path, answer), path + "/notes", path + "/timeline",
			} {
				status, text, err := call(t.Context(), method, there.at("http", target), boss.header(), map[string]string{"body": "Outra."})
				if err != nil || status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: %d %s %v", method, target, status, text, err)
				}
			}
		}
		for _, node := range nodes {
			status, line, err := call(t.Context(), http.MethodGet, node.at("http", path+"/timeline"), author.header(), nil)
			if err != nil || status != http.StatusOK || !strings.Contains(string(line), "Escrita aqui.") || !strings.Contains(string(line), "Respondida aqui.") {
				t.Errorf("the timeline: %d %s %v", status, line, err)
			}
		}
		if after := written(); after != before {
			t.Errorf("before %s\nafter %s", before, after)
		}
	}
	attack()
	for _, next := range []string{"resolved", "closed"} {
		var version int
		query(t, db, "SELECT version FROM tickets WHERE id = $1", []any{ticket}, &version)
		status, text, err := call(t.Context(), http.MethodPatch, here.at("http", path), boss.header(), map[string]any{"version": version, "status": next})
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %s %v", next, status, text, err)
		}
		attack()
	}
}

// code is what a refusal says, "" for none.
func code(body []byte) string {
	var problem struct{ Code string }
	_ = json.Unmarshal(body, &problem) // what is no problem has no code
	return problem.Code
}

// Attack 102 across nodes: of two who answer in the same second at two nodes one is
// sent and the other is told that they had not seen it; fifty who reach for one
// ticket leave it with one of them; and who closes while another answers either is
// first, or is told that the ticket has moved on. Nothing is lost in silence.
func TestAttack102AcrossNodesAtTheSameTime(t *testing.T) {
	t.Parallel()
	nodes, db := pair(t)
	ana, bruno := hire(t, db, "agent"), hire(t, db, "agent")
	type outcome struct {
		status int
		code   string
	}
	together := func(acts ...func() (int, []byte, error)) []outcome {
		t.Helper()
		got := make([]outcome, len(acts))
		begin := make(chan struct{})
		var all sync.WaitGroup
		for i, act := range acts {
			all.Go(func() {
				<-begin
				status, body, err := act()
				if err != nil {
					t.Error(err)
				}
				got[i] = outcome{status, code(body)}
			})
		}
		close(begin)
		all.Wait()
		return got
	}
	answers := func(who colleague, at *server, path string) func() (int, []byte, error) {
		return func() (int, []byte, error) {
			return who.post(t.Context(), at, path+"/replies", map[string]any{"body": "Respondo já.", "seen_version": 1})
		}
	}
	for round := range 10 {
		ticket, path := opened(t, nodes[round%2], db, fmt.Sprint("both-", round))
		got := together(answers(ana, nodes[0], path), answers(bruno, nodes[1], path))
		sent, warned := got[0], got[1]
		if sent.status != http.StatusCreated {
			sent, warned = warned, sent
		}
		var said int64
		query(t, db, "SELECT count(*) FROM messages WHERE ticket_id = $1 AND direction = 'out'", []any{ticket}, &said)
		if sent.status != http.StatusCreated || warned != (outcome{http.StatusConflict, "stale"}) || said != 1 {
			t.Errorf("round %d: %+v, %d answers", round, got, said)
		}
	}

	for round := range 10 {
		ticket, path := opened(t, nodes[round%2], db, fmt.Sprint("closing-", round))
		got := together(answers(ana, nodes[0], path), func() (int, []byte, error) {
			return call(t.Context(), http.MethodPatch, nodes[1].at("http", path), bruno.header(), map[string]any{"version": 1, "status": "resolved"})
		})
		var said int64
		var status string
		query(t, db, "SELECT (SELECT count(*) FROM messages m WHERE m.ticket_id = t.id AND direction = 'out'), status FROM tickets t WHERE id = $1", []any{ticket}, &said, &status)
		first := got[1].status == http.StatusOK || got[1] == outcome{http.StatusConflict, "version_conflict"}
		if got[0].status != http.StatusCreated || said != 1 || !first || status != "waiting_customer" {
			t.Errorf("round %d: %+v, %d answers, the ticket is %s", round, got, said, status)
		}
	}

	var agents []colleague
	for range 50 {
		agents = append(agents, hire(t, db, "agent"))
	}
	for round := range 3 {
		ticket, _ := opened(t, nodes[round%2], db, fmt.Sprint("fifty-", round))
		oneWinner(t, db, ticket, agents, nodes...)
		var assignee, holder int64
		query(t, db, "SELECT assignee_id, holder_id FROM tickets WHERE id = $1", []any{ticket}, &assignee, &holder)
		if assignee != holder {
			t.Errorf("it is %d's and held by %d", assignee, holder)
		}
	}
}
