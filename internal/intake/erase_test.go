package intake_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/ombudsman"
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
	hiddenFromTheAccused(t, in, r.LedgerID, accused, other)
}

// Nor of a demand that waits for a person before it is a case. One that only
// quotes such words accuses nobody.
func TestTheLedgerShowsNoQuarantinedDemandToWhomItAccuses(t *testing.T) {
	t.Parallel()
	for what, bar := range map[string]func(accused access.Actor) access.Barred{
		"by account":  func(a access.Actor) access.Barred { return access.Bar([]int64{1, a.AccountID}, nil) },
		"by team":     func(a access.Actor) access.Barred { return access.Bar([]int64{1}, a.Teams) },
		"only quoted": func(access.Actor) access.Barred { return "" },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			in := o.node()
			tickettest.Account(t, o.db, access.Admin) // so that account 1 is neither of them
			accused := tickettest.Account(t, o.db, access.Ombudsman, tickettest.Team(t, o.db, "Cobrança"))
			other := tickettest.Account(t, o.db, access.Ombudsman)
			barred := bar(accused)
			m := checked(t, submission())
			m.Channel, m.Keep, m.Subject = channel.Ombudsman, true, "\x00" // which PostgreSQL refuses
			m.Raw = must(json.Marshal(ombudsman.Submission{
				Body:   `Denúncia. "barred":"` + string(access.Bar([]int64{accused.AccountID}, nil)) + `"`,
				Barred: barred,
			}))
			r, err := in.Submit(t.Context(), m)
			if err != nil || r.TicketID != 0 {
				t.Fatalf("%+v, %v", r, err)
			}
			if barred != "" {
				hiddenFromTheAccused(t, in, r.LedgerID, accused, other)
				return
			}
			if seen, _, err := in.Ledger(t.Context(), intake.Query{}, accused.Scope()); err != nil || len(seen) != 1 {
				t.Errorf("who is only quoted sees %v, %v", seen, err)
			}
		})
	}
}

// hiddenFromTheAccused demands that the only entry of the ledger is there for the
// other and in no way for the accused.
func hiddenFromTheAccused(t *testing.T, in *intake.Intake, id int64, accused, other access.Actor) {
	t.Helper()
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
	_, _, entry := in.Entry(t.Context(), id, accused.Scope())
	_, source := in.Source(t.Context(), id, accused.Scope())
	_, retry := in.Retry(t.Context(), id, accused.Scope())
	for what, err := range map[string]error{
		"entry": entry, "source": source, "retry": retry, "discard": in.Discard(t.Context(), accused, id, "x"),
		"erase": in.Erase(t.Context(), accused, id, "x", true),
	} {
		if !errors.Is(err, intake.ErrNotFound) {
			t.Errorf("%s by the accused: %v", what, err)
		}
	}
}
