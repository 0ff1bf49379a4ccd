package httpapi

import (
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Names that reach into a program's objects are names of fields that nobody
// knows, and change nothing for whoever asks next.
func TestAttack048NamesOfPrototypesAreUnknownFields(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for _, body := range []string{
		`{"__proto__":{"walled":false},"kind":"reclamacao","subject":"s","body":"b","email":"a@b.example"}`,
		`{"constructor":{"prototype":{"role":"admin"}},"kind":"reclamacao","subject":"s","body":"b","email":"a@b.example"}`,
	} {
		w.somebody().post("/api/public/tickets", body).want(422)
	}
	// Among a form's own answers it is a name like any other.
	r := w.opensTicket(map[string]any{"kind": "reclamacao", "subject": "s", "body": "b", "email": "a@b.example", "fields": map[string]string{"__proto__": "x"}})
	agent.get("/api/tickets/" + r.Protocol).want(200)
	for _, query := range []string{"__proto__[role]=admin", "constructor.prototype.role=admin"} {
		agent.get("/api/tickets?" + query).want(400)
	}
	if n := len(tickettest.Events(t, w.db, 1)); n == 0 {
		t.Error("the ticket told nothing")
	}
}

// Markup in a subject, a name, a tag and a list of complaints comes back as the
// text it is, from an API that no browser takes for a page.
func TestAttack049MarkupIsText(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, admin := w.as(access.Agent), w.as(access.Admin)
	const markup = `<img src=x onerror=alert(1)>"'&`
	r := w.opensTicket(map[string]any{"kind": "reclamacao", "subject": markup, "body": markup, "name": markup, "email": "a@b.example"})
	a := agent.get("/api/tickets/" + r.Protocol).want(200)
	var d TicketDetail
	a.into(&d)
	if d.Ticket.Subject != markup || a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%+v %v", d.Ticket, a.header)
	}
	// The customer's page is a page, and shows the characters.
	page := w.somebody().get(strings.TrimPrefix(r.TrackURL, w.base))
	if page.status != 200 && page.status != 302 && page.status != 303 || strings.Contains(string(page.body), "<img src=x") {
		t.Errorf("the customer's page: %d", page.status)
	}
	kind, body := fieldBody(t, "file", map[string]string{"target": "sac"}, markup+".csv", "text/csv", []byte("assunto;descricao;nota\n"+markup+";"+markup+";"+markup+"\n"))
	if a := admin.call("POST", "/api/imports", kind, body); strings.Contains(a.header.Get("Content-Type"), "html") {
		t.Errorf("an import answers as %s", a.header.Get("Content-Type"))
	}
}

// Documents, numbers and addresses of a customer stand in the customer's record:
// not in the live frames, the list or the log, and no address names one.
func TestAttack064ListsAndFramesNameNoIdentity(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	r := w.opensTicket(map[string]any{"kind": "reclamacao", "subject": "Cobrança", "body": "Não reconheço.", "name": "Rita Nogueira",
		"email": "rita.segredo@exemplo.example", "phone": "11987654321", "document": "52998224725"})
	secrets := []string{"rita.segredo", "987654321", "98765-4321", "52998224725", "529.982.247-25"}
	list := string(agent.get("/api/tickets?view=unassigned").want(200).body)
	detail := string(agent.get("/api/tickets/" + r.Protocol).want(200).body)
	var frames strings.Builder
	for _, e := range tickettest.Events(t, w.db, 1) {
		frames.Write(e.Payload)
	}
	for _, secret := range secrets {
		for where, text := range map[string]string{"the list": list, "the frames": frames.String(), "the log": w.log.String(), "the link": r.TrackURL, "the detail": detail} {
			if strings.Contains(text, secret) {
				t.Errorf("%q stands in %s", secret, where)
			}
		}
	}
	// Who asks by an address is answered by neither address nor log.
	agent.get("/api/tickets?q=52998224725")
	if strings.Contains(w.log.String(), "52998224725") {
		t.Error("a document that somebody looked for is in the log")
	}
}
