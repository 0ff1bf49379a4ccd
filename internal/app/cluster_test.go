package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// cluster is three servers on one PostgreSQL and one Redis, behind a balancer.
type cluster struct {
	t     testing.TB
	nodes []*server
	front *server // the balancer, as far as customers and listeners ask
	db    *pgxpool.Pool
	redis *redistest.Engine
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	address := pgtest.URL(t)
	c := &cluster{t: t, db: open(t, address), redis: redistest.Start(t)}
	for range 3 {
		c.nodes = append(c.nodes, newServer(t, "ESCUTA_DATABASE_URL="+address, "ESCUTA_REDIS_URL="+c.redis.URL()))
	}
	c.front = balance(t, c.nodes)
	return c
}

// balance sends each request to a node that answers, by turns: what could not be
// sent goes to the next, what broke on the way is for its sender to repeat.
func balance(t testing.TB, nodes []*server) *server {
	t.Helper()
	var turn atomic.Uint64
	pick := func(ctx context.Context, network, _ string) (net.Conn, error) {
		var err error
		for range nodes {
			var conn net.Conn
			at, _ := url.Parse(nodes[turn.Add(1)%uint64(len(nodes))].at("http", ""))
			if conn, err = (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, at.Host); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: "cluster"})
			r.Out.Host = r.In.Host
		},
		// A connection for each request, and little patience: a node that stops or
		// stands still is not waited for.
		Transport:    &http.Transport{DialContext: pick, DisableKeepAlives: true, ResponseHeaderTimeout: 3 * time.Second},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusServiceUnavailable) },
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = front.Serve(ln) // ends with Close
	}()
	t.Cleanup(func() {
		_ = front.Close()
		<-done
	})
	return &server{t: t, address: ln.Addr().String()}
}

// restart ends a node in good order and starts it again.
func (s *server) restart() {
	s.t.Helper()
	p := s.life()
	s.terminate()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		s.t.Fatalf("the server does not stop:\n%s", s.printed())
	}
	s.start()
}

// clusterTime is how long a long run lasts; a short one is one round.
func clusterTime() time.Duration {
	seconds, _ := strconv.Atoi(os.Getenv("ESCUTA_CLUSTER_SECONDS"))
	return time.Duration(seconds) * time.Second
}

// Nodes are restarted one after the other, killed, and frozen, while customers
// send and somebody watches: no 2xx is lost, and no frame (I2, I3).
func TestThreeNodesComeAndGoAndNothingIsLost(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	admin := hire(t, c.db, "admin")
	watch := follow(t, c.front, admin, seed)
	customers := gather(t, c.front, 6, seed)
	customers.pace.Reset(5 * time.Millisecond)
	writer := takeNotes(t, c.front, hire(t, c.db, "agent"), customers)
	stranger := eavesdrop(t, c.front, c.db)
	began := time.Now()
	for round := 0; round == 0 || time.Since(began) < clusterTime(); round++ {
		for _, node := range c.nodes { // a rolling restart
			customers.accept(10)
			node.restart()
		}
		node := c.nodes[dice.IntN(len(c.nodes))]
		customers.accept(10)
		node.crash()
		customers.accept(10)
		node.start()
		frozen := c.nodes[dice.IntN(len(c.nodes))]
		frozen.signal(syscall.SIGSTOP)
		customers.accept(10)
		frozen.signal(syscall.SIGCONT)
	}
	customers.leave()
	writer.leave()
	customers.repeat(50)
	customers.kept(c.db)
	writer.kept(c.db)
	stranger.knowsNothing(c.db)
	summed(t, c.front, admin, len(customers.accepted))
	toldInOrder(t, c.db)
	watch.upToDate(c.db)
}

// signal sends the server a signal. One that is told to stop has stopped on return:
// its threads do so one after the other.
func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	p := s.life().cmd.Process
	if err := p.Signal(sig); err != nil {
		s.t.Errorf("%v: %v", sig, err)
		return
	}
	if sig == syscall.SIGSTOP {
		eventually(s.t, "stand still", func() error { return standing(p.Pid) })
	}
}

// standing is an error while a thread of the process still runs (proc_pid_stat(5)).
func standing(pid int) error {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return fmt.Errorf("no threads of %d: %w", pid, err)
	}
	for _, file := range threads {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		if _, after, _ := strings.Cut(string(stat), ") "); !strings.HasPrefix(after, "T") {
			return fmt.Errorf("%s: %.1s", file, after)
		}
	}
	return nil
}

// A node that is frozen past its leases and goes on afterwards changes nothing:
// what it was asked to write before it stood still is refused, and the other
// nodes have gone on without it.
func TestANodeThatWasFrozenPastItsLeasesChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	frozen, alive := c.nodes[0], c.nodes[1]
	ana, bruno, boss := hire(t, c.db, "agent"), hire(t, c.db, "agent"), hire(t, c.db, "supervisor")
	watch := follow(t, alive, hire(t, c.db, "admin"), 1)
	openTicket(t, frozen, c.db, "frozen")
	var ticket int64
	query(t, c.db, `SELECT ticket_id FROM intake_ledger WHERE source_key = 'webform:frozen'`, nil, &ticket)
	path := fmt.Sprintf("/api/tickets/%d", ticket)
	fence := c.claims(frozen, ana, path, false)

	frozen.signal(syscall.SIGSTOP)
	// These lie in its socket until it goes on.
	type late struct {
		what   string
		status int
		body   []byte
		err    error
	}
	answers := make(chan late, 2)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	send := func(what string, body any) {
		status, text, err := ana.post(ctx, frozen, path+what, body)
		answers <- late{what, status, text, err}
	}
	go send("/replies", map[string]any{"body": "tarde demais", "fence": fence})
	go send("/lease", map[string]any{"fence": fence})
	c.leasesEnd(ticket)
	// It was Ana's: another agent does not get it by asking, a supervisor takes it over and hands it on.
	if status, body, err := bruno.post(t.Context(), alive, path+"/claim", struct{}{}); err != nil || status != http.StatusConflict {
		t.Errorf("another agent asks for it: %d %s %v", status, body, err)
	}
	taken := c.claims(alive, boss, path, true)
	if taken <= fence {
		t.Errorf("the fence was %d and is %d", fence, taken)
	}
	if status, body, err := boss.post(t.Context(), alive, path+"/replies", map[string]any{"body": "respondido", "fence": taken}); err != nil || status != http.StatusCreated {
		t.Errorf("the one who has it answers: %d %s %v", status, body, err)
	}
	frozen.signal(syscall.SIGCONT)
	for range 2 {
		got := <-answers
		var problem struct{ Code string }
		if got.err != nil || got.status != http.StatusConflict || json.Unmarshal(got.body, &problem) != nil ||
			problem.Code != "lease_lost" && problem.Code != "already_claimed" {
			t.Errorf("%s of the node that stood still: %d %s %v", got.what, got.status, got.body, got.err)
		}
	}
	var said, holder int64
	query(t, c.db, `SELECT (SELECT count(*) FROM messages m WHERE m.ticket_id = t.id AND direction = 'out'), holder_id FROM tickets t WHERE id = $1`,
		[]any{ticket}, &said, &holder)
	if said != 1 || holder != boss.id {
		t.Errorf("%d answers; it is held by %d", said, holder)
	}
	openTicket(t, frozen, c.db, "again")
	watch.upToDate(c.db)
	toldInOrder(t, c.db)
}

// claims takes a ticket and returns its fence.
func (c *cluster) claims(at *server, who colleague, path string, over bool) (fence int64) {
	c.t.Helper()
	body := map[string]any{}
	if over {
		body = map[string]any{"take_over": true, "reason": "Sem resposta há muito tempo"}
	}
	status, text, err := who.post(c.t.Context(), at, path+"/claim", body)
	var got struct{ Lease struct{ Fence int64 } }
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || status != http.StatusOK {
		c.t.Fatalf("claim: %d %s %v", status, text, err)
	}
	return got.Lease.Fence
}

// leasesEnd lets the time of a lease be over, in PostgreSQL and in its copy.
func (c *cluster) leasesEnd(ticket int64) {
	c.t.Helper()
	if _, err := c.db.Exec(c.t.Context(), `UPDATE tickets SET lease_until = now() - interval '1 second' WHERE id = $1`, ticket); err != nil {
		c.t.Fatal(err)
	}
	if err := c.redis.Client().FlushAll(c.t.Context()).Err(); err != nil {
		c.t.Fatal(err)
	}
}
