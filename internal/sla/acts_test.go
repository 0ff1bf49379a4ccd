package sla_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
)

func saoPaulo(t testing.TB) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func policies(t testing.TB, db *postgres.DB) *sla.Policies {
	t.Helper()
	p, err := sla.LoadPolicies(t.Context(), db.Gorm, sla.BuiltIn(saoPaulo(t)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var protocols atomic.Int64

// openTicket puts a ticket with clocks into the database.
func openTicket(t testing.TB, db *postgres.DB, clocks ...sla.NewClock) (ticketID int64) {
	t.Helper()
	act(t, db, func(tx *gorm.DB) error {
		err := tx.Raw(`INSERT INTO tickets (protocol, brand_id, channel, kind, subject, team_id)
			SELECT ?, (SELECT min(id) FROM brands), 'webform', 'reclamacao', 'x', (SELECT min(id) FROM teams) RETURNING id`,
			fmt.Sprintf("%017d", protocols.Add(1))).Scan(&ticketID).Error
		if err != nil {
			return err
		}
		return sla.Start(tx, ticketID, clocks)
	})
	return ticketID
}

func act(t testing.TB, db *postgres.DB, fn func(tx *gorm.DB) error) {
	t.Helper()
	if err := db.InTx(context.WithoutCancel(t.Context()), fn); err != nil {
		t.Fatal(err)
	}
}

func current(t testing.TB, db *postgres.DB, ticketID int64) sla.Summary {
	t.Helper()
	s, err := sla.Current(db.Gorm, ticketID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// only is the one clock of a kind that a ticket has.
func only(t testing.TB, db *postgres.DB, ticketID int64, kind sla.Kind) sla.Clock {
	t.Helper()
	all, err := sla.Clocks(t.Context(), db.Gorm, sla.BuiltIn(saoPaulo(t)), ticketID)
	if err != nil {
		t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(c sla.Clock) bool { return c.Kind != kind })
	if len(all) != 1 {
		t.Fatalf("%d %s clocks", len(all), kind)
	}
	return all[0]
}

// at reads a time of São Paulo.
func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, saoPaulo(t))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func local(t testing.TB, v time.Time) string { return v.In(saoPaulo(t)).Format("2006-01-02 15:04") }

func TestTheFirstPolicyThatMatchesIsTaken(t *testing.T) {
	t.Parallel()
	p := policies(t, pgtest.New(t))
	start := at(t, "2026-11-23 09:00")
	type line struct {
		kind   sla.Kind
		policy string
		due    string
		pauses bool
		why    string
	}
	for name, v := range map[string]struct {
		demand sla.Demand
		want   []line
	}{
		"complaint": {sla.Demand{Channel: "webform", Kind: "reclamacao", Priority: 3, Team: 1}, []line{
			{sla.FirstResponse, "Primeira resposta", "2026-11-23 13:00", false, "walled=false"},
			{sla.Legal, "SAC: resposta conclusiva", "2026-11-30 23:59", false, "kind=reclamacao walled=false"},
		}},
		"praise": {sla.Demand{Channel: "email", Kind: "elogio", Priority: 3, Team: 1}, []line{
			{sla.FirstResponse, "Primeira resposta", "2026-11-23 13:00", false, "walled=false"},
			{sla.Resolution, "Solução", "2026-11-30 23:59", true, "kind=elogio walled=false"},
		}},
		"ombudsman": {sla.Demand{Channel: "ombudsman", Kind: "reclamacao", Priority: 3, Team: 1, Walled: true}, []line{
			{sla.FirstResponse, "Ouvidoria: primeira resposta", "2026-11-24 23:59", false, "walled=true"},
			{sla.Legal, "Ouvidoria: resposta conclusiva", "2026-12-07 23:59", false, "walled=true"},
		}},
	} {
		// Twice: the second answer is the remembered one.
		for range 2 {
			var got []line
			for _, c := range p.Plan(v.demand, start) {
				got = append(got, line{c.Kind, c.Policy, local(t, c.Due), c.Pauses, c.Why})
			}
			if !slices.Equal(got, v.want) {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

func TestPoliciesThatCannotBeComputedAreRefused(t *testing.T) {
	t.Parallel()
	good := sla.Policy{Name: "x", Clock: sla.Resolution, Calendar: sla.CalendarBR, Term: sla.Term{Amount: 1, Unit: sla.BusinessDays}}
	calendars := sla.BuiltIn(time.UTC)
	if _, err := sla.NewPolicies(calendars, []sla.Policy{good}); err != nil {
		t.Fatal(err)
	}
	noCalendar, noUnit := good, good
	noCalendar.Calendar, noUnit.Term.Unit = "lua", "fortnights"
	for _, bad := range []sla.Policy{noCalendar, noUnit} {
		if _, err := sla.NewPolicies(calendars, []sla.Policy{good, bad}); err == nil {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestSummaryShowsTheNextRunningClock(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	plan := policies(t, db).Plan(sla.Demand{Channel: "email", Kind: "elogio"}, at(t, "2026-11-23 09:00"))
	id := openTicket(t, db, plan...)
	planned, stored := sla.Summarize(plan), current(t, db, id)
	if stored.Clock != "first_response" || stored.Clocks != 2 || !stored.Due.Equal(*planned.Due) || !stored.Warn.Equal(*planned.Warn) || !stored.From.Equal(*planned.From) || planned.Clock != stored.Clock {
		t.Errorf("stored %+v, planned %+v", stored, planned)
	}
	act(t, db, func(tx *gorm.DB) error { return sla.Stop(tx, id, sla.FirstResponse, at(t, "2026-11-23 10:00")) })
	if s := current(t, db, id); s.Clock != "resolution" || s.Clocks != 1 || s.Breached {
		t.Errorf("after the answer: %+v", s)
	}
	act(t, db, func(tx *gorm.DB) error {
		return sla.Pause(tx, id, sla.WaitingCustomer, nil, at(t, "2026-11-23 10:00"))
	})
	if s := current(t, db, id); s.Due != nil || s.Clocks != 1 || s.Paused != sla.WaitingCustomer {
		t.Errorf("while we wait: %+v", s)
	}
}

func TestAPauseMovesTheDeadlineAndALegalOneNeverStops(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	start := at(t, "2026-11-23 09:00")
	legal := openTicket(t, db, p.Plan(sla.Demand{Kind: "reclamacao"}, start)...)
	ours := openTicket(t, db, p.Plan(sla.Demand{Kind: "elogio"}, start)...)
	who := account(t, db)
	for _, id := range []int64{legal, ours} {
		act(t, db, func(tx *gorm.DB) error {
			if err := sla.Pause(tx, id, sla.WaitingCustomer, &who, at(t, "2026-11-24 10:00")); err != nil {
				return err
			}
			return sla.Pause(tx, id, sla.WaitingThird, &who, at(t, "2026-11-25 10:00"))
		})
	}
	if c := only(t, db, legal, sla.Legal); c.State != sla.Running {
		t.Errorf("the legal clock is %s", c.State)
	}
	if c := only(t, db, ours, sla.Resolution); c.State != sla.Standing || len(c.Intervals) != 2 || !c.Intervals[1].To.IsZero() || *c.Intervals[1].AccountID != who {
		t.Errorf("our clock: %+v", c)
	}
	for _, id := range []int64{legal, ours} {
		act(t, db, func(tx *gorm.DB) error {
			_, err := sla.Resume(tx, p.Calendars(), id, at(t, "2026-11-26 10:00"))
			return err
		})
	}
	if c := only(t, db, legal, sla.Legal); local(t, c.Due) != "2026-11-30 23:59" || len(c.Intervals) != 0 {
		t.Errorf("the legal clock: %+v", c)
	}
	c := only(t, db, ours, sla.Resolution)
	if local(t, c.Due) != "2026-12-02 23:59" || c.State != sla.Running { // two nights more
		t.Errorf("our clock: due %s, %s", local(t, c.Due), c.State)
	}
	var reasons []string
	for _, s := range c.Explanation {
		if s.Reason == sla.Paused {
			reasons = append(reasons, s.Name)
		}
	}
	if !slices.Equal(reasons, []string{sla.WaitingCustomer, sla.WaitingCustomer}) {
		t.Errorf("explained by %v", reasons)
	}
}

func account(t testing.TB, db *postgres.DB) (id int64) {
	t.Helper()
	err := db.Gorm.Raw(`INSERT INTO accounts (email, name, role, password_hash) VALUES ('a@example.com', 'A', 'agent', '-') RETURNING id`).Scan(&id).Error
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestReopeningGoesOnWhereTheAnswerStopped(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	id := openTicket(t, db, p.Plan(sla.Demand{Kind: "reclamacao"}, at(t, "2026-11-23 09:00"))...)
	act(t, db, func(tx *gorm.DB) error {
		if err := sla.Stop(tx, id, sla.FirstResponse, at(t, "2026-11-23 10:00")); err != nil {
			return err
		}
		return sla.Stop(tx, id, sla.Legal, at(t, "2026-11-27 10:00"))
	})
	if c := only(t, db, id, sla.Legal); c.State != sla.Met || local(t, *c.StoppedAt) != "2026-11-27 10:00" {
		t.Fatalf("%+v", c)
	}
	act(t, db, func(tx *gorm.DB) error { return sla.Reopen(tx, p.Calendars(), id, at(t, "2026-12-02 10:00")) })
	c := only(t, db, id, sla.Legal)
	// Five nights passed between answer and reopening.
	if c.State != sla.Running || c.StoppedAt != nil || local(t, c.Due) != "2026-12-05 23:59" {
		t.Errorf("%s, due %s", c.State, local(t, c.Due))
	}
	if first := only(t, db, id, sla.FirstResponse); first.State != sla.Met {
		t.Errorf("the first response is %s", first.State)
	}
	if s := current(t, db, id); s.Clock != "legal" || s.Breached {
		t.Errorf("%+v", s)
	}
}

func TestAnAnswerAfterTheDeadlineDoesNotHideTheBreach(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	id := openTicket(t, db, p.Plan(sla.Demand{Kind: "reclamacao"}, at(t, "2026-11-23 09:00"))...)
	act(t, db, func(tx *gorm.DB) error { return sla.Stop(tx, id, sla.FirstResponse, at(t, "2026-11-23 13:01")) })
	c := only(t, db, id, sla.FirstResponse)
	if c.State != sla.Missed || c.Stage != sla.StageDue || c.BreachedAt == nil || !c.BreachedAt.Equal(c.Due) {
		t.Errorf("%+v", c)
	}
	if got := stages(t, db, c.ID); !slices.Equal(got, []int{50, 75, 90, 100}) {
		t.Errorf("stages %v", got)
	}
	// What is answered is no longer what burns.
	if s := current(t, db, id); s.Breached || s.Clocks != 1 {
		t.Errorf("%+v", s)
	}
	// Stopping again, or late, changes nothing.
	act(t, db, func(tx *gorm.DB) error { return sla.Stop(tx, id, sla.FirstResponse, at(t, "2026-11-25 13:01")) })
	if again := only(t, db, id, sla.FirstResponse); !again.StoppedAt.Equal(*c.StoppedAt) {
		t.Errorf("stopped again at %s", again.StoppedAt)
	}
	reply := at(t, "2026-11-30 23:59").Add(59*time.Second + 999*time.Millisecond)
	act(t, db, func(tx *gorm.DB) error { return sla.Stop(tx, id, sla.Legal, reply) })
	if c := only(t, db, id, sla.Legal); c.State != sla.Met {
		t.Errorf("an answer in the last second of the last day is %s", c.State)
	}
}

func TestAMergedTicketsClocksAreNeitherMetNorMissed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	id := openTicket(t, db, p.Plan(sla.Demand{Kind: "elogio"}, at(t, "2026-11-23 09:00"))...)
	act(t, db, func(tx *gorm.DB) error {
		if err := sla.Pause(tx, id, sla.WaitingCustomer, nil, at(t, "2026-11-23 10:00")); err != nil {
			return err
		}
		_, err := sla.Cancel(tx, id, at(t, "2026-11-23 10:30"))
		return err
	})
	if c := only(t, db, id, sla.Resolution); c.State != sla.Cancelled || c.Intervals[0].To.IsZero() {
		t.Errorf("%+v", c)
	}
	if s := current(t, db, id); s != (sla.Summary{}) {
		t.Errorf("%+v", s)
	}
}

func stages(t testing.TB, db *postgres.DB, clockID int64) (list []int) {
	t.Helper()
	if err := db.Gorm.Raw("SELECT stage FROM clock_stages WHERE clock_id = ? ORDER BY stage", clockID).Scan(&list).Error; err != nil {
		t.Fatal(err)
	}
	return list
}

// clockDue is a clock of 24x7 that began so long ago that it runs out in a while.
func clockDue(in time.Duration) sla.NewClock {
	now := time.Now().UTC().Truncate(time.Microsecond)
	due, start := now.Add(in), now.Add(in-100*time.Hour)
	part := func(percent int) time.Time { return start.Add(time.Duration(percent) * time.Hour) }
	return sla.NewClock{
		Kind: sla.Resolution, Policy: "teste", Calendar: sla.Calendar24x7, Amount: 100, Unit: sla.BusinessHours, Pauses: true,
		StartedAt: start, Due: due, Target: due, Warn50: part(50), Warn75: part(75), Warn90: part(90),
	}
}

func TestStagesAreRecordedOnceAndOnlyWhenTheyArePassed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	over, soon := clockDue(-time.Minute), clockDue(30*time.Hour)
	a, b := openTicket(t, db, over), openTicket(t, db, soon)
	paused := openTicket(t, db, clockDue(time.Hour))
	act(t, db, func(tx *gorm.DB) error {
		return sla.Pause(tx, paused, sla.WaitingCustomer, nil, time.Now().Add(-60*time.Hour))
	})
	asked := []sla.Due{
		{ClockID: only(t, db, a, sla.Resolution).ID, TicketID: a},
		{ClockID: only(t, db, b, sla.Resolution).ID, TicketID: b},
		{ClockID: only(t, db, paused, sla.Resolution).ID, TicketID: paused},
		{ClockID: 999_999, TicketID: 999_999},
	}
	recordAll := func() (out []sla.Due) {
		act(t, db, func(tx *gorm.DB) (err error) {
			out, err = sla.RecordStages(tx, asked)
			return err
		})
		return out
	}
	var got []string
	for _, d := range recordAll() {
		got = append(got, fmt.Sprintf("%v %s %d", d.TicketID == a, d.Kind, d.Stage))
	}
	want := []string{"true resolution 50", "true resolution 75", "true resolution 90", "true resolution 100", "false resolution 50"}
	if !slices.Equal(got, want) {
		t.Errorf("recorded %q", got)
	}
	if again := recordAll(); len(again) != 0 {
		t.Errorf("recorded again: %+v", again)
	}
	if s := current(t, db, a); !s.Breached {
		t.Errorf("%+v", s)
	}
}

func TestBreachesAreListedForThoseWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var walled, plain, soon int64
	walled, plain, soon = openTicket(t, db, clockDue(-time.Minute)), openTicket(t, db, clockDue(-time.Minute)), openTicket(t, db, clockDue(time.Minute))
	if err := db.Gorm.Exec("UPDATE tickets SET walled = true WHERE id = ?", walled).Error; err != nil {
		t.Fatal(err)
	}
	act(t, db, func(tx *gorm.DB) error {
		_, err := sla.RecordStages(tx, []sla.Due{{ClockID: only(t, db, walled, sla.Resolution).ID}, {ClockID: only(t, db, plain, sla.Resolution).ID}})
		return err
	})
	var team int64
	if err := db.Gorm.Raw("SELECT team_id FROM tickets WHERE id = ?", plain).Scan(&team).Error; err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]struct {
		scope            access.Scope
		breached, coming []int64
	}{
		"supervisor":   {access.Scope{Teams: []int64{team}}, []int64{plain}, []int64{soon}},
		"another team": {access.Scope{Teams: []int64{team + 1}}, nil, nil},
		"no team":      {access.Scope{}, nil, nil},
		"ombudsman":    {access.Scope{AllTeams: true, Walled: true}, []int64{walled, plain}, []int64{soon}},
	} {
		var breached, coming []int64
		q := sla.BreachQuery{Scope: v.scope, Limit: 1}
		for {
			page, err := sla.Breaches(t.Context(), db.Gorm, q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			breached = append(breached, page[0].TicketID)
			q.After = &page[0]
		}
		upcoming, err := sla.Upcoming(t.Context(), db.Gorm, v.scope, time.Hour, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range upcoming {
			coming = append(coming, b.TicketID)
		}
		if !slices.Equal(breached, v.breached) || !slices.Equal(coming, v.coming) {
			t.Errorf("%s: breached %v, want %v; upcoming %v, want %v", name, breached, v.breached, coming, v.coming)
		}
	}
}
