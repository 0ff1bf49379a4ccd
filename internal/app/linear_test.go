package app_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

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
