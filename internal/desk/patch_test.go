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
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
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
	if got := o.states(t, tk.ID)[sla.Resolution]; got != sla.Running {
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

// attacks.md row 52: nothing can be moved, assigned, answered or reopened
// through a ticket that the actor does not see, nor is its state told.
func TestAttack52NothingIsDoneToAHiddenTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, hidden := range []ticket.Ticket{{TeamID: o.away.Teams[0]}, {Walled: true}} {
		tk := o.open(t, hidden)
		acts := map[string]func(id int64) error{
			"reply": func(id int64) error {
				_, _, err := o.s.Reply(t.Context(), o.sup, id, desk.Reply{Body: "a"})
				return err
			},
			"note": func(id int64) error { _, _, err := o.s.Note(t.Context(), o.sup, id, "a"); return err },
			"move": func(id int64) error {
				_, err := o.s.Patch(t.Context(), o.sup, id, desk.Patch{Version: 1, TeamID: ptr(int64(1))})
				return err
			},
			"conflict": func(id int64) error {
				_, err := o.s.Patch(t.Context(), o.sup, id, desk.Patch{Version: 9, Priority: ptr(9)})
				return err
			},
			"resolve": func(id int64) error { _, err := o.s.Resolve(t.Context(), o.sup, id, ""); return err },
			"reopen":  func(id int64) error { _, err := o.s.Reopen(t.Context(), o.sup, id, "a"); return err },
		}
		for name, act := range acts {
			told := tickettest.Replay(t, o.db, func() {
				seen, absent := act(tk.ID), act(1<<40)
				if !errors.Is(seen, ticket.ErrNotFound) || fault.From(seen).Code != fault.From(absent).Code {
					t.Errorf("%s: %v for a hidden ticket, %v for an absent one", name, seen, absent)
				}
			})
			if len(told) != 0 {
				t.Errorf("%s of a hidden ticket told %+v", name, told)
			}
		}
	}
}

// attacks.md row 55: what a patch may set is what Patch has, and none of it is
// what the system keeps: number, times, fence, deadlines, wall.
func TestAttack55APatchCannotReachWhatTheSystemKeeps(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	before := tickettest.Fresh(t, o.db, tk.ID)
	after, err := o.s.Patch(t.Context(), o.sup, tk.ID, desk.Patch{Version: 1, Priority: ptr(1), Kind: ptr(ticket.Kind("elogio")),
		Subject: ptr("x"), Tags: &[]string{"x"}, ReasonID: ptr(int64(1)), Assignee: &o.ana.AccountID, Status: ptr(ticket.WaitingThird)})
	if err != nil {
		t.Fatal(err)
	}
	if after.Protocol != before.Protocol || !after.OpenedAt.Equal(before.OpenedAt) || after.Fence != before.Fence ||
		after.Walled != before.Walled || after.CustomerID != before.CustomerID || after.Channel != before.Channel ||
		after.PublicVersion != before.PublicVersion || after.LegalPriority != before.LegalPriority {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

// attacks.md row 56: messages and notes are not to be rewritten, by anybody. No
// act of the desk changes one that is there.
func TestAttack56WhatWasWrittenStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Note(t.Context(), o.bruno, tk.ID, "Nota do Bruno"); err != nil {
		t.Fatal(err)
	}
	written := func() (text string) {
		if err := o.db.Gorm.Raw(`SELECT string_agg(x, '|' ORDER BY x) FROM (SELECT id || body || at AS x FROM messages WHERE version <= 2
			UNION ALL SELECT id || body || author_id || at FROM notes WHERE version <= 2) y`).Scan(&text).Error; err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := written()
	if _, _, err := o.s.Note(t.Context(), o.ana, tk.ID, "Outra"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.s.Reply(t.Context(), o.sup, tk.ID, desk.Reply{Body: "Oi", Resolve: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Reopen(t.Context(), o.sup, tk.ID, "a"); err != nil {
		t.Fatal(err)
	}
	if after := written(); before != after {
		t.Errorf("before %s\nafter %s", before, after)
	}
}

func TestATimelineHasEverythingInTheOrderOfItsVersions(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Note(t.Context(), o.bruno, tk.ID, "Nota"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi", Resolve: true, Files: []ticket.File{{Blob: "b", Name: "n", Mime: "m", Size: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Reopen(t.Context(), o.ana, tk.ID, "faltou algo"); err != nil {
		t.Fatal(err)
	}
	entries, err := ticket.Timeline(t.Context(), o.db.Gorm, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		switch {
		case e.Message != nil:
			got = append(got, string(e.Message.Direction)+" "+e.Message.Body)
		case e.Note != nil:
			got = append(got, e.Note.AuthorName+" "+e.Note.Body)
		default:
			got = append(got, e.Happening.Kind)
		}
	}
	want := []string{event.TicketOpened, "in Preciso de ajuda.", o.bruno.Name + " Nota", "out Oi", event.TicketReopened}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if f := entries[3].Message.Files; len(f) != 1 || f[0].Name != "n" {
		t.Errorf("files %+v", f)
	}
	var told desk.Moved
	if err := json.Unmarshal(entries[4].Happening.Data, &told); err != nil || told.Reason != "faltou algo" || told.From != ticket.Resolved {
		t.Errorf("told %+v, %v", told, err)
	}
	file, audience, err := ticket.FileByToken(t.Context(), o.db.Gorm, entries[3].Message.Files[0].Token)
	if err != nil || file.Blob != "b" || audience.Team != tk.TeamID {
		t.Errorf("by its link: %+v for %+v, %v", file, audience, err)
	}
	if _, _, err := ticket.FileByToken(t.Context(), o.db.Gorm, "no' OR true --"); !errors.Is(err, ticket.ErrNoFile) {
		t.Errorf("by a wrong link: %v", err)
	}
}
