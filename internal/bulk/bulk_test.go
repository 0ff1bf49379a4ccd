package bulk_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/bulk"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type silent struct{}

func (silent) Poke()                         {}
func (silent) Forget(context.Context, int64) {}

type office struct {
	db       *postgres.DB
	s        *bulk.Service
	acts     *desk.Service
	sup, ana access.Actor
	who      map[int64]access.Actor
}

func (o *office) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{db: pgtest.New(t)}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	client, err := jobs.New(o.db, log)
	if err != nil {
		t.Fatal(err)
	}
	policies, err := sla.LoadPolicies(t.Context(), o.db.Gorm, sla.BuiltIn(time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	o.acts = desk.New(o.db, policies, client, silent{}, &outbox.Post{}, silent{}, o.now, log)
	o.sup = tickettest.Account(t, o.db, access.Supervisor, tickettest.DefaultTeam)
	o.ana = tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.who = map[int64]access.Actor{o.sup.AccountID: o.sup, o.ana.AccountID: o.ana}
	o.s = o.node(log)
	return o
}

func (o *office) node(log *slog.Logger) *bulk.Service {
	return bulk.New(o.db, o.acts, func(_ context.Context, id int64) (access.Actor, error) { return o.who[id], nil }, o.now, log)
}

func to[T any](v T) *T { return &v }

func chosen(tickets ...ticket.Ticket) (sel bulk.Selection) {
	for _, t := range tickets {
		sel.IDs = append(sel.IDs, t.ID)
	}
	return sel
}

func TestTheEffectThatWasShownIsWhatHappensAndIsTakenBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	soon := o.now().Add(time.Hour)
	plain := tickettest.Open(t, o.db, ticket.Ticket{Tags: []string{"antigo"}})
	waiting := tickettest.Open(t, o.db, ticket.Ticket{Status: ticket.WaitingCustomer})
	same := tickettest.Open(t, o.db, ticket.Ticket{Priority: 1, Tags: []string{"vip"}})
	held := tickettest.Open(t, o.db, ticket.Ticket{HolderID: &o.ana.AccountID, AssigneeID: &o.ana.AccountID, LeaseUntil: &soon})
	over := tickettest.Open(t, o.db, ticket.Ticket{Status: ticket.Closed})
	walled := tickettest.Open(t, o.db, ticket.Ticket{Walled: true})
	elsewhere := tickettest.Open(t, o.db, ticket.Ticket{TeamID: tickettest.Team(t, o.db, "Longe")})
	sel := chosen(plain, waiting, same, held, over, walled, elsewhere, plain)
	a := desk.Amendment{Priority: to(1), AddTags: []string{"VIP"}}
	shown, err := o.s.Preview(t.Context(), o.sup, sel, a)
	if err != nil {
		t.Fatal(err)
	}
	want := map[bulk.State]int{bulk.Changed: 2, bulk.Same: 1, bulk.Held: 1, bulk.Refused: 1, bulk.Gone: 2}
	check := func(what string, got map[bulk.State]int) {
		t.Helper()
		for state, n := range want {
			if got[state] != n {
				t.Errorf("%s: %d %s, want %d", what, got[state], state, n)
			}
		}
	}
	check("shown", shown.By)
	for _, e := range shown.Examples {
		if e.Ticket.ID == walled.ID || e.Ticket.ID == elsewhere.ID {
			t.Errorf("shows what is hidden: %+v", e)
		}
	}
	if _, err := o.s.Start(t.Context(), o.sup, sel, a, 7); !errors.Is(err, bulk.ErrEffect) {
		t.Errorf("another effect than was shown: %v", err)
	}
	done, err := o.s.Start(t.Context(), o.sup, sel, a, 2)
	if err != nil || done.EndedAt == nil || done.UndoUntil == nil {
		t.Fatalf("%+v, %v", done, err)
	}
	check("done", done.Effect.By)
	if now := tickettest.Fresh(t, o.db, plain.ID); now.Priority != 1 || !slices.Equal(now.Tags, []string{"antigo", "vip"}) || now.Version != 2 {
		t.Errorf("changed to %+v", now)
	}
	for _, untouched := range []ticket.Ticket{same, held, over, walled, elsewhere} {
		if now := tickettest.Fresh(t, o.db, untouched.ID); now.Version != untouched.Version {
			t.Errorf("ticket %d was touched", untouched.ID)
		}
	}
	if _, err := o.s.Undo(t.Context(), o.ana, done.ID); !errors.Is(err, bulk.ErrNotFound) {
		t.Errorf("taken back by another: %v", err)
	}
	if _, err := o.acts.Patch(t.Context(), o.sup, waiting.ID, desk.Patch{Version: 2, Priority: to(2)}); err != nil {
		t.Fatal(err)
	}
	undone, err := o.s.Undo(t.Context(), o.sup, done.ID)
	if err != nil || undone.Effect.By[bulk.Changed] != 1 || undone.Effect.By[bulk.MovedOn] != 1 || len(undone.Effect.Examples) != 1 {
		t.Errorf("%+v, %v", undone, err)
	}
	if now := tickettest.Fresh(t, o.db, plain.ID); now.Priority != 3 || !slices.Equal(now.Tags, []string{"antigo"}) {
		t.Errorf("given back as %+v", now)
	}
	if now := tickettest.Fresh(t, o.db, waiting.ID); now.Priority != 2 {
		t.Errorf("what somebody changed since was overwritten: %+v", now)
	}
	if _, err := o.s.Undo(t.Context(), o.sup, done.ID); !errors.Is(err, bulk.ErrUndoOver) {
		t.Errorf("taken back twice: %v", err)
	}
}

func TestAStatusIsGivenBackWithItsClocks(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := tickettest.Open(t, o.db, ticket.Ticket{})
	due := o.now().Add(48 * time.Hour)
	err := o.db.InTx(t.Context(), func(tx *gorm.DB) error {
		return sla.Start(tx, tk.ID, []sla.NewClock{{Kind: sla.FirstResponse, Policy: "x", Calendar: "br", Amount: 2, Unit: sla.CalendarDays, StartedAt: tk.OpenedAt, Due: due, Target: due, Warn50: due, Warn75: due, Warn90: due}})
	})
	if err != nil {
		t.Fatal(err)
	}
	done, err := o.s.Start(t.Context(), o.ana, chosen(tk), desk.Amendment{Status: to(ticket.Resolved)}, 1)
	if err != nil || tickettest.Fresh(t, o.db, tk.ID).Status != ticket.Resolved {
		t.Fatalf("%+v, %v", done, err)
	}
	if _, err := o.s.Undo(t.Context(), o.ana, done.ID); err != nil {
		t.Fatal(err)
	}
	now := tickettest.Fresh(t, o.db, tk.ID)
	if now.Status != ticket.New || now.ResolvedAt != nil || now.Deadline.Due == nil || !now.Deadline.Due.Equal(due) || now.ReopenedAt != nil {
		t.Errorf("given back as %s until %v", now.Status, now.Deadline.Due)
	}
}

func TestAnAgentsBulkEndsWhereTheirRightsEnd(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	theirs := tickettest.Open(t, o.db, ticket.Ticket{AssigneeID: &o.sup.AccountID})
	free := tickettest.Open(t, o.db, ticket.Ticket{})
	e, err := o.s.Preview(t.Context(), o.ana, chosen(theirs, free), desk.Amendment{Assignee: &o.ana.AccountID})
	if err != nil || e.By[bulk.Refused] != 1 || e.By[bulk.Changed] != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	q := ticket.Query{Actor: o.ana, Now: o.now(), View: ticket.ViewAll}
	if _, err := o.s.Preview(t.Context(), o.ana, bulk.Selection{Matching: &q}, desk.Amendment{Priority: to(1)}); !errors.Is(err, bulk.ErrMatching) {
		t.Errorf("all that match: %v", err)
	}
	for name, a := range map[string]desk.Amendment{"nothing": {}, "to new": {Status: to(ticket.New)}, "a priority": {Priority: to(9)}, "both": {AddTags: []string{"a"}, RemoveTags: []string{"A"}}} {
		if _, err := o.s.Preview(t.Context(), o.ana, chosen(free), a); !errors.Is(err, ticket.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// All that match is what a search or a filter leaves of what its actor sees, and
// nothing else: neither what is hidden nor what only stands in the same view.
func TestAllThatMatchIsWhatTheNarrowedListWouldShow(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	said := func(tk ticket.Ticket) ticket.Ticket {
		t.Helper()
		tk = tickettest.Open(t, o.db, tk)
		err := o.db.InTx(t.Context(), func(tx *gorm.DB) error {
			if _, err := ticket.InsertMessage(t.Context(), tx, &tk, ticket.Message{Direction: ticket.In, Body: "a geladeira faz barulho", At: o.now()}); err != nil {
				return err
			}
			return ticket.IndexSubject(t.Context(), tx, tk)
		})
		if err != nil {
			t.Fatal(err)
		}
		return tk
	}
	mail := said(ticket.Ticket{Channel: "email"})
	mine := said(ticket.Ticket{AssigneeID: &o.sup.AccountID, Status: ticket.Open})
	hidden := []ticket.Ticket{said(ticket.Ticket{Walled: true}), said(ticket.Ticket{TeamID: tickettest.Team(t, o.db, "Longe")}), tickettest.Open(t, o.db, ticket.Ticket{})}
	add := desk.Amendment{AddTags: []string{"barulho"}}
	for name, tt := range map[string]struct {
		q    ticket.Query
		want []ticket.Ticket
	}{
		"words":          {ticket.Query{Q: "geladeira"}, []ticket.Ticket{mail, mine}},
		"and a channel":  {ticket.Query{Q: "geladeira", Channel: "email"}, []ticket.Ticket{mail}},
		"and an owner":   {ticket.Query{Q: "geladeira", Assignee: o.sup.AccountID}, []ticket.Ticket{mine}},
		"a status alone": {ticket.Query{Status: "open", View: ticket.ViewMine}, []ticket.Ticket{mine}},
		"nothing":        {ticket.Query{Q: "fogão"}, nil},
	} {
		tt.q.Actor, tt.q.Now = o.sup, o.now()
		sel := bulk.Selection{Matching: &tt.q}
		n, err := o.s.Count(t.Context(), o.sup, sel)
		if err != nil || n != len(tt.want) {
			t.Errorf("%s: counted %d, %v", name, n, err)
		}
		shown, err := o.s.Preview(t.Context(), o.sup, sel, add)
		if err != nil || shown.Total != len(tt.want) || shown.By[bulk.Changed] != len(tt.want) {
			t.Errorf("%s: shown %+v, %v", name, shown, err)
		}
		if len(tt.want) == 0 {
			continue
		}
		done, err := o.s.Start(t.Context(), o.sup, sel, add, len(tt.want))
		if err != nil || done.Effect.By[bulk.Changed] != len(tt.want) {
			t.Fatalf("%s: did %+v, %v", name, done, err)
		}
		for _, tk := range tt.want {
			if now := tickettest.Fresh(t, o.db, tk.ID); !slices.Contains(now.Tags, "barulho") {
				t.Errorf("%s: ticket %d was left out", name, tk.ID)
			}
		}
		if undone, err := o.s.Undo(t.Context(), o.sup, done.ID); err != nil || undone.Effect.By[bulk.Changed] != len(tt.want) {
			t.Errorf("%s: taken back %+v, %v", name, undone, err)
		}
	}
	for _, tk := range hidden {
		if now := tickettest.Fresh(t, o.db, tk.ID); now.Version != tk.Version {
			t.Errorf("ticket %d was touched", tk.ID)
		}
	}
}

// A bulk whose call has died is gone on with by several nodes at once: each ticket
// is changed once.
func TestManyNodesDoEachTicketOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var ids []int64
	for range 90 {
		ids = append(ids, tickettest.Open(t, o.db, ticket.Ticket{}).ID)
	}
	q := ticket.Query{Actor: o.sup, Now: o.now(), View: ticket.ViewAll}
	b, err := o.s.Start(t.Context(), o.sup, bulk.Selection{Matching: &q}, desk.Amendment{AddTags: []string{"lote"}}, 90)
	if err != nil || b.EndedAt != nil || b.Effect.By[bulk.Pending] == 0 {
		t.Fatalf("%+v, %v: the call does only the first", b, err)
	}
	if err := o.db.Gorm.Exec("UPDATE bulks SET created_at = created_at - interval '10 seconds'").Error; err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var nodes sync.WaitGroup
	for range 3 {
		node := o.node(slog.New(slog.NewTextHandler(io.Discard, nil)))
		nodes.Go(func() {
			if err := node.Run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	deadline, tick := time.After(30*time.Second), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for b.EndedAt == nil {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("it does not end")
		}
		if b, err = o.s.Get(t.Context(), o.sup, b.ID); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	nodes.Wait()
	if b.Effect.By[bulk.Changed] != 90 {
		t.Errorf("%+v", b.Effect.By)
	}
	for _, id := range ids {
		if now := tickettest.Fresh(t, o.db, id); now.Version != 2 || !slices.Equal(now.Tags, []string{"lote"}) {
			t.Errorf("ticket %d is %d, %v", id, now.Version, now.Tags)
		}
	}
}
