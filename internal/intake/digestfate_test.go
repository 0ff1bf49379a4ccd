package intake_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/intake"
)

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
