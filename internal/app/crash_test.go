package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/embedded"
)

// victim is a server process on a data folder of its own.
type victim struct {
	t       *testing.T
	program string
	dir     string
	addr    string
	log     *os.File

	mu      sync.Mutex
	process *exec.Cmd
}

// newVictim builds the program and starts it.
func newVictim(t *testing.T) *victim {
	t.Helper()
	dir, err := os.MkdirTemp("", "escuta-crash-") // t.TempDir is closed to the engines' user
	check(t, err)
	check(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { os.RemoveAll(dir) })
	v := &victim{t: t, program: filepath.Join(dir, "escuta"), dir: filepath.Join(dir, "data"), addr: freeAddress(t)}
	if out, err := exec.Command("go", "build", "-o", v.program, "github.com/escuta-sac/escuta/cmd/escuta").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	v.log, err = os.Create(filepath.Join(dir, "log"))
	check(t, err)
	t.Cleanup(func() {
		v.stop()
		if t.Failed() {
			text, _ := os.ReadFile(v.log.Name())
			t.Logf("the server's log:\n%s", text[max(0, len(text)-8000):])
		}
	})
	v.start()
	return v
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

func (v *victim) start() {
	v.t.Helper()
	c := exec.Command(v.program, "serve")
	c.Env = append(os.Environ(), "ESCUTA_ADDR="+v.addr, "ESCUTA_DATA_DIR="+v.dir, "ESCUTA_PUBLIC_LIMIT=0",
		"ESCUTA_DATABASE_URL=", "ESCUTA_REDIS_URL=")
	c.Stdout, c.Stderr = v.log, v.log
	check(v.t, c.Start())
	v.mu.Lock()
	v.process = c
	v.mu.Unlock()
	v.waitReady()
}

// waitReady waits until the server would be sent requests.
func (v *victim) waitReady() {
	v.t.Helper()
	eventually(v.t, "the server becomes ready", func() bool {
		response, err := http.Get("http://" + v.addr + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// eventually waits until holds does, or fails.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(2*time.Minute), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("did not happen: %s", what)
		}
	}
}

// kill ends the server without a word.
func (v *victim) kill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = v.process.Process.Kill()
	_ = v.process.Wait()
}

// stop ends it in good order, its engines with it.
func (v *victim) stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = v.process.Process.Signal(syscall.SIGTERM)
	_ = v.process.Wait()
}

// engines are the addresses of the running server's engines.
func (v *victim) engines() embedded.Addresses {
	v.t.Helper()
	a, _, err := embedded.Reach(v.t.Context(), embedded.Options{Dir: v.dir, Postgres: true, Redis: true, Log: slog.New(slog.DiscardHandler)})
	check(v.t, err)
	return a
}

func (v *victim) redis() *redis.Client {
	v.t.Helper()
	o, err := redis.ParseURL(v.engines().Redis)
	check(v.t, err)
	c := redis.NewClient(o)
	v.t.Cleanup(func() { c.Close() })
	return c
}

// The ways in which it goes wrong.

func (v *victim) killServer() {
	v.kill()
	v.start()
}

func (v *victim) killPostgres() {
	text, err := os.ReadFile(filepath.Join(v.dir, "postgres", "postmaster.pid"))
	check(v.t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	check(v.t, err)
	check(v.t, syscall.Kill(pid, syscall.SIGKILL))
	v.waitReady()
}

func (v *victim) killRedis() {
	info, err := v.redis().InfoMap(v.t.Context(), "server").Result()
	check(v.t, err)
	pid, err := strconv.Atoi(info["Server"]["process_id"])
	check(v.t, err)
	check(v.t, syscall.Kill(pid, syscall.SIGKILL))
	v.waitReady()
}

func (v *victim) flushRedis() { check(v.t, v.redis().FlushAll(v.t.Context()).Err()) }

// client posts tickets until ctx ends. What gets no answer is sent again under
// its key; what gets 201 is remembered.
type client struct {
	name     string
	addr     string
	accepted map[string]string // protocol by key
	count    *atomic.Int64     // of all clients
}

func (c *client) run(ctx context.Context) {
	web := &http.Client{Timeout: 20 * time.Second}
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("%s-%d", c.name, n)
		for ctx.Err() == nil {
			protocol, status := c.post(web, key)
			if status == http.StatusCreated {
				c.accepted[key] = protocol
				c.count.Add(1)
				break
			}
			select {
			case <-time.After(20 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

func (c *client) post(web *http.Client, key string) (protocol string, status int) {
	body := fmt.Sprintf(`{"kind":"reclamacao","subject":"%s","body":"Veio em dobro.","email":"%s@example.com"}`, key, key)
	r, err := http.NewRequest("POST", "http://"+c.addr+"/api/public/tickets", bytes.NewBufferString(body))
	if err != nil {
		return "", 0
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	response, err := web.Do(r)
	if err != nil {
		return "", 0
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var receipt struct{ Protocol string }
	if err != nil || json.Unmarshal(text, &receipt) != nil {
		return "", 0
	}
	return receipt.Protocol, response.StatusCode
}

// Server, PostgreSQL and Redis are killed at random points and Redis is emptied
// while customers write: each 201 is there afterwards, once, with its event.
func TestAcceptedTicketsSurviveKills(t *testing.T) {
	v := newVictim(t)
	ctx, cancel := context.WithCancel(t.Context())
	var posting sync.WaitGroup
	var count atomic.Int64
	clients := make([]*client, 4)
	for i := range clients {
		clients[i] = &client{name: fmt.Sprintf("c%d", i), addr: v.addr, accepted: map[string]string{}, count: &count}
		posting.Go(func() { clients[i].run(ctx) })
	}
	faults := []func(){v.killServer, v.flushRedis, v.killPostgres, v.killRedis, v.killServer}
	more := func() { // a random point in the middle of the work
		target := count.Load() + 20 + rand.Int64N(200)
		eventually(t, "clients go on", func() bool { return count.Load() >= target })
	}
	for _, fault := range faults {
		more()
		fault()
	}
	more()
	cancel()
	posting.Wait()

	db, err := pgx.Connect(t.Context(), v.engines().Postgres)
	check(t, err)
	defer db.Close(context.Background())
	told := 0
	for _, c := range clients {
		told += len(c.accepted)
		for key, protocol := range c.accepted {
			var tickets, events, messages, ledger int
			err := db.QueryRow(t.Context(), `SELECT
				(SELECT count(*) FROM tickets WHERE subject = $1 AND protocol = $2),
				(SELECT count(*) FROM events e JOIN tickets t ON t.id = e.ticket_id WHERE t.subject = $1 AND e.kind = 'ticket.opened'),
				(SELECT count(*) FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE t.subject = $1),
				(SELECT count(*) FROM intake_ledger WHERE source_key = 'webform:' || $1::text AND fate = 'ticket')`,
				key, protocol).Scan(&tickets, &events, &messages, &ledger)
			check(t, err)
			if tickets != 1 || events != 1 || messages != 1 || ledger != 1 {
				t.Errorf("%s (%s): %d tickets, %d events, %d messages, %d ledger rows", key, protocol, tickets, events, messages, ledger)
			}
		}
	}
	var twice, without int
	check(t, db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM (SELECT subject FROM tickets GROUP BY subject HAVING count(*) > 1) x),
		(SELECT count(*) FROM tickets t WHERE NOT EXISTS (SELECT FROM events e WHERE e.ticket_id = t.id))`).Scan(&twice, &without))
	if twice != 0 || without != 0 {
		t.Errorf("%d tickets came twice, %d have no event", twice, without)
	}
	if told < 50 {
		t.Errorf("only %d accepted: did the clients work?", told)
	}
	t.Logf("%d accepted and found", told)
}
