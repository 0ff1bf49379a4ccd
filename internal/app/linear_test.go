package app_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// act is something that somebody does to a ticket.
type act struct {
	what   string // claim, take_over, release, renew, reply, expire
	ticket int64
	who    int64
	super  bool // may take over and release what is others'
	fence  int64
	seen   int
}

// outcome is what somebody was told about it.
type outcome struct {
	code    string // "" is yes; "unknown" is no answer
	fence   int64
	version int
	holder  int64 // whom a refusal names
}

// desk is a ticket as the model knows it. It is what DESIGN.md says of claims and
// nothing else: if the answers of three servers, in whatever order they came,
// could have been those of this one ticket, then nobody was told a lie.
type desk struct {
	assignee, holder int64
	fence            int64
	public           int    // version of the last public message; -1 when it was never told
	ended            bool   // the lease was let run out, and may have been renewed since or not
	former           uint64 // who has held it, a bit for each
}

var deskModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{desk{public: 1}} },
	Step: func(state, input, output any) []any { return state.(desk).step(input.(act), output.(outcome)) },
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[int64][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(act).ticket
			by[id] = append(by[id], op)
		}
		var all [][]porcupine.Operation
		for _, ops := range by {
			all = append(all, ops)
		}
		return all
	},
	Equal:             func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
	DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
}

// step gives the states that the ticket may be in after an act that was answered
// so; none when that answer was not possible.
func (d desk) step(a act, got outcome) []any {
	switch a.what {
	case "expire":
		next := d
		next.ended = d.holder != 0
		return []any{next}
	case "claim":
		free := d.holder == 0 || d.holder == a.who || d.ended
		open := free && (d.assignee == 0 || d.assignee == a.who)
		// Of an ended lease nobody can tell who has renewed it just before. And a
		// copy in Redis that was not brought up to date refuses what is free; it
		// names who has held it.
		refused := !open || d.ended && d.holder != a.who || d.former&bit(got.holder) != 0
		return d.outcomes(a, got, open, refused, "already_claimed")
	case "take_over":
		return d.outcomes(a, got, true, false, "")
	case "release":
		yours := a.super || d.assignee == a.who || d.holder == a.who || d.assignee == 0 && d.holder == 0
		return d.outcomes(a, got, yours, !yours || d.ended, "not_your_ticket")
	case "renew":
		mine := d.holder == a.who && d.fence == a.fence
		return d.outcomes(a, got, mine, !mine || d.ended, "lease_lost")
	case "reply":
		return d.reply(a, got)
	}
	panic(a.what)
}

func bit(account int64) uint64 { return min(1, uint64(account)) << (account % 64) }

// outcomes are the states after an act that may be done, may be refused, or of
// which nobody knows.
func (d desk) outcomes(a act, got outcome, may, refused bool, code string) []any {
	switch got.code {
	case "":
		if next, ok := d.done(a, got); may && ok {
			return []any{next}
		}
	case "unknown":
		if !may {
			return []any{d}
		}
		next, _ := d.done(a, got)
		return []any{next}
	case code:
		if refused {
			return []any{d}
		}
	}
	return nil
}

// done is the ticket after an act, and whether its answer fits.
func (d desk) done(a act, got outcome) (desk, bool) {
	next, known := d, got.code == ""
	switch a.what {
	case "claim", "take_over":
		next.former |= bit(a.who)
		next.assignee, next.holder, next.fence, next.ended = a.who, a.who, d.fence+1, false
		return next, !known || got.fence == next.fence
	case "release":
		next.assignee, next.holder, next.ended = 0, 0, false
	}
	return next, true
}

func (d desk) reply(a act, got outcome) []any {
	stale := a.seen < d.public
	fenced := a.fence != d.fence
	taken := d.holder != 0 && d.holder != a.who
	next := d
	next.public = -1
	if d.holder != a.who && !fenced {
		// Whoever answers what nobody holds, or no longer, holds it by that.
		next.holder, next.ended, next.former = a.who, false, d.former|bit(a.who)
		if d.assignee == 0 {
			next.assignee = a.who
		}
	}
	switch got.code {
	case "":
		next.public = got.version
		if !fenced && !stale && (!taken || d.ended) && got.version > d.public {
			return []any{next}
		}
	case "unknown":
		if fenced || stale && d.public >= 0 || taken && !d.ended {
			return []any{d}
		}
		return []any{next, d}
	case "lease_lost":
		if fenced {
			return []any{d}
		}
	case "stale":
		if stale || d.public < 0 {
			return []any{d}
		}
	case "already_claimed":
		if taken {
			return []any{d}
		}
	}
	return nil
}

// history is what everybody did and was told, with the instants between which it
// happened.
type history struct {
	mu    sync.Mutex
	began time.Time
	over  chan struct{} // closed when nobody acts any more
	ops   []porcupine.Operation
}

func (h *history) note(who int, a act, call time.Time, got outcome) {
	end := time.Since(h.began).Nanoseconds()
	if got.code == "unknown" {
		end = math.MaxInt64 // it may still happen
	}
	h.mu.Lock()
	h.ops = append(h.ops, porcupine.Operation{ClientId: who, Input: a, Call: call.Sub(h.began).Nanoseconds(), Output: got, Return: end})
	h.mu.Unlock()
}

// goesOn waits until so many more acts were noted, or nobody acts any more.
func (h *history) goesOn(t testing.TB, more int) {
	t.Helper()
	length := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.ops)
	}
	until := length() + more
	eventually(t, "see the fight go on", func() error {
		select {
		case <-h.over:
			return nil
		default:
		}
		if n := length(); n < until {
			return fmt.Errorf("%d of %d acts", n, until)
		}
		return nil
	})
}

// rival is an agent or a supervisor who fights for tickets through any node.
type rival struct {
	colleague
	number int
	super  bool
	dice   *rand.Rand
	fences map[int64]int64
	seen   map[int64]int
	said   map[string]bool // by text: whether it was confirmed
}

// patience is how long a rival waits for an answer.
const patience = 4 * time.Second

// do does something to a ticket, and notes what it was told.
func (r *rival) do(t testing.TB, h *history, c *cluster, a act, text string) {
	path, body := fmt.Sprintf("/api/tickets/%d/", a.ticket), map[string]any{}
	switch a.what {
	case "claim":
		path += "claim"
	case "take_over":
		path += "claim"
		body = map[string]any{"take_over": true, "reason": "Sem resposta há muito tempo"}
	case "release":
		path += "release"
	case "renew":
		path += "lease"
		body = map[string]any{"fence": a.fence}
	case "reply":
		path += "replies"
		body = map[string]any{"body": text, "fence": a.fence, "seen_version": a.seen}
		r.said[text] = false
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	call := time.Now()
	status, answer, err := r.post(ctx, c.nodes[r.dice.IntN(len(c.nodes))], path, body)
	if dialled := new(net.OpError); errors.As(err, &dialled) && dialled.Op == "dial" {
		return // nobody was asked
	}
	got, fresh := understood(t, a, status, answer, err)
	h.note(r.number, a, call, got)
	if fresh.fence > 0 {
		r.fences[a.ticket] = fresh.fence
	}
	if fresh.version > 0 {
		r.seen[a.ticket] = fresh.version
	}
	if a.what == "reply" && got.code == "" {
		r.said[text] = true
	}
}

// understood reads an answer. What is no answer to the question is no answer:
// nobody knows then whether it was done.
func understood(t testing.TB, a act, status int, body []byte, err error) (got, fresh outcome) {
	var answer struct {
		Code   string
		Holder struct{ ID int64 }
		Ticket struct{ Version int }
		Lease  struct{ Fence int64 }
	}
	if err != nil || status >= http.StatusInternalServerError || status == http.StatusRequestTimeout || json.Unmarshal(body, &answer) != nil {
		return outcome{code: "unknown"}, outcome{}
	}
	switch {
	case status < 300:
		fresh = outcome{fence: answer.Lease.Fence, version: answer.Ticket.Version}
		if a.what == "renew" {
			fresh.fence = 0
		}
		return outcome{fence: fresh.fence, version: fresh.version}, fresh
	case status == http.StatusConflict || status == http.StatusForbidden:
		return outcome{code: answer.Code, holder: answer.Holder.ID}, outcome{}
	}
	t.Errorf("%+v: %d %s", a, status, body)
	return outcome{code: "unknown"}, outcome{}
}

// fight lets a rival do what it likes until the end.
func (r *rival) fight(t testing.TB, h *history, c *cluster, tickets []int64, round int) {
	for n := range 60 {
		a := act{ticket: tickets[r.dice.IntN(len(tickets))], who: r.id, super: r.super}
		fence, has := r.fences[a.ticket]
		a.fence, a.seen = max(fence, 1), max(r.seen[a.ticket], 1)
		switch dice := r.dice.IntN(10); {
		case has && dice < 5:
			a.what = "reply"
		case has && dice < 6:
			a.what = "renew"
		case has && dice < 8:
			a.what = "release"
			delete(r.fences, a.ticket)
		case r.super && dice == 9:
			a.what = "take_over"
		default:
			a.what = "claim"
		}
		r.do(t, h, c, a, fmt.Sprintf("resposta %d de %d na rodada %d", n, r.id, round))
	}
}

// Agents and supervisors claim, release, renew and answer the same few tickets
// through three nodes, while nodes are killed and stand still, Redis is flushed
// and killed, ways are bad and leases run out. Whatever they were told could
// have been said by one ticket that nobody but them changes one after the other
// (Herlihy and Wing's linearizability): never two holders (I8), no answer by a
// lost lease, and none past a message that was not seen.
func TestClaimsAndAnswersAreThoseOfOneTicketWhateverBreaks(t *testing.T) {
	t.Parallel()
	l := newLinked(t)
	seed, until := storm(t)
	dice := rand.New(rand.NewPCG(seed, 0))
	var rivals []*rival
	for n := range 8 {
		role := "agent"
		if n == 0 {
			role = "supervisor"
		}
		rivals = append(rivals, &rival{colleague: hire(t, l.db, role), number: n, super: n == 0, dice: rand.New(rand.NewPCG(seed, uint64(n)+1)),
			said: map[string]bool{}})
	}
	watch := follow(t, l.front, hire(t, l.db, "admin"), seed)
	for round := 0; round == 0 || time.Now().Before(until); round++ {
		l.round(dice, rivals, round)
	}
	for _, node := range l.nodes {
		eventually(t, "be ready after all", node.ready)
	}
	watch.upToDate(l.db)
	toldInOrder(t, l.db)
	l.said(rivals)
	l.copied()
}

// copied waits until no copy of a lease in Redis says otherwise than PostgreSQL.
func (l linked) copied() {
	l.t.Helper()
	rdb := l.redis.Client()
	eventually(l.t, "have copies of the leases as they are", func() error {
		keys, err := rdb.Keys(l.t.Context(), "lease:*").Result()
		if err != nil {
			return err
		}
		for _, key := range keys {
			copied := strings.SplitN(rdb.Get(l.t.Context(), key).Val(), ":", 3)
			var id, holder, fence int64
			if _, err := fmt.Sscanf(key, "lease:{%d}", &id); err != nil {
				l.t.Fatal(err)
			}
			query(l.t, l.db, `SELECT coalesce(holder_id, 0), fence FROM tickets WHERE id = $1`, []any{id}, &holder, &fence)
			if len(copied) == 3 && (copied[0] != fmt.Sprint(holder) || copied[1] != fmt.Sprint(fence)) {
				return fmt.Errorf("ticket %d is held by %d with fence %d, and the copy says %v", id, holder, fence, copied[:2])
			}
		}
		return nil
	})
}

// round is a fight over fresh tickets with every fault once, and its judgement.
func (l linked) round(dice *rand.Rand, rivals []*rival, round int) {
	l.t.Helper()
	var tickets []int64
	for n := range 6 {
		key := fmt.Sprintf("rodada-%d-%d", round, n)
		var id int64
		openTicket(l.t, l.front, l.db, key)
		query(l.t, l.db, `SELECT ticket_id FROM intake_ledger WHERE source_key = 'webform:' || $1::text`, []any{key}, &id)
		tickets = append(tickets, id)
	}
	h := &history{began: time.Now(), over: make(chan struct{})}
	var fight sync.WaitGroup
	for _, r := range rivals {
		r.fences, r.seen = map[int64]int64{}, map[int64]int{}
		fight.Go(func() { r.fight(l.t, h, l.cluster, tickets, round) })
	}
	go func() { fight.Wait(); close(h.over) }()
	faults := l.faults(dice, h, tickets)
	for _, n := range dice.Perm(len(faults)) {
		faults[n]()
	}
	<-h.over
	verdict, info := porcupine.CheckOperationsVerbose(deskModel.ToModel(), h.ops, time.Minute)
	yes, unknown := 0, 0
	for _, op := range h.ops {
		switch op.Output.(outcome).code {
		case "":
			yes++
		case "unknown":
			unknown++
		}
	}
	l.t.Logf("round %d: %d acts, %d done, %d without an answer: %s", round, len(h.ops), yes, unknown, verdict)
	if verdict != porcupine.Ok {
		file := fmt.Sprintf("%s/linear-%d.html", l.t.ArtifactDir(), round)
		if err := porcupine.VisualizePath(deskModel.ToModel(), info, file); err != nil {
			l.t.Error(err)
		}
		l.t.Errorf("what was told cannot have been one ticket: %s", file)
		for _, longest := range info.PartialLinearizationsOperations() {
			if told := unfit(h.ops, longest); told != "" {
				l.t.Log(told)
			}
		}
	}
	if yes < len(h.ops)/20 {
		l.t.Errorf("%d of %d acts were done: no fight", yes, len(h.ops))
	}
}

// unfit tells how far the acts of a ticket could be put in an order, and what came then.
func unfit(all []porcupine.Operation, orders [][]porcupine.Operation) string {
	var longest []porcupine.Operation
	for _, order := range orders {
		if len(order) > len(longest) {
			longest = order
		}
	}
	if len(longest) == 0 {
		return "no act of a ticket can be the first"
	}
	ticket, left := longest[0].Input.(act).ticket, []porcupine.Operation{}
	for _, op := range all {
		if op.Input.(act).ticket == ticket && !slices.Contains(longest, op) {
			left = append(left, op)
		}
	}
	if len(left) == 0 {
		return ""
	}
	told := fmt.Sprintf("ticket %d, in order:\n", ticket)
	for _, op := range longest[max(0, len(longest)-12):] {
		told += fmt.Sprintf("  %d–%d ms %s\n", op.Call/1e6, op.Return/1e6, deskModel.DescribeOperation(op.Input, op.Output))
	}
	told += "and then one of:\n"
	slices.SortFunc(left, func(a, b porcupine.Operation) int { return cmp.Compare(a.Call, b.Call) })
	for _, op := range left[:min(len(left), 12)] {
		told += fmt.Sprintf("  %d–%d ms %s\n", op.Call/1e6, op.Return/1e6, deskModel.DescribeOperation(op.Input, op.Output))
	}
	return told
}

// faults are what befalls the cluster, each for a moment.
func (l linked) faults(dice *rand.Rand, h *history, tickets []int64) []func() {
	moment := func() { h.goesOn(l.t, 20+dice.IntN(20)) }
	bad := func(links []*link) func() {
		return func() {
			way, what := sicken(dice, links)
			moment()
			way.mend()
			l.t.Log(what)
		}
	}
	return []func(){
		func() {
			if err := l.redis.Client().FlushAll(context.Background()).Err(); err != nil {
				l.t.Error(err)
			}
			moment()
		},
		func() { l.redis.Kill(); moment(); l.redis.Start() },
		func() {
			node := l.nodes[dice.IntN(len(l.nodes))]
			node.signal(syscall.SIGSTOP)
			moment()
			node.signal(syscall.SIGCONT)
		},
		func() { node := l.nodes[dice.IntN(len(l.nodes))]; node.crash(); node.start() },
		func() { l.expire(h, tickets[dice.IntN(len(tickets))]); moment() },
		func() { l.expire(h, tickets[dice.IntN(len(tickets))]); moment() },
		bad(l.toPostgres), bad(l.toPostgres), bad(l.toRedis), bad(l.toRedis),
	}
}

// expire lets a lease run out, and notes that.
func (l linked) expire(h *history, ticket int64) {
	call := time.Now()
	_, err := l.db.Exec(context.Background(), `UPDATE tickets SET lease_until = now() - interval '1 second' WHERE id = $1 AND holder_id IS NOT NULL`, ticket)
	if err != nil {
		l.t.Error(err)
	}
	h.note(-1, act{what: "expire", ticket: ticket}, call, outcome{})
}

// said compares the answers that were confirmed with those that are stored (I1, I4).
func (l linked) said(rivals []*rival) {
	l.t.Helper()
	confirmed, sent := []string{}, []string{}
	for _, r := range rivals {
		for text, yes := range r.said {
			sent = append(sent, text)
			if yes {
				confirmed = append(confirmed, text)
			}
		}
	}
	var kept, all, texts, known int
	query(l.t, l.db, `SELECT count(*) FILTER (WHERE body = ANY($1)), count(*), count(DISTINCT body), count(*) FILTER (WHERE body = ANY($2))
		FROM messages WHERE direction = 'out'`, []any{confirmed, sent}, &kept, &all, &texts, &known)
	if kept != len(confirmed) || all != texts || known != all || len(confirmed) == 0 {
		l.t.Errorf("%d answers confirmed, %d of them kept; %d answers of %d texts, %d of them sent", len(confirmed), kept, all, texts, known)
	}
}
