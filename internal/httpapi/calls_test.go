package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/phone"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func (p *person) patch(path string, body any) answer {
	p.t.Helper()
	return p.call("PATCH", path, "application/json", encoded(p.t, body))
}

func (p *person) opens(body map[string]any) OpenedCall {
	p.t.Helper()
	var o OpenedCall
	p.post("/api/calls", body).want(201).into(&o)
	return o
}

// Nothing but a line is needed; the ticket is in the agent's hands at once.
func TestACallOpensWithNothingButALine(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	var o OpenedCall
	tickettest.Replay(t, w.db, func() { o = agent.opens(map[string]any{"line": "0800 000 1234"}) })
	if len(o.Protocol) != 17 || o.ContactID == 0 || o.TicketID == 0 || o.Lease == nil {
		t.Fatalf("%+v", o)
	}
	tk := tickettest.Fresh(t, w.db, o.TicketID)
	if tk.HolderID == nil || *tk.HolderID != agent.account.ID || tk.Channel != "phone" || tk.Protocol != o.Protocol {
		t.Errorf("%+v", tk)
	}
	var s IntakeSummary
	w.as(access.Admin).get("/api/intake/summary").want(200).into(&s)
	if s.Received != 1 || s.Accounted != 1 {
		t.Errorf("the ledger has %+v", s)
	}
	var page CallPage
	agent.get("/api/calls?mine&open").want(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].ID != o.ContactID {
		t.Errorf("mine and open: %+v", page.Items)
	}
	agent.post("/api/calls", map[string]any{"line": " "}).want(422).problem("call_invalid", "body.line")
}

// Whatever a telephone shows is taken as text.
func TestAttack96CallersOfAllShapes(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for told, want := range map[string]struct{ shown, phone string }{
		`<script>alert(1)</script>`: {`<script>alert(1)</script>`, ""},
		"anonymous":                 {"anonymous", ""},
		"+55 (11) 9 9999-9999":      {"(11) 99999-9999", "+5511999999999"},
		strings.Repeat("9", 30):     {strings.Repeat("9", 30), ""},
		`"Ana" <sip:+5511999999999@pbx.example;user=phone>`: {"(11) 99999-9999", "+5511999999999"},
		"sip:ana@pbx.example":                               {"sip:ana@pbx.example", ""},
		"tel:+551133334444":                                 {"(11) 3333-4444", "+551133334444"},
		"a\u202egnp.exe\x00\n":                              {"agnp.exe", ""},
	} {
		o := agent.opens(map[string]any{"line": "0800", "caller": told})
		if o.Call.Caller != want.shown || o.Call.Phone != want.phone {
			t.Errorf("%q is shown as %q, %q", told, o.Call.Caller, o.Call.Phone)
		}
		a := agent.get(fmt.Sprintf("/api/calls/%d", o.ContactID)).want(200)
		if a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q could be taken for a page: %v", told, a.header)
		}
	}
}

// The note is kept as it is typed; a stale writer is told so and loses nothing.
func TestANoteIsKeptByVersion(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	o := agent.opens(map[string]any{"line": "0800", "note": "Geladeira não liga"})
	path := fmt.Sprintf("/api/calls/%d", o.ContactID)
	var c Call
	agent.patch(path, map[string]any{"version": o.Call.Version, "note": "Geladeira não liga desde ontem"}).want(200).into(&c)
	if p := agent.patch(path, map[string]any{"version": o.Call.Version, "note": "velho"}).want(409).problem("version_conflict"); p.Version == nil || *p.Version != c.Version {
		t.Errorf("%+v", p)
	}
	before := tickettest.Fresh(t, w.db, o.TicketID)
	tickettest.Replay(t, w.db, func() {
		agent.patch(path, map[string]any{"version": c.Version, "ended": true, "outcome": "forwarded", "kind": "reclamacao", "subject": "Geladeira parada"}).want(200).into(&c)
	})
	after := tickettest.Fresh(t, w.db, o.TicketID)
	if after.Version != before.Version+1 || after.Kind != "reclamacao" || after.Subject != "Geladeira parada" || c.EndedAt == nil || c.Duration == nil {
		t.Errorf("%+v\n%+v", after, c)
	}
	var line Timeline
	agent.get(fmt.Sprintf("/api/tickets/%d/timeline", o.TicketID)).want(200).into(&line)
	notes := 0
	for _, e := range line.Items {
		if e.Note != nil && e.Note.Body == "Geladeira não liga desde ontem" {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("%d notes in %+v", notes, line.Items)
	}
	other := w.as(access.Agent, tickettest.DefaultTeam)
	other.patch(path, map[string]any{"version": c.Version, "note": "x"}).want(403).problem("not_your_call")
	away := w.as(access.Agent, tickettest.Team(t, w.db, "Longe"))
	away.patch(path, map[string]any{"version": c.Version, "note": "x"}).want(404).problem("call_not_found")
	away.get(path).want(404).problem("call_not_found")
}

// signed sends an event of a telephone exchange.
func (p *person) signed(line PhoneLine, secret string, at time.Time, body string) answer {
	p.t.Helper()
	return p.call("POST", fmt.Sprintf("/api/hooks/pbx/%d", line.ID), "application/json", []byte(body),
		signatureHeader, phone.Sign([]byte(secret), []byte(body), at))
}
