package calendar_test

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/calendar"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

type silent struct{}

func (silent) Poke() {}

type office struct {
	t        *testing.T
	db       *postgres.DB
	policies *sla.Policies
	s        *calendar.Service
	admin    access.Actor
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, db: pgtest.New(t)}
	var err error
	if o.policies, err = sla.LoadPolicies(t.Context(), o.db.Gorm, sla.BuiltIn(time.UTC)); err != nil {
		t.Fatal(err)
	}
	o.s = o.node()
	o.admin = tickettest.Account(t, o.db, access.Admin)
	return o
}

func (o *office) node() *calendar.Service {
	return calendar.New(o.db, o.policies, silent{}, o.now, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

func (o *office) now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// shop is open from Monday to Friday, nine to five.
func shop() sla.Kept {
	k := sla.Kept{Name: "Loja São Luís", Zone: "America/Fortaleza", Holidays: sla.NationalHolidays}
	for d := time.Monday; d <= time.Friday; d++ {
		k.Week[d] = []sla.Interval{{From: 540, To: 1020}}
	}
	return k
}

func (o *office) add(k sla.Kept) calendar.Calendar {
	o.t.Helper()
	c, err := o.s.Add(o.t.Context(), o.admin, k)
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// clock gives a ticket a running clock by a calendar, as the calendar is now.
func (o *office) clock(tk ticket.Ticket, id string, days int) time.Time {
	o.t.Helper()
	c, err := o.policies.Get(id)
	if err != nil {
		o.t.Fatal(err)
	}
	start := o.now()
	d, err := c.Due(start, sla.Term{Amount: days, Unit: sla.BusinessDays}, nil)
	if err != nil {
		o.t.Fatal(err)
	}
	err = o.db.InTx(o.t.Context(), func(tx *gorm.DB) error {
		return sla.Start(tx, tk.ID, []sla.NewClock{{Kind: sla.Resolution, Policy: "Solução", Calendar: id, Amount: days, Unit: sla.BusinessDays,
			StartedAt: start, Due: d.Due, Target: d.Target, Warn50: d.Warn[0], Warn75: d.Warn[1], Warn90: d.Warn[2]}})
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return d.Due
}

func (o *office) one(sql string, args ...any) (n int) {
	o.t.Helper()
	if err := o.db.Gorm.Raw(sql, args...).Scan(&n).Error; err != nil {
		o.t.Fatal(err)
	}
	return n
}

func TestACalendarIsKeptChangedAndRemoved(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.add(shop())
	if c.ID != "loja-sao-luis" || c.Kept.Version != 1 {
		t.Fatalf("%+v", c)
	}
	if again := o.add(shop()); again.ID != "loja-sao-luis-2" {
		t.Errorf("the second of a name is %q", again.ID)
	}
	k := c.Kept
	christmas := sla.KeptDay{Day: brazil.Date{Year: 2026, Month: 12, Day: 24}, Hours: []sla.Interval{{From: 540, To: 720}}, Reason: "  Véspera   de Natal "}
	k.Days, k.State, k.Optional = []sla.KeptDay{christmas}, "MA", true
	if c, err := o.s.Change(t.Context(), o.admin, k); err != nil || c.Kept.Version != 2 || c.Kept.Days[0].Reason != "Véspera de Natal" || c.Kept.State != "MA" {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := o.s.Change(t.Context(), o.admin, k); !errors.Is(err, sla.ErrCalendarVersion) {
		t.Errorf("changed by who saw another version: %v", err)
	}
	days, _, err := o.s.Year(c.ID, 2026)
	if err != nil || !slices.ContainsFunc(days, func(u sla.Unusual) bool {
		return u.Day == christmas.Day && u.Origin == sla.OfSpecial && u.Name == "Véspera de Natal" && len(u.Hours) == 1
	}) || !slices.ContainsFunc(days, func(u sla.Unusual) bool { return u.Origin == sla.OfState && u.Name == "adesao" }) ||
		!slices.ContainsFunc(days, func(u sla.Unusual) bool {
			return u.Origin == sla.OfOptional && u.Name == "cinzas" && u.Hours[0].From == 14*60
		}) {
		t.Errorf("%+v, %v", days, err)
	}
	act := o.db.Gorm.Exec("UPDATE areas SET calendar = ?", c.ID)
	if act.Error == nil && act.RowsAffected == 0 {
		act = o.db.Gorm.Exec("UPDATE sla_policies SET calendar = ? WHERE name = 'Primeira resposta'", c.ID)
	}
	if act.Error != nil || act.RowsAffected == 0 {
		t.Fatal(act.Error)
	}
	if err := o.s.Remove(t.Context(), o.admin, c.ID); !errors.Is(err, sla.ErrCalendarUsed) {
		t.Errorf("removed what counts deadlines: %v", err)
	}
	if err := o.db.Gorm.Exec("UPDATE sla_policies SET calendar = 'br' WHERE calendar = ?", c.ID).Error; err != nil {
		t.Fatal(err)
	}
	if err := o.s.Remove(t.Context(), o.admin, c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Get(t.Context(), c.ID); !errors.Is(err, sla.ErrNoCalendar) {
		t.Errorf("removed: %v", err)
	}
	if _, err := o.policies.Get(c.ID); err != nil {
		t.Errorf("what was counted by it cannot be explained any more: %v", err)
	}
	if n := o.one("SELECT count(*) FROM calendar_versions WHERE calendar_id = ? AND account_id = ?", c.ID, o.admin.AccountID); n != 3 {
		t.Errorf("%d versions are on record, want 3", n)
	}
	list, err := o.s.List(t.Context())
	if err != nil || len(list) != 1+3+27 || list[0].ID != "loja-sao-luis-2" || list[1].ID != "br" || list[30].ID != "br-to" {
		t.Errorf("%d calendars, %v", len(list), err)
	}
}

func TestACalendarThatCannotBeIsRefusedWithItsFields(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for name, c := range map[string]struct {
		spoil func(*sla.Kept)
		field string
		code  string
	}{
		"no name":      {func(k *sla.Kept) { k.Name = " \t" }, "body.name", "calendar_name"},
		"no zone":      {func(k *sla.Kept) { k.Zone = "Brasil/Lua" }, "body.zone", "calendar_zone"},
		"the server's": {func(k *sla.Kept) { k.Zone = "Local" }, "body.zone", "calendar_zone"},
		"a state":      {func(k *sla.Kept) { k.State = "XX" }, "body.state", "unknown_choice"},
		"a list":       {func(k *sla.Kept) { k.Holidays = "mine" }, "body.holidays", "unknown_choice"},
		"never open":   {func(k *sla.Kept) { k.Week = [7][]sla.Interval{} }, "body.week", "calendar_never_open"},
		"backwards":    {func(k *sla.Kept) { k.Week[1] = []sla.Interval{{From: 600, To: 500}} }, "body.week[1]", "calendar_interval_invalid"},
		"twice open":   {func(k *sla.Kept) { k.Week[1] = []sla.Interval{{From: 0, To: 600}, {From: 500, To: 700}} }, "body.week[1]", "calendar_intervals_overlap"},
		"at night": {func(k *sla.Kept) {
			k.Week[1], k.Week[2] = []sla.Interval{{From: 1320, To: 2000}}, []sla.Interval{{From: 500, To: 700}}
		}, "body.week", "calendar_intervals_overlap"},
		"a day twice": {func(k *sla.Kept) {
			d := sla.KeptDay{Day: brazil.Date{Year: 2026, Month: 1, Day: 2}, Reason: "x"}
			k.Days = []sla.KeptDay{d, d}
		}, "body.days[1]", "calendar_day_twice"},
		"a day without a reason": {func(k *sla.Kept) { k.Days = []sla.KeptDay{{Day: brazil.Date{Year: 2026, Month: 1, Day: 2}}} }, "body.days[0]", "calendar_day_reason"},
		"no day":                 {func(k *sla.Kept) { k.Days = []sla.KeptDay{{Reason: "x"}} }, "body.days[0]", "bad_date"},
		"an id":                  {func(k *sla.Kept) { k.ID = "Loja 1" }, "body.id", "calendar_id"},
		"a built-in id":          {func(k *sla.Kept) { k.ID = "br-sp" }, "body.id", "calendar_id_built_in"},
	} {
		k := shop()
		c.spoil(&k)
		_, err := o.s.Add(t.Context(), o.admin, k)
		f := fault.From(err)
		if len(f.Details) != 1 || f.Details[0].Field != c.field || f.Details[0].Code != c.code {
			t.Errorf("%s: %v %+v", name, err, f.Details)
		}
	}
	if n := o.one("SELECT count(*) FROM calendars"); n != 0 {
		t.Errorf("%d of them are stored", n)
	}
	for _, id := range []string{"br", "br-bank", "24x7", "br-ac"} {
		k := shop()
		k.ID, k.Version = id, 1
		if _, err := o.s.Change(t.Context(), o.admin, k); !errors.Is(err, sla.ErrBuiltIn) {
			t.Errorf("changed %s: %v", id, err)
		}
		if err := o.s.Remove(t.Context(), o.admin, id); !errors.Is(err, sla.ErrBuiltIn) {
			t.Errorf("removed %s: %v", id, err)
		}
	}
}

// A file is told before it is done, changes what it says and nothing else, and
// comes again without effect.
func TestAFileIsToldBeforeItIsDone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	year := o.now().Year() + 1
	k := shop()
	k.Days = []sla.KeptDay{{Day: brazil.Date{Year: year, Month: 9, Day: 8}, Reason: "Aniversário"}, {Day: brazil.Date{Year: year, Month: 3, Day: 3}, Reason: "Inventário"}}
	c := o.add(k)
	y := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")
	file := []byte("data;nome\n08/09/" + y + ";Aniversário de São Luís\n29/06/" + y + ";São Pedro\n07/09/" + y + ";Independência\n31/02/" + y + ";Nada\n")
	b, err := o.s.Bring(t.Context(), o.admin, c.ID, file, "sao-luis.csv", false, 0)
	if err != nil || b.Done || len(b.Adds) != 1 || len(b.Replaces) != 1 || len(b.Skips) != 1 || b.Skips[0].Why != "holiday" || len(b.Bad) != 1 || b.Bad[0].Line != 5 || b.Calendar.Kept.Version != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	if _, err := o.s.Bring(t.Context(), o.admin, c.ID, file, "sao-luis.csv", true, 7); !errors.Is(err, sla.ErrCalendarVersion) {
		t.Errorf("done on another version: %v", err)
	}
	b, err = o.s.Bring(t.Context(), o.admin, c.ID, file, "sao-luis.csv", true, 1)
	if err != nil || !b.Done || len(b.Calendar.Kept.Days) != 3 || b.Calendar.Kept.Days[1].Source != "sao-luis.csv" || b.Calendar.Kept.Version != 2 {
		t.Fatalf("%+v, %v", b, err)
	}
	b, err = o.s.Bring(t.Context(), o.admin, c.ID, file, "outro.csv", true, 2)
	if err != nil || len(b.Adds)+len(b.Replaces) != 0 || len(b.Skips) != 3 || b.Calendar.Kept.Version != 2 {
		t.Errorf("once more: %+v, %v", b, err)
	}
	if _, err := o.s.Bring(t.Context(), o.admin, "br", file, "x.csv", false, 0); !errors.Is(err, sla.ErrBuiltIn) {
		t.Errorf("into a built-in one: %v", err)
	}
}
