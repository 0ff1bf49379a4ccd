package desk_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestAPatchTellsEachFieldWithBothValues(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Subject: "Antes", Tags: []string{"a"}})
	done, err := o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: 1, Subject: ptr(" Fatura\n errada "), Tags: &[]string{"B", "a", "b"}, Priority: ptr(3)})
	if err != nil {
		t.Fatal(err)
	}
	if done.Subject != "Fatura errada" || !slices.Equal(done.Tags, []string{"a", "b"}) {
		t.Errorf("%+v", done)
	}
	var payload struct{ Data desk.Changed }
	if err := json.Unmarshal(tickettest.Events(t, o.db, tk.ID)[1].Payload, &payload); err != nil {
		t.Fatal(err)
	}
	if f := payload.Data.Fields; len(f) != 2 || f["subject"].From != "Antes" || f["subject"].To != "Fatura errada" {
		t.Errorf("told %+v", f)
	}
	same, err := o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: done.Version, Subject: &done.Subject, Status: &done.Status})
	if err != nil || same.Version != done.Version {
		t.Errorf("a patch of nothing made version %d, %v", same.Version, err)
	}
	if n := o.count(t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND search @@ plainto_tsquery('simple', 'fatura')", tk.ID); n != 1 {
		t.Error("the ticket is not found by its new subject")
	}
}

func TestRefusedPatchesNameTheFieldAndLeaveNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	gone := tickettest.Account(t, o.db, access.Agent, tickettest.DefaultTeam)
	o.count(t, "UPDATE accounts SET active = false WHERE id = ? RETURNING id", gone.AccountID)
	o.count(t, "UPDATE reasons SET active = false WHERE id = 2 RETURNING id")
	old := time.Now().Add(-ticket.Grace)
	tests := []struct {
		name  string
		of    ticket.Ticket
		patch desk.Patch
		want  error
		field string
	}{
		{"version gone by", ticket.Ticket{}, desk.Patch{Version: -1, Priority: ptr(1)}, ticket.ErrVersion, ""},
		{"priority 0", ticket.Ticket{}, desk.Patch{Priority: ptr(0)}, ticket.ErrInvalid, "priority"},
		{"priority 5", ticket.Ticket{}, desk.Patch{Priority: ptr(5)}, ticket.ErrInvalid, "priority"},
		{"kind", ticket.Ticket{}, desk.Patch{Kind: ptr(ticket.Kind("spam"))}, ticket.ErrInvalid, "kind"},
		{"blank subject", ticket.Ticket{}, desk.Patch{Subject: ptr(" \n ")}, ticket.ErrInvalid, "subject"},
		{"long subject", ticket.Ticket{}, desk.Patch{Subject: ptr(strings.Repeat("é", 201))}, ticket.ErrInvalid, "subject"},
		{"subject with NUL", ticket.Ticket{}, desk.Patch{Subject: ptr("a\x00")}, ticket.ErrInvalid, "subject"},
		{"team that is none", ticket.Ticket{}, desk.Patch{TeamID: ptr(int64(999))}, ticket.ErrInvalid, "team_id"},
		{"assignee that is none", ticket.Ticket{}, desk.Patch{Assignee: ptr(int64(999))}, ticket.ErrInvalid, "assignee_id"},
		{"assignee below all", ticket.Ticket{}, desk.Patch{Assignee: ptr(int64(-1))}, ticket.ErrInvalid, "assignee_id"},
		{"assignee who has left", ticket.Ticket{}, desk.Patch{Assignee: &gone.AccountID}, ticket.ErrInvalid, "assignee_id"},
		{"assignee who would not see it", ticket.Ticket{}, desk.Patch{Assignee: &o.away.AccountID}, ticket.ErrInvalid, "assignee_id"},
		{"assignee who will not see it there", ticket.Ticket{}, desk.Patch{TeamID: &o.away.Teams[0], Assignee: &o.bruno.AccountID}, ticket.ErrInvalid, "assignee_id"},
		{"reason that is none", ticket.Ticket{}, desk.Patch{ReasonID: ptr(int64(999))}, ticket.ErrInvalid, "reason_id"},
		{"reason no longer offered", ticket.Ticket{}, desk.Patch{ReasonID: ptr(int64(2))}, ticket.ErrInvalid, "reason_id"},
		{"too many tags", ticket.Ticket{}, desk.Patch{Tags: ptr(strings.Split(strings.Repeat("x ", 10)+"a b c d e f g h i j k l m n o p q r s t u", " "))}, ticket.ErrInvalid, "tags"},
		{"status unknown", ticket.Ticket{}, desk.Patch{Status: ptr(ticket.Status("done"))}, ticket.ErrInvalid, "status"},
		{"back to new", ticket.Ticket{Status: ticket.Open}, desk.Patch{Status: ptr(ticket.New)}, ticket.ErrMove, ""},
		{"closing at once", ticket.Ticket{Status: ticket.Open}, desk.Patch{Status: ptr(ticket.Closed)}, ticket.ErrMove, ""},
		{"reopening after the grace", ticket.Ticket{Status: ticket.Resolved, ResolvedAt: &old}, desk.Patch{Status: ptr(ticket.Open)}, ticket.ErrMove, ""},
		{"closed", ticket.Ticket{Status: ticket.Closed, ResolvedAt: &old, ClosedAt: &old}, desk.Patch{Priority: ptr(1)}, ticket.ErrClosed, ""},
		{"out of a colleague's hands", ticket.Ticket{AssigneeID: &o.bruno.AccountID}, desk.Patch{Assignee: &o.ana.AccountID}, ticket.ErrNotYours, ""},
		{"away from a colleague", ticket.Ticket{AssigneeID: &o.bruno.AccountID}, desk.Patch{TeamID: &o.away.Teams[0]}, ticket.ErrNotYours, ""},
	}
	for _, tt := range tests {
		tk := o.open(t, tt.of)
		tt.patch.Version += tk.Version
		told := tickettest.Replay(t, o.db, func() {
			_, err := o.s.Patch(t.Context(), o.ana, tk.ID, tt.patch)
			f := fault.From(err)
			if !errors.Is(err, tt.want) || tt.field != "" && (len(f.Details) != 1 || f.Details[0].Field != tt.field) {
				t.Errorf("%s: %v %+v, want %v", tt.name, err, f.Details, tt.want)
			}
			if tt.want == ticket.ErrVersion && f.Args["version"] != tk.Version {
				t.Errorf("%s: it is of version %v", tt.name, f.Args["version"])
			}
		})
		if len(told) != 0 {
			t.Errorf("%s told %+v", tt.name, told)
		}
	}
}

func TestAHandOverGoesToAnyTeamAndLeavesTheTicketToNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lives := time.Now().Add(time.Minute)
	tk := o.open(t, ticket.Ticket{AssigneeID: &o.ana.AccountID, HolderID: &o.ana.AccountID, LeaseUntil: &lives})
	done, err := o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: 1, TeamID: &o.away.Teams[0]})
	if err != nil || done.AssigneeID != nil || done.HolderID != nil {
		t.Fatalf("%+v, %v", done, err)
	}
	e := tickettest.Events(t, o.db, tk.ID)[1]
	if e.Before == nil || e.Before.Team != tk.TeamID || e.Audience.Team != o.away.Teams[0] {
		t.Errorf("audience %+v before %+v", e.Audience, e.Before)
	}
	if o.leases.n.Load() != 1 {
		t.Error("the copy of the lease was left")
	}
	if _, err := o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: 2, TeamID: &tk.TeamID}); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("whoever gave it away still reaches it: %v", err)
	}
	back, err := o.s.Patch(t.Context(), o.away, tk.ID, desk.Patch{Version: 2, TeamID: &tk.TeamID, Assignee: &o.bruno.AccountID})
	if err != nil || *back.AssigneeID != o.bruno.AccountID {
		t.Errorf("handed to somebody: %+v, %v", back, err)
	}
}

func TestASupervisorReassignsWhatAColleagueHolds(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	lives := time.Now().Add(time.Minute)
	tk := o.open(t, ticket.Ticket{AssigneeID: &o.ana.AccountID, HolderID: &o.ana.AccountID, LeaseUntil: &lives})
	done, err := o.s.Patch(t.Context(), o.sup, tk.ID, desk.Patch{Version: 1, Assignee: &o.bruno.AccountID})
	if err != nil || *done.AssigneeID != o.bruno.AccountID || done.HolderID != nil {
		t.Errorf("%+v, %v", done, err)
	}
}
