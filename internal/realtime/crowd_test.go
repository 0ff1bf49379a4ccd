package realtime_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/realtime"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// crowdVariable makes this test binary a crowd of browsers, in a process of its
// own, so that the server's memory can be told from theirs.
const crowdVariable = "ESCUTA_TEST_CROWD"

func TestMain(m *testing.M) {
	if spec := os.Getenv(crowdVariable); spec != "" {
		socket, n, _ := strings.Cut(spec, " ")
		size, err := strconv.Atoi(n)
		if err == nil {
			err = crowd(socket, size)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// crowd connects and prints, for each line it is asked on stdin, the Unix time in
// nanoseconds at which the last of the browsers had got a frame with that text.
func crowd(socket string, size int) error {
	var (
		mu      sync.Mutex
		arrived = map[string]int{}
	)
	report := func(word string) {
		mu.Lock()
		defer mu.Unlock()
		if arrived[word]++; arrived[word] == size {
			fmt.Println(word, time.Now().UnixNano())
		}
	}
	for range size {
		conn, err := net.Dial("unix", socket)
		if err != nil {
			return err
		}
		_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
		if err != nil {
			return err
		}
		go func() {
			r := bufio.NewReaderSize(conn, 2048)
			for line := ""; line != "\r\n"; {
				if line, err = r.ReadString('\n'); err != nil {
					return
				}
			}
			for {
				head, err := r.Peek(4)
				if err != nil {
					return
				}
				n, skip := int(head[1]), 2
				if n == 126 {
					n, skip = int(head[2])<<8|int(head[3]), 4
				}
				frame := make([]byte, skip+n)
				if _, err := io.ReadFull(r, frame); err != nil {
					return
				}
				if _, after, ok := strings.Cut(string(frame), "round-"); ok {
					word, _, _ := strings.Cut(after, `"`)
					report("round-" + word)
				} else if strings.Contains(string(frame), "hello") {
					report("hello")
				}
			}
		}()
	}
	_, err := io.Copy(io.Discard, os.Stdin) // until the benchmark ends
	return err
}

// BenchmarkCommitToLast measures the time from a commit until the last of 5,000
// browsers has the frame, through PostgreSQL, the sequencer, Redis and the hub;
// beside it the limit, a bare loop that writes the same frame to 5,000 sockets.
func BenchmarkCommitToLast(b *testing.B) {
	const size = 5000
	b.Run("hub", func(b *testing.B) {
		db := pgtest.New(b)
		quiet := slog.New(slog.DiscardHandler)
		l := event.NewLog(db, redistest.New(b), quiet)
		seq := event.NewSequencer(l)
		hub := realtime.New(db, l, quiet, realtime.Options{PerAccount: -1, PerIP: -1})
		ctx, cancel := context.WithCancel(context.Background())
		var parts sync.WaitGroup
		for _, part := range []func(context.Context) error{l.Run, seq.Run, hub.Run} {
			parts.Go(func() { _ = part(ctx) })
		}
		defer parts.Wait()
		defer cancel()
		for hub.Position().Epoch == "" {
			runtime.Gosched()
		}
		var id int64
		err := db.Gorm.Raw(`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, team_id)
		  VALUES ('20261122000000139', 1, 'webform', 'duvida', 'x', 1) RETURNING id`).Scan(&id).Error
		if err != nil {
			b.Fatal(err)
		}
		still := func(context.Context) (access.Actor, error) {
			return access.Actor{AccountID: 1, Role: access.Admin}, nil
		}
		measure(b, size, func(conn *websocket.Conn) {
			hub.Serve(ctx, conn, realtime.Visitor{Actor: access.Actor{AccountID: 1, Role: access.Admin}, Still: still})
		}, func(word string) time.Time {
			err := db.InTx(ctx, func(tx *gorm.DB) error {
				_, err := ticket.Change(ctx, tx, id, ticket.Cause{Kind: event.TicketChanged, At: time.Now()},
					func(t *ticket.Ticket) error { t.CustomerName = word; return nil })
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
			committed := time.Now()
			seq.Poke()
			return committed
		})
	})
	b.Run("bare", func(b *testing.B) {
		var mu sync.Mutex
		var all []*websocket.Conn
		measure(b, size, func(conn *websocket.Conn) {
			_ = conn.WriteMessage(websocket.TextMessage, []byte(`[{"kind":"hello"}]`))
			mu.Lock()
			all = append(all, conn)
			mu.Unlock()
			_, _, _ = conn.ReadMessage()
		}, func(word string) time.Time {
			frame := []byte(`[{"x":"` + strings.Repeat("x", 900) + `"},{"customer_name":"` + word + `"}]`)
			began := time.Now()
			for _, conn := range all {
				if err := conn.WriteMessage(websocket.TextMessage, frame); err != nil {
					b.Fatal(err)
				}
			}
			return began
		})
	})
}

func measure(b *testing.B, size int, serve func(*websocket.Conn), tell func(word string) time.Time) {
	b.Helper()
	dir, err := os.MkdirTemp("", "escuta-crowd-")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	ln, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		b.Fatal(err)
	}
	var open atomic.Int64
	upgrader := websocket.FastHTTPUpgrader{ReadBufferSize: 512, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*fasthttp.RequestCtx) bool { return true }}
	srv := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) {
		_ = upgrader.Upgrade(c, func(conn *websocket.Conn) { open.Add(1); serve(conn); open.Add(-1) })
	}}
	go func() { _ = srv.Serve(ln) }()
	defer func() { _ = ln.Close() }()

	before := resident(b)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", crowdVariable, ln.Addr(), size))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	arrival := func(word string) time.Time {
		for lines.Scan() {
			got, nanos, _ := strings.Cut(lines.Text(), " ")
			if got == word {
				n, _ := strconv.ParseInt(nanos, 10, 64)
				return time.Unix(0, n)
			}
		}
		b.Fatalf("the crowd has gone: %v", lines.Err())
		return time.Time{}
	}
	arrival("hello")
	runtime.GC()
	connected := resident(b)

	var took []time.Duration
	gap := time.NewTicker(250 * time.Millisecond)
	defer gap.Stop()
	for i := 0; b.Loop(); i++ {
		<-gap.C
		word := fmt.Sprintf("round-%d", i)
		began := tell(word)
		took = append(took, arrival(word).Sub(began))
	}
	busy := resident(b)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(connected-before)/1024/float64(size), "kB/conn-idle")
	b.ReportMetric(float64(busy-before)/1024/float64(size), "kB/conn-busy")
	_ = in.Close()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for open.Load() > 0 {
		runtime.Gosched()
	}
}

// resident is this process's memory in bytes.
func resident(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Fatal(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
