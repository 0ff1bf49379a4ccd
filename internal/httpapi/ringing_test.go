package httpapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// hears connects the person to the live stream.
func (p *person) hears() *websocket.Conn {
	p.t.Helper()
	conn, status := p.dial("/api/live", "Origin", p.base)
	if conn == nil {
		p.t.Fatalf("the live stream answers %d", status)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	p.until(conn, "hello")
	return conn
}

// until reads frames up to the first item of a kind.
func (p *person) until(conn *websocket.Conn, kind string) (found struct {
	Kind string `json:"kind"`
	Line int64  `json:"line"`
	Call string `json:"call"`
}) {
	p.t.Helper()
	p.must(conn.SetReadDeadline(time.Now().Add(20 * time.Second)))
	for found.Kind != kind {
		_, text, err := conn.ReadMessage()
		p.must(err)
		var items []json.RawMessage
		p.must(json.Unmarshal(text, &items))
		for _, item := range items {
			if found.Kind != kind {
				p.must(json.Unmarshal(item, &found))
			}
		}
	}
	return found
}

// What rings at a telephone is on its agent's screen, and on nobody else's.
func TestACallRingsOnTheScreenOfItsAgent(t *testing.T) {
	t.Parallel()
	w, line, agent := switchboard(t)
	other := w.as(access.Agent, tickettest.DefaultTeam)
	admin := w.as(access.Admin)
	admin.patch(fmt.Sprintf("/api/accounts/%d", other.account.ID), map[string]any{"extension": "2001"}).want(409).problem("account_extension_taken")
	other.patch("/api/me", map[string]any{"extension": "20 02"}).want(422).problem("account_invalid", "body.extension")
	var me Me
	other.patch("/api/me", map[string]any{"extension": " 2002 "}).want(200).into(&me)
	if me.Extension != "2002" {
		t.Errorf("the extension is %q", me.Extension)
	}
	ear := agent.hears()
	send := func(id, event, extension string, ago time.Duration) {
		body := fmt.Sprintf(`{"id":%q,"event":%q,"call":"c 1","at":%q,"caller":"+5511988887777","extension":%q}`, id, event,
			time.Now().Add(-ago).Format(time.RFC3339Nano), extension)
		w.somebody().signed(line, line.Secret, time.Now(), body).want(202)
	}
	send("1", "queued", "", 90*time.Second)
	send("2", "ringing", "2001", 30*time.Second)
	if told := agent.until(ear, "phone"); told.Line != line.ID || told.Call != "c 1" {
		t.Fatalf("%+v", told)
	}
	path := fmt.Sprintf("/api/calls/ringing?line=%d&call=c%%201", line.ID)
	var r Ringing
	// The exchange's events are taken in one after the other, also after a frame of the first.
	is := func(what string, has func() bool) {
		w.eventually(what, func() bool {
			r = Ringing{}
			agent.get(path).want(200).into(&r)
			return has()
		})
	}
	is("that it rings, and since when", func() bool { return r.State == "ringing" && r.Waited > 0 })
	if r.State != "ringing" || !r.Mine || r.Phone != "+5511988887777" || r.ContactID != nil || r.Waited < 55 || r.Waited > 65 {
		t.Errorf("%+v", r)
	}
	other.get(path).want(404).problem("call_not_ringing")
	admin.get(path).want(404).problem("call_not_ringing")
	agent.get(fmt.Sprintf("/api/calls/ringing?line=%d&call=c2", line.ID)).want(404).problem("call_not_ringing")

	var lines Items[PhoneLine]
	admin.get("/api/lines").want(200).into(&lines)
	if len(lines.Items) != 1 || lines.Items[0].HeardAt == nil || lines.Items[0].Secret != "" {
		t.Errorf("the line is %+v", lines.Items)
	}

	// The note that its agent has opened meanwhile is the note of the call.
	o := agent.opens(map[string]any{"line": fmt.Sprint(line.ID), "caller": r.Told})
	send("3", "answered", "2001", 0)
	agent.until(ear, "phone")
	is("that they talk", func() bool { return r.State == "talking" })
	if r.State != "talking" || r.ContactID == nil || *r.ContactID != o.ContactID {
		t.Errorf("%+v, the note is %d", r, o.ContactID)
	}
}

// Somebody else was faster: the telephone that rang as well is told.
func TestACallThatSomebodyElseAnswersRingsNoMore(t *testing.T) {
	t.Parallel()
	w, line, agent := switchboard(t)
	other := w.as(access.Agent, tickettest.DefaultTeam)
	other.patch("/api/me", map[string]any{"extension": "2002"}).want(200)
	ear := agent.hears()
	at := time.Now()
	for i, e := range []string{"ringing 2001", "ringing 2002", "answered 2002"} {
		event, extension, _ := strings.Cut(e, " ")
		body := fmt.Sprintf(`{"id":"%d","event":%q,"call":"c1","at":%q,"caller":"11988887777","extension":%q}`, i, event,
			at.Add(time.Duration(i)*time.Second).Format(time.RFC3339Nano), extension)
		w.somebody().signed(line, line.Secret, time.Now(), body).want(202)
		agent.until(ear, "phone")
	}
	path := fmt.Sprintf("/api/calls/ringing?line=%d&call=c1", line.ID)
	var r Ringing
	agent.get(path).want(200).into(&r)
	if r.Mine || r.State != "talking" {
		t.Errorf("who was too slow sees %+v", r)
	}
	other.get(path).want(200).into(&r)
	if !r.Mine || r.ContactID == nil {
		t.Errorf("who answered sees %+v", r)
	}
}
