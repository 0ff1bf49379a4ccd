package call_test

import (
	"context"
	"flag"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/seal"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Each check of a property is a call told to a real database, so a few are enough
// for every day; -rapid.checks asks for more.
func TestMain(m *testing.M) {
	checks := flag.Lookup("rapid.checks")
	if err := checks.Value.Set("20"); err != nil {
		panic(err)
	}
	m.Run()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ptr[T any](v T) *T { return &v }

type pokes struct{}

func (pokes) Poke() {}

type leases struct{}

func (leases) Forget(context.Context, int64) {}

// office is a database with people, and any number of nodes that answer its
// telephones under a clock that can be moved.
type office struct {
	testing.TB
	url              string
	db               *postgres.DB
	blobs            *blob.Store
	ahead            atomic.Int64 // how far the clock is ahead
	node             node         // the first one
	ana, bruno, away access.Actor
}

// node is one server's calls, and the intake behind them.
type node struct {
	*call.Service
	in *intake.Intake
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{TB: t, url: pgtest.URL(t), blobs: must(blob.New(t.TempDir()))}
	o.db = pgtest.Open(t, o.url, postgres.Options{MaxConns: 10})
	o.ana = tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.bruno = tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.away = tickettest.Account(t, o.db, access.Agent, tickettest.Team(t, o.db, "Longe"))
	o.exec("UPDATE accounts SET extension = '2001' WHERE id = $1", o.ana.AccountID)
	o.exec("UPDATE accounts SET extension = '2002' WHERE id = $1", o.bruno.AccountID)
	o.node = o.newNode()
	return o
}

func (o *office) now() time.Time {
	return time.Now().UTC().Add(time.Duration(o.ahead.Load())).Truncate(time.Microsecond)
}

// newNode starts one more server, which works until the test ends.
func (o *office) newNode() node {
	o.Helper()
	log := slog.New(slog.DiscardHandler)
	zone := must(time.LoadLocation("America/Sao_Paulo"))
	policies := must(sla.LoadPolicies(o.Context(), o.db.Gorm, sla.BuiltIn(zone)))
	in, err := intake.New(o.Context(), intake.Options{
		URL: o.url, DB: o.db, Blobs: o.blobs, Planner: policies, Calendars: policies.Calendars(), Poke: pokes{},
		Now: o.now, Zone: zone, Log: log,
	})
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(in.Close)
	acts := desk.New(o.db, policies, must(jobs.New(o.db, log)), leases{}, &outbox.Post{}, pokes{}, o.now, log)
	calls := call.New(o.db, in, acts, leases{}, must(seal.New([]byte("um segredo de teste com trinta e dois"))), pokes{}, o.now, log)
	in.Digest(channel.Phone, calls.Exchange())
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := in.Run(ctx); err != nil {
			o.Error(err)
		}
	})
	o.Cleanup(func() { cancel(); done.Wait() })
	return node{calls, in}
}

func (o *office) scan(to any, sql string, args ...any) {
	o.Helper()
	if err := o.db.Pool.QueryRow(context.Background(), sql, args...).Scan(to); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
}

func (o *office) count(sql string, args ...any) (n int) {
	o.Helper()
	o.scan(&n, sql, args...)
	return n
}

func (o *office) exec(sql string, args ...any) {
	o.Helper()
	if _, err := o.db.Pool.Exec(context.Background(), sql, args...); err != nil {
		o.Fatalf("%s: %v", sql, err)
	}
}

// opens takes a call that ana answers.
func (o *office) opens(caller string) call.Opened {
	o.Helper()
	c, err := o.node.Open(o.Context(), o.ana, call.Opening{Line: "0800", Caller: caller})
	if err != nil {
		o.Fatal(err)
	}
	return c
}

// changes keeps what ana writes down.
func (o *office) changes(contact int64, c call.Change) call.Opened {
	o.Helper()
	got, err := o.node.Change(o.Context(), o.ana, contact, c)
	if err != nil {
		o.Fatal(err)
	}
	return got
}

// line adds a number that customers dial, and the secret of its exchange.
func (o *office) line() (call.Line, []byte) {
	o.Helper()
	line, secret, err := o.node.AddLine(o.Context(), call.LineChange{Number: ptr("0800 979 2345"), Name: ptr("SAC")})
	if err != nil {
		o.Fatal(err)
	}
	return line, []byte(secret)
}

// arrival is one signed event of a line's exchange, checked.
func (o *office) arrival(n node, line call.Line, secret []byte, body string) channel.Arrival {
	o.Helper()
	a, err := n.Arrival(o.Context(), line.Number, phone.Sign(secret, []byte(body), o.now()), []byte(body))
	if err != nil {
		o.Fatalf("%s: %v", body, err)
	}
	return a
}

// hears gives a node one event, and waits until it has made of it what it does.
func (o *office) hears(n node, line call.Line, secret []byte, body string) {
	o.Helper()
	if _, err := n.in.Accept(o.Context(), o.arrival(n, line, secret, body)); err != nil {
		o.Fatalf("%s: %v", body, err)
	}
	o.settled()
}

// settled waits until nothing of the ledger is pending.
func (o *office) settled() {
	o.Helper()
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(time.Minute); o.count("SELECT count(*) FROM intake_ledger WHERE fate = 'pending'") > 0; <-look.C {
		if time.Now().After(end) {
			o.Fatal("something stays pending")
		}
	}
}
