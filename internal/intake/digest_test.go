package intake_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

func TestEachArrivalGetsItsFate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.idle()
	r := newReader()
	in.Digest(channel.Email, r)
	o.run(in)
	accept := func(key string, s script) {
		t.Helper()
		got, err := in.Accept(t.Context(), s.arrival(key))
		if err != nil || got.LedgerID == 0 || got.Replayed {
			t.Fatal(got, err)
		}
	}
	accept("1", script{Fate: intake.FateTicket, Body: "Não recebi."})
	if fate, _ := o.fate("1"); fate != "ticket" {
		t.Fatal(fate)
	}
	first := r.settled["mail:1"]
	if first.TicketID == 0 || first.MessageID == 0 || first.Protocol == "" {
		t.Fatalf("receipt %+v", first)
	}
	for key, s := range map[string]script{
		"reply":       {Fate: intake.FateReply, Ticket: first.TicketID, Body: "E agora?"},
		"automatic":   {Fate: intake.FateAutomatic, Ticket: first.TicketID, Body: "Estou de férias."},
		"automatic2":  {Fate: intake.FateAutomatic},
		"duplicate":   {Fate: intake.FateDuplicate, Ticket: first.TicketID},
		"discarded":   {Fate: intake.FateDiscarded},
		"quarantined": {Fate: intake.FateQuarantined},
	} {
		accept(key, s)
		if fate, reason := o.fate(key); fate != string(s.Fate) || reason != "because" {
			t.Errorf("%s became %s, %s", key, fate, reason)
		}
	}
	if n := o.count(`SELECT count(*) FROM messages WHERE ticket_id = $1 AND html <> '' AND folded = '> antes' AND origin->>'por' = 'teste'`, first.TicketID); n != 3 {
		t.Errorf("%d messages carry what they came with", n)
	}
	if n := o.count(`SELECT count(*) FROM attachments WHERE ticket_id = $1 AND content_id = 'i1'`, first.TicketID); n != 3 {
		t.Errorf("%d files", n)
	}
	if n := o.count(`SELECT public_version FROM tickets WHERE id = $1 AND kind = 'solicitacao'`, first.TicketID); n != o.count(`SELECT version FROM messages WHERE body = 'E agora?'`) {
		t.Errorf("public version %d", n)
	}
	o.consistent()
}

// What is wrong with one arrival is told of it, and holds back none behind it.
func TestABadArrivalIsQuarantinedAndTheNextIsHandled(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := newReader()
	t.Cleanup(func() { close(r.hold) })
	in, front := o.digesting(r), o.node()
	want := map[string]string{
		"panic": "digest_panic", "panic later": "digest_panic", "hang": "poison", "broken": "poison",
		"invalid": "mail_unreadable", "nul": "submission_refused", "unsettled": "mail_unsettled",
	}
	for do := range want {
		o.accept(front, do, script{Fate: intake.FateTicket, Body: "x", Do: do})
	}
	o.accept(front, "killer", script{Fate: intake.FateTicket, Body: "x"})
	o.exec(`UPDATE intake_ledger SET attempts = 3 WHERE source_key = 'mail:killer'`) // three times it took the process with it
	o.accept(front, "odd", script{Fate: intake.FatePending, Body: "x"})
	o.accept(front, "good", script{Fate: intake.FateTicket, Body: "x"})
	want["killer"], want["odd"] = "poison", "poison"
	o.run(in)
	if fate, _ := o.fate("good"); fate != "ticket" {
		t.Errorf("the good one became %s", fate)
	}
	for key, reason := range want {
		if fate, got := o.fate(key); fate != "quarantined" || got != reason {
			t.Errorf("%s became %s, %s; want %s", key, fate, got, reason)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, reads := range map[string]int{"mail:killer": 0, "mail:panic": 1, "mail:hang": 3, "mail:broken": 3, "mail:invalid": 1} {
		if r.reads[key] != reads {
			t.Errorf("%s was read %d times, want %d", key, r.reads[key], reads)
		}
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 {
		t.Errorf("%d tickets", n)
	}
	o.consistent()
}

// A failure that passes leaves the arrival pending for as long as it lasts, and
// is no mark against it.
func TestWhatPassesIsTriedUntilItHasPassed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := newReader()
	in := o.digesting(r)
	o.run(in)
	o.accept(in, "1", script{Fate: intake.FateTicket, Do: "unavailable"})
	o.accept(in, "2", script{Fate: intake.FateTicket, Do: "die once"})
	if fate, _ := o.fate("2"); fate != "ticket" {
		t.Errorf("what was interrupted became %s", fate)
	}
	o.eventually(func() bool {
		return o.count(`SELECT failures FROM intake_ledger WHERE source_key = 'mail:1'`) > 5
	})
	if n := o.count(`SELECT count(*) FROM intake_ledger WHERE source_key = 'mail:1' AND fate = 'pending' AND reason = 'protocols_exhausted' AND attempts <= 1`); n != 1 {
		t.Error("it does not wait as it should")
	}
	if n := o.count(`SELECT count(*) FROM tickets`); n != 1 {
		t.Errorf("%d tickets", n)
	}
	o.consistent()
}

// Two nodes work off one backlog: each arrival is settled once.
func TestTwoNodesDigestOneBacklog(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := newReader()
	a, b := o.digesting(r), o.digesting(r)
	const n = 300
	stop := o.run(a)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			s := script{Fate: intake.FateTicket, Body: fmt.Sprint(i)}
			if _, err := a.Accept(t.Context(), s.arrival(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	o.run(b)
	all.Wait()
	o.eventually(func() bool { return o.count(`SELECT count(*) FROM intake_ledger WHERE fate = 'ticket'`) == n })
	stop()
	if tickets := o.count(`SELECT count(*) FROM tickets`); tickets != n {
		t.Errorf("%d tickets of %d arrivals", tickets, n)
	}
	o.consistent()
}

// A thousand at once, each brought twice and once with another content.
func TestAttack62AThousandArrivalsAndTheirRepetitions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	const n = 1000
	var mu sync.Mutex
	fresh, again, reused := map[int64]bool{}, 0, 0
	var all sync.WaitGroup
	callers := make(chan struct{}, 256)
	for i := range 3 * n {
		callers <- struct{}{}
		all.Go(func() {
			defer func() { <-callers }()
			key, body := fmt.Sprint(i%n), "a"
			if i >= 2*n {
				key, body = fmt.Sprint("r", i%n%7), fmt.Sprint(i) // one of many contents wins each key
			}
			got, err := in.Accept(t.Context(), script{Body: body}.arrival(key))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, intake.ErrReused):
				reused++
			case err != nil:
				t.Error(err)
			case got.Replayed:
				again++
			default:
				fresh[got.LedgerID] = true
			}
		})
	}
	all.Wait()
	if len(fresh) != n+7 || again != n || reused != n-7 {
		t.Errorf("%d fresh, %d repetitions, %d reused keys", len(fresh), again, reused)
	}
	s, err := in.Summary(t.Context(), intake.Period{}, inside)
	if err != nil || s.Received != n+7 || s.Pending != n+7 || s.Accounted != 0 {
		t.Errorf("summary %+v, %v", s, err)
	}
	o.consistent()
}

func TestALargeSourceIsAFileAndComesBackWhole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := newReader()
	in := o.digesting(r)
	o.run(in)
	a := script{Fate: intake.FateQuarantined}.arrival("large")
	a.Raw = append(a.Raw, bytes.Repeat([]byte(" "), 300<<10)...)
	got, err := in.Accept(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if fate, _ := o.fate("large"); fate != "quarantined" {
		t.Fatal(fate)
	}
	if n := o.count(`SELECT count(*) FROM intake_ledger WHERE raw IS NULL AND raw_blob IS NOT NULL AND fate = 'quarantined'`); n != 1 {
		t.Error("it is not a file")
	}
	raw, err := in.Source(t.Context(), got.LedgerID, outside)
	if err != nil || string(raw) != string(a.Raw) {
		t.Errorf("%d bytes of %d came back, %v", len(raw), len(a.Raw), err)
	}
}
