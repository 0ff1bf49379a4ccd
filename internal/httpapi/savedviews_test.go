package httpapi

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestASavedViewIsKeptListedAndCounted(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, other := w.as(access.Agent), w.as(access.Supervisor)
	urgent := tickettest.Open(t, w.db, ticket.Ticket{Priority: 1})
	tickettest.Open(t, w.db, ticket.Ticket{Priority: 3})
	tickettest.Open(t, w.db, ticket.Ticket{Priority: 1, Walled: true})
	var made SavedView
	agent.post("/api/views", `{"name":"Urgentes","scope":"own","sort":"newest","pinned":true,
		"rule":{"all":[{"field":"priority","op":"in","values":["1"]},{"not":{"field":"status","op":"in","values":["waiting_third"]}}]}}`).want(http.StatusCreated).into(&made)
	at := fmt.Sprintf("/api/tickets?view=%d", made.ID)
	var page TicketPage
	agent.get(at).want(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].ID != urgent.ID {
		t.Errorf("the view holds %+v", page.Items)
	}
	agent.get(at + "&status=resolved").want(http.StatusBadRequest)
	agent.get(at + "&q=assunto").want(200)
	other.get(at).want(http.StatusNotFound).problem("view_not_found")
	var c Counts
	agent.get("/api/views/counts").want(200).into(&c)
	if _, counted := c.Saved[fmt.Sprint(made.ID)]; !counted {
		t.Errorf("no counter beside it: %+v", c)
	}
	var views Items[View]
	agent.get("/api/views").want(200).into(&views)
	last := views.Items[len(views.Items)-1]
	if last.Saved == nil || last.Name != "Urgentes" || last.Saved.Rule.All[1].Not == nil {
		t.Errorf("listed as %+v", last)
	}
	agent.call("PATCH", fmt.Sprintf("/api/views/%d", made.ID), "application/json", []byte(`{"version":1,"scope":"all"}`)).
		want(http.StatusForbidden).problem("view_not_yours")
	agent.call("PATCH", fmt.Sprintf("/api/views/%d", made.ID), "application/json", []byte(`{"version":1,"rule":{"field":"status","op":"in","values":["closed"]}}`)).
		want(http.StatusUnprocessableEntity).problem("ticket_invalid")
	agent.call("DELETE", fmt.Sprintf("/api/views/%d", made.ID), "", nil).want(http.StatusNoContent)
	agent.get(at).want(http.StatusNotFound)
}
