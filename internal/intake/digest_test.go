package intake_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
)

// script is what an arrival of these tests wants to become.
type script struct {
	Fate   intake.Fate `json:"fate"`
	Ticket int64       `json:"ticket,omitempty"`
	Body   string      `json:"body,omitempty"`
	Do     string      `json:"do,omitempty"` // what goes wrong
}

func (s script) arrival(key string) channel.Arrival {
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return channel.Arrival{Channel: channel.Email, SourceKey: "mail:" + key, BodyHash: sha256.Sum256(raw), Raw: raw, Envelope: json.RawMessage(`{"folder":"INBOX"}`)}
}

// reader digests scripts, and remembers what it has settled.
type reader struct {
	mu      sync.Mutex
	reads   map[string]int
	settled map[string]intake.Receipt
	deaths  map[string]int

	hold chan struct{} // what "hang" waits for
}

func newReader() *reader {
	return &reader{reads: map[string]int{}, settled: map[string]intake.Receipt{}, deaths: map[string]int{}, hold: make(chan struct{})}
}

type scripted struct {
	*reader
	script
	intake.Stored
}

func (r *reader) Read(ctx context.Context, s intake.Stored) (intake.Reading, error) {
	r.mu.Lock()
	r.reads[s.SourceKey]++
	r.mu.Unlock()
	var x script
	if err := json.Unmarshal(s.Raw, &x); err != nil {
		return nil, fault.New(fault.Invalid, "mail_unreadable").Because(err)
	}
	switch x.Do {
	case "panic":
		panic("these bytes are cursed")
	case "hang":
		<-r.hold
	case "invalid":
		return nil, fault.New(fault.Invalid, "mail_unreadable")
	case "unavailable":
		return nil, fault.New(fault.Unavailable, "protocols_exhausted")
	case "broken":
		return nil, fmt.Errorf("something is broken")
	}
	return scripted{r, x, s}, nil
}

func (s scripted) Decide(ctx context.Context, tx *gorm.DB) (intake.Verdict, error) {
	switch s.Do {
	case "panic later":
		panic("this one is cursed, too")
	case "nul":
		s.Body = "\x00"
	case "die once":
		s.mu.Lock()
		s.deaths[s.SourceKey]++
		first := s.deaths[s.SourceKey] == 1
		s.mu.Unlock()
		if first {
			return intake.Verdict{}, tx.Exec("SELECT pg_terminate_backend(pg_backend_pid())").Error
		}
	}
	return intake.Verdict{
		Fate: s.Fate, Reason: "because", TicketID: s.Ticket,
		Inbound: channel.Inbound{Name: "Bia Ramos", Email: "bia@cliente.example", Subject: "Assunto", Body: s.Body, HTML: "<p>" + s.Body, Folded: "> antes",
			Origin: json.RawMessage(`{"por": "teste"}`), Files: []channel.File{{Blob: "b", Name: "a.png", Mime: "image/png", Size: 3, ContentID: "i1"}}},
		Settled: func(_ context.Context, _ *gorm.DB, r intake.Receipt) error {
			if s.Do == "unsettled" {
				return fault.New(fault.Conflict, "mail_unsettled")
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.settled[s.SourceKey] = r
			return nil
		},
	}, nil
}

// fate waits until an arrival has one.
func (o *office) fate(key string) (fate, reason string) {
	o.Helper()
	o.eventually(func() bool {
		err := o.db.Pool.QueryRow(context.Background(), `SELECT fate, reason FROM intake_ledger WHERE source_key = 'mail:' || $1`, key).Scan(&fate, &reason)
		return err == nil && fate != "pending"
	})
	return fate, reason
}

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

// digesting makes a node that digests scripts in a hurry.
func (o *office) digesting(r *reader) *intake.Intake {
	o.Helper()
	in := o.idle()
	in.Digest(channel.Email, r)
	in.Hurry(200 * time.Millisecond)
	return in
}

func (o *office) accept(in *intake.Intake, key string, s script) int64 {
	o.Helper()
	got, err := in.Accept(o.Context(), s.arrival(key))
	if err != nil || got.LedgerID == 0 || got.Replayed {
		o.Fatal(got, err)
	}
	return got.LedgerID
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

func TestDiscardsAreAPersonsAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.digesting(newReader())
	account := int64(o.count(`INSERT INTO accounts (email, name, role, password_hash) VALUES ('s@aroeira.example', 'Sílvia', 'supervisor', '') RETURNING id`))
	who := access.Actor{AccountID: account, Role: access.Admin}
	o.run(in)
	id := o.accept(in, "1", script{Fate: intake.FateTicket, Do: "invalid"})
	o.fate("1")
	for _, bad := range []string{"", "  ", "\xff", "a\x00", string(make([]rune, intake.MaxRemark+1))} {
		if err := in.Discard(t.Context(), who, id, bad); !errors.Is(err, intake.ErrRemark) {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
	if err := in.Discard(t.Context(), who, id, " Propaganda "); err != nil {
		t.Fatal(err)
	}
	e, _, err := in.Entry(t.Context(), id, outside)
	if err != nil || e.Fate != intake.FateDiscarded || e.DecidedBy != "Sílvia" || e.Remark != "Propaganda" || e.FatedAt == nil || e.Reason != intake.ReasonByHand {
		t.Errorf("entry %+v, %v", e, err)
	}
	if err := in.Discard(t.Context(), who, id, "de novo"); !errors.Is(err, intake.ErrSettled) {
		t.Error(err)
	}
	if err := in.Discard(t.Context(), who, 1<<40, "x"); !errors.Is(err, intake.ErrNotFound) {
		t.Error(err)
	}
	o.consistent()
	// It is as wrong as it was: the try says so, and it waits for a person again.
	if _, err := in.Retry(t.Context(), id, outside); fault.From(err).Code != "mail_unreadable" {
		t.Error(err)
	}
	if fate, reason := o.fate("1"); fate != "quarantined" || reason != "mail_unreadable" {
		t.Error(fate, reason)
	}
	// Mended, it becomes what it should have been.
	o.exec(`UPDATE intake_ledger SET raw = convert_to(replace(convert_from(raw, 'UTF8'), 'invalid', ''), 'UTF8') WHERE id = $1`, id)
	got, err := in.Retry(t.Context(), id, outside)
	if err != nil || got.TicketID == 0 || got.LedgerID != id {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := in.Retry(t.Context(), id, outside); !errors.Is(err, intake.ErrSettled) {
		t.Error(err)
	}
	o.consistent()
}

// What was erased is known when it is brought again, and does not come in.
func TestAttack99WhatWasErasedDoesNotComeBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.digesting(newReader())
	o.run(in)
	purged := o.accept(in, "purged", script{Fate: intake.FateAutomatic, Body: "Ana Souza, CPF 111.444.777-35"})
	removed := o.accept(in, "removed", script{Fate: intake.FateDiscarded})
	waits := o.accept(in, "waits", script{Do: "unavailable"})
	o.fate("purged")
	o.fate("removed")
	erase := func(do func(context.Context, *gorm.DB, ...int64) error, id int64) error {
		return o.db.InTx(t.Context(), func(tx *gorm.DB) error { return do(t.Context(), tx, id) })
	}
	for _, do := range []func(context.Context, *gorm.DB, ...int64) error{in.Purge, in.Remove} {
		if err := erase(do, waits); !errors.Is(err, intake.ErrWaiting) {
			t.Error(err)
		}
	}
	if err := errors.Join(erase(in.Purge, purged), erase(in.Remove, removed)); err != nil {
		t.Fatal(err)
	}
	if n := o.count(`SELECT count(*) FROM intake_ledger WHERE id = $1 AND raw IS NULL AND raw_blob IS NULL AND envelope IS NULL`, purged); n != 1 {
		t.Error("bytes are left of what was purged")
	}
	if n := o.count(`SELECT count(*) FROM intake_tombstones WHERE key_hash = sha256('mail:removed') OR position('removed' IN encode(key_hash, 'escape')) > 0`); n != 0 {
		t.Error("the tombstone tells its key")
	}
	if _, err := in.Source(t.Context(), purged, outside); !errors.Is(err, intake.ErrPurged) {
		t.Error(err)
	}
	if _, err := in.Retry(t.Context(), removed, inside); !errors.Is(err, intake.ErrNotFound) {
		t.Error(err)
	}
	before := o.count(`SELECT count(*) FROM intake_ledger`)
	got, err := in.Accept(t.Context(), script{Fate: intake.FateAutomatic, Body: "Ana Souza, CPF 111.444.777-35"}.arrival("purged"))
	if err != nil || !got.Replayed || got.LedgerID != purged {
		t.Errorf("the purged one again: %+v, %v", got, err)
	}
	got, err = in.Accept(t.Context(), script{Fate: intake.FateDiscarded}.arrival("removed"))
	if err != nil || !got.Replayed || got.LedgerID != 0 {
		t.Errorf("the removed one again: %+v, %v", got, err)
	}
	if after := o.count(`SELECT count(*) FROM intake_ledger`); after != before {
		t.Errorf("%d entries became %d", before, after)
	}
	o.consistent()
}

func TestTheDayOfReceiptIsTheOneThatCounts(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.digesting(newReader())
	o.run(in)
	for i, at := range []string{"2026-11-20T02:59:59Z", "2026-11-20T03:00:00Z", "2026-11-20T20:00:00Z"} { // midnight in São Paulo is 3:00
		a := script{Fate: intake.FateAutomatic}.arrival(fmt.Sprint(i))
		a.ReceivedAt = must(time.Parse(time.RFC3339, at))
		if _, err := in.Accept(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		o.fate(fmt.Sprint(i))
	}
	day := func(d int) brazil.Date { return brazil.Date{Year: 2026, Month: time.November, Day: d} }
	s, err := in.Summary(t.Context(), intake.Period{From: day(18), To: day(20)}, outside)
	if err != nil || s.Received != 3 || len(s.Days) != 2 || s.Days[0].Day != day(20) || s.Days[0].Received != 2 || s.Days[1].Day != day(19) || s.Days[1].Accounted != 1 {
		t.Errorf("summary %+v, %v", s, err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{From: day(20), To: day(20)}, outside); err != nil || s.Received != 2 || s.Pending != 0 {
		t.Errorf("of one day %+v, %v", s, err)
	}
	for _, p := range []intake.Period{{From: day(20), To: day(19)}, {From: brazil.Date{Year: 1999, Month: 1, Day: 1}, To: day(20)}} {
		if _, err := in.Summary(t.Context(), p, outside); !errors.Is(err, intake.ErrPeriod) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if all, _, err := in.Ledger(t.Context(), intake.Query{Channel: channel.Email, Day: day(20), Fate: intake.FateAutomatic}, outside); err != nil || len(all) != 2 {
		t.Errorf("listed %+v, %v", all, err)
	}
	if all, _, err := in.Ledger(t.Context(), intake.Query{Channel: channel.Webform}, outside); err != nil || len(all) != 0 {
		t.Errorf("listed %+v, %v", all, err)
	}
}

func TestTheOmbudsmansArrivalsStayBehindTheWall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := newReader()
	in := o.digesting(r)
	in.Digest(channel.Ombudsman, r)
	o.run(in)
	a := script{Fate: intake.FateQuarantined, Body: "denúncia"}.arrival("1")
	a.Channel = channel.Ombudsman
	got, err := in.Accept(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	o.fate("1")
	if err := in.Sources().Failed(t.Context(), intake.Source{Channel: channel.Ombudsman, Name: "caixa"}, "refused"); err != nil {
		t.Fatal(err)
	}
	who := access.Actor{AccountID: 1, Role: access.Admin}
	_, _, entry := in.Entry(t.Context(), got.LedgerID, outside)
	_, source := in.Source(t.Context(), got.LedgerID, outside)
	_, retry := in.Retry(t.Context(), got.LedgerID, outside)
	for what, err := range map[string]error{"entry": entry, "source": source, "retry": retry, "discard": in.Discard(t.Context(), who, got.LedgerID, "x")} {
		if !errors.Is(err, intake.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, outside); err != nil || s.Received != 0 || len(s.Days) != 0 || len(s.ByChannel) != 0 {
		t.Errorf("summary %+v, %v", s, err)
	}
	if all, err := in.Sources().List(t.Context(), false); err != nil || len(all) != 0 {
		t.Errorf("sources %+v, %v", all, err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, inside); err != nil || s.Received != 1 || len(s.Days) != 1 {
		t.Errorf("summary from inside %+v, %v", s, err)
	}
	if raw, err := in.Source(t.Context(), got.LedgerID, inside); err != nil || len(raw) == 0 {
		t.Errorf("source from inside %q, %v", raw, err)
	}
	if all, err := in.Sources().List(t.Context(), true); err != nil || len(all) != 1 || !all[0].Failing() {
		t.Errorf("sources from inside %+v, %v", all, err)
	}
}
