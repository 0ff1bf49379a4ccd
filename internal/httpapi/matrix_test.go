package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// bodies are valid ones, so that nothing but the hidden ticket can be the
// reason of a refusal.
var bodies = map[string]string{
	"POST /api/commitments/read":                                   `{"body":"x"}`,
	"POST /api/tickets/{ticket}/commitments/{commitment}/keep":     `{"reason":"x"}`,
	"POST /api/tickets/{ticket}/commitments/{commitment}/move":     `{"reason":"x","due_at":"2026-12-01T12:00:00Z"}`,
	"POST /api/tickets/{ticket}/commitments/{commitment}/withdraw": `{"reason":"x"}`,

	"PATCH /api/tickets/{ticket}":                               `{"version":1,"priority":1}`,
	"POST /api/tickets/{ticket}/clocks/{clock}/pause":           `{"reason":"x"}`,
	"PATCH /api/tickets/{ticket}/clocks/{clock}/pauses/{pause}": `{"reason":"x"}`,
	"POST /api/tickets/{ticket}/clocks/{clock}/cancel":          `{"reason":"x"}`,
	"POST /api/tickets/{ticket}/clocks/{clock}/extension":       `{"reason":"x","message":"Olá"}`,
	"POST /api/tickets/{ticket}/replies":                        `{"body":"Olá"}`,
	"POST /api/tickets/{ticket}/notes":                          `{"body":"Olá"}`,
	"POST /api/tickets/{ticket}/letters":                        `{"body":"Olá","address":["Ana","Rua A, 1","01310-100 São Paulo"]}`,
	"POST /api/bulk/preview":                                    `{"ids":[1],"action":{"priority":1}}`,
	"POST /api/bulk":                                            `{"ids":[1],"action":{"priority":1},"changes":0}`,
	"POST /api/views":                                           `{"name":"x","scope":"own","sort":"due","pinned":true,"rule":{"field":"is","op":"in","values":["breached"]}}`,
	"PATCH /api/views/{id}":                                     `{"version":1,"name":"y"}`,
	"POST /api/tickets/{ticket}/look":                           `{"version":1}`,
	"PUT /api/tickets/{ticket}/drafts/{kind}":                   `{"body":"Olá","seen":0,"revision":0}`,
	"POST /api/tickets/{ticket}/texts":                          `{"body":"Olá","to":"(11) 98765-4321"}`,
	"PUT /api/customers/{id}/wishes":                            `{"way":"sms","allowed":false}`,
	"POST /api/tickets/{ticket}/copies":                         `{"what":"history","email":"ana@example.com"}`,
	"POST /api/letters/batches":                                 `{"ids":[1]}`,
	"POST /api/letters/batches/{id}/posted":                     `{"day":"2026-11-22"}`,
	"POST /api/tickets/{ticket}/claim":                          `{"take_over":false}`,
	"POST /api/tickets/{ticket}/lease":                          `{"fence":1}`,
	"POST /api/tickets/{ticket}/transfer":                       `{"team_id":1,"note":"x"}`,
	"POST /api/tickets/{ticket}/help":                           `{}`,
	"POST /api/tickets/{ticket}/help/join":                      `{"account_id":1}`,
	"POST /api/sla/preview":                                     `{"start":"2026-11-22T12:00:00Z","amount":1,"unit":"business"}`,
	"PATCH /api/me":                                             `{"name":"Outro Nome"}`,
	"PUT /api/me/state":                                         `{"state":"available"}`,
	"POST /api/me/password":                                     `{"current_password":"x","password":"outra frase bem comprida"}`,
	"POST /api/tokens":                                          `{"name":"robô"}`,
	"POST /api/accounts":                                        `{"email":"n@example.com","name":"N","role":"agent","password":"uma frase bem comprida"}`,
	"PATCH /api/accounts/{id}":                                  `{"name":"Outro"}`,
	"POST /api/teams":                                           `{"name":"Nova"}`,
	"PATCH /api/teams/{id}/routing":                             `{"mode":"push"}`,
	"POST /api/skills":                                          `{"name":"Espanhol"}`,
	"PATCH /api/skills/{id}":                                    `{"name":"Espanhol"}`,
	"POST /api/skills/{id}/rules":                               `{"tag":"es"}`,
	"PATCH /api/accounts/{id}/routing":                          `{"zone":""}`,
	"POST /api/accounts/{id}/absences":                          `{"from":"2026-11-22T12:00:00Z","to":"2026-11-23T12:00:00Z"}`,
	"POST /api/mailboxes":                                       `{"address":"sac@empresa.example","brand_id":1}`,
	"PATCH /api/mailboxes/{id}":                                 `{"active":false}`,
	"POST /api/mailboxes/test":                                  `{"mailbox":{"address":"sac@empresa.example","brand_id":1}}`,
	"POST /api/reasons":                                         `{"name":"Nova"}`,
	"POST /api/forms":                                           `{"slug":"x","name":"X","kinds":["duvida"]}`,
	"PATCH /api/forms/{id}":                                     `{"version":1,"active":true}`,
	"POST /api/forms/preview":                                   `{"name":"X","kinds":["duvida"]}`,
	"PUT /api/customers/by/{source}/{external_id}":              `{"name":"Ana"}`,
	"POST /api/customers/{id}/merge":                            `{"from":1,"reason":"x"}`,
	"POST /api/customers/{id}/apart":                            `{"other":1}`,
	"POST /api/intake/ledger/{id}/discard":                      `{"reason":"propaganda"}`,
	"POST /api/intake/ledger/{id}/erase":                        `{"reason":"pedido do titular"}`,
	"PATCH /api/intake/sources":                                 `{"channel":"email","name":"","quiet_after":5}`,
	"POST /api/calls":                                           `{"line":"0800"}`,
	"PATCH /api/calls/{id}":                                     `{"version":1,"note":"x"}`,
	"POST /api/calls/{id}/tickets":                              `{}`,
	"POST /api/calls/{id}/answer":                               `{"said":"x"}`,
	"POST /api/calls/{id}/recording":                            `{"reference":"x"}`,
	"PUT /api/calls/{id}/recording":                             `{"reference":"x"}`,
	"PATCH /api/callbacks/{id}":                                 `{"cancel":true,"reason":"x"}`,
	"POST /api/callbacks/{id}/attempts":                         `{"result":"busy"}`,
	"POST /api/lines":                                           `{"number":"0800 123 4567","name":"SAC"}`,
	"PATCH /api/lines/{id}":                                     `{"name":"SAC"}`,
	"POST /api/tickets/{ticket}/duties/{duty}":                  `{"how":"x"}`,
	"POST /api/login":                                           `{"email":"a@example.com","password":"x"}`,
	"POST /api/public/access":                                   `{"protocol":"20261122000000139","proof":"1234"}`,
	"POST /api/public/tickets/{protocol}/survey":                `{"score":5}`,
	"POST /api/public/tickets/{protocol}/messages":              `{"body":"Olá"}`,
	"POST /api/regimes":                                         `{"regime":{"name":"X","evidence":"own","active":false}}`,
	"PUT /api/regimes/{id}":                                     `{"version":1,"regime":{"name":"X","evidence":"own","active":false}}`,
	"PUT /api/regimes/{id}/ladder":                              `{"version":1,"ladder":[{"stage":90,"act":"supervisors"}]}`,
	"POST /api/policies":                                        `{"regime_id":1,"policy":{"name":"X","active":true,"clock":"resolution","calendar":"br","amount":1,"unit":"business_days"}}`,
	"POST /api/policies/preview":                                `{"demand":{"channel":"email","kind":"duvida","priority":3}}`,
	"PUT /api/policies/order":                                   `{"policies":[1]}`,
	"PUT /api/policies/{id}":                                    `{"policy":{"name":"X","active":true,"clock":"resolution","calendar":"br","amount":1,"unit":"business_days"}}`,
	"POST /api/tickets/{ticket}/clocks":                         `{"policy_id":1,"reason":"x"}`,
	"POST /api/tickets/{ticket}/clocks/{clock}/stop":            `{"how":"x"}`,
	"PUT /api/customers/{id}/segment":                           `{"segment":""}`,

	"POST /api/ombudsman/cases":                                `{"body":"Olá"}`,
	"POST /api/ombudsman/cases/{case}/points":                  `{"body":"Olá"}`,
	"PATCH /api/ombudsman/cases/{case}/points/{part}":          `{"answer":"Olá"}`,
	"POST /api/ombudsman/cases/{case}/draft":                   `{"body":"Olá","version":0}`,
	"POST /api/ombudsman/cases/{case}/return":                  `{"remark":"Olá"}`,
	"POST /api/ombudsman/cases/{case}/sign":                    `{"version":1}`,
	"POST /api/ombudsman/cases/{case}/verdict":                 `{"merit":"founded","result":"solved"}`,
	"POST /api/ombudsman/cases/{case}/complement":              `{"body":"Olá"}`,
	"POST /api/ombudsman/cases/{case}/accused":                 `{"accounts":[],"teams":[1]}`,
	"POST /api/ombudsman/cases/{case}/recommendations":         `{"team_id":1,"body":"Olá","due":"2027-01-31"}`,
	"PATCH /api/ombudsman/cases/{case}/recommendations/{part}": `{"state":"accepted"}`,
	"POST /api/ombudsman/cases/{case}/requests":                `{"team_id":1,"body":"Olá","due":"2027-01-31T12:00:00Z"}`,
	"POST /api/incidents":                                      `{"title":"Fora do ar"}`,
	"PUT /api/incidents/{id}":                                  `{"version":1,"title":"x","inside":"","outside":"","news_by":null,"state":"open","brand_id":null,"team_id":null,"channel":null,"reason_id":null,"started_at":"2026-11-22T12:00:00Z"}`,
	"POST /api/incidents/{id}/tickets":                         `{"tickets":[1]}`,
	"POST /api/incidents/{id}/answers":                         `{"body":"Olá"}`,
	"PUT /api/tickets/{ticket}/incident":                       `{"incident_id":1}`,
	"POST /api/imports/{id}/run":                               `{}`,
	"POST /api/ombudsman/office/{id}":                          `{"rank":"analyst"}`,
	"POST /api/area-requests/{request}/answer":                 `{"answer":"Olá"}`,

	"POST /api/calendars":             `{"name":"Loja","zone":"America/Sao_Paulo","week":[[],[{"from":480,"to":1080}],[],[],[],[],[]],"holidays":"national","state":"","optional":false,"days":[]}`,
	"PUT /api/calendars/{id}":         `{"version":1,"name":"Loja","zone":"America/Sao_Paulo","week":[[],[{"from":480,"to":1080}],[],[],[],[],[]],"holidays":"national","state":"","optional":false,"days":[]}`,
	"POST /api/calendars/{id}/effect": `{"name":"Loja","zone":"America/Sao_Paulo","week":[[],[{"from":480,"to":1080}],[],[],[],[],[]],"holidays":"national","state":"","optional":false,"days":[]}`,
	"POST /api/calendars/year":        `{"year":2026,"name":"Loja","zone":"America/Sao_Paulo","week":[[],[{"from":480,"to":1080}],[],[],[],[],[]],"holidays":"national","state":"","optional":false,"days":[]}`,

	"POST /api/tickets/{ticket}/retention/holds": `{"reason":"x"}`,
	"POST /api/retention/holds":                  `{"customer_id":1,"reason":"x"}`,
	"POST /api/retention/holds/{id}/lift":        `{"reason":"x"}`,
	"POST /api/retention/preview":                `{}`,
	"POST /api/retention/rules":                  `{"seen":"x","rule":{"name":"X","subject":"record","since":"resolved","amount":5,"unit":"years","evidence":"own","active":false}}`,
	"PUT /api/retention/rules/{id}":              `{"seen":"x","version":1,"rule":{"name":"X","subject":"record","since":"resolved","amount":5,"unit":"years","evidence":"own","active":false}}`,
	"PUT /api/retention/purging":                 `{"on":true,"seen":"x"}`,

	"POST /api/areas":                                        `{"name":"Nova","emails":["x@example.com"],"amount":2,"unit":"business_days"}`,
	"PUT /api/areas/{id}":                                    `{"name":"Nova","emails":["x@example.com"],"amount":2,"unit":"business_days"}`,
	"POST /api/tickets/{ticket}/requests":                    `{"area_id":1,"body":"Olá"}`,
	"POST /api/tickets/{ticket}/requests/{request}/withdraw": `{}`,
	"POST /api/tickets/{ticket}/requests/{request}/close":    `{"remark":"Olá"}`,
	"POST /api/tickets/{ticket}/requests/{request}/extend":   `{"more":1}`,
}

var roles = []access.Role{access.Agent, access.Supervisor, access.Ombudsman, access.Admin}

// Every route that names a ticket, for every role, with a ticket it does not
// see, by id and by protocol: absent, and untouched.
func TestAttack50HiddenTicketsAreAbsentOnEveryRoute(t *testing.T) {
	t.Parallel()
	w := start(t)
	other := tickettest.Team(t, w.db, "Outra equipe")
	elsewhere := tickettest.Open(t, w.db, ticket.Ticket{TeamID: other})
	walled := tickettest.Open(t, w.db, ticket.Ticket{Walled: true, Channel: "ombudsman"})
	hidden := map[access.Role][]ticket.Ticket{
		access.Agent:      {elsewhere, walled},
		access.Supervisor: {elsewhere, walled},
		access.Admin:      {walled},
	}
	calls := 0
	for _, r := range w.server.routes {
		if !strings.Contains(r.Path, "{ticket}") {
			continue
		}
		for role, tickets := range hidden {
			for _, tk := range tickets {
				for _, ref := range []string{fmt.Sprint(tk.ID), tk.Protocol} {
					path := strings.NewReplacer("{ticket}", ref, "{kind}", "reply").Replace(r.Path)
					a := w.as(role).call(r.Method, path, "application/json", []byte(bodies[r.Method+" "+r.Path]))
					a.want(http.StatusNotFound).problem("ticket_not_found")
					calls++
				}
			}
		}
	}
	if calls < 9*5*2 {
		t.Errorf("only %d calls: is the route table read?", calls)
	}
	for _, tk := range []ticket.Ticket{elsewhere, walled} {
		if now := tickettest.Fresh(t, w.db, tk.ID); now.Version != tk.Version || now.HolderID != nil || now.Fence != tk.Fence {
			t.Errorf("ticket %d was touched: %+v", tk.ID, now)
		}
	}
	// Nor are they listed, found or counted.
	for role, tickets := range hidden {
		for _, tk := range tickets {
			for _, query := range []string{"", "?view=all&sort=newest", "?q=" + tk.Protocol, "?status=open&channel=" + tk.Channel} {
				var page TicketPage
				w.as(role).get("/api/tickets" + query).want(200).into(&page)
				for _, row := range page.Items {
					if row.ID == tk.ID {
						t.Errorf("%s sees ticket %d by %q", role, tk.ID, query)
					}
				}
			}
		}
	}
}

// What a role may do is what the table says, and a stranger may do nothing.
func TestEveryRouteAsksWhoIsThere(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, r := range w.server.routes {
		if r.Need.anyone {
			continue
		}
		path := strings.NewReplacer("{ticket}", "1", "{id}", "999999", "{protocol}", "1", "{token}", "x").Replace(r.Path)
		body := []byte(bodies[r.Method+" "+r.Path])
		w.somebody().call(r.Method, path, "application/json", body).want(http.StatusUnauthorized).problem("login_required")
		if r.Need.action == "" {
			continue
		}
		for _, role := range roles {
			if w.as(role).account.Actor().May(r.Need.action) {
				continue
			}
			w.as(role).call(r.Method, path, "application/json", body).want(http.StatusForbidden).problem("forbidden")
		}
	}
}

// Ids of all shapes name nothing, and nothing breaks.
func TestAttack57IdsOfAllShapes(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.as(access.Admin)
	for _, id := range []string{"0", "-1", "9e99", "1;drop", "1%00", "%ff", "[1]", "1,2", "99999999999999999999999",
		"9223372036854775807", "0x1", "１", "c0ffee00-0000-4000-8000-000000000000", strings.Repeat("9", 5000)} {
		for _, path := range []string{"/api/tickets/" + id, "/api/tickets/" + id + "/clocks", "/api/customers/" + id} {
			if a := admin.get(path); a.status != 404 && a.status != 400 {
				t.Errorf("%.80s: %d %s", a.call, a.status, a.body)
			}
		}
		if a := admin.call("DELETE", "/api/sessions/"+id, "", nil); a.status != 404 {
			t.Errorf("%.80s: %d", a.call, a.status)
		}
	}
}

// Fields that nobody may set are refused, not ignored.
func TestAttack55FieldsNobodyMaySet(t *testing.T) {
	t.Parallel()
	w := start(t)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	agent := w.as(access.Agent)
	for _, field := range []string{`"protocol":"1"`, `"created_at":"2020-01-01T00:00:00Z"`, `"next_due":null`, `"walled":true`, `"customer_id":1`} {
		name := strings.Split(field, `"`)[1]
		agent.call("PATCH", fmt.Sprintf("/api/tickets/%d", tk.ID), "application/json", []byte(`{"version":1,`+field+`}`)).
			want(422).problem("invalid", "body."+name)
	}
	for _, field := range []string{"role", "team_id", "id"} {
		agent.call("PATCH", "/api/me", "application/json", []byte(`{"`+field+`":"admin"}`)).want(422).problem("invalid", "body."+field)
	}
}

// Lists are bounded whatever is asked of them.
func TestAttack92AbsurdListParameters(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for range 3 {
		tickettest.Open(t, w.db, ticket.Ticket{})
	}
	var page TicketPage
	agent.get("/api/tickets?limit=1000000000").want(200).into(&page)
	if len(page.Items) != 3 {
		t.Errorf("%d tickets", len(page.Items))
	}
	for query, field := range map[string]string{
		"limit=0": "query.limit", "limit=-1": "query.limit", "limit=1e9": "query.limit", "sort=subject": "query.sort",
		"view=nobody": "query.view", "status=lost": "query.status", "channel=pigeon": "query.channel",
		"offset=1000000000000": "query.offset", "include=customer.tickets.customer": "query.include", "team=0": "query.team",
		"__proto__[x]=1": "query.__proto__[x]",
	} {
		agent.get("/api/tickets?"+query).want(400).problem("invalid", field)
	}
	for _, cursor := range []string{"x", "AAAA", strings.Repeat("A", 300), "%00"} {
		agent.get("/api/tickets?cursor=" + cursor).want(400).problem("bad_cursor")
	}
}

// A nested include is no parameter of ours at all.
func TestAttack93NestedIncludes(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.as(access.Agent).get("/api/tickets?include=a.b.c.d.e&fields[ticket]=secret").want(400).problem("invalid", "query.include")
}
