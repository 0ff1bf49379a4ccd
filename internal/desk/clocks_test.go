package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// clock is the ticket's newest clock of a kind.
func (o office) clock(t *testing.T, id int64, kind sla.Kind) sla.Clock {
	t.Helper()
	clocks, err := sla.Clocks(t.Context(), o.db.Gorm, o.policies.Calendars(), id)
	if err != nil {
		t.Fatal(err)
	}
	var found sla.Clock
	for _, c := range clocks {
		if c.Kind == kind && c.ID > found.ID {
			found = c
		}
	}
	if found.ID == 0 {
		t.Fatalf("ticket %d has no %s clock", id, kind)
	}
	return found
}

// lastTold is the data and the deadlines of the ticket's newest event.
func (o office) lastTold(t *testing.T, id int64) string {
	t.Helper()
	var told string
	err := o.db.Gorm.Raw("SELECT kind || ' ' || (payload->>'data') || ' ' || coalesce(payload->>'deadlines', '-') FROM events WHERE ticket_id = ? ORDER BY version DESC LIMIT 1", id).Scan(&told).Error
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// setClock moves the office to an instant.
func (o office) setClock(t *testing.T, at string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", at, zone)
	if err != nil {
		t.Fatal(err)
	}
	o.ahead.Store(int64(time.Until(when)))
	return when
}

func TestAPersonPausesADeadlineAndItGoesOnFromScratch(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	start := o.setClock(t, "2026-11-03 10:00")
	tk := o.open(t, ticket.Ticket{Kind: "elogio", OpenedAt: start})
	c := o.clock(t, tk.ID, sla.Resolution)
	if !c.Pauses {
		t.Fatalf("%+v knows no pauses", c)
	}
	if _, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID, " "); fault.From(err).Kind != fault.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID, "Perícia externa"); err != nil {
		t.Fatal(err)
	}
	if told := o.lastTold(t, tk.ID); !strings.Contains(told, "ticket.clock") || !strings.Contains(told, "Perícia externa") {
		t.Error(told)
	}
	if _, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID, "outra"); !errors.Is(err, sla.ErrStandsStill) {
		t.Errorf("twice: %v", err)
	}
	stands := o.clock(t, tk.ID, sla.Resolution)
	if stands.State != sla.Standing || len(stands.Intervals) != 1 || *stands.Intervals[0].AccountID != o.ana.AccountID {
		t.Fatalf("%+v", stands)
	}
	// What a status does to clocks leaves a person's pause alone.
	waits, open := ticket.WaitingThird, ticket.Open
	for _, to := range []*ticket.Status{&waits, &open} {
		now, err := ticket.ByID(t.Context(), o.db.Gorm, tk.ID)
		if err == nil {
			_, err = o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: now.Version, Status: to})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := o.clock(t, tk.ID, sla.Resolution); got.State != sla.Standing {
		t.Errorf("after the status came back: %s", got.State)
	}
	o.setClock(t, "2026-11-05 10:00")
	if _, err := o.s.ResumeClock(t.Context(), o.ana, tk.ID, c.ID); err != nil {
		t.Fatal(err)
	}
	after := o.clock(t, tk.ID, sla.Resolution)
	if after.State != sla.Running || !after.Due.After(c.Due) {
		t.Errorf("due %s, was %s, %s", after.Due, c.Due, after.State)
	}
	if told := o.lastTold(t, tk.ID); !strings.Contains(told, `"why": "pause"`) {
		t.Error(told)
	}
	if _, err := o.s.ResumeClock(t.Context(), o.ana, tk.ID, c.ID); !errors.Is(err, sla.ErrRuns) {
		t.Errorf("resumed twice: %v", err)
	}
	if err := tickettest.ToldWell(t, o.db, tk.ID); err != nil {
		t.Error(err)
	}
}

func TestATermOfLawNeverStandsStillAndSaysByWhichNorm(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Kind: "reclamacao"})
	c := o.clock(t, tk.ID, sla.Legal)
	_, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID, "Perícia")
	if !errors.Is(err, sla.ErrNeverPauses) || !strings.Contains(fault.From(err).Args["norm"].(string), "11.034") {
		t.Errorf("%v %v", err, fault.From(err).Args)
	}
	if _, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID+1000, "x"); !errors.Is(err, sla.ErrNoClock) {
		t.Errorf("no such clock: %v", err)
	}
	if _, err := o.s.PauseClock(t.Context(), o.away, tk.ID, c.ID, "x"); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("of a hidden ticket: %v", err)
	}
}

func TestASupervisorShortensAPauseAndABreachIsSaid(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	start := o.setClock(t, "2026-11-03 10:00")
	tk := o.open(t, ticket.Ticket{Kind: "elogio", OpenedAt: start})
	c := o.clock(t, tk.ID, sla.Resolution)
	if _, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID, "Perícia"); err != nil {
		t.Fatal(err)
	}
	o.setClock(t, "2026-11-30 10:00")
	if _, err := o.s.ResumeClock(t.Context(), o.ana, tk.ID, c.ID); err != nil {
		t.Fatal(err)
	}
	long := o.clock(t, tk.ID, sla.Resolution)
	fix := sla.Correction{PauseID: long.Intervals[0].ID}
	if _, err := o.s.CorrectPause(t.Context(), o.ana, tk.ID, c.ID, fix, "engano"); !errors.Is(err, desk.ErrNotSupervisor) {
		t.Errorf("an agent corrects: %v", err)
	}
	later := long.Intervals[0].To.Add(time.Hour)
	if _, err := o.s.CorrectPause(t.Context(), o.sup, tk.ID, c.ID, sla.Correction{PauseID: fix.PauseID, To: &later}, "engano"); !errors.Is(err, sla.ErrPauseShorter) {
		t.Errorf("longer: %v", err)
	}
	end := start.AddDate(0, 0, 26)
	if _, err := o.s.CorrectPause(t.Context(), o.sup, tk.ID, c.ID, sla.Correction{PauseID: fix.PauseID, To: &end}, "acabou antes"); err != nil {
		t.Fatal(err)
	}
	if got := o.clock(t, tk.ID, sla.Resolution); got.Due.After(long.Due) || !got.Intervals[0].To.Equal(end) {
		t.Errorf("%+v", got)
	}
	if _, err := o.s.CorrectPause(t.Context(), o.sup, tk.ID, c.ID, fix, "engano"); !errors.Is(err, sla.ErrPauseBreaks) {
		t.Errorf("a breach unsaid: %v", err)
	}
	if got := o.clock(t, tk.ID, sla.Resolution); got.Stage == sla.StageDue {
		t.Error("a refused correction has changed something")
	}
	fix.Breaks = true
	if _, err := o.s.CorrectPause(t.Context(), o.sup, tk.ID, c.ID, fix, "engano"); err != nil {
		t.Fatal(err)
	}
	got := o.clock(t, tk.ID, sla.Resolution)
	if got.Stage != sla.StageDue || !got.Due.Equal(c.Due) || got.BreachedAt == nil {
		t.Errorf("%+v", got)
	}
	if told := o.lastTold(t, tk.ID); !strings.Contains(told, "pause_taken_back") || !strings.Contains(told, `"breached": true`) {
		t.Error(told)
	}
	for name, act := range map[string]func() error{
		"pause":  func() error { _, err := o.s.PauseClock(t.Context(), o.ana, tk.ID, c.ID, "x"); return err },
		"cancel": func() error { _, err := o.s.CancelClock(t.Context(), o.sup, tk.ID, c.ID, "x"); return err },
	} {
		if err := act(); !errors.Is(err, sla.ErrRanOut) {
			t.Errorf("%s past a breach: %v", name, err)
		}
	}
	if err := tickettest.ToldWell(t, o.db, tk.ID); err != nil {
		t.Error(err)
	}
}

func TestADeadlineThatAsksNothingIsNeitherMetNorMissed(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Kind: "reclamacao"})
	c := o.clock(t, tk.ID, sla.Legal)
	if _, err := o.s.CancelClock(t.Context(), o.ana, tk.ID, c.ID, "spam"); !errors.Is(err, desk.ErrNotSupervisor) {
		t.Errorf("an agent cancels: %v", err)
	}
	if _, err := o.s.CancelClock(t.Context(), o.sup, tk.ID, c.ID, "spam"); err != nil {
		t.Fatal(err)
	}
	if got := o.clock(t, tk.ID, sla.Legal); got.State != sla.Cancelled || got.StoppedAt == nil {
		t.Errorf("%+v", got)
	}
	if told := o.lastTold(t, tk.ID); !strings.Contains(told, "cancelled") || !strings.Contains(told, `"why": "cancel"`) {
		t.Error(told)
	}
	if err := tickettest.ToldWell(t, o.db, tk.ID); err != nil {
		t.Error(err)
	}
}
