package intake_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Whoever erases is remembered, what waits or is a ticket's stays, and what was
// erased does not come in again.
func TestAttack099APersonErasesWhatBecameNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.digesting(newReader())
	o.run(in)
	admin := tickettest.Account(t, o.db, access.Admin)
	purged := o.accept(in, "purged", script{Fate: intake.FateAutomatic, Body: "Ana Souza"})
	removed := o.accept(in, "removed", script{Fate: intake.FateDiscarded})
	waits := o.accept(in, "waits", script{Do: "unavailable"})
	o.fate("purged")
	o.fate("removed")
	r, err := in.Submit(t.Context(), checked(t, submission()))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[int64]error{waits: intake.ErrWaiting, r.LedgerID: intake.ErrOfTicket, 1 << 40: intake.ErrNotFound} {
		for _, altogether := range []bool{false, true} {
			if err := in.Erase(t.Context(), admin, id, "pedido do titular", altogether); !errors.Is(err, want) {
				t.Errorf("erasing %d: %v", id, err)
			}
		}
	}
	for _, remark := range []string{"", " \n", "a\x00b", "\xff", strings.Repeat("a", intake.MaxRemark+1)} {
		if err := in.Erase(t.Context(), admin, purged, remark, false); !errors.Is(err, intake.ErrRemark) {
			t.Errorf("%q: %v", remark, err)
		}
	}
	if err := errors.Join(in.Erase(t.Context(), admin, purged, " pedido do titular ", false), in.Erase(t.Context(), admin, removed, "fim do prazo", true)); err != nil {
		t.Fatal(err)
	}
	e, told, err := in.Entry(t.Context(), purged, outside)
	if err != nil || !e.Purged || e.DecidedBy != admin.Name || e.Remark != "pedido do titular" || len(told) != 0 {
		t.Errorf("%+v, %v, %v", e, told, err)
	}
	if _, _, err := in.Entry(t.Context(), removed, inside); !errors.Is(err, intake.ErrNotFound) {
		t.Error(err)
	}
	for key, id := range map[string]int64{"purged": purged, "removed": 0} {
		if got, err := in.Accept(t.Context(), script{}.arrival(key)); err != nil && !errors.Is(err, intake.ErrReused) || got.LedgerID != id && err == nil {
			t.Errorf("%s again: %+v, %v", key, got, err)
		}
	}
	o.consistent()
}

// Whom a case accuses sees nothing of it in the ledger, whatever their rank.
func TestTheLedgerShowsNoCaseToWhomItAccuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	accused, other := tickettest.Account(t, o.db, access.Ombudsman), tickettest.Account(t, o.db, access.Ombudsman)
	m := checked(t, submission())
	m.Channel, m.Keep = channel.Ombudsman, true
	m.Fields = map[string]string{"case.barred": string(access.Bar([]int64{accused.AccountID}, nil))}
	r, err := in.Submit(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if seen, _, err := in.Ledger(t.Context(), intake.Query{}, other.Scope()); err != nil || len(seen) != 1 {
		t.Fatalf("the other sees %v, %v", seen, err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, other.Scope()); err != nil || s.Received != 1 {
		t.Errorf("the other counts %+v, %v", s, err)
	}
	if seen, _, err := in.Ledger(t.Context(), intake.Query{}, accused.Scope()); err != nil || len(seen) != 0 {
		t.Errorf("the accused sees %v, %v", seen, err)
	}
	if s, err := in.Summary(t.Context(), intake.Period{}, accused.Scope()); err != nil || s.Received != 0 || len(s.Days) != 0 || len(s.ByChannel) != 0 {
		t.Errorf("the accused counts %+v, %v", s, err)
	}
	_, _, entry := in.Entry(t.Context(), r.LedgerID, accused.Scope())
	_, source := in.Source(t.Context(), r.LedgerID, accused.Scope())
	_, retry := in.Retry(t.Context(), r.LedgerID, accused.Scope())
	for what, err := range map[string]error{
		"entry": entry, "source": source, "retry": retry, "discard": in.Discard(t.Context(), accused, r.LedgerID, "x"),
		"erase": in.Erase(t.Context(), accused, r.LedgerID, "x", true),
	} {
		if !errors.Is(err, intake.ErrNotFound) {
			t.Errorf("%s by the accused: %v", what, err)
		}
	}
}
