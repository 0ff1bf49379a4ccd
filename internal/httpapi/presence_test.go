package httpapi

import (
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// How somebody is here: a break has a reason and an end, is told to nobody else
// with its reason, and ends when they say so.
func TestMyState(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	var m MyState
	agent.get("/api/me/state").want(200).into(&m)
	if m.State != "offline" || m.Since != nil {
		t.Errorf("without a window: %+v", m)
	}
	agent.call("PUT", "/api/me/state", "application/json", []byte(`{"state":"break","reason":"rest","minutes":10}`)).want(200).into(&m)
	if m.State != "break" || m.Reason != "rest" || m.Until == nil || m.Until.Sub(*m.Since).Minutes() != 10 {
		t.Errorf("in a break: %+v", m)
	}
	for _, body := range []string{`{"state":"break"}`, `{"state":"break","reason":"praia"}`, `{"state":"break","reason":"meal","minutes":-1}`,
		`{"state":"break","reason":"meal","minutes":481}`, `{"state":"call"}`, `{}`} {
		agent.call("PUT", "/api/me/state", "application/json", []byte(body)).want(422)
	}
	agent.call("PUT", "/api/me/state", "application/json", []byte(`{"state":"available"}`)).want(200).into(&m)
	if m.State != "offline" || m.Reason != "" {
		t.Errorf("back: %+v", m)
	}
}

// Passing on, handing over and calling for help by the API, with clear refusals.
func TestSomebodyElseIsBroughtIn(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, boss := w.as(access.Agent), w.as(access.Supervisor)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	agent.post("/api/tickets/"+tk.Protocol+"/claim", nil).want(200)
	skip := map[string]any{"skip": map[string]any{"ticket": tk.Protocol, "reason": "other"}}
	agent.post("/api/queue/next", skip).want(422).problem("ticket_invalid", "body.word")
	skip["skip"].(map[string]any)["word"] = "Conheço a família"
	agent.post("/api/queue/next", skip).want(204)
	agent.post("/api/queue/next", skip).want(409).problem("lease_lost")

	agent.post("/api/tickets/"+tk.Protocol+"/help", map[string]any{"word": "urgente"}).want(204)
	var calls Items[HelpCall]
	boss.get("/api/help").want(200).into(&calls)
	if len(calls.Items) != 1 || calls.Items[0].AccountID != agent.account.ID || calls.Items[0].Word != "urgente" {
		t.Errorf("%+v", calls)
	}
	boss.post("/api/tickets/"+tk.Protocol+"/help/join", map[string]any{"account_id": agent.account.ID}).want(204)

	var who Items[Recipient]
	boss.get("/api/tickets/" + tk.Protocol + "/recipients").want(200).into(&who)
	if len(who.Items) != 1 || who.Items[0].ID != agent.account.ID || who.Items[0].State != "offline" {
		t.Errorf("%+v", who)
	}
	boss.post("/api/tickets/"+tk.Protocol+"/transfer", map[string]any{"to_id": 999_999, "note": "x"}).want(409).problem("transfer_hidden")
	boss.post("/api/tickets/"+tk.Protocol+"/transfer", map[string]any{"to_id": agent.account.ID, "note": "Falta o laudo."}).want(200)
	var d TicketDetail
	agent.get("/api/tickets/" + tk.Protocol).want(200).into(&d)
	if d.HandOver == nil || d.HandOver.Note != "Falta o laudo." || d.HandOver.FromID != boss.account.ID {
		t.Errorf("%+v", d.HandOver)
	}
}
