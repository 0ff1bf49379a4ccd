package proof_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/proof"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// desk is a database with rules and the service, at an instant that can be moved.
type desk struct {
	db       *postgres.DB
	policies *sla.Policies
	s        *proof.Service
	at       *time.Time
	zone     *time.Location
}

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{db: pgtest.New(t), at: new(time.Time)}
	var err error
	if d.zone, err = time.LoadLocation("America/Sao_Paulo"); err != nil {
		t.Fatal(err)
	}
	if d.policies, err = sla.LoadPolicies(t.Context(), d.db.Gorm, sla.BuiltIn(d.zone)); err != nil {
		t.Fatal(err)
	}
	d.s = &proof.Service{DB: d.db, Post: &outbox.Post{}, Calendars: d.policies.Calendars(), Now: func() time.Time { return *d.at }, Zone: d.zone,
		Base: "https://desk.example", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	return d
}

func (d desk) set(t *testing.T, at string) time.Time {
	t.Helper()
	when, err := time.ParseInLocation("2006-01-02 15:04", at, d.zone)
	if err != nil {
		t.Fatal(err)
	}
	*d.at = when
	return when
}

func (d desk) do(t *testing.T, fn func(tx *gorm.DB) error) {
	t.Helper()
	if err := d.db.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func (d desk) reload(t *testing.T) {
	t.Helper()
	if err := d.policies.Reload(t.Context(), d.db.Gorm); err != nil {
		t.Fatal(err)
	}
}

func (d desk) open(t *testing.T, tk ticket.Ticket) ticket.Ticket {
	t.Helper()
	tk = tickettest.Open(t, d.db, tk)
	clocks := d.policies.Plan(sla.Demand{Channel: tk.Channel, Kind: string(tk.Kind), Priority: tk.Priority, Team: tk.TeamID, Walled: tk.Walled}, tk.OpenedAt)
	d.do(t, func(tx *gorm.DB) error { return sla.Start(tx, tk.ID, clocks) })
	return tk
}

// A sheet of a deadline that has ended says the same for ever, whatever becomes
// of the calendar; who made one, and when, is kept, and it can be had again.
func TestASheetStaysTrueWhenTheCalendarChanges(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	boss := tickettest.Account(t, d.db, access.Admin)
	k := sla.Kept{ID: "loja", Name: "Loja", Zone: "America/Sao_Paulo", Days: []sla.KeptDay{{Day: brazil.Date{Year: 2026, Month: 11, Day: 25}, Reason: "Aniversário da cidade"}}}
	for day := time.Monday; day <= time.Friday; day++ {
		k.Week[day] = []sla.Interval{{From: 8 * 60, To: 18 * 60}}
	}
	d.do(t, func(tx *gorm.DB) (err error) {
		if k, err = sla.AddKept(tx, sla.BuiltIn(d.zone), k, boss.AccountID, d.set(t, "2026-11-02 09:00")); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO sla_policies (regime_id, position, name, clock, calendar, amount, unit, pauses)
			SELECT id, 5, 'Loja', 'resolution', 'loja', 5, 'business_days', true FROM regimes WHERE key = 'own'`).Error
	})
	d.reload(t)
	tk := d.open(t, ticket.Ticket{Kind: "elogio", OpenedAt: d.set(t, "2026-11-23 09:00"), CustomerName: "Ana Conceição"})
	ended := d.set(t, "2026-11-27 10:00")
	d.do(t, func(tx *gorm.DB) error { return sla.Stop(tx, tk.ID, sla.Resolution, ended) })
	print := func(digest string, s proof.Sheet) []byte {
		t.Helper()
		var pdf bytes.Buffer
		if err := s.Print(&pdf, "pt-BR", digest); err != nil {
			t.Fatal(err)
		}
		return pdf.Bytes()
	}
	d.set(t, "2026-11-28 10:00")
	sheet, digest, err := d.s.Make(t.Context(), boss, tk, 0)
	if err != nil {
		t.Fatal(err)
	}
	resolution := func(s proof.Sheet) proof.Clock {
		for _, c := range s.Clocks {
			if c.Kind == "resolution" {
				return c
			}
		}
		t.Fatal("no clock")
		return proof.Clock{}
	}
	before := resolution(sheet)
	if !before.AddsUp || before.CalendarVersion != 1 || before.Due.In(d.zone).Format(time.DateOnly) != "2026-12-01" {
		t.Fatalf("%+v", before)
	}
	k.Days = []sla.KeptDay{{Day: brazil.Date{Year: 2026, Month: 11, Day: 24}, Reason: "Outro dia"}, {Day: brazil.Date{Year: 2026, Month: 11, Day: 26}, Reason: "Mais um"}}
	d.do(t, func(tx *gorm.DB) error {
		_, err := sla.ChangeKept(tx, sla.BuiltIn(d.zone), k, boss.AccountID, d.set(t, "2026-12-10 09:00"))
		return err
	})
	d.reload(t)
	later, other, err := d.s.Make(t.Context(), boss, tk, before.ID)
	if err != nil || other == digest || len(later.Clocks) != 1 || !later.Only {
		t.Fatalf("%v %+v", err, later)
	}
	if after := resolution(later); !reflect.DeepEqual(after.Steps, before.Steps) || !after.AddsUp || after.CalendarVersion != 1 {
		t.Errorf("it is told otherwise\n%+v\n%+v", after, before)
	}
	again, err := d.s.Again(t.Context(), tk.ID, digest)
	if err != nil || !bytes.Equal(print(digest, again), print(digest, sheet)) {
		t.Errorf("the sheet is another when it is had again: %v", err)
	}
	if _, err := d.s.Again(t.Context(), tk.ID+1, digest); !errors.Is(err, proof.ErrNoSheet) {
		t.Errorf("of another ticket: %v", err)
	}
	made, err := d.s.List(t.Context(), tk.ID)
	if err != nil || len(made) != 2 || made[1].Digest != digest || made[1].AccountID != boss.AccountID || made[1].ClockID != nil || *made[0].ClockID != before.ID {
		t.Errorf("%+v %v", made, err)
	}
	if _, _, err := d.s.Make(t.Context(), boss, tk, 9_999); !errors.Is(err, sla.ErrNoClock) {
		t.Errorf("of no clock: %v", err)
	}
	if _, _, err := d.s.Make(t.Context(), boss, tickettest.Open(t, d.db, ticket.Ticket{}), 0); !errors.Is(err, proof.ErrNoDeadline) {
		t.Errorf("without deadlines: %v", err)
	}
}

// extended stores a bank's regime, demands on one side of the wall, and an
// extension of the first of them.
func (d desk) extended(t *testing.T, walled bool, by access.Actor, at string) (regime int64, first ticket.Ticket) {
	t.Helper()
	d.do(t, func(tx *gorm.DB) error {
		err := tx.Raw(`INSERT INTO regimes (key, name, position, norm, evidence, active, extension, cap)
			VALUES ('test_bank', 'Ouvidoria de banco', 5, 'Res. CMN 4.860/2020', 'secondary', true, 10, 10)
			ON CONFLICT (key) DO UPDATE SET active = true RETURNING id`).Scan(&regime).Error
		if err == nil {
			err = tx.Exec(`INSERT INTO sla_policies (regime_id, position, name, kinds, clock, calendar, amount, unit, pauses)
				VALUES (?, 5, 'Banco', '{denuncia}', 'legal', 'br-bank', 10, 'business_days', false) ON CONFLICT (name) WHERE active DO NOTHING`, regime).Error
		}
		return err
	})
	d.reload(t)
	opened := d.set(t, at)
	for i := range 10 {
		tk := d.open(t, ticket.Ticket{Kind: "denuncia", Walled: walled, OpenedAt: opened})
		if i == 0 {
			first = tk
		}
	}
	d.do(t, func(tx *gorm.DB) error {
		var clock int64
		if err := tx.Raw("SELECT id FROM clocks WHERE ticket_id = ? AND policy = 'Banco'", first.ID).Scan(&clock).Error; err != nil {
			return err
		}
		m, err := ticket.InsertMessage(t.Context(), tx, &first, ticket.Message{Direction: ticket.Out, AuthorName: by.Name, Body: "Mais dez dias.", At: opened})
		if err != nil {
			return err
		}
		_, _, err = sla.Extend(tx, d.policies, first.ID, clock, sla.Extending{Reason: "Falta o laudo", AccountID: by.AccountID, MessageID: m.ID, Walled: walled, Scope: by.Scope()}, opened)
		return err
	})
	return regime, first
}

// A month's certificate is written when it is over, once, by whichever node, and
// says the same for ever: also when what it tells of is changed later.
func TestAMonthIsWrittenDownOnceAndStays(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	boss := tickettest.Account(t, d.db, access.Admin)
	agent := tickettest.Account(t, d.db, access.Supervisor, tickettest.Team(t, d.db, "Longe"))
	regime, first := d.extended(t, false, boss, "2026-11-05 10:00")
	d.set(t, "2026-11-30 23:00")
	if m, _, err := d.s.MonthOf(t.Context(), boss, regime, "2026-11", false); err != nil || m.Stands || m.Demands != 10 || m.Extensions != 1 || len(m.List) != 1 {
		t.Errorf("before its end: %+v %v", m, err)
	}
	count := func() (n int) {
		if err := d.db.Gorm.Raw("SELECT count(*) FROM extension_certificates").Scan(&n).Error; err != nil {
			t.Fatal(err)
		}
		return n
	}
	d.set(t, "2026-12-01 00:30")
	if err := d.s.WriteMonths(t.Context()); err != nil || count() != 0 {
		t.Fatalf("before the month has settled: %d, %v", count(), err)
	}
	d.set(t, "2026-12-01 01:30")
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() {
			if err := d.s.WriteMonths(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	nodes.Wait()
	if count() != 1 {
		t.Fatalf("%d certificates", count())
	}
	print := func(who access.Actor) (proof.Month, []byte) {
		t.Helper()
		m, digest, err := d.s.MonthOf(t.Context(), who, regime, "2026-11", false)
		var pdf bytes.Buffer
		if err == nil {
			err = m.Print(&pdf, "pt-BR", digest)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m, pdf.Bytes()
	}
	m, was := print(boss)
	if !m.Stands || m.Demands != 10 || m.Extensions != 1 || m.List[0].TicketID != first.ID || m.List[0].Reason != "Falta o laudo" {
		t.Errorf("%+v", m)
	}
	// A demand that is entered later as of that month, another cap, another name: it stays.
	d.open(t, ticket.Ticket{Kind: "denuncia", OpenedAt: d.set(t, "2026-11-20 10:00")})
	d.do(t, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE regimes SET cap = 50, name = 'Outro' WHERE id = ?", regime).Error
	})
	d.set(t, "2027-02-01 03:00")
	if err := d.s.WriteMonths(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, is := print(boss); !bytes.Equal(was, is) || count() != 1 {
		t.Errorf("the certificate is another now, or there are %d", count())
	}
	// Whoever does not see the team sees the figures, and nothing of the case.
	if m, _ := print(agent); m.Extensions != 1 || len(m.List) != 0 {
		t.Errorf("a team far away reads %+v", m.List)
	}
}

// The office's certificate is the office's; whoever is barred from a case of it
// finds no figure of that case.
func TestTheOfficesMonthIsTheOffices(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	judge, accused := tickettest.Account(t, d.db, access.Ombudsman), tickettest.Account(t, d.db, access.Ombudsman)
	regime, first := d.extended(t, true, judge, "2026-11-05 10:00")
	d.do(t, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE tickets SET barred = ? WHERE id = ?", access.Bar([]int64{accused.AccountID}, nil), first.ID).Error
	})
	d.set(t, "2026-12-01 01:30")
	if err := d.s.WriteMonths(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		who                 access.Actor
		demands, extensions int
	}{"who sees all": {judge, 10, 1}, "who is accused": {accused, 9, 0}} {
		m, _, err := d.s.MonthOf(t.Context(), v.who, regime, "2026-11", true)
		if err != nil || m.Demands != v.demands || m.Extensions != v.extensions || len(m.List) != v.extensions || !m.Stands {
			t.Errorf("%s reads %+v %v", name, m, err)
		}
	}
	if _, _, err := d.s.MonthOf(t.Context(), tickettest.Account(t, d.db, access.Admin), regime, "2026-11", true); !errors.Is(err, proof.ErrSide) {
		t.Errorf("an admin: %v", err)
	}
	if m, _, err := d.s.MonthOf(t.Context(), tickettest.Account(t, d.db, access.Admin), regime, "2026-11", false); err != nil || m.Demands != 0 || m.Stands {
		t.Errorf("the other side: %+v %v", m, err)
	}
}
