package httpapi

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// A cancellation stands on the customer's page with its moments: as received,
// and as carried out once that is recorded.
func TestACancellationIsShownToItsCustomerWithItsMoments(t *testing.T) {
	t.Parallel()
	w := start(t)
	r := w.opened(`{"name":"Rita","email":"rita@cliente.example","kind":"cancelamento","subject":"a","body":"Cancelem."}`)
	s := w.somebody()
	s.header.Set(accessHeader, r.AccessToken)
	path := "/api/public/tickets/" + r.Protocol
	var seen PublicTicket
	s.get(path).want(200).into(&seen)
	if len(seen.Duties) != 1 || seen.Duties[0].Duty != "cancellation" || seen.Duties[0].ConfirmedAt != nil || seen.Duties[0].EffectiveAt.IsZero() {
		t.Fatalf("before: %+v", seen.Duties)
	}
	page := func(lang string) string {
		b := w.somebody()
		b.header.Set("Accept-Language", lang)
		return string(b.get("/acompanhar/" + r.Protocol + "?token=" + r.AccessToken).want(200).body)
	}
	if text := page("pt-BR"); !strings.Contains(text, "Pedido de cancelamento recebido.") || strings.Contains(text, "Cancelamento confirmado.") {
		t.Error("the page does not say that the request was received")
	}
	w.as(access.Agent).post("/api/tickets/"+r.Protocol+"/duties/cancellation", `{"how":"OS 4411"}`).want(200)
	s.get(path).want(200).into(&seen)
	if len(seen.Duties) != 1 || seen.Duties[0].ConfirmedAt == nil {
		t.Fatalf("after: %+v", seen.Duties)
	}
	zone := w.server.options.TimeZone
	for lang, want := range map[string]string{"pt-BR": "Cancelamento confirmado.", "en": "Cancellation confirmed.", "es": "Cancelación confirmada."} {
		text := page(lang)
		if !strings.Contains(text, want) || !strings.Contains(text, seen.Duties[0].ConfirmedAt.In(zone).Format("15:04")) {
			t.Errorf("%s: the page does not say %q and when", lang, want)
		}
		if strings.Contains(text, "OS 4411") {
			t.Errorf("%s: what only we know is on the page", lang)
		}
	}
}

func TestWhatACustomerWantsIsKeptAndAskedForByTheGate(t *testing.T) {
	t.Parallel()
	w := start(t)
	r := w.opened(`{"name":"Rita","email":"rita@cliente.example","kind":"duvida","subject":"a","body":"b"}`)
	agent := w.as(access.Agent)
	var d TicketDetail
	agent.get("/api/tickets/" + r.Protocol).want(200).into(&d)
	path := fmt.Sprintf("/api/customers/%d/wishes", d.Customer.ID)
	var all Items[Wish]
	agent.get(path).want(200).into(&all)
	if len(all.Items) != 4 || !all.Items[2].Allowed || all.Items[2].At != nil {
		t.Fatalf("nothing said: %+v", all.Items)
	}
	agent.call("PUT", path, "application/json", []byte(`{"way":"letter","allowed":false}`)).want(200).into(&all)
	if w := all.Items[2]; w.Way != "letter" || w.Allowed || w.At == nil {
		t.Errorf("said: %+v", w)
	}
	agent.call("PUT", path, "application/json", []byte(`{"way":"fax","allowed":false}`)).want(422)
	var ways Items[Way]
	agent.get("/api/tickets/" + r.Protocol + "/ways").want(200).into(&ways)
	for _, way := range ways.Items {
		if way.Way == "letter" && (way.Allowed || way.Reason != "preference") || way.Way == "sms" && way.Reason != "off" {
			t.Errorf("the way is %+v", way)
		}
		if strings.Contains(way.Known, "rita@") {
			t.Errorf("an address is told: %+v", way)
		}
	}
	agent.post("/api/tickets/"+r.Protocol+"/letters", `{"body":"Oi","address":["Rita","Rua A, 1","01310-100 São Paulo"]}`).want(409).problem("way_preference")
	agent.post("/api/tickets/"+r.Protocol+"/texts", `{"body":"Oi","to":"(11) 98765-4321"}`).want(503).problem("sms_off")
	// Whoever sees none of their tickets knows nothing of the customer.
	w.as(access.Agent, tickettest.Team(t, w.db, "Longe")).get(path).want(404)
}

func TestSendingIsHeldUntilAnAdminReleasesIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	var out Outgoing
	agent.get("/api/outgoing").want(200).into(&out)
	if out.Held != nil || len(out.Waiting) != 0 {
		t.Errorf("at first: %+v", out)
	}
	r := w.opened(`{"name":"Rita","email":"rita@cliente.example","kind":"duvida","subject":"a","body":"b"}`)
	agent.post("/api/tickets/"+r.Protocol+"/letters", `{"body":"Oi","address":["Rita","Rua A, 1","01310-100 São Paulo"]}`).want(201)
	w.must(w.db.Gorm.Exec("UPDATE installation SET outgoing_held_at = now(), outgoing_held_why = 'restored'").Error)
	agent.get("/api/outgoing").want(200).into(&out)
	if out.Held == nil || len(out.Waiting) != 1 || out.Waiting[0].Way != "letter" || out.Waiting[0].N != 1 {
		t.Errorf("held: %+v", out)
	}
	w.as(access.Agent, tickettest.Team(t, w.db, "Longe")).get("/api/outgoing").want(200).into(&out)
	if out.Held == nil || len(out.Waiting) != 0 {
		t.Errorf("elsewhere: %+v", out)
	}
	var page OutPage
	w.as(access.Supervisor).get("/api/outbox?state=queued").want(200).into(&page)
	if len(page.Items) != 1 || page.Held == nil || page.Items[0].Protocol != r.Protocol || page.Items[0].Way != "letter" {
		t.Errorf("the outbox: %+v", page)
	}
	agent.post("/api/outgoing/release", nil).want(403)
	w.as(access.Supervisor).post("/api/outgoing/release", nil).want(403)
	w.as(access.Admin).post("/api/outgoing/release", nil).want(204)
	out = Outgoing{}
	agent.get("/api/outgoing").want(200).into(&out)
	if out.Held != nil {
		t.Errorf("released: %+v", out)
	}
	if !bytes.Contains([]byte(w.log.String()), []byte("sending was released")) {
		t.Error("nobody can tell who released it")
	}
}
