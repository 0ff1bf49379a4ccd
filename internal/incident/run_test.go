package incident_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// out are the answers that a ticket's customer got.
func (o *office) out(t *testing.T, id int64) []string {
	t.Helper()
	messages, err := ticket.Messages(t.Context(), o.db.Gorm, id, 0)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range messages {
		if m.Direction == ticket.Out {
			bodies = append(bodies, m.Body)
		}
	}
	return bodies
}

func TestOneAnswerReachesAllByName(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	ana := o.open(t, ticket.Ticket{CustomerName: "Ana {protocolo}"})
	nobody := o.open(t, ticket.Ticket{})
	for _, tk := range []ticket.Ticket{ana, nobody} {
		if _, err := o.s.Link(t.Context(), o.sup, tk.ID, &i.ID); err != nil {
			t.Fatal(err)
		}
	}
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Olá, {nome}! O {protocolo} segue aberto.", false)
	if err != nil || r.Total != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	o.work(t) // it has not begun
	if got := o.out(t, ana.ID); len(got) != 0 {
		t.Fatalf("before its undo window is over: %q", got)
	}
	o.begin(t, r.ID)
	told := tickettest.Replay(t, o.db, func() { o.work(t) })
	if len(told) != 2 {
		t.Errorf("%d events", len(told))
	}
	if got := o.out(t, ana.ID); len(got) != 1 || got[0] != "Olá, Ana {protocolo}! O "+ana.Protocol+" segue aberto." {
		t.Errorf("%q", got)
	}
	if got := o.out(t, nobody.ID); len(got) != 1 || !strings.HasPrefix(got[0], "Olá, cliente!") {
		t.Errorf("%q", got)
	}
	// It stays our turn, nobody holds it, and the clock of the first answer has stopped.
	now := tickettest.Fresh(t, o.db, ana.ID)
	if now.Status != ticket.Open || now.HolderID != nil || now.AssigneeID != nil || now.WaitingSince == nil {
		t.Errorf("%+v", now)
	}
	if n := o.count(t, "SELECT count(*) FROM clocks WHERE ticket_id = ? AND kind = 'first_response' AND state = 'running'", ana.ID); n != 0 {
		t.Error("the first answer is still owed")
	}
	if r = o.run(t, i.ID, r.ID); r.State != incident.Done || r.Done != 2 || r.Skipped != 0 {
		t.Errorf("%+v", r)
	}
	if f, err := o.s.Count(t.Context(), o.sup, i.ID); err != nil || f.Answered != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}

// Whom an answer to all has found no way to is listed until somebody says
// something to them, by whatever way.
func TestWhoHasNoAddressIsLeftToBeCalled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	all := o.with(t, i, 2)
	if f, err := o.s.Count(t.Context(), o.sup, i.ID); err != nil || f.Unreached != 0 {
		t.Errorf("before any answer: %+v, %v", f, err)
	}
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Voltou.", false)
	if err != nil {
		t.Fatal(err)
	}
	o.begin(t, r.ID)
	o.work(t)
	// One of them had an address: its answer is on its way by mail.
	mailed := o.count(t, "SELECT message_id FROM incident_run_tickets WHERE run_id = ? AND ticket_id = ?", r.ID, all[0].ID)
	if err := o.db.Gorm.Exec(`INSERT INTO outbox (way, purpose, key, ticket_id, message_id, recipient, envelope)
		VALUES ('email', 'reply', 'k', ?, ?, 'ana@cliente.example', '{}')`, all[0].ID, mailed).Error; err != nil {
		t.Fatal(err)
	}
	left := func(want ...int64) {
		t.Helper()
		page, _, err := o.s.Tickets(t.Context(), o.sup, i.ID, 0, true)
		var got []int64
		for _, row := range page {
			got = append(got, row.ID)
		}
		if f, countErr := o.s.Count(t.Context(), o.sup, i.ID); err != nil || countErr != nil || !slices.Equal(got, want) || f.Unreached != len(want) {
			t.Errorf("%v, %+v, %v, %v instead of %v", got, f, err, countErr, want)
		}
	}
	left(all[1].ID)
	if page, _, err := o.s.Tickets(t.Context(), o.away, i.ID, 0, true); err != nil || len(page) != 0 {
		t.Errorf("who sees none of them sees %v, %v", page, err)
	}
	if err := o.db.Gorm.Exec("UPDATE outbox SET state = 'bounced' WHERE message_id = ?", mailed).Error; err != nil {
		t.Fatal(err)
	}
	left(all[1].ID, all[0].ID)
	if _, _, err := o.acts.Reply(t.Context(), o.sup, all[1].ID, desk.Reply{Body: "Como lhe disse ao telefone…"}); err != nil {
		t.Fatal(err)
	}
	left(all[0].ID)
}

func TestAnAnswerWithAVariableThatNothingFillsIsRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	o.with(t, i, 1)
	for _, body := range []string{"", "Oi, {name}", "Oi, {Nome}", strings.Repeat("a", incident.MaxAnswer+1)} {
		if _, err := o.s.Answer(t.Context(), o.sup, i.ID, body, false); fault.From(err).Kind != fault.Invalid {
			t.Errorf("%.20q: %v", body, err)
		}
	}
	if _, err := o.s.Answer(t.Context(), o.away, i.ID, "Oi", false); !errors.Is(err, incident.ErrNobody) {
		t.Errorf("who sees none of its tickets: %v", err)
	}
	if _, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false); !errors.Is(err, incident.ErrRunning) {
		t.Errorf("a second while the first runs: %v", err)
	}
}

func TestAnAnswerThatResolves(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	tk := o.with(t, i, 1)[0]
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Resolvido.", true)
	if err != nil {
		t.Fatal(err)
	}
	o.begin(t, r.ID)
	o.work(t)
	if now := tickettest.Fresh(t, o.db, tk.ID); now.Status != ticket.Resolved || now.AssigneeID != nil {
		t.Errorf("%+v", now)
	}
	if n := o.count(t, "SELECT count(*) FROM clocks WHERE ticket_id = ? AND state = 'running'", tk.ID); n != 0 {
		t.Errorf("%d clocks run on", n)
	}
}

// What somebody is just answering, what is settled and what has left the incident
// is left alone, and the effect says so before.
func TestAnAnswerToAllLeavesAloneWhatItMust(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	all := o.with(t, i, 5)
	held, settled, left, hidden := all[1], all[2], all[3], all[4]
	o.exec(t, "UPDATE tickets SET holder_id = ?, fence = 1, lease_until = now() + interval '5 minutes' WHERE id = ?", o.ana.AccountID, held.ID)
	e, err := o.s.Effect(t.Context(), o.sup, i.ID)
	if want := (incident.Effect{Page: 4, Held: 1}); err != nil || e != want {
		t.Errorf("%+v, %v", e, err)
	}
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false)
	if err != nil {
		t.Fatal(err)
	}
	o.exec(t, "UPDATE tickets SET status = 'resolved', resolved_at = now() WHERE id = ?", settled.ID)
	if _, err := o.s.Link(t.Context(), o.sup, left.ID, nil); err != nil {
		t.Fatal(err)
	}
	o.exec(t, "UPDATE tickets SET team_id = ? WHERE id = ?", o.other, hidden.ID)
	o.begin(t, r.ID)
	o.work(t)
	r = o.run(t, i.ID, r.ID)
	if r.State != incident.Done || r.Done != 1 || r.Reasons[incident.SkipHeld] != 1 || r.Reasons[incident.SkipSettled] != 1 || r.Reasons[incident.SkipGone] != 2 {
		t.Errorf("%+v", r)
	}
	for _, tk := range all[1:] {
		if got := o.out(t, tk.ID); len(got) != 0 {
			t.Errorf("ticket %d got %q", tk.ID, got)
		}
	}
	// One click tells it to what was left alone, once.
	now := tickettest.Fresh(t, o.db, settled.ID)
	if untold, err := o.s.Untold(t.Context(), now); err != nil || untold {
		t.Errorf("a settled one is offered it: %v, %v", untold, err)
	}
	late := o.with(t, i, 1)[0]
	if untold, err := o.s.Untold(t.Context(), late); err != nil || !untold {
		t.Errorf("a late one is not offered it: %v, %v", untold, err)
	}
	if _, _, err := o.s.TellAgain(t.Context(), o.ana, late); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.s.TellAgain(t.Context(), o.ana, late); !errors.Is(err, incident.ErrTold) {
		t.Errorf("twice: %v", err)
	}
	if got := o.out(t, late.ID); len(got) != 1 || got[0] != "Oi" {
		t.Errorf("the late one got %q", got)
	}
}

func TestTheEffectSaysByWhichWayEachIsReached(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.post.IDs, o.post.Fallback = ids{}, "sac@aroeira.example"
	i := o.incident(t, incident.Incident{})
	all := o.with(t, i, 4)
	customer := func(tk ticket.Ticket, address string) int64 {
		c := o.count(t, "INSERT INTO customers (name) VALUES ('Ana') RETURNING id")
		o.exec(t, "INSERT INTO identities (customer_id, kind, value, verified_at) VALUES (?, 'email', ?, now())", c, address)
		o.exec(t, "UPDATE tickets SET customer_id = ? WHERE id = ?", c, tk.ID)
		return c
	}
	customer(all[0], "ana@mail.example")
	customer(all[1], "bia@mail.example")
	o.exec(t, "INSERT INTO suppressions (way, address, reason) VALUES ('email', 'bia@mail.example', 'bounced')")
	unwilling := customer(all[2], "caio@mail.example")
	o.exec(t, "INSERT INTO contact_preferences (customer_id, way, purpose, allowed) VALUES (?, 'email', '', false)", unwilling)
	e, err := o.s.Effect(t.Context(), o.sup, i.ID)
	if want := (incident.Effect{Mail: 1, Page: 1, Suppressed: 2}); err != nil || e != want {
		t.Errorf("%+v, %v", e, err)
	}
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false)
	if err != nil {
		t.Fatal(err)
	}
	o.begin(t, r.ID)
	o.work(t)
	if n := o.count(t, "SELECT count(*) FROM outbox WHERE way = 'email' AND purpose = 'reply' AND state = 'queued'"); n != 1 {
		t.Errorf("%d mails go out", n)
	}
	if n := o.count(t, "SELECT count(*) FROM messages WHERE direction = 'out'"); n != 4 {
		t.Errorf("%d answers stand on pages", n)
	}
}

func TestAnAnswerIsTakenBackWholeBeforeItBegins(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	tk := o.with(t, i, 1)[0]
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = o.s.Cancel(t.Context(), i.ID, r.ID); err != nil || r.State != incident.Cancelled {
		t.Fatalf("%+v, %v", r, err)
	}
	o.begin(t, r.ID)
	o.work(t)
	if got := o.out(t, tk.ID); len(got) != 0 {
		t.Errorf("%q", got)
	}
	if _, _, err := o.s.TellAgain(t.Context(), o.sup, tk); !errors.Is(err, incident.ErrNoNews) {
		t.Errorf("what was taken back is news: %v", err)
	}
}

func TestManyAreOnlyWhatTheirAuthorMayDo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	tk, far := o.open(t, ticket.Ticket{}), o.open(t, ticket.Ticket{TeamID: o.other})
	r, err := o.s.Put(t.Context(), o.sup, i.ID, []int64{tk.ID, far.ID, 999_999}, false)
	if err != nil || r.Total != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	o.work(t)
	if now := tickettest.Fresh(t, o.db, tk.ID); now.IncidentID == nil || *now.IncidentID != i.ID {
		t.Errorf("%+v", now.IncidentID)
	}
	if now := tickettest.Fresh(t, o.db, far.ID); now.IncidentID != nil {
		t.Error("another team's ticket was put to it")
	}
	if r, err = o.s.Put(t.Context(), o.sup, i.ID, []int64{tk.ID}, true); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	if now := tickettest.Fresh(t, o.db, tk.ID); now.IncidentID != nil {
		t.Error("it was not taken off")
	}
	// Whoever is a supervisor no more, or gone, answers nobody.
	for _, now := range []func(){
		func() { a := o.sup; a.Role = access.Agent; o.staff[a.AccountID] = a },
		func() { delete(o.staff, o.sup.AccountID) },
	} {
		o.staff[o.sup.AccountID] = o.sup
		tk := o.with(t, i, 1)[0]
		r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false)
		if err != nil {
			t.Fatal(err)
		}
		now()
		o.begin(t, r.ID)
		o.work(t)
		if r = o.run(t, i.ID, r.ID); r.Done != 0 || r.Reasons[incident.SkipAuthor] == 0 || len(o.out(t, tk.ID)) != 0 {
			t.Errorf("%+v", r)
		}
	}
}

// Each ticket gets the answer exactly once when the node dies in the middle, at
// any point: the next one goes on where it was.
func TestAnAnswerGoesOnWhereItsNodeDied(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	const n = 60 // more than a batch
	all := o.with(t, i, n)
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi, {protocolo}", false)
	if err != nil {
		t.Fatal(err)
	}
	o.begin(t, r.ID)
	answered := func() int64 {
		return o.count(t, "SELECT count(*) FROM incident_run_tickets WHERE run_id = ? AND state = 'done'", r.ID)
	}
	for dead := range 3 {
		ctx, die := context.WithCancel(t.Context())
		node := o.node(t)
		ended := make(chan struct{})
		go func() { defer close(ended); _, _ = node.RunNext(ctx) }()
		for before := answered(); answered() < before+7; {
			time.Sleep(time.Millisecond) // polled: nothing tells of it
		}
		die()
		<-ended
		if dead == 2 { // as after kill -9: nobody let the lease go
			o.exec(t, "UPDATE incident_runs SET lease_until = now() + interval '1 hour' WHERE id = ?", r.ID)
			if worked, err := o.node(t).RunNext(t.Context()); worked || err != nil {
				t.Fatalf("another takes what is leased: %v, %v", worked, err)
			}
		}
		o.exec(t, "UPDATE incident_runs SET lease_until = now() - interval '1 second' WHERE id = ?", r.ID)
	}
	if got := answered(); got >= n {
		t.Fatalf("all %d were answered before the last death", got)
	}
	o.work(t)
	o.exactlyOnce(t, i, r, all)
}

// Two nodes that both believe the run to be theirs, as one does that was paused
// past its lease, still answer each ticket once.
func TestTwoNodesAnswerEachTicketOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	all := o.with(t, i, 60)
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi, {protocolo}", false)
	if err != nil {
		t.Fatal(err)
	}
	o.begin(t, r.ID)
	var nodes sync.WaitGroup
	stop := make(chan struct{})
	nodes.Go(func() { // takes the lease away from whoever has it, again and again
		for {
			select {
			case <-stop:
				return
			default:
				_ = o.db.Gorm.Exec("UPDATE incident_runs SET lease_until = now() - interval '1 second' WHERE id = ? AND state = 'running'", r.ID).Error
			}
		}
	})
	var workers sync.WaitGroup
	for range 3 {
		node := o.node(t)
		workers.Go(func() {
			for o.unfinished(r.ID) {
				if _, err := node.RunNext(t.Context()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Wait()
	close(stop)
	nodes.Wait()
	o.exactlyOnce(t, i, r, all)
}

// unfinished reports whether a run is not at its end.
func (o *office) unfinished(run int64) (running bool) {
	_ = o.db.Gorm.Raw("SELECT state = 'running' FROM incident_runs WHERE id = ?", run).Scan(&running).Error
	return running
}

func (o *office) exactlyOnce(t *testing.T, i incident.Incident, r incident.Run, all []ticket.Ticket) {
	t.Helper()
	if r = o.run(t, i.ID, r.ID); r.State != incident.Done || r.Done != len(all) || r.Skipped != 0 {
		t.Errorf("%+v", r)
	}
	for _, tk := range all {
		if got := o.out(t, tk.ID); len(got) != 1 || got[0] != "Oi, "+tk.Protocol {
			t.Errorf("ticket %d got %q", tk.ID, got)
		}
	}
	if n := o.count(t, "SELECT count(*) FROM incident_run_tickets u JOIN messages m ON m.id = u.message_id AND m.ticket_id = u.ticket_id WHERE u.run_id = ?", r.ID); n != int64(len(all)) {
		t.Errorf("%d of %d are noted with their message", n, len(all))
	}
}

// The author of a run answers as themselves what they hold themselves.
func TestTheAuthorsOwnTicketIsNotLeftAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{})
	tk := o.with(t, i, 1)[0]
	o.exec(t, "UPDATE tickets SET holder_id = ?, fence = 1, lease_until = now() + interval '5 minutes' WHERE id = ?", o.sup.AccountID, tk.ID)
	r, err := o.s.Answer(t.Context(), o.sup, i.ID, "Oi", false)
	if err != nil {
		t.Fatal(err)
	}
	o.begin(t, r.ID)
	o.work(t)
	if got := o.out(t, tk.ID); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
