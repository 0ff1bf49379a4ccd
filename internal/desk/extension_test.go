package desk_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// bankRegime gives the office a regime of ten banking days for denúncias, with
// one extension by as many and a cap of ten per cent a month, and returns its id.
func (o office) bankRegime(t *testing.T) (id int64) {
	t.Helper()
	err := o.db.Gorm.Raw(`INSERT INTO regimes (key, name, position, norm, evidence, active, extension, cap)
		VALUES ('test_bank', 'Ouvidoria de banco', 5, 'Res. CMN 4.860/2020', 'secondary', true, 10, 10) RETURNING id`).Scan(&id).Error
	if err == nil {
		err = o.db.Gorm.Exec(`INSERT INTO sla_policies (regime_id, position, name, kinds, clock, calendar, amount, unit, pauses, legal_ref)
			VALUES (?, 5, 'Banco: resposta conclusiva', '{denuncia}', 'legal', 'br-bank', 10, 'business_days', false, 'Res. CMN 4.860/2020')`, id).Error
	}
	if err == nil {
		err = o.policies.Reload(t.Context(), o.db.Gorm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// demands stores that many demands of the bank's regime, registered at an instant.
func (o office) demands(t *testing.T, n int, at time.Time) (last ticket.Ticket) {
	t.Helper()
	for range n {
		last = o.open(t, ticket.Ticket{Kind: "denuncia", OpenedAt: at})
	}
	return last
}

var more = desk.Extension{Reason: "Falta o laudo do perito", Message: "Precisamos de mais dez dias úteis para responder."}

func saoPaulo(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// brazil.md 3.6: ten banking days, then ten more, are twenty from the start.
func TestATermIsExtendedFromItsStart(t *testing.T) {
	t.Parallel()
	for start, want := range map[string][2]string{
		"2026-11-05": {"2026-11-19", "2026-12-04"},
		"2026-02-10": {"2026-02-26", "2026-03-12"},
		"2026-12-14": {"2026-12-29", "2027-01-13"},
	} {
		t.Run(start, func(t *testing.T) {
			t.Parallel()
			o, zone := newOffice(t), saoPaulo(t)
			o.bankRegime(t)
			tk := o.demands(t, 10, o.setClock(t, start+" 10:00"))
			c := o.clock(t, tk.ID, sla.Legal)
			if got := c.Due.In(zone).Format(time.DateOnly); got != want[0] {
				t.Fatalf("due %s, want %s", got, want[0])
			}
			o.setClock(t, start+" 16:00")
			sent, now, err := o.s.Extend(t.Context(), o.ana, tk.ID, c.ID, more)
			if err != nil {
				t.Fatal(err)
			}
			after := o.clock(t, tk.ID, sla.Legal)
			if got := after.Due.In(zone).Format(time.DateOnly); got != want[1] || after.Extension != 10 {
				t.Errorf("extended to %s by %d, want %s", got, after.Extension, want[1])
			}
			x := after.Extended
			if x == nil || x.Reason != more.Reason || *x.MessageID != sent.ID || x.AccountID != o.ana.AccountID || !x.OldDue.Equal(c.Due) || !x.NewDue.Equal(after.Due) {
				t.Errorf("noted %+v", x)
			}
			if sent.HeldUntil != nil || sent.Body != more.Message || now.HolderID != nil || now.Status != ticket.Open {
				t.Errorf("told %+v, ticket %+v", sent, now)
			}
			if told := o.lastTold(t, tk.ID); !strings.Contains(told, "extended") || !strings.Contains(told, `"why": "extension"`) {
				t.Error(told)
			}
			if _, _, err := o.s.Extend(t.Context(), o.ana, tk.ID, c.ID, more); !errors.Is(err, sla.ErrExtended) {
				t.Errorf("twice: %v", err)
			}
			// That we need more time is no answer: what is settled without one is still owed it.
			if _, err := o.s.Resolve(t.Context(), o.ana, tk.ID, ""); err != nil {
				t.Fatal(err)
			}
			if got := o.states(t, tk.ID)[sla.Legal]; got != sla.Running {
				t.Errorf("settled after a notice: %s", got)
			}
			if err := tickettest.ToldWell(t, o.db, tk.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// brazil.md 3.6: 57 demands of a month allow five extensions, nine allow none.
func TestTheCapOfAMonthIsReadStrictly(t *testing.T) {
	t.Parallel()
	for demands, most := range map[int]int{9: 0, 10: 1, 57: 5} {
		if got := (sla.Quota{Demands: demands, Cap: ptr(10)}).Most(); got != most {
			t.Errorf("%d demands allow %d, want %d", demands, got, most)
		}
	}
	o := newOffice(t)
	regime := o.bankRegime(t)
	old := o.demands(t, 30, o.setClock(t, "2026-10-30 10:00")) // of another month
	tk := o.demands(t, 9, o.setClock(t, "2026-11-05 10:00"))
	o.setClock(t, "2026-11-06 10:00")
	for _, one := range []ticket.Ticket{old, tk} {
		_, _, err := o.s.Extend(t.Context(), o.ana, one.ID, o.clock(t, one.ID, sla.Legal).ID, more)
		args := fault.From(err).Args
		if !errors.Is(err, sla.ErrExtensionCap) || args["demands"] != 9 || args["extensions"] != 0 || args["most"] != 0 {
			t.Errorf("%v %v", err, args)
		}
		if n := o.count(t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'out'", one.ID); n != 0 {
			t.Errorf("a refused extension has told the customer %d times", n)
		}
	}
	o.demands(t, 1, o.now())
	if _, _, err := o.s.Extend(t.Context(), o.ana, tk.ID, o.clock(t, tk.ID, sla.Legal).ID, more); err != nil {
		t.Fatal(err)
	}
	c, err := sla.CertificateOf(t.Context(), o.db.Gorm, o.policies, o.sup, regime, "2026-11", o.now())
	if err != nil || c.Quota.Demands != 10 || c.Quota.Extensions != 1 || c.Share() != 10 || len(c.Extensions) != 1 || c.Ended ||
		c.Extensions[0].Author != o.ana.Name || c.Extensions[0].Reason != more.Reason {
		t.Errorf("%+v %v", c, err)
	}
	// What is taken back later was still registered: the month stays within its cap.
	if _, err := o.s.CancelClock(t.Context(), o.sup, old.ID, o.clock(t, old.ID, sla.Legal).ID, "spam"); err != nil {
		t.Fatal(err)
	}
	far, err := sla.CertificateOf(t.Context(), o.db.Gorm, o.policies, o.away, regime, "2026-10", o.now())
	if err != nil || far.Quota.Demands != 30 || far.Cancelled != 1 || !(len(far.Extensions) == 0) {
		t.Errorf("%+v %v", far, err)
	}
	if _, err := sla.CertificateOf(t.Context(), o.db.Gorm, o.policies, o.sup, regime, "2026-13", o.now()); !errors.Is(err, sla.ErrMonth) {
		t.Errorf("month 13: %v", err)
	}
	if _, err := sla.CertificateOf(t.Context(), o.db.Gorm, o.policies, o.sup, regime+99, "2026-11", o.now()); !errors.Is(err, sla.ErrNoRegime) {
		t.Errorf("no regime: %v", err)
	}
}

func TestTheCapHoldsWhenManyExtendAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	regime := o.bankRegime(t)
	at := o.setClock(t, "2026-11-05 10:00")
	var all []ticket.Ticket
	for range 20 {
		all = append(all, o.demands(t, 1, at))
	}
	o.setClock(t, "2026-11-05 16:00")
	// Two people on one demand, and others on others.
	asked := append(append([]ticket.Ticket{}, all[:6]...), all[:2]...)
	errs := make([]error, len(asked))
	var wg sync.WaitGroup
	for i, tk := range asked {
		clock, who := o.clock(t, tk.ID, sla.Legal).ID, o.ana
		if i%2 == 1 {
			who = o.bruno
		}
		wg.Go(func() { _, _, errs[i] = o.s.Extend(t.Context(), who, tk.ID, clock, more) })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, sla.ErrExtensionCap) && !errors.Is(err, sla.ErrExtended):
			t.Errorf("refused by %v", err)
		}
	}
	if n := o.count(t, "SELECT count(*) FROM clock_extensions WHERE regime_id = ?", regime); made != 2 || n != 2 {
		t.Errorf("%d made, %d noted; twenty demands allow two: %v", made, n, errs)
	}
	if n := o.count(t, "SELECT count(*) FROM messages WHERE direction = 'out'"); n != 2 {
		t.Errorf("%d customers were told", n)
	}
}

func TestWhoExtendsWhatAndWhen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	regime := o.bankRegime(t)
	judge := tickettest.Account(t, o.db, access.Ombudsman, tickettest.DefaultTeam)
	at := o.setClock(t, "2026-11-05 10:00")
	tk := o.demands(t, 10, at)
	var walled ticket.Ticket
	for range 10 {
		walled = o.open(t, ticket.Ticket{Kind: "denuncia", Walled: true, OpenedAt: at})
	}
	o.setClock(t, "2026-11-05 16:00")
	extend := func(who access.Actor, tk ticket.Ticket, x desk.Extension) error {
		var clock int64
		if err := o.db.Gorm.Raw("SELECT id FROM clocks WHERE ticket_id = ? AND kind = 'legal' AND policy LIKE 'Banco%'", tk.ID).Scan(&clock).Error; err != nil {
			t.Fatal(err)
		}
		_, _, err := o.s.Extend(t.Context(), who, tk.ID, clock, x)
		return err
	}
	for name, v := range map[string]struct {
		got  error
		want error
	}{
		"the office, a ticket of the SAC": {extend(judge, tk, more), desk.ErrOfficeExtends},
		"an agent, a case":                {extend(o.ana, walled, more), ticket.ErrNotFound},
		"a team far away":                 {extend(o.away, tk, more), ticket.ErrNotFound},
		"without a reason":                {extend(o.ana, tk, desk.Extension{Message: "x"}), ticket.Wrong("reason", "required")},
		"without a word to the customer":  {extend(o.ana, tk, desk.Extension{Reason: "x"}), ticket.Wrong("message", "required")},
	} {
		if !errors.Is(v.got, v.want) {
			t.Errorf("%s: %v", name, v.got)
		}
	}
	if err := extend(judge, walled, more); err != nil {
		t.Fatalf("the office, a case of its own: %v", err)
	}
	sac := o.open(t, ticket.Ticket{Kind: "reclamacao", OpenedAt: at})
	if _, _, err := o.s.Extend(t.Context(), o.ana, sac.ID, o.clock(t, sac.ID, sla.Legal).ID, more); !errors.Is(err, sla.ErrNoExtension) {
		t.Errorf("a norm without extensions: %v", err)
	}
	// Each side of the wall sees, and fills, its own month.
	for who, want := range map[*access.Actor]string{&o.sup: "10 0 0", &judge: "20 1 1"} {
		c, err := sla.CertificateOf(t.Context(), o.db.Gorm, o.policies, *who, regime, "2026-11", o.now())
		if got := fmt.Sprint(c.Quota.Demands, c.Quota.Extensions, len(c.Extensions)); err != nil || got != want {
			t.Errorf("%s sees %s, want %s, %v", who.Role, got, want, err)
		}
	}
	o.setClock(t, "2026-11-20 10:00")
	if err := extend(o.ana, tk, more); !errors.Is(err, sla.ErrRanOut) {
		t.Errorf("after the due date: %v", err)
	}
}
