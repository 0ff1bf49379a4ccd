package httpapi

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// A call about an older ticket becomes part of it; its protocol leads there.
func TestACallAboutAnOlderTicketBecomesPartOfIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	older := tickettest.Open(t, w.db, ticket.Ticket{Status: ticket.WaitingCustomer})
	o := agent.opens(map[string]any{"line": "0800", "note": "Quer saber do conserto"})
	path := fmt.Sprintf("/api/calls/%d", o.ContactID)
	var c Call
	tickettest.Replay(t, w.db, func() {
		agent.patch(path, map[string]any{"version": o.Call.Version, "about": older.Protocol}).want(200).into(&c)
	})
	if c.TicketID != older.ID || !c.Absorbed || c.Protocol != o.Protocol {
		t.Fatalf("%+v", c)
	}
	var d TicketDetail
	agent.get("/api/tickets/" + o.Protocol).want(200).into(&d)
	if d.Ticket.ID != older.ID || d.Ticket.Status != ticket.Open {
		t.Errorf("the new protocol leads to %+v", d.Ticket)
	}
	if n := len(tickettest.Events(t, w.db, o.TicketID)); n < 3 {
		t.Errorf("only %d events are left of the trail", n)
	}
	walled := tickettest.Open(t, w.db, ticket.Ticket{Walled: true, Channel: "ombudsman"})
	office := w.as(access.Ombudsman)
	second := office.opens(map[string]any{"line": "0800"})
	office.patch(fmt.Sprintf("/api/calls/%d", second.ContactID), map[string]any{"version": second.Call.Version, "about": walled.Protocol}).
		want(422).problem("merge_across_wall")
	third := agent.opens(map[string]any{"line": "0800"})
	agent.patch(fmt.Sprintf("/api/calls/%d", third.ContactID), map[string]any{"version": third.Call.Version, "about": walled.Protocol}).
		want(422).problem("call_invalid", "body.about")
	var more AnotherTicket
	agent.post(path+"/tickets", map[string]any{"subject": "Segunda via"}).want(201).into(&more)
	agent.get(path).want(200).into(&c)
	if more.Protocol == o.Protocol || len(c.Tickets) != 2 {
		t.Errorf("%+v is about %d tickets", more, len(c.Tickets))
	}
}

// The line broke: the same agent gets the ticket next, and attempts are counted.
func TestADroppedCallIsTheSameAgentsNext(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	tickettest.Open(t, w.db, ticket.Ticket{})
	o := agent.opens(map[string]any{"line": "0800", "caller": "(11) 98888-7777"})
	agent.patch(fmt.Sprintf("/api/calls/%d", o.ContactID), map[string]any{"version": o.Call.Version, "outcome": "dropped", "ended": true}).want(200)
	var next Claimed
	agent.post("/api/queue/next", nil).want(200).into(&next)
	if next.Ticket.ID != o.TicketID {
		t.Fatalf("next is %d, not %d", next.Ticket.ID, o.TicketID)
	}
	var owed Items[CallBack]
	agent.get("/api/callbacks?mine=true").want(200).into(&owed)
	if len(owed.Items) != 1 || owed.Items[0].Phone != "+5511988887777" || !owed.Items[0].Allowed {
		t.Fatalf("%+v", owed.Items)
	}
	attempts := fmt.Sprintf("/api/callbacks/%d/attempts", owed.Items[0].ID)
	var b CallBack
	agent.post(attempts, map[string]any{"result": "no_answer"}).want(201).into(&b)
	if len(b.Attempts) != 1 || b.State != "open" || !b.NextAt.After(time.Now()) {
		t.Errorf("%+v", b)
	}
	agent.post(attempts, map[string]any{"result": "reached"}).want(201).into(&b)
	if b.State != "done" || len(b.Attempts) != 2 {
		t.Errorf("%+v", b)
	}
	agent.post(attempts, map[string]any{"result": "busy"}).want(409).problem("call_back_over")
}

// What was said on the phone is an answer that the customer finds on the page.
func TestAnAnswerByPhoneStopsTheClocks(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	o := agent.opens(map[string]any{"line": "0800"})
	var r Replied
	tickettest.Replay(t, w.db, func() {
		agent.post(fmt.Sprintf("/api/calls/%d/answer", o.ContactID), map[string]any{"said": "A troca sai amanhã.", "resolve": true}).want(201).into(&r)
	})
	if !r.Message.Spoken {
		t.Error("nobody sees that it was said on the phone")
	}
	if r.Message.Delivery != "delivered" || r.Ticket.Status != ticket.Resolved || r.Ticket.Clocks != 0 {
		t.Errorf("%+v", r)
	}
}

// A cancellation takes effect with the request, whatever the channel.
func TestACancellationTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	r := w.opensTicket(map[string]any{"kind": "cancelamento", "subject": "Cancelar", "body": "Quero cancelar"})
	o := agent.opens(map[string]any{"line": "0800"})
	agent.patch(fmt.Sprintf("/api/calls/%d", o.ContactID), map[string]any{"version": o.Call.Version, "kind": "cancelamento"}).want(200)
	for _, protocol := range []string{r.Protocol, o.Protocol} {
		var owed Items[Duty]
		agent.get("/api/tickets/" + protocol + "/duties").want(200).into(&owed)
		if len(owed.Items) != 1 || owed.Items[0].Duty != "cancellation" || owed.Items[0].EffectiveAt.IsZero() {
			t.Fatalf("%s owes %+v", protocol, owed.Items)
		}
		agent.post("/api/tickets/"+protocol+"/duties/cancellation", map[string]any{"how": "sistema de faturas"}).want(200).into(&owed)
		if owed.Items[0].ConfirmedAt == nil {
			t.Errorf("%+v", owed.Items)
		}
	}
	agent.post("/api/tickets/"+r.Protocol+"/duties/undue_charge", map[string]any{}).want(404).problem("duty_not_found")
}

func (w *world) opensTicket(body map[string]any) PublicReceipt {
	var r PublicReceipt
	w.somebody().post("/api/public/tickets", body).want(201).into(&r)
	return r
}

// A recording is kept for its time, heard by few, and every hearing is kept.
func TestARecordingIsKeptAndItsHearersAre(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	o := agent.opens(map[string]any{"line": "0800"})
	path := fmt.Sprintf("/api/calls/%d/recording", o.ContactID)
	var r Recording
	agent.post(path, map[string]any{"reference": "http://127.0.0.1/gravacao/1", "retain_until": "2026-01-01T00:00:00Z"}).want(201).into(&r)
	if r.RetainUntil.Before(time.Now().Add(89 * 24 * time.Hour)) {
		t.Errorf("kept until %v", r.RetainUntil)
	}
	agent.get(path).want(200).into(&r)
	w.as(access.Agent, tickettest.DefaultTeam).get(path).want(403).problem("recording_forbidden")
	var heard int
	w.must(w.db.Gorm.Raw("SELECT count(*) FROM recording_hearings").Scan(&heard).Error)
	if heard != 1 || r.Reference == "" {
		t.Errorf("%d hearings, %+v", heard, r)
	}
	agent.call("POST", path+"/requests", "application/json", nil).want(204)
	agent.call("DELETE", path+"/requests", "", nil).want(204)
	w.must(w.db.Gorm.Exec("UPDATE recordings SET reference = '', erased_at = now()").Error)
	agent.get(path).want(404).problem("recording_erased")
}

// switchboard is a line with an agent at extension 2001.
func switchboard(t *testing.T) (*world, PhoneLine, *person) {
	w := start(t)
	var line PhoneLine
	w.as(access.Admin).post("/api/lines", map[string]any{"number": "0800 979 2345", "name": "SAC"}).want(201).into(&line)
	agent := w.as(access.Agent)
	w.must(w.db.Gorm.Exec("UPDATE accounts SET extension = '2001' WHERE id = ?", agent.account.ID).Error)
	return w, line, agent
}

// settled waits until nothing is pending.
func (w *world) settled() {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		var pending int
		w.must(w.db.Gorm.Raw("SELECT count(*) FROM intake_ledger WHERE fate = 'pending'").Scan(&pending).Error)
		if pending == 0 {
			return
		}
	}
	w.t.Fatal("something stays pending")
}

// Out of order, repeated, an hour off: one call, one ticket, the agent's note.
func TestAttack94EventsOfACallInAnyOrder(t *testing.T) {
	t.Parallel()
	w, line, agent := switchboard(t)
	now := time.Now()
	send := func(id, event, more string) {
		body := fmt.Sprintf(`{"id":%q,"event":%q,"call":"c1","at":%q,"caller":"+5511988887777"%s}`, id, event,
			now.Add(-time.Hour).Format(time.RFC3339), more)
		began := time.Now()
		w.somebody().signed(line, line.Secret, now, body).want(202)
		if took := time.Since(began); took > 20*time.Second { // what hangs, not what a busy machine makes slow
			t.Errorf("%s took %s", event, took)
		}
	}
	for range 3 {
		send("4", "hung_up", "")
		send("3", "answered", `,"extension":"2001"`)
		send("1", "queued", "")
		send("5", "recording_ready", `,"recording":"rec-1"`)
	}
	w.settled()
	var page CallPage
	agent.get("/api/calls?mine&open").want(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].Phone != "+5511988887777" {
		t.Fatalf("%+v", page.Items)
	}
	var s IntakeSummary
	w.as(access.Admin).get("/api/intake/summary").want(200).into(&s)
	if s.Received != 4 || s.Accounted != 4 || s.Pending != 0 {
		t.Errorf("%+v", s)
	}
	var tickets, recordings int
	w.must(w.db.Gorm.Raw("SELECT (SELECT count(*) FROM tickets)").Scan(&tickets).Error)
	w.must(w.db.Gorm.Raw("SELECT (SELECT count(*) FROM recordings)").Scan(&recordings).Error)
	if tickets != 1 || recordings != 1 {
		t.Errorf("%d tickets, %d recordings", tickets, recordings)
	}
	w.somebody().signed(line, line.Secret, now, `{"id":"9","event":"abandoned","call":"c2","caller":"11977776666"}`).want(202)
	w.settled()
	var owed Items[CallBack]
	agent.get("/api/callbacks").want(200).into(&owed)
	if !slices.ContainsFunc(owed.Items, func(b CallBack) bool { return b.Why == "abandoned" && b.Phone == "+5511977776666" }) {
		t.Errorf("who left the queue is not called: %+v", owed.Items)
	}
}

// Nobody without the secret, and nothing old, is taken.
func TestAttack95UnsignedEvents(t *testing.T) {
	t.Parallel()
	w, line, _ := switchboard(t)
	body := `{"id":"1","event":"queued","call":"c1"}`
	p := w.somebody()
	p.signed(line, "errado", time.Now(), body).want(401).problem("pbx_signature")
	p.signed(line, line.Secret, time.Now().Add(-10*time.Minute), body).want(401).problem("pbx_signature")
	p.signed(line, line.Secret, time.Now().Add(10*time.Minute), body).want(401).problem("pbx_signature")
	p.post(fmt.Sprintf("/api/hooks/pbx/%d", line.ID), body).want(401).problem("pbx_signature")
	p.signed(PhoneLine{ID: 999}, line.Secret, time.Now(), body).want(401).problem("pbx_signature")
	first := p.signed(line, line.Secret, time.Now(), body).want(202)
	if again := p.signed(line, line.Secret, time.Now(), body).want(202); string(again.body) != string(first.body) {
		t.Errorf("%s, then %s", first.body, again.body)
	}
	var rows int
	w.must(w.db.Gorm.Raw("SELECT count(*) FROM intake_ledger").Scan(&rows).Error)
	if rows != 1 {
		t.Errorf("%d rows in the ledger", rows)
	}
}

// The same request again, as after a connection that broke, is the same call.
func TestACallThatIsOpenedAgainIsTheSame(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, other := w.as(access.Agent), w.as(access.Supervisor)
	open := func(p *person, note string) answer {
		return p.call("POST", "/api/calls", "application/json", fmt.Appendf(nil, `{"line":"0800","note":%q}`, note), "Idempotency-Key", "k1")
	}
	var first, again, others OpenedCall
	open(agent, "Quer a segunda via").want(201).into(&first)
	open(agent, "Quer a segunda via").want(201).into(&again)
	if again.Protocol != first.Protocol || again.ContactID != first.ContactID || again.Call.Note != "Quer a segunda via" {
		t.Errorf("first %+v, again %+v", first, again)
	}
	open(agent, "Outra coisa").want(422).problem("idempotency_key_reused")
	if open(other, "Quer a segunda via").want(201).into(&others); others.Protocol == first.Protocol {
		t.Error("another agent's key leads to the same call")
	}
	more := func() (m AnotherTicket) {
		agent.call("POST", fmt.Sprintf("/api/calls/%d/tickets", first.ContactID), "application/json", []byte(`{"subject":"Troca"}`), "Idempotency-Key", "k2").
			want(201).into(&m)
		return m
	}
	if a, b := more(), more(); a.Protocol != b.Protocol {
		t.Errorf("opened twice: %s and %s", a.Protocol, b.Protocol)
	}
}

// The customer's page says, in their language, what was told on the phone.
func TestThePageTellsWhatWasSaidByPhone(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	mine := w.opened(`{"kind":"duvida","subject":"s","body":"b","email":"bia@example.com"}`)
	o := agent.opens(map[string]any{"line": "0800"})
	path := fmt.Sprintf("/api/calls/%d", o.ContactID)
	agent.patch(path, map[string]any{"version": o.Call.Version, "about": mine.Protocol}).want(200)
	agent.post(path+"/answer", map[string]any{"said": "Sai na terça."}).want(201)
	link, err := url.Parse(mine.TrackURL)
	w.must(err)
	for language, words := range map[string]string{"pt-BR": "dito por telefone", "en": "said by phone", "es": "dicho por teléfono"} {
		customer := w.somebody()
		customer.header.Set("Accept-Language", language)
		customer.get(link.RequestURI()).want(200).has("Sai na terça.", words)
	}
}
