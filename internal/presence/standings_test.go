package presence

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// desk is a node that knows what keeps people from work.
type desk struct {
	*node
	*Standings
}

func newDesk(t testing.TB, db *postgres.DB, rdb redis.UniversalClient) desk {
	t.Helper()
	n := start(t, rdb)
	s := NewStandings(db, n.Board, func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return desk{n, s}
}

func (d desk) is(account int64, want State) func() bool {
	return func() bool { return d.State(account) == want }
}

// call has somebody be on the telephone.
func call(t testing.TB, db *postgres.DB, agent int64) {
	t.Helper()
	tk := tickettest.Open(t, db, ticket.Ticket{Channel: "phone"})
	err := db.Gorm.Exec(`WITH c AS (INSERT INTO contacts (channel, direction, at) VALUES ('phone', 'in', now()) RETURNING id)
		INSERT INTO calls (contact_id, ticket_id, opened_id, protocol, line, agent_id, started_at) SELECT id, ?, ?, ?, '0800', ?, now() FROM c`,
		tk.ID, tk.ID, tk.Protocol, agent).Error
	if err != nil {
		t.Fatal(err)
	}
}

// A break is a row: both nodes know of it, and one that starts afterwards does.
func TestABreakIsKnownEverywhereAndSurvivesARestart(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	ana := tickettest.Account(t, db, access.Agent).AccountID
	a, b := newDesk(t, db, rdb), newDesk(t, db, rdb)
	a.Set("1", Here{Account: ana, Name: "Ana", State: Online})
	eventually(t, "she is online on both", func() bool { return a.is(ana, Online)() && b.is(ana, Online)() })
	if err := a.Pause(t.Context(), ana, "meal", 20*time.Minute); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the break is on both", func() bool { return a.is(ana, Break)() && b.is(ana, Break)() })
	// Another window of hers is in the same break, and so is she on a node that has just started.
	b.Set("1", Here{Account: ana, Name: "Ana", State: Online})
	c := newDesk(t, db, rdb)
	eventually(t, "the new node knows", c.is(ana, Break))
	p, here := c.Person(ana)
	if !here || p.Standing.Reason != "meal" || p.Standing.Until == nil || p.Standing.Until.Sub(p.Standing.Since) != 20*time.Minute {
		t.Errorf("%+v", p)
	}
	if err := b.Resume(t.Context(), ana); err != nil {
		t.Fatal(err)
	}
	for _, d := range []desk{a, b, c} {
		eventually(t, "she is back everywhere", d.is(ana, Online))
	}
}

// A call keeps its agent busy while it lasts, and afterwards until it is written
// down how it ended; it counts before a break.
func TestACallIsTheStateByItself(t *testing.T) {
	t.Parallel()
	db, rdb := pgtest.New(t), redistest.New(t)
	ana := tickettest.Account(t, db, access.Agent).AccountID
	a, b := newDesk(t, db, rdb), newDesk(t, db, rdb)
	a.Set("1", Here{Account: ana, Name: "Ana", State: Online})
	if err := a.Pause(t.Context(), ana, "other", 0); err != nil {
		t.Fatal(err)
	}
	call(t, db, ana)
	set := func(assign string) {
		t.Helper()
		if err := db.Gorm.Exec("UPDATE calls SET "+assign+" WHERE agent_id = ?", ana).Error; err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		assign string
		want   State
	}{
		{"note = 'quer trocar'", OnCall},
		{"duration = 30", AfterCall}, // the exchange has told that they hung up
		{"ended_at = now()", AfterCall},
		{"outcome = 'solved'", Break},
	} {
		set(step.assign)
		eventually(t, step.assign, func() bool { return a.is(ana, step.want)() && b.is(ana, step.want)() })
	}
	// What was forgotten keeps nobody busy for ever.
	call(t, db, ana)
	eventually(t, "another call", b.is(ana, OnCall))
	set("updated_at = now() - interval '3 hours'")
	if err := b.look(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if got := b.State(ana); got != Break {
		t.Errorf("with a forgotten call: %q", got)
	}
}

// The ones of a dead node fade, in a break or not; the break itself stays.
func TestTheBreakOfADeadNodesPersonStays(t *testing.T) {
	t.Parallel()
	db, engine := pgtest.New(t), redistest.Start(t)
	ana := tickettest.Account(t, db, access.Agent).AccountID
	theirs := engine.Client()
	a, b := newDesk(t, db, engine.Client()), newDesk(t, db, theirs)
	b.Set("1", Here{Account: ana, Name: "Ana", State: Online})
	if err := b.Pause(t.Context(), ana, "rest", 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the break is seen", a.is(ana, Break))
	if err := theirs.Close(); err != nil { // b says nothing any more, not even goodbye
		t.Fatal(err)
	}
	eventually(t, "Ana fades", func() bool { return len(a.People()) == 0 })
	p, here, err := a.Of(t.Context(), ana)
	if err != nil || here || p.Standing.State != Break {
		t.Errorf("%+v %t %v", p, here, err)
	}
}

func TestABreakThatCannotBe(t *testing.T) {
	t.Parallel()
	s := NewStandings(pgtest.New(t), nil, time.Now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, c := range []struct {
		reason  Reason
		planned time.Duration
	}{{"", 0}, {"praia", 0}, {"meal", -time.Minute}, {"meal", 9 * time.Hour}} {
		if err := s.Pause(t.Context(), 1, c.reason, c.planned); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
