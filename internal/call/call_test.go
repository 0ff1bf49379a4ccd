package call_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// fields are those that an error names.
func fields(err error) string {
	var named []string
	for _, d := range fault.From(err).Details {
		named = append(named, d.Field+":"+d.Code)
	}
	return strings.Join(named, " ")
}

// A line is all that a call needs; its protocol is there at once, and several
// notes of one agent are open side by side.
func TestACallIsTakenAtOnceAndSeveralAtATime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.opens("")
	second := o.opens("+55 (11) 98888-7777")
	for _, c := range []call.Opened{first, second} {
		if len(c.Call.Protocol) != 17 || c.Ticket.Protocol != c.Call.Protocol || c.Ticket.AssigneeID == nil || *c.Ticket.HolderID != o.ana.AccountID {
			t.Errorf("%+v", c)
		}
	}
	mine, _, err := o.node.List(t.Context(), o.ana, call.Query{Mine: true, Open: true})
	if err != nil || len(mine) != 2 || mine[0].Call.ContactID != second.Call.ContactID {
		t.Errorf("%+v %v", mine, err)
	}
	if n := o.count("SELECT count(*) FROM intake_ledger WHERE channel = 'phone' AND fate = 'ticket'"); n != 2 {
		t.Errorf("%d of two calls are in the ledger", n)
	}
	// The line is ours: its team and brand take the call.
	line, _ := o.line()
	third, err := o.node.Open(t.Context(), o.ana, call.Opening{Line: "08009792345"})
	if err != nil || third.Call.LineID == nil || *third.Call.LineID != line.ID {
		t.Errorf("%+v %v", third, err)
	}
	if _, err := o.node.Open(t.Context(), o.ana, call.Opening{Line: " "}); !errors.Is(err, call.ErrInvalid) || fields(err) != "line:required" {
		t.Errorf("without a line: %v", err)
	}
}

// Another's call is not written into, but by those who may take over; one whose
// ticket is hidden is not there.
func TestACallIsItsAgents(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.opens("").Call.ContactID
	note := call.Change{Note: ptr("Escrevi na ligação de outra pessoa")}
	if _, err := o.node.Change(t.Context(), o.bruno, c, note); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("a colleague: %v", err)
	}
	if _, err := o.node.Change(t.Context(), o.away, c, note); !errors.Is(err, call.ErrNotFound) {
		t.Errorf("another team: %v", err)
	}
	supervisor := tickettest.Account(t, o.db, access.Supervisor, tickettest.DefaultTeam)
	if _, err := o.node.Change(t.Context(), supervisor, c, note); err != nil {
		t.Errorf("a supervisor: %v", err)
	}
	list, _, err := o.node.List(t.Context(), o.away, call.Query{})
	if err != nil || len(list) != 0 {
		t.Errorf("another team lists %+v %v", list, err)
	}
}

// A call about no demand ends its ticket and the clocks with it; one that was
// solved says so to the customer; a second demand has a protocol of its own.
func TestWhatBecomesOfACall(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	outcome := func(out call.Outcome, said string) call.Opened {
		c := o.opens("11988887777")
		return o.changes(c.Call.ContactID, call.Change{Version: c.Call.Version, Outcome: &out, Said: said, Ended: true, Note: ptr("Anotado.")})
	}
	for _, out := range []call.Outcome{call.WrongNumber, call.Silent, call.Informational} {
		if c := outcome(out, ""); c.Ticket.Status != ticket.Closed || c.Ticket.Deadline.Clocks != 0 || c.Call.EndedAt == nil || c.Call.Duration == nil {
			t.Errorf("%s: %+v", out, c)
		}
	}
	if c := outcome(call.Forwarded, ""); !c.Ticket.Status.IsOpen() {
		t.Errorf("forwarded: %+v", c.Ticket)
	}
	solved := outcome(call.Solved, "A segunda via foi enviada.")
	if solved.Ticket.Status != ticket.Resolved || o.count("SELECT count(*) FROM messages WHERE ticket_id = $1 AND body = 'A segunda via foi enviada.'", solved.Ticket.ID) != 1 {
		t.Errorf("solved: %+v", solved.Ticket)
	}
	second, err := o.node.Another(t.Context(), o.ana, solved.Call.ContactID, "Outra demanda", "Também quer trocar o plano", "")
	if err != nil || second.Protocol == solved.Call.Protocol || second.Subject != "Outra demanda" {
		t.Fatalf("%+v %v", second, err)
	}
	about, err := o.node.Tickets(t.Context(), o.ana, solved.Call)
	if err != nil || len(about) != 2 {
		t.Errorf("the call is about %+v %v", about, err)
	}
}

// What cannot be kept is named; nothing of it is kept.
func TestWhatACallRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.opens("").Call
	for name, change := range map[string]struct {
		call.Change
		says string
	}{
		"a note that is no text":     {call.Change{Note: ptr("\xff")}, "note:not_text"},
		"a note too long":            {call.Change{Note: ptr(strings.Repeat("x", 20_001))}, "note:too_long"},
		"a duration of two days":     {call.Change{Duration: ptr(48 * time.Hour)}, "duration:unknown_choice"},
		"an unknown outcome":         {call.Change{Outcome: ptr(call.Outcome("sumiu"))}, "outcome:unknown_choice"},
		"an outcome that is told":    {call.Change{Outcome: ptr(call.Abandoned)}, "outcome:unknown_choice"},
		"a promise without a time":   {call.Change{Outcome: ptr(call.ToCallBack)}, "call_back:required"},
		"a promise for yesterday":    {call.Change{Outcome: ptr(call.ToCallBack), CallBack: &call.Window{From: o.now().Add(-2 * time.Hour), To: o.now().Add(-time.Hour)}}, "call_back.to:in_the_past"},
		"a promise that ends first":  {call.Change{Outcome: ptr(call.ToCallBack), CallBack: &call.Window{From: o.now().Add(2 * time.Hour), To: o.now().Add(time.Hour)}}, "call_back.to:before_start"},
		"a promise for next year":    {call.Change{Outcome: ptr(call.ToCallBack), CallBack: &call.Window{From: o.now().AddDate(1, 0, 0), To: o.now().AddDate(1, 0, 1)}}, "call_back.from:too_far_ahead"},
		"an e-mail that is none":     {call.Change{Customer: &call.Claim{Name: "Rita", Email: "rita"}}, "customer.email:email"},
		"a document that is none":    {call.Change{Customer: &call.Claim{Document: "111.111.111-11"}}, "customer.document:document"},
		"a customer who is not here": {call.Change{Customer: &call.Claim{CustomerID: ptr(int64(99))}}, "customer.customer_id:unknown_choice"},
	} {
		if _, err := o.node.Change(t.Context(), o.ana, c.ContactID, change.Change); !errors.Is(err, call.ErrInvalid) || fields(err) != change.says {
			t.Errorf("%s: %v (%s)", name, err, fields(err))
		}
	}
	after, err := o.node.See(t.Context(), o.ana, c.ContactID)
	if err != nil || after.Call.Version != c.Version || after.Call.Outcome != "" || after.Call.EndedAt != nil {
		t.Errorf("%+v %v", after.Call, err)
	}
	if _, err := o.node.Change(t.Context(), o.ana, c.ContactID, call.Change{Version: c.Version + 7, Note: ptr("x")}); !errors.Is(err, ticket.ErrVersion) {
		t.Errorf("another version: %v", err)
	}
}
