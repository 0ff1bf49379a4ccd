package desk_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// life is a ticket as simply as it can be said. nobody is 0.
type life struct {
	status           ticket.Status
	assignee, holder int64
	alive            bool // the holder's lease
	fence            int64
	version, public  int
	in, out, notes   int
	given            map[int64][]int64 // the fences that each was ever given
}

// node is one server's services. They share nothing but the engines.
type node struct {
	claims *assign.Service
	desk   *desk.Service
}

// world is two servers, some people, some tickets, and what the tickets should be.
type world struct {
	o      office
	nodes  []node
	redis  *redistest.Engine
	rdb    redis.UniversalClient
	people []access.Actor
	lives  map[int64]*life
	doubts *doubts
	began  time.Time
	t      *testing.T
}

// doubts hears when a server could not reach Redis. A copy of a lease may be older
// then than it should: it may refuse a free ticket, or renew a lease that has ended,
// until it is brought up to date.
type doubts struct {
	slog.Handler
	last atomic.Int64 // when, in nanoseconds since 1970
}

// since reports whether that was so since an instant, or so shortly before that
// the server may still have left Redis alone.
func (d *doubts) since(t time.Time) bool { return d.last.Load() > t.Add(-5*time.Second).UnixNano() }

func (d *doubts) Enabled(context.Context, slog.Level) bool { return true }

func (d *doubts) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "claims go on without Redis" {
		d.last.Store(time.Now().UnixNano())
	}
	return nil
}

// What two servers make of a ticket, by whatever people do in whatever order, with
// Redis flushed and lost and with writes that come late from a node that stood
// still, is what a few lines say of it: every call succeeds or is refused as they
// have it, and the row, its messages and its events are theirs (I2, I3, I8).
func TestATicketLivesAsTheModelSays(t *testing.T) {
	t.Parallel()
	w := world{o: newOffice(t), redis: redistest.Start(t), t: t}
	w.rdb, w.doubts = w.redis.Client(), &doubts{Handler: slog.DiscardHandler}
	w.people = []access.Actor{w.o.ana, w.o.bruno, w.o.sup}
	quiet := slog.New(w.doubts)
	for range 2 {
		claims := assign.New(w.o.db, w.redis.Client(), w.o.pokes, w.o.now, quiet)
		client, err := jobs.New(w.o.db, quiet)
		if err != nil {
			t.Fatal(err)
		}
		w.nodes = append(w.nodes, node{claims, desk.New(w.o.db, w.o.policies, client, claims, w.o.post, w.o.pokes, w.o.now, quiet)})
	}
	rapid.Check(t, func(rt *rapid.T) {
		w.lives = map[int64]*life{}
		w.flush()
		w.began = time.Now()
		w.open(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"":           w.compare,
			"open":       w.open,
			"claim":      w.claim,
			"take over":  w.takeOver,
			"release":    w.release,
			"renew":      w.renew,
			"reply":      w.reply,
			"late":       w.reply, // with a fence of long ago, as from a node that stood still
			"note":       w.note,
			"customer":   w.customer,
			"resolve":    w.resolve,
			"reopen":     w.reopen,
			"close":      w.end,
			"hand over":  w.handOver,
			"lease ends": w.leaseEnds,
			"flush":      func(*rapid.T) { w.flush() },
			"lose Redis": w.loseRedis,
		})
		w.told(rt)
	})
}

func (w *world) open(rt *rapid.T) {
	if len(w.lives) == 3 {
		rt.Skip("enough tickets")
	}
	tk := w.o.open(w.t, ticket.Ticket{})
	fresh := tickettest.Fresh(w.t, w.o.db, tk.ID)
	w.lives[tk.ID] = &life{status: ticket.New, version: fresh.Version, public: fresh.PublicVersion, fence: fresh.Fence, in: 1, given: map[int64][]int64{}}
}

// some draws a ticket, who acts, and by which node.
func (w *world) some(rt *rapid.T) (int64, *life, access.Actor, node) {
	ids := []int64{}
	for id := range w.lives {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	id := ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "ticket")]
	who := w.people[rapid.IntRange(0, len(w.people)-1).Draw(rt, "who")]
	return id, w.lives[id], who, w.nodes[rapid.IntRange(0, 1).Draw(rt, "node")]
}

// expect compares how a call ended with how it should have.
func expect(rt *rapid.T, what string, got, want error) {
	rt.Helper()
	if !errors.Is(got, want) {
		rt.Fatalf("%s: %v instead of %v", what, got, want)
	}
}

func (l *life) heldByAnother(who int64) bool { return l.holder != 0 && l.holder != who && l.alive }

func (l *life) ended() bool { return l.status == ticket.Resolved || l.status == ticket.Closed }

func (l *life) holds(who, fence int64) {
	l.holder, l.alive, l.fence = who, true, fence
	l.given[who] = append(l.given[who], fence)
}

func (w *world) claim(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, lease, err := at.claims.Claim(w.t.Context(), who, id, nil)
	switch {
	case w.doubts.since(w.began) && errors.Is(err, ticket.ErrClaimed):
		return
	case l.ended():
		expect(rt, "claim of what has ended", err, ticket.ErrClosed)
		return
	case l.heldByAnother(who.AccountID), l.assignee != 0 && l.assignee != who.AccountID:
		expect(rt, "claim", err, ticket.ErrClaimed)
		return
	}
	expect(rt, "claim", err, nil)
	l.taken(rt, who.AccountID, lease)
}

func (l *life) taken(rt *rapid.T, who int64, lease assign.Lease) {
	if lease.Fence != l.fence+1 {
		rt.Fatalf("fence %d after %d", lease.Fence, l.fence)
	}
	l.holds(who, lease.Fence)
	l.assignee = who
	l.version++
	if l.status == ticket.New {
		l.status = ticket.Open
	}
}

func (w *world) takeOver(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, lease, err := at.claims.Claim(w.t.Context(), who, id, &assign.TakeOver{Reason: "parou"})
	switch {
	case who.Role != access.Supervisor:
		expect(rt, "an agent's take-over", err, assign.ErrTakeOver)
	case l.ended():
		expect(rt, "take-over of what has ended", err, ticket.ErrClosed)
	default:
		expect(rt, "take-over", err, nil)
		l.taken(rt, who.AccountID, lease)
	}
}

func (w *world) release(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, err := at.claims.Release(w.t.Context(), who, id)
	switch {
	case l.assignee == 0 && l.holder == 0:
		expect(rt, "release of what is nobody's", err, nil)
	case who.Role != access.Supervisor && l.assignee != who.AccountID && l.holder != who.AccountID:
		expect(rt, "release of another's", err, ticket.ErrNotYours)
	default:
		expect(rt, "release", err, nil)
		l.assignee, l.holder, l.alive = 0, 0, false
		l.version++
	}
}

func (w *world) renew(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	fence := l.someFence(rt, who.AccountID)
	_, err := at.claims.Renew(w.t.Context(), who, id, fence)
	if l.holder == who.AccountID && l.fence == fence {
		expect(rt, "renewal", err, nil)
		l.alive = true
		return
	}
	if w.doubts.since(w.began) && err == nil {
		return // by a copy that is behind; whatever is written under it asks PostgreSQL
	}
	expect(rt, "renewal of another lease", err, ticket.ErrLeaseLost)
}

// someFence draws one of the fences that somebody was given, the last one mostly.
func (l *life) someFence(rt *rapid.T, who int64) int64 {
	mine := l.given[who]
	if len(mine) == 0 {
		return 1
	}
	if rapid.IntRange(0, 3).Draw(rt, "late") > 0 {
		return mine[len(mine)-1]
	}
	return rapid.SampledFrom(mine).Draw(rt, "fence")
}

func (w *world) reply(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	r := desk.Reply{Body: fmt.Sprintf("resposta %d de %s", l.out, who.Name), Resolve: rapid.IntRange(0, 5).Draw(rt, "resolve") == 0}
	if rapid.Bool().Draw(rt, "fenced") {
		r.Fence = ptr(l.someFence(rt, who.AccountID))
	}
	if rapid.Bool().Draw(rt, "seen") {
		r.SeenVersion = ptr(rapid.IntRange(max(1, l.version-3), l.version).Draw(rt, "version"))
	}
	_, _, err := at.desk.Reply(w.t.Context(), who, id, r)
	switch {
	case l.status == ticket.Closed:
		expect(rt, "reply to what is closed", err, ticket.ErrClosed)
		return
	case r.Fence != nil && *r.Fence != l.fence:
		expect(rt, "reply by an old fence", err, ticket.ErrLeaseLost)
		return
	case r.SeenVersion != nil && *r.SeenVersion < l.public:
		expect(rt, "reply past a message", err, desk.ErrStale)
		return
	case l.heldByAnother(who.AccountID):
		expect(rt, "reply to what another holds", err, ticket.ErrClaimed)
		return
	}
	expect(rt, "reply", err, nil)
	if l.holder != who.AccountID {
		fence := l.fence
		if r.Fence == nil {
			fence++
		}
		l.holds(who.AccountID, fence)
		if l.assignee == 0 {
			l.assignee = who.AccountID
		}
	}
	l.out++
	l.version++
	l.public = l.version
	l.status = ticket.WaitingCustomer
	if r.Resolve {
		l.status, l.holder, l.alive = ticket.Resolved, 0, false
	}
}

func (w *world) note(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, _, err := at.desk.Note(w.t.Context(), who, id, "uma nota")
	expect(rt, "note", err, nil)
	l.notes++
	l.version++
}

// customer is a message of the customer, as the channels bring it.
func (w *world) customer(rt *rapid.T) {
	id, l, _, at := w.some(rt)
	now := w.o.now()
	_, err := at.desk.Change(w.t.Context(), nil, id, ticket.Cause{Kind: event.TicketMessageIn, At: now}, func(tx *gorm.DB, t *ticket.Ticket) error {
		if _, err := t.Spoke(now); err != nil {
			return err
		}
		_, err := ticket.InsertMessage(w.t.Context(), tx, t, ticket.Message{Direction: ticket.In, AuthorName: "Cliente", Body: "E então?", At: now})
		return err
	})
	if l.status == ticket.Closed {
		expect(rt, "message to what is closed", err, ticket.ErrClosed)
		return
	}
	expect(rt, "message", err, nil)
	l.in++
	l.version++
	l.public = l.version
	if l.status != ticket.New {
		l.status = ticket.Open
	}
}

func (w *world) resolve(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, err := at.desk.Resolve(w.t.Context(), who, id, "")
	switch l.status {
	case ticket.Resolved:
		expect(rt, "resolve again", err, nil)
	case ticket.Closed:
		expect(rt, "resolve what is closed", err, ticket.ErrClosed)
	default:
		expect(rt, "resolve", err, nil)
		l.status, l.holder, l.alive = ticket.Resolved, 0, false
		l.version++
	}
}

func (w *world) reopen(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, err := at.desk.Reopen(w.t.Context(), who, id, "voltou a falhar")
	switch l.status {
	case ticket.Closed:
		expect(rt, "reopen what is closed", err, ticket.ErrClosed)
	case ticket.Resolved:
		expect(rt, "reopen", err, nil)
		l.status = ticket.Open
		l.version++
	default:
		expect(rt, "reopen what is open", err, nil)
	}
}

func (w *world) end(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, err := at.desk.Patch(w.t.Context(), who, id, desk.Patch{Version: l.version, Status: ptr(ticket.Closed)})
	switch l.status {
	case ticket.Closed:
		expect(rt, "close again", err, ticket.ErrClosed)
	case ticket.Resolved:
		expect(rt, "close", err, nil)
		l.status = ticket.Closed
		l.version++
	default:
		expect(rt, "close what is not resolved", err, ticket.ErrMove)
	}
}

func (w *world) handOver(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	to := w.people[rapid.IntRange(0, len(w.people)-1).Draw(rt, "to")].AccountID
	_, err := at.desk.Patch(w.t.Context(), who, id, desk.Patch{Version: l.version, Assignee: &to})
	others := l.assignee != 0 && l.assignee != who.AccountID || l.holder != 0 && l.holder != who.AccountID
	switch {
	case l.status == ticket.Closed:
		expect(rt, "hand over what is closed", err, ticket.ErrClosed)
	case l.assignee == to:
		expect(rt, "hand over to whose it is", err, nil)
	case others && who.Role != access.Supervisor:
		expect(rt, "hand over another's", err, ticket.ErrNotYours)
	default:
		expect(rt, "hand over", err, nil)
		l.assignee = to
		l.version++
		if l.holder != to {
			l.holder, l.alive = 0, false
		}
	}
}

// leaseEnds is a minute and a half in which nobody types.
func (w *world) leaseEnds(rt *rapid.T) {
	id, l, _, at := w.some(rt)
	if l.holder == 0 {
		rt.Skip("nobody holds it")
	}
	if err := w.o.db.Gorm.Exec("UPDATE tickets SET lease_until = now() - interval '1 second' WHERE id = ?", id).Error; err != nil {
		rt.Fatal(err)
	}
	w.flush()
	l.alive = false
	if rapid.Bool().Draw(rt, "swept") {
		if err := at.claims.Expire(w.t.Context()); err != nil {
			rt.Fatal(err)
		}
		for _, other := range w.lives {
			if other.holder != 0 && !other.alive {
				other.holder = 0
				other.version++
			}
		}
	}
}

func (w *world) flush() {
	if err := w.rdb.FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) loseRedis(rt *rapid.T) {
	if rapid.IntRange(0, 9).Draw(rt, "lost") > 0 {
		rt.Skip("not now")
	}
	w.redis.Kill()
	w.claim(rt)
	w.reply(rt)
	w.redis.Start()
}

// compare holds the rows against the model.
func (w *world) compare(rt *rapid.T) {
	for id, l := range w.lives {
		tk := tickettest.Fresh(w.t, w.o.db, id)
		got := life{status: tk.Status, assignee: value(tk.AssigneeID), holder: value(tk.HolderID), fence: tk.Fence, version: tk.Version, public: tk.PublicVersion,
			alive: tk.LeaseUntil != nil && tk.LeaseUntil.After(time.Now())}
		want := life{status: l.status, assignee: l.assignee, holder: l.holder, fence: l.fence, version: l.version, public: l.public, alive: l.alive}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			rt.Fatalf("ticket %d is %+v and should be %+v", id, got, want)
		}
	}
}

// told holds messages, notes and events against the model, and the events against
// the rows.
func (w *world) told(rt *rapid.T) {
	for id, l := range w.lives {
		in, out := w.o.count(w.t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'in'", id), w.o.count(w.t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'out'", id)
		notes := w.o.count(w.t, "SELECT count(*) FROM notes WHERE ticket_id = ?", id)
		if in != int64(l.in) || out != int64(l.out) || notes != int64(l.notes) {
			rt.Fatalf("ticket %d has %d, %d and %d messages and notes, and should have %d, %d and %d", id, in, out, notes, l.in, l.out, l.notes)
		}
		if err := tickettest.ToldWell(w.t, w.o.db, id); err != nil {
			rt.Fatal(err)
		}
	}
}

func value(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
