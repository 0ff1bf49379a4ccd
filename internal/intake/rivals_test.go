package intake_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
)

// Valid documents and phones, few enough that everybody collides.
var (
	documents = []string{"", "111.444.777-35", "529.982.247-25", "11.222.333/0001-81"}
	phones    = []string{"", "(11) 98765-4321", "(21) 3333-4444", "(31) 99876-5432"}
)

// collide makes a submission whose identities are shared with many others, in
// every mixture of what decides and what only comes along.
func collide(r *rand.Rand) func(*webform.Submission) {
	return func(s *webform.Submission) {
		s.Email = ""
		if n := r.IntN(4); n > 0 {
			s.Email = fmt.Sprintf("pessoa%d@example.com", n)
		}
		s.Phone, s.Document = phones[r.IntN(len(phones))], documents[r.IntN(len(documents))]
	}
}

func TestRivalsOnSeveralNodesTakeEverythingInOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	nodes := []*intake.Intake{o.node(), o.node(), o.node()}
	const submitters, each = 64, 12
	var accepted sync.Map // source key -> ticket
	var all sync.WaitGroup
	for i := range submitters {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 7))
			for j := range each {
				// Half of the keys are used by a neighbour too, with the same content.
				owner := i
				if j%2 == 0 {
					owner = i / 2
				}
				content := rand.New(rand.NewPCG(uint64(owner), uint64(j)))
				s := submission(collide(content), func(s *webform.Submission) {
					s.Name, s.Key = "Pessoa", fmt.Sprintf("%d-%d-%d", j%2, owner, j)
				})
				m := checked(t, s)
				receipt, err := nodes[r.IntN(len(nodes))].Submit(t.Context(), m)
				if err != nil {
					t.Errorf("%s: %v", m.SourceKey, err)
					return
				}
				if before, there := accepted.LoadOrStore(m.SourceKey, receipt.TicketID); there && before != receipt.TicketID {
					t.Errorf("%s became tickets %v and %d", m.SourceKey, before, receipt.TicketID)
				}
			}
		})
	}
	all.Wait()
	keys := 0
	accepted.Range(func(any, any) bool { keys++; return true })
	if n := o.count(`SELECT count(*) FROM intake_ledger`); n != keys {
		t.Errorf("%d keys accepted, %d ledger rows", keys, n)
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != keys {
		t.Errorf("%d keys accepted, %d tickets", keys, n)
	}
	// The deciding identity of each sender is its customer's.
	if n := o.count(`SELECT count(*) FROM tickets t JOIN ticket_contacts l ON l.ticket_id = t.id JOIN contacts c ON c.id = l.contact_id
		LEFT JOIN identities i ON (i.kind, i.value) = (
		  SELECT key, value FROM jsonb_each_text(c.data->'from') ORDER BY key = 'email' DESC, key = 'phone' DESC LIMIT 1)
		WHERE c.data ? 'from' AND t.customer_id IS DISTINCT FROM i.customer_id`); n != 0 {
		t.Errorf("%d tickets with somebody else's customer", n)
	}
	o.consistent()
}

func TestConnectionsThatDieLoseNothingAndDoubleNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	const submitters, each = 16, 12
	var done atomic.Bool
	var killed, accepted atomic.Int64
	var killer, all sync.WaitGroup
	killer.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		r, seen, wait := rand.New(rand.NewPCG(1, 2)), int64(0), 0
		for range tick.C {
			if done.Load() {
				return
			}
			// Each kill waits for an acceptance after the one before, so that the work
			// ends on any machine, and a little more, so that it hits every part of a group.
			if now := accepted.Load(); now == seen {
				continue
			} else if wait++; wait < r.IntN(8) {
				continue
			} else {
				seen, wait = now, 0
			}
			n := 0
			// Whatever the intake's sessions are doing: between two statements, in one, at the commit.
			err := o.db.Pool.QueryRow(context.Background(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'escuta intake' AND state <> 'idle'`).Scan(&n)
			if err != nil {
				t.Error(err)
				return
			}
			killed.Add(int64(n))
		}
	})
	var receipts sync.Map
	for range submitters {
		all.Go(func() {
			for range each {
				r, err := in.Submit(t.Context(), checked(t, submission()))
				if err != nil {
					t.Errorf("refused: %v", err)
					return
				}
				accepted.Add(1)
				if r.Replayed {
					t.Errorf("a first submission was told to be a repetition")
				}
				if _, twice := receipts.LoadOrStore(r.Protocol, r.TicketID); twice {
					t.Errorf("protocol %s given twice", r.Protocol)
				}
			}
		})
	}
	all.Wait()
	done.Store(true)
	killer.Wait()
	if killed.Load() == 0 {
		t.Error("no connection was killed")
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != submitters*each {
		t.Errorf("%d accepted, %d tickets, after %d kills", submitters*each, n, killed.Load())
	}
	receipts.Range(func(p, id any) bool {
		if n := o.count(`SELECT count(*) FROM protocols WHERE protocol = $1 AND ticket_id = $2`, p, id); n != 1 {
			t.Errorf("%v was told to a customer, and is not kept", p)
		}
		return true
	})
	o.consistent()
}

func TestOneBadItemDoesNotKeepTheOthersOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	var all sync.WaitGroup
	for i := range 50 {
		m := checked(t, submission())
		bad := i%17 == 5
		if bad {
			m.Subject = "um NUL \x00 que o canal deixou passar"
		}
		all.Go(func() {
			_, err := in.Submit(t.Context(), m)
			if bad != errors.Is(err, intake.ErrRefused) || !bad && err != nil {
				t.Errorf("item %d: %v", i, err)
			}
		})
	}
	waitFor(t, func() bool { return in.Waiting() == 50 })
	o.run(in)
	all.Wait()
	if n := o.count(`SELECT count(*) FROM tickets`); n != 47 {
		t.Errorf("%d tickets of 47", n)
	}
	o.consistent()
}

func TestWhatCannotBeRefusedIsKeptForAPerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	bad := checked(t, submission())
	good := bad.Subject
	bad.Keep, bad.Subject = true, "um \x00 NUL"
	r, err := in.Submit(t.Context(), bad)
	if err != nil || r.LedgerID == 0 || r.TicketID != 0 {
		t.Fatalf("receipt %+v, %v", r, err)
	}
	if again, err := in.Submit(t.Context(), bad); err != nil || again.LedgerID != r.LedgerID {
		t.Errorf("the repetition: %+v, %v", again, err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, inside); err != nil || s.Received != 1 || s.Accounted != 1 || s.ByFate[intake.FateQuarantined] != 1 {
		t.Errorf("summary %+v, %v", s, err)
	}
	// Its raw source is sound here, so another try takes it in; and a second one comes too late.
	retried, err := in.Retry(t.Context(), r.LedgerID, inside)
	if err != nil || retried.LedgerID != r.LedgerID || retried.TicketID == 0 {
		t.Fatalf("retried %+v, %v", retried, err)
	}
	if _, err := in.Retry(t.Context(), r.LedgerID, inside); !errors.Is(err, intake.ErrSettled) {
		t.Errorf("a second retry: %v", err)
	}
	if _, err := in.Retry(t.Context(), 99, inside); !errors.Is(err, intake.ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, inside); err != nil || s.Received != 1 || s.ByFate[intake.FateTicket] != 1 || s.ByFate[intake.FateQuarantined] != 0 {
		t.Errorf("summary %+v, %v", s, err)
	}
	if n := o.count(`SELECT count(*) FROM tickets WHERE subject = $1`, good); n != 1 {
		t.Error("the ticket is not what came in")
	}
	o.consistent()
}

func TestRetriesOfOneEntryAtOnceMakeOneTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	bad := checked(t, submission())
	bad.Keep, bad.Subject = true, "\x00"
	r, err := in.Submit(t.Context(), bad)
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch _, err := in.Retry(t.Context(), r.LedgerID, inside); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, intake.ErrSettled):
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 || won.Load() != 1 {
		t.Errorf("%d tickets, %d retries that worked", n, won.Load())
	}
	o.consistent()
}

func TestAFullQueueSaysSoAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	ctx, cancel := context.WithCancel(t.Context())
	m := checked(t, submission())
	var all sync.WaitGroup
	var busy atomic.Int64
	for range intake.QueueSize + 50 {
		all.Go(func() {
			if _, err := in.Submit(ctx, m); errors.Is(err, intake.ErrBusy) {
				busy.Add(1)
			} else if !errors.Is(err, intake.ErrUnconfirmed) {
				t.Errorf("%v", err)
			}
		})
	}
	waitFor(t, func() bool { return in.Waiting() == intake.QueueSize && busy.Load() == 50 })
	cancel() // everybody leaves; what nobody waits for is not taken in
	all.Wait()
	o.run(in)
	waitFor(t, func() bool { return in.Waiting() == 0 })
	if _, err := in.Submit(t.Context(), checked(t, submission())); err != nil {
		t.Error(err)
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 {
		t.Errorf("%d tickets", n)
	}
}

func TestAStoppedIntakeRefusesInsteadOfHanging(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	stop := o.run(in)
	var all sync.WaitGroup
	var accepted atomic.Int64
	for range 200 {
		m := checked(t, submission())
		all.Go(func() {
			switch _, err := in.Submit(t.Context(), m); {
			case err == nil:
				accepted.Add(1)
			case !errors.Is(err, intake.ErrStopped):
				t.Error(err)
			}
		})
	}
	stop()
	all.Wait()
	if n := o.count(`SELECT count(*) FROM tickets`); int64(n) != accepted.Load() {
		t.Errorf("%d accepted, %d tickets", accepted.Load(), n)
	}
	if _, err := in.Submit(t.Context(), checked(t, submission())); !errors.Is(err, intake.ErrStopped) {
		t.Errorf("after the end: %v", err)
	}
}

// waitFor polls until the condition holds, and fails the test when it never does.
func waitFor(t testing.TB, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}
