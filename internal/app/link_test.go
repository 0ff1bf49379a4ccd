package app_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// link is the way from the servers to an engine, which a test may cut, slow down
// and tear.
type link struct {
	t               testing.TB
	name, near, far string
	proxy           *toxiproxy.Proxy
}

// newLink leads to a Unix socket: the engines of the tests listen nowhere else.
func newLink(t testing.TB, name, socket string) *link {
	t.Helper()
	l := &link{t: t, name: name, far: overSocket(t, socket), near: "127.0.0.1:0"}
	l.open()
	l.near = l.proxy.Listen
	t.Cleanup(func() { l.proxy.Stop() })
	return l
}

func (l *link) open() {
	l.t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	l.proxy = toxiproxy.NewProxy(server, l.name, l.near, l.far)
	if err := l.proxy.Start(); err != nil {
		l.t.Fatalf("open the way to %s: %v", l.name, err)
	}
}

// overSocket listens on loopback and passes all on to a Unix socket, because a
// proxy speaks TCP on both sides.
func overSocket(t testing.TB, socket string) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() { pass(ctx, near, socket) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = ln.Close()
		all.Wait()
	})
	return ln.Addr().String()
}

func pass(ctx context.Context, near net.Conn, socket string) {
	defer near.Close()
	far, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return // the engine is down: who calls is hung up on
	}
	defer far.Close()
	defer context.AfterFunc(ctx, func() { _ = near.Close(); _ = far.Close() })()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}()
	_, _ = io.Copy(far, near)
	_ = far.Close()
	<-back
}

// cut ends all connections and takes no new one until it is mended.
func (l *link) cut() { l.proxy.Stop() }

// mend makes the way good again, whatever was wrong with it, by a new one in its
// place: taking a toxic out of connections that end just then can hang for ever.
func (l *link) mend() {
	l.t.Helper()
	l.proxy.Stop()
	l.open()
}

// poison adds a toxic to a direction, by its name and attributes.
func (l *link) poison(kind, stream, attributes string) {
	l.t.Helper()
	text := fmt.Sprintf(`{"type": %q, "stream": %q, "attributes": {%s}}`, kind, stream, attributes)
	if _, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(text)); err != nil {
		l.t.Errorf("%s on the way to %s: %v", text, l.name, err)
	}
}

// ill are the ways in which a link can be bad, each until it is mended.
var ill = []struct {
	what  string
	bring func(l *link)
}{
	{"cut", (*link).cut},
	{"slow", func(l *link) { l.poison("latency", "downstream", `"latency": 150, "jitter": 100`) }},
	{"reset in the middle of an answer", func(l *link) {
		l.poison("limit_data", "downstream", `"bytes": 2000`)
		l.poison("reset_peer", "downstream", `"timeout": 300`)
	}},
	{"deaf: what is asked arrives, and no answer comes back", func(l *link) {
		l.poison("timeout", "downstream", `"timeout": 700`)
	}},
	{"in crumbs", func(l *link) {
		l.poison("slicer", "upstream", `"average_size": 40, "size_variation": 20, "delay": 200`)
	}},
}

// linked is a cluster whose ways to PostgreSQL and Redis can be made bad.
type linked struct {
	*cluster
	toPostgres, toRedis []*link // by node
}

func newLinked(t testing.TB, environ ...string) linked {
	t.Helper()
	address := pgtest.URL(t)
	l := linked{cluster: &cluster{t: t, db: open(t, address), redis: redistest.Start(t)}}
	far, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	near, err := url.Parse(l.redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	socket := fmt.Sprintf("%s/.s.PGSQL.%s", far.Query().Get("host"), cmp.Or(far.Query().Get("port"), "5432"))
	for n := range 3 {
		pg, rd := newLink(t, fmt.Sprintf("PostgreSQL of node %d", n), socket), newLink(t, fmt.Sprintf("Redis of node %d", n), near.Path)
		through := *far
		query := through.Query()
		host, port, err := net.SplitHostPort(pg.near)
		if err != nil {
			t.Fatal(err)
		}
		query.Set("host", host)
		query.Set("port", port)
		query.Set("sslmode", "disable")
		through.RawQuery = query.Encode()
		l.toPostgres, l.toRedis = append(l.toPostgres, pg), append(l.toRedis, rd)
		l.nodes = append(l.nodes, newServer(t, append(environ, "ESCUTA_DATABASE_URL="+through.String(), "ESCUTA_REDIS_URL=redis://"+rd.near)...))
	}
	l.front = balance(t, l.nodes)
	return l
}

// sicken makes a link bad in one way, and tells which.
func sicken(dice *rand.Rand, links []*link) (l *link, what string) {
	l = links[dice.IntN(len(links))]
	kind := ill[dice.IntN(len(ill))]
	kind.bring(l)
	return l, "the way to " + l.name + " is " + kind.what
}

// The ways to the engines are cut, slowed and torn, one by one, while customers
// send, an agent writes and somebody watches: nothing is lost or doubled, every
// customer is written to once, and every event is told to whom it concerns and to
// nobody else (I1 to I5, I7).
func TestBadWaysToTheEnginesLoseNothing(t *testing.T) {
	t.Parallel()
	sink := sinktest.New(t)
	l := newLinked(t, mailServer(sink)...)
	seed, until := storm(t)
	dice := rand.New(rand.NewPCG(seed, 0))
	admin := hire(t, l.db, "admin")
	sender(t, l.front, admin)
	watch := follow(t, l.front, admin, seed)
	customers := gather(t, l.front, 6, seed)
	customers.pace.Reset(5 * time.Millisecond)
	writer := takeNotes(t, l.front, hire(t, l.db, "agent"), customers)
	stranger := eavesdrop(t, l.front, l.db)
	for round := 0; round == 0 || time.Now().Before(until); round++ {
		for _, kind := range ill {
			for _, links := range [][]*link{l.toPostgres, l.toRedis} {
				way := links[dice.IntN(len(links))]
				kind.bring(way)
				customers.accept(15)
				way.mend()
				customers.accept(5)
			}
		}
	}
	customers.leave()
	writer.leave()
	customers.repeat(50)
	for _, node := range l.nodes {
		eventually(t, "be ready on good ways", node.ready)
	}
	customers.kept(l.db)
	writer.kept(l.db)
	summed(t, l.front, admin, len(customers.accepted))
	toldInOrder(t, l.db)
	watch.upToDate(l.db)
	stranger.knowsNothing(l.db)
	for _, node := range l.nodes {
		node.crash()
	}
	timePasses(t, l.db)
	for _, node := range l.nodes {
		node.start()
	}
	eventually(t, "have sent all", func() error { return settled(t.Context(), l.db) })
	handedOverOnce(t, l.db, sink)
	var told int
	if query(t, l.db, `SELECT count(*) FROM outbox WHERE state = 'sent'`, nil, &told); told == 0 {
		t.Error("no customer was written to")
	}
}
