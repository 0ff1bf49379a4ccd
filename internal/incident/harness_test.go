package incident_test

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type quiet struct{}

func (quiet) Poke()                         {}
func (quiet) Forget(context.Context, int64) {}

type ids struct{}

func (ids) MessageID(ticketID, messageID int64, domain string) string {
	return "<" + string(rune('a'+ticketID%26)) + time.Now().Format("150405.000000000") + "@" + domain + ">"
}

// staff are the accounts as they are now; who is taken out is gone.
type staff map[int64]access.Actor

func (s staff) ActorOf(_ context.Context, id int64) (access.Actor, error) {
	if a, there := s[id]; there {
		return a, nil
	}
	return access.Actor{}, fault.New(fault.NotFound, "account_not_found")
}

// office is a database with people, and nodes that can be started on it.
type office struct {
	db              *postgres.DB
	policies        *sla.Policies
	post            *outbox.Post
	staff           staff
	s               *incident.Service
	acts            *desk.Service
	ahead           *atomic.Int64 // how far the services' clocks are ahead
	ana, sup, judge access.Actor
	away            access.Actor // of another team
	other           int64        // that team
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{db: pgtest.New(t), post: &outbox.Post{}, staff: staff{}, ahead: &atomic.Int64{}}
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	if o.policies, err = sla.LoadPolicies(t.Context(), o.db.Gorm, sla.BuiltIn(zone)); err != nil {
		t.Fatal(err)
	}
	o.other = tickettest.Team(t, o.db, "Longe")
	o.ana = tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.sup = tickettest.Account(t, o.db, access.Supervisor, tickettest.DefaultTeam)
	o.judge = tickettest.Account(t, o.db, access.Ombudsman, tickettest.DefaultTeam)
	o.away = tickettest.Account(t, o.db, access.Supervisor, o.other)
	for _, a := range []access.Actor{o.ana, o.sup, o.judge, o.away} {
		o.staff[a.AccountID] = a
	}
	o.s = o.node(t)
	return o
}

// node is another server on the same database.
func (o *office) node(t *testing.T) *incident.Service {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := jobs.New(o.db, log)
	if err != nil {
		t.Fatal(err)
	}
	o.acts = desk.New(o.db, o.policies, client, quiet{}, o.post, quiet{}, o.now, log)
	return incident.New(o.db, o.acts, o.staff, o.now, log)
}

func (o *office) now() time.Time {
	return time.Now().UTC().Add(time.Duration(o.ahead.Load())).Truncate(time.Microsecond)
}

// open stores a ticket with its first message and its clocks.
func (o *office) open(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	tk = tickettest.Open(t, o.db, tk)
	clocks := o.policies.Plan(sla.Demand{Channel: tk.Channel, Kind: string(tk.Kind), Priority: tk.Priority, Team: tk.TeamID, Walled: tk.Walled}, tk.OpenedAt)
	err := o.db.InTx(t.Context(), func(tx *gorm.DB) error {
		if _, err := ticket.InsertMessage(t.Context(), tx, &tk, ticket.Message{Direction: ticket.In, AuthorName: "Cliente", Body: "Está fora do ar.", At: tk.OpenedAt}); err != nil {
			return err
		}
		return sla.Start(tx, tk.ID, clocks)
	})
	if err != nil {
		t.Fatal(err)
	}
	return tickettest.Fresh(t, o.db, tk.ID)
}

// incident opens one.
func (o *office) incident(t *testing.T, i incident.Incident) incident.Incident {
	t.Helper()
	if i.Title == "" {
		i.Title = "Aplicativo fora do ar"
	}
	i, err := o.s.Create(t.Context(), o.sup, i)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// with opens n tickets of an incident.
func (o *office) with(t *testing.T, i incident.Incident, n int) (all []ticket.Ticket) {
	t.Helper()
	for range n {
		tk := o.open(t, ticket.Ticket{})
		tk, err := o.s.Link(t.Context(), o.sup, tk.ID, &i.ID)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, tk)
	}
	return all
}

// begin makes a run due.
func (o *office) begin(t *testing.T, run int64) {
	t.Helper()
	o.exec(t, "UPDATE incident_runs SET begins_at = now() - interval '1 second' WHERE id = ?", run)
}

func (o *office) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := o.db.Gorm.Exec(sql, args...).Error; err != nil {
		t.Fatal(err)
	}
}

func (o *office) count(t *testing.T, sql string, args ...any) (n int64) {
	t.Helper()
	if err := o.db.Gorm.Raw(sql, args...).Scan(&n).Error; err != nil {
		t.Fatal(err)
	}
	return n
}

// work works off all that is due.
func (o *office) work(t *testing.T) {
	t.Helper()
	for {
		worked, err := o.s.RunNext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !worked {
			return
		}
	}
}

func (o *office) run(t *testing.T, of, id int64) incident.Run {
	t.Helper()
	all, err := o.s.Runs(t.Context(), of)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("run %d is not there", id)
	return incident.Run{}
}

func ptr[T any](v T) *T { return &v }
