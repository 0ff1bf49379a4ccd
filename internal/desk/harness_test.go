package desk_test

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type pokes struct{ n atomic.Int64 }

func (p *pokes) Poke() { p.n.Add(1) }

// forgotten notes whose leases were given up.
type forgotten struct{ n atomic.Int64 }

func (f *forgotten) Forget(context.Context, int64) { f.n.Add(1) }

// office is a database with people, and the service under a clock that can be moved.
type office struct {
	db                    *postgres.DB
	s                     *desk.Service
	policies              *sla.Policies
	pokes                 *pokes
	post                  *outbox.Post
	leases                *forgotten
	ahead                 *atomic.Int64 // how far the service's clock is ahead
	ana, bruno, sup, away access.Actor
}

func newOffice(t *testing.T) office {
	t.Helper()
	o := office{db: pgtest.New(t), pokes: &pokes{}, post: &outbox.Post{}, leases: &forgotten{}, ahead: &atomic.Int64{}}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := jobs.New(o.db, log)
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	if o.policies, err = sla.LoadPolicies(t.Context(), o.db.Gorm, sla.BuiltIn(zone)); err != nil {
		t.Fatal(err)
	}
	o.s = desk.New(o.db, o.policies, client, o.leases, o.post, o.pokes, o.now, log)
	o.ana = tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.bruno = tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.sup = tickettest.Account(t, o.db, access.Supervisor, tickettest.DefaultTeam)
	o.away = tickettest.Account(t, o.db, access.Agent, tickettest.Team(t, o.db, "Longe"))
	return o
}

func (o office) now() time.Time {
	return time.Now().UTC().Add(time.Duration(o.ahead.Load())).Truncate(time.Microsecond)
}

// open stores a ticket with the clocks that the policies give it and a first message.
func (o office) open(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	tk = tickettest.Open(t, o.db, tk)
	clocks := o.policies.Plan(sla.Demand{Channel: tk.Channel, Kind: string(tk.Kind), Priority: tk.Priority, Team: tk.TeamID, Walled: tk.Walled}, tk.OpenedAt)
	err := o.db.InTx(t.Context(), func(tx *gorm.DB) error {
		if _, err := ticket.InsertMessage(t.Context(), tx, &tk, ticket.Message{Direction: ticket.In, AuthorName: "Cliente", Body: "Preciso de ajuda.", At: tk.OpenedAt}); err != nil {
			return err
		}
		return sla.Start(tx, tk.ID, clocks)
	})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

// states are the ticket's clocks, by kind.
func (o office) states(t *testing.T, id int64) map[sla.Kind]sla.State {
	t.Helper()
	clocks, err := sla.Clocks(t.Context(), o.db.Gorm, o.policies.Calendars(), id)
	if err != nil {
		t.Fatal(err)
	}
	states := map[sla.Kind]sla.State{}
	for _, c := range clocks {
		states[c.Kind] = c.State
	}
	return states
}

func (o office) count(t *testing.T, sql string, args ...any) (n int64) {
	t.Helper()
	if err := o.db.Gorm.Raw(sql, args...).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// failing is an inserter that cannot.
type failing struct{ err error }

func (f failing) InsertAt(*gorm.DB, river.JobArgs, time.Time) error { return f.err }

func ptr[T any](v T) *T { return &v }
