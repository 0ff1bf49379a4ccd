package bulk_test

import (
	"errors"
	"testing"

	"github.com/escuta-sac/escuta/internal/bulk"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Which cause a ticket has is no answer to it: whoever sees it may say so, also
// while somebody answers it. A case of the ombudsman's has none, and what is
// hidden is not there.
func TestManyTicketsArePutToAnIncidentAndTakenOffAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	outage := tickettest.Incident(t, o.db, "Queda no site")
	earlier := tickettest.Incident(t, o.db, "Boleto em dobro")
	soon := o.now().Add(ticket.LeaseTime)
	plain := tickettest.Open(t, o.db, ticket.Ticket{})
	held := tickettest.Open(t, o.db, ticket.Ticket{HolderID: &o.sup.AccountID, AssigneeID: &o.sup.AccountID, LeaseUntil: &soon})
	other := tickettest.Open(t, o.db, ticket.Ticket{IncidentID: &earlier})
	same := tickettest.Open(t, o.db, ticket.Ticket{IncidentID: &outage})
	walled := tickettest.Open(t, o.db, ticket.Ticket{Walled: true})
	elsewhere := tickettest.Open(t, o.db, ticket.Ticket{TeamID: tickettest.Team(t, o.db, "Longe")})
	sel := chosen(plain, held, other, same, walled, elsewhere)
	a := desk.Amendment{IncidentID: &outage}
	shown, err := o.s.Preview(t.Context(), o.ana, sel, a)
	if err != nil || shown.By[bulk.Changed] != 3 || shown.By[bulk.Same] != 1 || shown.By[bulk.Gone] != 2 {
		t.Fatalf("%+v, %v", shown, err)
	}
	done, err := o.s.Start(t.Context(), o.ana, sel, a, 3)
	if err != nil || done.Effect.By[bulk.Changed] != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	for _, tk := range []ticket.Ticket{plain, held, other} {
		if now := tickettest.Fresh(t, o.db, tk.ID); now.IncidentID == nil || *now.IncidentID != outage || now.HolderID != nil && now.LeaseUntil == nil {
			t.Errorf("ticket %d is about %v", tk.ID, now.IncidentID)
		}
	}
	told := tickettest.Events(t, o.db, other.ID)
	if last := told[len(told)-1]; last.Kind != event.TicketChanged {
		t.Errorf("told as %s", last.Kind)
	}
	// What somebody has put elsewhere meanwhile stays there.
	if _, err := o.s.Start(t.Context(), o.sup, chosen(plain), desk.Amendment{IncidentID: &earlier}, 1); err != nil {
		t.Fatal(err)
	}
	undone, err := o.s.Undo(t.Context(), o.ana, done.ID)
	if err != nil || undone.Effect.By[bulk.Changed] != 2 || undone.Effect.By[bulk.MovedOn] != 1 {
		t.Fatalf("%+v, %v", undone, err)
	}
	for _, want := range []struct {
		of       ticket.Ticket
		incident *int64
	}{{plain, &earlier}, {held, nil}, {other, &earlier}, {same, &outage}, {walled, nil}} {
		now := tickettest.Fresh(t, o.db, want.of.ID).IncidentID
		if (now == nil) != (want.incident == nil) || now != nil && *now != *want.incident {
			t.Errorf("ticket %d is about %v, want %v", want.of.ID, now, want.incident)
		}
	}
}

func TestACaseOfTheOmbudsmansJoinsNoIncidentInBulk(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	outage := tickettest.Incident(t, o.db, "Queda no site")
	ouvidora := tickettest.Account(t, o.db, "ombudsman", tickettest.DefaultTeam)
	o.who[ouvidora.AccountID] = ouvidora
	walled := tickettest.Open(t, o.db, ticket.Ticket{Walled: true})
	e, err := o.s.Preview(t.Context(), ouvidora, chosen(walled), desk.Amendment{IncidentID: &outage})
	if err != nil || e.By[bulk.Refused] != 1 || e.Examples[0].Reason != desk.ErrIncidentCase.Code {
		t.Errorf("%+v, %v", e, err)
	}
	if _, err := o.s.Preview(t.Context(), o.ana, chosen(walled), desk.Amendment{IncidentID: to(outage + 99)}); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("an unknown incident: %v", err)
	}
	if err := o.db.Gorm.Exec("UPDATE incidents SET state = 'closed', solved_at = now() WHERE id = ?", outage).Error; err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Preview(t.Context(), o.ana, chosen(walled), desk.Amendment{IncidentID: &outage}); !errors.Is(err, desk.ErrIncidentClosed) {
		t.Errorf("a closed incident: %v", err)
	}
}

// What a ticket still asks of areas is withdrawn when it is resolved: whoever
// resolves many is told of how many, and of none that they would not resolve.
func TestResolvingManyTellsWhatTheyStillAskOfAreas(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	asks := tickettest.Open(t, o.db, ticket.Ticket{})
	quiet := tickettest.Open(t, o.db, ticket.Ticket{})
	hidden := tickettest.Open(t, o.db, ticket.Ticket{TeamID: tickettest.Team(t, o.db, "Longe")})
	for i, of := range []int64{asks.ID, asks.ID, quiet.ID, hidden.ID} {
		err := o.db.Gorm.Exec(`INSERT INTO area_requests (id, ticket_id, team_id, body, due, asked_by, asked_at, state) VALUES (?, ?, ?, 'Confere', ?, ?, ?, ?)`,
			string(rune('a'+i)), of, tickettest.DefaultTeam, o.now(), o.sup.AccountID, o.now(), []string{"open", "open", "answered", "open"}[i]).Error
		if err != nil {
			t.Fatal(err)
		}
	}
	sel := chosen(asks, quiet, hidden)
	e, err := o.s.Preview(t.Context(), o.ana, sel, desk.Amendment{Status: to(ticket.Resolved)})
	if err != nil || e.By[bulk.Changed] != 2 || e.Asking != 1 || e.Asked != 2 {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err = o.s.Preview(t.Context(), o.ana, sel, desk.Amendment{Status: to(ticket.WaitingThird)}); err != nil || e.Asking != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}
