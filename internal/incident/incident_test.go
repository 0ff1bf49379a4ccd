package incident_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/incident"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestWhatAnIncidentSaysIsChecked(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for field, i := range map[string]incident.Incident{
		"title":      {Title: " "},
		"inside":     {Title: "x", Inside: strings.Repeat("a", incident.MaxInside+1)},
		"outside":    {Title: "x", Outside: "a\x00b"},
		"channel":    {Title: "x", Channel: "ombudsman"},
		"brand_id":   {Title: "x", BrandID: ptr(int64(999))},
		"team_id":    {Title: "x", TeamID: ptr(int64(999))},
		"reason_id":  {Title: "x", ReasonID: ptr(int64(999))},
		"started_at": {Title: "x", StartedAt: time.Now().Add(time.Hour)},
		"news_by":    {Title: "x", NewsBy: ptr(time.Now().AddDate(2, 0, 0))},
	} {
		_, err := o.s.Create(t.Context(), o.sup, i)
		if f := fault.From(err); f.Kind != fault.Invalid || len(f.Details) != 1 || f.Details[0].Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestTwoWhoChangeAnIncidentDoNotOverwriteEachOther(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{Outside: "Estamos fora do ar."})
	solved, err := o.s.Change(t.Context(), o.sup, i.ID, 1, func(i *incident.Incident) { i.State = incident.Solved })
	if err != nil || solved.SolvedAt == nil || *solved.SolvedBy != o.sup.AccountID || solved.Version != 2 {
		t.Fatalf("%+v, %v", solved, err)
	}
	if _, err := o.s.Change(t.Context(), o.sup, i.ID, 1, func(i *incident.Incident) { i.Title = "y" }); !errors.Is(err, incident.ErrVersion) {
		t.Errorf("an old version: %v", err)
	}
	again, err := o.s.Change(t.Context(), o.sup, i.ID, 2, func(i *incident.Incident) { i.State = incident.Open })
	if err != nil || again.SolvedAt != nil || again.SolvedBy != nil {
		t.Errorf("taken up again: %+v, %v", again, err)
	}
	if _, err := o.s.Get(t.Context(), 999); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("none: %v", err)
	}
}

// Every change of the link is an event that carries the fresh row.
func TestATicketIsPutToAnIncidentAndTakenOff(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i, other := o.incident(t, incident.Incident{}), o.incident(t, incident.Incident{Title: "Outro"})
	tk := o.open(t, ticket.Ticket{})
	for n, to := range []*int64{&i.ID, &i.ID, &other.ID, nil, nil} {
		told := tickettest.Replay(t, o.db, func() {
			if _, err := o.s.Link(t.Context(), o.ana, tk.ID, to); err != nil {
				t.Fatal(err)
			}
		})
		if want := []int{1, 0, 1, 1, 0}[n]; len(told) != want || want == 1 && told[0].Kind != event.TicketIncident {
			t.Errorf("step %d told %+v", n, told)
		}
	}
	if _, err := o.s.Link(t.Context(), o.ana, tk.ID, ptr(int64(999))); !errors.Is(err, incident.ErrNotFound) {
		t.Errorf("to none: %v", err)
	}
	if _, err := o.s.Link(t.Context(), o.away, tk.ID, &i.ID); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("by who does not see it: %v", err)
	}
	if _, err := o.s.Change(t.Context(), o.sup, i.ID, 1, func(i *incident.Incident) { i.State = incident.Closed }); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Link(t.Context(), o.ana, tk.ID, &i.ID); !errors.Is(err, incident.ErrClosed) {
		t.Errorf("to a closed one: %v", err)
	}
}

// What stands behind the wall belongs to no incident, is suggested by none and
// counted in none, whoever asks and however.
func TestNothingBehindTheWallBelongsToAnIncident(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	i := o.incident(t, incident.Incident{StartedAt: time.Now().Add(-time.Minute)})
	walled := o.open(t, ticket.Ticket{Walled: true, Channel: "ombudsman", Subject: "Aplicativo fora do ar"})
	if _, err := o.s.Link(t.Context(), o.judge, walled.ID, &i.ID); !errors.Is(err, incident.ErrCase) {
		t.Errorf("by the office: %v", err)
	}
	if _, err := o.s.Link(t.Context(), o.sup, walled.ID, &i.ID); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("by a supervisor: %v", err)
	}
	for _, who := range []access.Actor{o.sup, o.judge} {
		if _, err := o.s.Put(t.Context(), who, i.ID, []int64{walled.ID}, false); !errors.Is(err, incident.ErrNobody) {
			t.Errorf("%s puts it: %v", who.Role, err)
		}
		for _, words := range []string{"", "aplicativo"} {
			if rows, err := o.s.Suggestions(t.Context(), who, i, words); err != nil || len(rows) != 0 {
				t.Errorf("%s is suggested %+v by %q, %v", who.Role, rows, words, err)
			}
		}
		reasons, err := o.s.Reasons(t.Context(), who, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		if err != nil || len(reasons) != 0 {
			t.Errorf("%s counts %+v, %v", who.Role, reasons, err)
		}
	}
	// Not even by a statement that forgets to ask.
	if err := o.db.Gorm.Exec("UPDATE tickets SET incident_id = ? WHERE id = ?", i.ID, walled.ID).Error; err == nil {
		t.Error("the table takes it")
	}
}

func TestSuggestionsAreWhatMayBelong(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	parent := o.count(t, "INSERT INTO reasons (level, name) VALUES (1, 'Aplicativo') RETURNING id")
	leaf := o.count(t, "INSERT INTO reasons (parent_id, level, name) VALUES (?, 2, 'Não abre') RETURNING id", parent)
	i := o.incident(t, incident.Incident{ReasonID: &parent, Channel: "webform", StartedAt: time.Now().Add(-2 * time.Hour)})
	reasoned := func(tk ticket.Ticket) ticket.Ticket {
		tk = o.open(t, tk)
		o.exec(t, "UPDATE tickets SET reason_id = ? WHERE id = ?", leaf, tk.ID)
		return tk
	}
	fits := reasoned(ticket.Ticket{})
	reasoned(ticket.Ticket{Channel: "phone"})
	reasoned(ticket.Ticket{TeamID: o.other})
	reasoned(ticket.Ticket{OpenedAt: time.Now().UTC().Add(-24 * time.Hour)})
	reasoned(ticket.Ticket{Status: ticket.Resolved, ResolvedAt: ptr(o.now())})
	o.open(t, ticket.Ticket{}) // of no reason
	linked := reasoned(ticket.Ticket{})
	if _, err := o.s.Link(t.Context(), o.sup, linked.ID, &i.ID); err != nil {
		t.Fatal(err)
	}
	rows, err := o.s.Suggestions(t.Context(), o.sup, i, "")
	if err != nil || len(rows) != 1 || rows[0].ID != fits.ID {
		t.Errorf("%+v, %v", rows, err)
	}
	page, next, err := o.s.Tickets(t.Context(), o.sup, i.ID, 0, false)
	if err != nil || len(page) != 1 || page[0].ID != linked.ID || next != 0 {
		t.Errorf("its tickets: %+v, %d, %v", page, next, err)
	}
	if page, _, err := o.s.Tickets(t.Context(), o.away, i.ID, 0, false); err != nil || len(page) != 0 {
		t.Errorf("another team sees %+v, %v", page, err)
	}
}

func TestAnIncidentCountsOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine := o.count(t, "INSERT INTO reasons (level, name) VALUES (1, 'Aplicativo') RETURNING id")
	i := o.incident(t, incident.Incident{ReasonID: &mine})
	all := o.with(t, i, 4)
	o.exec(t, "UPDATE tickets SET reason_id = NULL WHERE id = ?", all[0].ID) // counts under its incident's all the same
	o.exec(t, "UPDATE tickets SET reason_id = ? WHERE id <> ?", mine, all[0].ID)
	single := o.open(t, ticket.Ticket{})
	o.exec(t, "UPDATE tickets SET reason_id = ? WHERE id = ?", mine, single.ID)
	o.open(t, ticket.Ticket{TeamID: o.other})

	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	got, err := o.s.Reasons(t.Context(), o.sup, from, to)
	if err != nil || len(got) != 1 || *got[0].ReasonID != mine || got[0].Tickets != 5 || got[0].Demands != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	f, err := o.s.Count(t.Context(), o.sup, i.ID)
	if err != nil || f.Tickets != 4 || f.Customers != 4 || f.Open != 4 || f.Answered != 0 || f.First == nil {
		t.Errorf("%+v, %v", f, err)
	}
	if f, err := o.s.Count(t.Context(), o.away, i.ID); err != nil || f.Tickets != 0 {
		t.Errorf("another team counts %+v, %v", f, err)
	}
}
