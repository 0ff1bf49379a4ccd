package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestReopeningWithinTheGraceGoesOnWithTheClocksWhereTheyStood(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, err := o.s.Resolve(t.Context(), o.ana, tk.ID, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Reopen(t.Context(), o.ana, tk.ID, "  "); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("without a reason: %v", err)
	}
	o.ahead.Store(int64(ticket.Grace - time.Hour))
	done, err := o.s.Reopen(t.Context(), o.ana, tk.ID, "voltou a falhar")
	if err != nil || done.Status != ticket.Open || done.ResolvedAt != nil || done.WaitingSince == nil {
		t.Fatalf("%+v, %v", done, err)
	}
	if got := o.states(t, tk.ID)[sla.Legal]; got != sla.Running {
		t.Errorf("the resolution clock is %s", got)
	}
	again, err := o.s.Reopen(t.Context(), o.ana, tk.ID, "de novo")
	if err != nil || again.Version != done.Version {
		t.Errorf("reopening what is open: %+v, %v", again, err)
	}
}

func TestAfterTheGraceATicketIsClosedForGood(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	due, early := o.open(t, ticket.Ticket{}), o.open(t, ticket.Ticket{})
	for _, tk := range []ticket.Ticket{due, early} {
		if _, err := o.s.Resolve(t.Context(), o.ana, tk.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	o.count(t, "UPDATE tickets SET resolved_at = resolved_at + interval '1 hour' WHERE id = ? RETURNING id", early.ID)
	o.ahead.Store(int64(ticket.Grace + time.Minute))
	closed, err := o.s.CloseDue(t.Context())
	if err != nil || closed != 1 {
		t.Fatalf("%d closed, %v", closed, err)
	}
	if got := tickettest.Fresh(t, o.db, due.ID); got.Status != ticket.Closed || got.ClosedAt == nil {
		t.Errorf("%+v", got)
	}
	if got := tickettest.Fresh(t, o.db, early.ID); got.Status != ticket.Resolved {
		t.Errorf("closed an hour early: %+v", got)
	}
	if _, err := o.s.Reopen(t.Context(), o.ana, due.ID, "tarde"); !errors.Is(err, ticket.ErrClosed) {
		t.Errorf("reopened: %v", err)
	}
	if _, _, err := o.s.Note(t.Context(), o.ana, due.ID, "Ligou depois."); err != nil {
		t.Errorf("a note on a closed ticket: %v", err)
	}
	if again, err := o.s.CloseDue(t.Context()); err != nil || again != 0 {
		t.Errorf("closed twice: %d, %v", again, err)
	}
}

// What is settled without a word is still owed its answer by law; what was
// answered is not, also when it is settled later.
func TestAMatterSettledWithoutAnAnswerIsStillOwedOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	silent, answered := o.open(t, ticket.Ticket{Kind: "reclamacao"}), o.open(t, ticket.Ticket{Kind: "reclamacao"})
	if _, _, err := o.s.Reply(t.Context(), o.ana, answered.ID, desk.Reply{Body: "Trocamos a peça."}); err != nil {
		t.Fatal(err)
	}
	for _, tk := range []ticket.Ticket{silent, answered} {
		if _, err := o.s.Resolve(t.Context(), o.ana, tk.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.states(t, silent.ID)[sla.Legal]; got != sla.Running {
		t.Errorf("without an answer: %s", got)
	}
	if got := o.states(t, answered.ID)[sla.Legal]; got != sla.Met {
		t.Errorf("with one: %s", got)
	}
}

// A demand that turns out to be another has the other's deadlines, and its event
// says which moved.
func TestAnotherKindMovesTheDeadlinesAndTellsWhich(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Kind: "elogio"})
	if _, err := o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: tk.Version, Kind: ptr(ticket.Kind("reclamacao"))}); err != nil {
		t.Fatal(err)
	}
	if got := o.states(t, tk.ID); got[sla.Legal] != sla.Running || got[sla.Resolution] != sla.Cancelled {
		t.Errorf("%v", got)
	}
	var told string
	if err := o.db.Gorm.Raw("SELECT payload->>'deadlines' FROM events WHERE ticket_id = ? ORDER BY version DESC LIMIT 1", tk.ID).Scan(&told).Error; err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told, `"SAC: resposta conclusiva"`) || !strings.Contains(told, `"rules"`) {
		t.Error(told)
	}
	if err := tickettest.ToldWell(t, o.db, tk.ID); err != nil {
		t.Error(err)
	}
}
