package routing_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/presence"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/routing"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// board is a presence that a test decides.
type board struct {
	mu     sync.Mutex
	states map[int64]presence.State
}

func (b *board) set(account int64, s presence.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.states[account] = s
}

func (b *board) State(account int64) presence.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.states[account]
}

func (b *board) People() (all []presence.Person) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, s := range b.states {
		if s != "" {
			all = append(all, presence.Person{Account: id, State: s})
		}
	}
	return all
}

type nobody struct{}

func (nobody) Poke() {}

// floor is a team to which tickets are pushed, and two agents who are here.
type floor struct {
	db         *postgres.DB
	roster     *roster.Service
	board      *board
	r          *routing.Router
	events     *event.Log
	ana, bruno access.Actor
	reached    bool

	mu   sync.Mutex
	late time.Duration // by which the clock is ahead
}

func (f *floor) now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().UTC().Truncate(time.Microsecond).Add(f.late)
}

func (f *floor) pass(by time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.late += by
}

func newFloor(t *testing.T) *floor {
	t.Helper()
	f := &floor{db: pgtest.New(t), board: &board{states: map[int64]presence.State{}}, reached: true}
	f.events = event.NewLog(f.db, redistest.New(t), slog.New(slog.NewTextHandler(io.Discard, nil)))
	f.roster = roster.New(f.db, time.UTC, f.now)
	f.r = f.router()
	f.sql(t, "UPDATE teams SET routing = 'push'")
	f.ana = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	f.bruno = tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam)
	f.board.set(f.ana.AccountID, presence.Online)
	f.board.set(f.bruno.AccountID, presence.Online)
	return f
}

func (f *floor) router() *routing.Router {
	return routing.New(routing.Deps{DB: f.db, Roster: f.roster, Board: f.board, Events: f.events, Reached: func() bool { return f.reached },
		Poke: nobody{}, Now: f.now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func (f *floor) sql(t *testing.T, sql string, args ...any) {
	t.Helper()
	if err := f.db.Gorm.Exec(sql, args...).Error; err != nil {
		t.Fatal(err)
	}
}

// drain passes until nothing is left to do.
func (f *floor) drain(t *testing.T) (next time.Time) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, next, err = f.r.Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return next
}

func (f *floor) capacity(t *testing.T, who access.Actor, n int) {
	t.Helper()
	f.sql(t, "INSERT INTO account_capacities VALUES (?, '', ?) ON CONFLICT (account_id, channel) DO UPDATE SET at_once = excluded.at_once", who.AccountID, n)
}

func (f *floor) open(t *testing.T, tk ticket.Ticket, due time.Duration) ticket.Ticket {
	t.Helper()
	at := f.now().Add(due)
	tk.Deadline.Due = &at
	return tickettest.Open(t, f.db, tk)
}

// whose is who has a ticket, 0 for nobody.
func (f *floor) whose(t *testing.T, id int64) int64 {
	t.Helper()
	if a := tickettest.Fresh(t, f.db, id).AssigneeID; a != nil {
		return *a
	}
	return 0
}

// told is what the newest event of a ticket tells.
func (f *floor) told(t *testing.T, id int64) (kind string, told routing.Told) {
	t.Helper()
	all := tickettest.Events(t, f.db, id)
	last := all[len(all)-1]
	var payload struct{ Data routing.Told }
	if err := json.Unmarshal(last.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	return last.Kind, payload.Data
}

func (f *floor) answered(t *testing.T, id int64, by access.Actor, ago time.Duration) {
	t.Helper()
	f.sql(t, "INSERT INTO messages (ticket_id, direction, author_id, body, version, at) VALUES (?, 'out', ?, 'x', 1, ?)", id, by.AccountID, f.now().Add(-ago))
}

func TestTheOldestDueGoesToWhoIsHereUpToWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.board.set(f.bruno.AccountID, "")
	f.capacity(t, f.ana, 2)
	later, first, second := f.open(t, ticket.Ticket{}, 9*time.Hour), f.open(t, ticket.Ticket{}, -time.Hour), f.open(t, ticket.Ticket{}, 3*time.Hour)
	told := tickettest.Replay(t, f.db, func() { f.drain(t) })
	if len(told) != 2 || f.whose(t, first.ID) != f.ana.AccountID || f.whose(t, second.ID) != f.ana.AccountID || f.whose(t, later.ID) != 0 {
		t.Errorf("%d were given", len(told))
	}
	kind, why := f.told(t, second.ID)
	if kind != event.TicketRouted || *why.To != f.ana.AccountID || why.From != nil || why.Load != 2 || why.Capacity != 2 || !why.Due.Equal(*second.Deadline.Due) {
		t.Errorf("%s told %+v", kind, why)
	}
	if got := tickettest.Fresh(t, f.db, first.ID); got.HolderID != nil || got.Status != ticket.New || got.Fence != first.Fence {
		t.Errorf("it is held: %+v", got)
	}
	// One is done: there is room again.
	f.sql(t, "UPDATE tickets SET status = 'waiting_customer' WHERE id = ?", first.ID)
	f.drain(t)
	if f.whose(t, later.ID) != f.ana.AccountID {
		t.Error("room was made, and nothing came")
	}
}

func TestNobodyIsGivenAnythingWhoIsNotAtWork(t *testing.T) {
	t.Parallel()
	for _, state := range []presence.State{"", presence.Away, presence.Break, presence.OnCall, presence.AfterCall} {
		f := newFloor(t)
		f.board.set(f.ana.AccountID, state)
		f.board.set(f.bruno.AccountID, "")
		tk := f.open(t, ticket.Ticket{}, time.Hour)
		f.drain(t)
		if f.whose(t, tk.ID) != 0 {
			t.Errorf("given to somebody who is %q", state)
		}
		f.board.set(f.ana.AccountID, presence.Online)
		f.drain(t)
		if f.whose(t, tk.ID) != f.ana.AccountID {
			t.Errorf("not given after %q", state)
		}
	}
}

func TestTheEndOfAShiftGivesOn(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.board.set(f.bruno.AccountID, "")
	now := f.now()
	ends := now.Truncate(time.Minute).Add(2 * time.Minute)
	from := (ends.Hour()*60 + ends.Minute() + 1440 - 60) % 1440
	begins := ends.Add(-time.Hour)
	shifts := []roster.Shift{{Weekday: begins.Weekday(), From: from, To: from + 60}}
	if _, err := f.roster.ChangeProfile(t.Context(), access.Actor{Role: access.Admin}, f.ana.AccountID, roster.ProfileChange{Shifts: &shifts}); err != nil {
		t.Fatal(err)
	}
	open, held := f.open(t, ticket.Ticket{}, time.Hour), f.open(t, ticket.Ticket{}, 2*time.Hour)
	if next := f.drain(t); next.IsZero() || next.After(ends) {
		t.Errorf("the next look is at %v, the shift ends at %v", next, ends)
	}
	if f.whose(t, open.ID) != f.ana.AccountID {
		t.Fatal("not given")
	}
	lives := ends.Add(10 * time.Minute)
	f.sql(t, "UPDATE tickets SET holder_id = ?, lease_until = ? WHERE id = ?", f.ana.AccountID, lives, held.ID)
	f.pass(ends.Sub(f.now()) + time.Second)
	f.drain(t)
	if kind, why := f.told(t, open.ID); kind != event.TicketUnrouted || why.Gone != routing.OffShift || f.whose(t, open.ID) != 0 {
		t.Errorf("after the shift: %s %+v", kind, why)
	}
	if f.whose(t, held.ID) != f.ana.AccountID {
		t.Error("what she is answering was taken off her")
	}
	f.board.set(f.bruno.AccountID, presence.Online)
	f.drain(t)
	if f.whose(t, open.ID) != f.bruno.AccountID {
		t.Error("nobody got it")
	}
}

func TestWhoIsGoneForAMinuteKeepsNothingThatWaits(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	pull := tickettest.Team(t, f.db, "Puxada")
	f.sql(t, "INSERT INTO account_teams VALUES (?, ?)", f.ana.AccountID, pull)
	mine := func(tk ticket.Ticket) int64 {
		tk.AssigneeID = &f.ana.AccountID
		return f.open(t, tk, time.Hour).ID
	}
	waits, customers, theirs := mine(ticket.Ticket{}), mine(ticket.Ticket{Status: ticket.WaitingCustomer}), mine(ticket.Ticket{TeamID: pull})
	promised := mine(ticket.Ticket{Status: ticket.Open})
	f.sql(t, "INSERT INTO call_backs (ticket_id, agent_id, why, from_at, to_at, next_at) VALUES (?, ?, 'promised', now(), now(), now())", promised, f.ana.AccountID)
	f.drain(t)
	f.board.set(f.ana.AccountID, "")
	f.drain(t)
	f.pass(routing.Patience - 5*time.Second)
	if next := f.drain(t); next.IsZero() || next.After(f.now().Add(6*time.Second)) {
		t.Errorf("it looks again at %v", next)
	}
	if f.whose(t, waits) != f.ana.AccountID {
		t.Fatal("taken before the minute was over")
	}
	f.pass(6 * time.Second)
	f.drain(t)
	kind, why := f.told(t, waits)
	if kind != event.TicketRouted || *why.From != f.ana.AccountID || *why.To != f.bruno.AccountID || why.Gone != routing.Offline {
		t.Errorf("%s %+v", kind, why)
	}
	for what, id := range map[string]int64{"waits for the customer": customers, "is of a team whose people take": theirs, "was promised": promised} {
		if f.whose(t, id) != f.ana.AccountID {
			t.Errorf("what %s was taken, too", what)
		}
	}
	// Away for longer, the promise is another's, and who takes can take.
	f.sql(t, "INSERT INTO absences (account_id, from_at, to_at, created_by) VALUES (?, ?, ?, ?)", f.ana.AccountID, f.now().Add(-time.Hour), f.now().Add(time.Hour), f.ana.AccountID)
	f.drain(t)
	if f.whose(t, promised) != f.bruno.AccountID || f.whose(t, theirs) != 0 || f.whose(t, customers) != f.ana.AccountID {
		t.Errorf("promised %d, of the other team %d", f.whose(t, promised), f.whose(t, theirs))
	}
}

// A node that hears nothing of the others knows nothing of who is gone.
func TestAloneNobodyIsTakenForGone(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	tk := f.open(t, ticket.Ticket{AssigneeID: &f.ana.AccountID}, time.Hour)
	f.drain(t)
	f.board.set(f.ana.AccountID, "")
	f.reached = false
	f.pass(10 * time.Minute)
	f.drain(t)
	f.reached = true
	f.pass(routing.Patience / 2)
	f.drain(t)
	if f.whose(t, tk.ID) != f.ana.AccountID {
		t.Error("taken off somebody of whom nothing is known")
	}
	f.pass(routing.Patience)
	f.drain(t)
	if f.whose(t, tk.ID) != f.bruno.AccountID {
		t.Error("still with somebody who is gone")
	}
}

func TestWhatComesBackGoesToWhoAnsweredIt(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "UPDATE teams SET sticky_days = 30")
	var customer int64
	if err := f.db.Gorm.Raw("INSERT INTO customers (name) VALUES ('Rosa') RETURNING id").Scan(&customer).Error; err != nil {
		t.Fatal(err)
	}
	f.sql(t, "UPDATE teams SET routing = 'pull'")
	for i := range 3 { // Ana has more in hand: without a bond nothing would come to her
		f.open(t, ticket.Ticket{AssigneeID: &f.ana.AccountID, Subject: fmt.Sprint(i)}, time.Hour)
	}
	old := f.open(t, ticket.Ticket{CustomerID: &customer, Status: ticket.Closed, AssigneeID: &f.bruno.AccountID}, time.Hour)
	f.answered(t, old.ID, f.ana, 10*24*time.Hour)
	reopened := f.open(t, ticket.Ticket{Status: ticket.Open}, time.Hour)
	f.answered(t, reopened.ID, f.ana, time.Hour)
	returning := f.open(t, ticket.Ticket{CustomerID: &customer}, 2*time.Hour)
	f.sql(t, "UPDATE teams SET routing = 'push'")
	f.drain(t)
	for id, bond := range map[int64]routing.Bond{reopened.ID: routing.Answered, returning.ID: routing.Dealt} {
		if kind, why := f.told(t, id); kind != event.TicketRouted || why.To == nil || *why.To != f.ana.AccountID || why.Bond != bond || why.Met == nil {
			t.Errorf("%s: %s %+v", bond, kind, why)
		}
	}
	// After the days are over she is one of all.
	f.sql(t, "UPDATE messages SET at = at - interval '40 days'")
	again := f.open(t, ticket.Ticket{CustomerID: &customer}, time.Hour)
	f.drain(t)
	if f.whose(t, again.ID) != f.bruno.AccountID {
		t.Error("a bond that is over still binds")
	}
}

func TestWhatIsNotGivenOut(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	manual, pull := tickettest.Team(t, f.db, "À mão"), tickettest.Team(t, f.db, "Puxada")
	f.sql(t, "UPDATE teams SET routing = 'manual' WHERE id = ?", manual)
	f.sql(t, "INSERT INTO account_teams VALUES (?, ?), (?, ?)", f.ana.AccountID, manual, f.ana.AccountID, pull)
	lives := f.now().Add(time.Minute)
	for what, tk := range map[string]ticket.Ticket{
		"behind the wall": {Walled: true}, "of a team that takes": {TeamID: pull}, "of a team that works by hand": {TeamID: manual},
		"held": {HolderID: &f.bruno.AccountID, LeaseUntil: &lives}, "waits for the customer": {Status: ticket.WaitingCustomer},
		"done": {Status: ticket.Resolved}, "of a supervisor's other team": {TeamID: tickettest.Team(t, f.db, "Longe")},
	} {
		id := f.open(t, tk, time.Hour).ID
		f.drain(t)
		if f.whose(t, id) != 0 {
			t.Errorf("what is %s was given out", what)
		}
	}
	boss := tickettest.Account(t, f.db, access.Supervisor, tickettest.DefaultTeam)
	f.board.set(boss.AccountID, presence.Online)
	f.board.set(f.ana.AccountID, "")
	f.board.set(f.bruno.AccountID, "")
	id := f.open(t, ticket.Ticket{}, time.Hour).ID
	if f.drain(t); f.whose(t, id) != 0 {
		t.Error("a supervisor was given a ticket without being meant to")
	}
	f.capacity(t, boss, 1)
	if f.drain(t); f.whose(t, id) != boss.AccountID {
		t.Error("a supervisor who is meant to was given none")
	}
}

// What nobody can do stands before everything else, in great number, and holds up nothing.
func TestWhatNobodyCanDoHoldsUpNothing(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "INSERT INTO skills (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Libras'), (2, 'Garantia'), (3, 'Espanhol')")
	f.sql(t, "INSERT INTO skill_rules (skill_id, tag) VALUES (1, 'libras'), (2, 'garantia'), (3, 'es')")
	f.sql(t, "INSERT INTO account_skills VALUES (?, 2), (?, 3)", f.ana.AccountID, f.bruno.AccountID)
	// Each of two skills somebody has, both together nobody.
	f.sql(t, `INSERT INTO tickets (protocol, brand_id, channel, kind, subject, team_id, tags, next_due)
		SELECT lpad(i::text, 17, '0'), 1, 'webform', 'duvida', 'x', 1, CASE WHEN i % 2 = 0 THEN '{libras}'::text[] ELSE '{garantia,es}' END,
		now() - (2000 - i) * interval '1 second' FROM generate_series(1, 1600) i`)
	plain, warranty := f.open(t, ticket.Ticket{}, 5*time.Hour), f.open(t, ticket.Ticket{Tags: []string{"garantia"}}, 6*time.Hour)
	f.drain(t)
	if f.whose(t, plain.ID) == 0 || f.whose(t, warranty.ID) != f.ana.AccountID {
		t.Errorf("the plain one is of %d, the other of %d", f.whose(t, plain.ID), f.whose(t, warranty.ID))
	}
	if _, why := f.told(t, warranty.ID); !slices.Equal(why.Skills, []string{"Garantia"}) {
		t.Errorf("told %+v", why)
	}
	spanish := tickettest.Fresh(t, f.db, plain.ID)
	spanish.Tags = []string{"es", "garantia"}
	e, err := f.r.Explain(t.Context(), spanish)
	if err != nil || len(e.Skills) != 2 || len(e.Lacking) != 0 {
		t.Errorf("%+v %v", e, err)
	}
}

// Whoever lets a ticket go does not have it again at once.
func TestWhatWasGivenBackGoesToSomebodyElse(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.board.set(f.bruno.AccountID, "")
	tk := f.open(t, ticket.Ticket{}, time.Hour)
	f.answered(t, tk.ID, f.ana, time.Hour)
	f.drain(t)
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		cause := ticket.Cause{Kind: event.TicketReleased, ActorID: &f.ana.AccountID, At: f.now()}
		_, err := ticket.Change(t.Context(), tx, tk.ID, cause, func(t *ticket.Ticket) error { t.AssigneeID = nil; return nil })
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	f.drain(t)
	e, err := f.r.Explain(t.Context(), tickettest.Fresh(t, f.db, tk.ID))
	if err != nil || e.Verdict != routing.Nobody || e.People[0].Obstacle != routing.Spurns {
		t.Errorf("%+v %v", e, err)
	}
	f.board.set(f.bruno.AccountID, presence.Online)
	f.drain(t)
	if f.whose(t, tk.ID) != f.bruno.AccountID {
		t.Errorf("it went to %d", f.whose(t, tk.ID))
	}
}

// Somebody has a ticket locked: the others are given out, and it when they are done.
func TestATicketThatIsLockedWaitsForNobodyElse(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	busy, free := f.open(t, ticket.Ticket{}, time.Hour), f.open(t, ticket.Ticket{}, 2*time.Hour)
	err := f.db.InTx(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT FROM tickets WHERE id = ? FOR UPDATE", busy.ID).Error; err != nil {
			return err
		}
		if next := f.drain(t); next.IsZero() || next.After(f.now().Add(2*time.Second)) {
			t.Errorf("it looks again at %v", next)
		}
		if f.whose(t, free.ID) == 0 {
			t.Error("the free one waits, too")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.drain(t); f.whose(t, busy.ID) == 0 {
		t.Error("it was forgotten")
	}
}

// Three nodes drain at once, again and again, while people take for themselves:
// every ticket is given once, and nobody has more than they are given at once by it.
func TestSeveralDrainAtOnce(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	const tickets, agents, capacity = 60, 4, 5
	var people []access.Actor
	for range agents - 2 {
		people = append(people, tickettest.Account(t, f.db, access.Agent, tickettest.DefaultTeam))
	}
	people = append(people, f.ana, f.bruno)
	for _, p := range people {
		f.board.set(p.AccountID, presence.Online)
		f.capacity(t, p, capacity)
	}
	for i := range tickets {
		f.open(t, ticket.Ticket{}, time.Duration(i)*time.Minute)
	}
	var wg sync.WaitGroup
	for range 3 {
		r := f.router()
		wg.Go(func() {
			for range 20 {
				_, _, _ = r.Pass(t.Context()) // another's turn is told as a failure
			}
		})
	}
	wg.Wait()
	f.drain(t)
	given := 0
	for _, p := range people {
		var n int
		if err := f.db.Gorm.Raw("SELECT count(*) FROM tickets WHERE assignee_id = ?", p.AccountID).Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		if given += n; n != capacity {
			t.Errorf("%s has %d of %d", p.Name, n, capacity)
		}
	}
	var events int
	if err := f.db.Gorm.Raw("SELECT count(*) FROM events WHERE kind = 'ticket.routed'").Scan(&events).Error; err != nil {
		t.Fatal(err)
	}
	if events != given {
		t.Errorf("%d tickets, and %d times told", given, events)
	}
}

func TestTheReasonWhyNobodyGetsIt(t *testing.T) {
	t.Parallel()
	f := newFloor(t)
	f.sql(t, "INSERT INTO skills (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'Espanhol')")
	f.sql(t, "INSERT INTO skill_rules (skill_id, tag) VALUES (1, 'es')")
	f.sql(t, "INSERT INTO account_skills VALUES (?, 1)", f.ana.AccountID)
	f.sql(t, "INSERT INTO absences (account_id, from_at, to_at, reason, created_by) VALUES (?, ?, ?, 'cirurgia', ?)", f.ana.AccountID, f.now().Add(-time.Hour), f.now().Add(time.Hour), f.ana.AccountID)
	tk := f.open(t, ticket.Ticket{Tags: []string{"es"}}, time.Hour)
	f.drain(t)
	e, err := f.r.Explain(t.Context(), tickettest.Fresh(t, f.db, tk.ID))
	if err != nil || e.Verdict != routing.Nobody || len(e.Lacking) != 1 || e.Lacking[0].Name != "Espanhol" || len(e.People) != 2 {
		t.Fatalf("%+v %v", e, err)
	}
	if e.People[0].Obstacle != routing.Absent || e.People[1].Obstacle != routing.Unable || e.People[1].Of != routing.Usual {
		t.Errorf("%+v", e.People)
	}
	f.sql(t, "DELETE FROM absences")
	f.drain(t)
	e, err = f.r.Explain(t.Context(), tickettest.Fresh(t, f.db, tk.ID))
	if err != nil || e.Verdict != routing.Theirs || e.Told == nil || *e.Told.To != f.ana.AccountID || e.Told.Skills[0] != "Espanhol" {
		t.Errorf("%+v %v", e, err)
	}
	walled := tickettest.Open(t, f.db, ticket.Ticket{Walled: true})
	if e, err := f.r.Explain(t.Context(), walled); err != nil || e.Verdict != routing.OfTheWall || e.People != nil {
		t.Errorf("%+v %v", e, err)
	}
}
