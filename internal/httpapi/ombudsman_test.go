package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

const casePath = "/api/ombudsman/cases/"

// demand opens a case from outside and answers with what its sender learns.
func (w *world) demand(body string) PublicReceipt {
	w.t.Helper()
	var r PublicReceipt
	w.somebody().post("/api/public/ombudsman", body).want(201).into(&r)
	return r
}

// seated logs in somebody of the office who was confirmed with a rank. The first
// is the office's founder.
func (w *world) seated(rank account.Rank, teams ...int64) *person {
	w.t.Helper()
	founder := w.as(access.Ombudsman)
	p := w.somebody()
	a, err := w.server.services.Accounts.Create(w.t.Context(), account.New{Email: "o-" + newRequestID() + "@example.com",
		Name: "Pessoa da Ouvidoria", Role: access.Ombudsman, Password: password, TeamIDs: teams})
	w.must(err)
	p.account = a
	founder.post(fmt.Sprintf("/api/ombudsman/office/%d", a.ID), map[string]string{"rank": string(rank)}).want(200)
	p.login()
	return p
}

func TestADemandIsACaseBehindTheWallWhateverProtocolItNames(t *testing.T) {
	t.Parallel()
	w := start(t)
	sac := w.opened(validTicket)
	boss := w.as(access.Ombudsman)
	for told, linked := range map[string]bool{sac.Protocol: true, " " + sac.Protocol[:8] + "." + sac.Protocol[8:] + " ": true, "não lembro": false,
		"20261122000000139": false, "": false} {
		r := w.demand(fmt.Sprintf(`{"name":"Rita","email":"rita@exemplo.example","sac_protocol":%q,"subject":"Sem solução","body":"Ninguém resolveu."}`, told))
		if r.Protocol == sac.Protocol || r.AccessToken == "" || r.AnswerBy == nil {
			t.Fatalf("receipt %+v", r)
		}
		var c Case
		boss.get(casePath + r.Protocol).want(200).into(&c)
		if (c.SAC != nil) != linked || c.SACProtocol != strings.TrimSpace(told) || !c.Ticket.Walled || c.Ticket.CustomerID != nil ||
			c.From["email"] != "rita@exemplo.example" || len(c.Trail) == 0 {
			t.Errorf("%q became %+v", told, c)
		}
		s := w.somebody()
		s.header.Set(accessHeader, r.AccessToken)
		s.get("/api/public/tickets/" + r.Protocol).want(200)
		for _, role := range []access.Role{access.Agent, access.Supervisor, access.Admin} {
			w.as(role).get("/api/tickets/" + r.Protocol).want(404)
			w.as(role).get(casePath + r.Protocol).want(403)
		}
	}
	var customers int64
	w.must(w.db.Gorm.Raw("SELECT count(*) FROM identities WHERE value = 'rita@exemplo.example'").Scan(&customers).Error)
	if customers != 0 {
		t.Error("a case made a customer's record")
	}
}

// Of an anonymous demand nothing that tells who sent it is stored anywhere, and
// its token answers all the same.
func TestAnAnonymousDemandLeavesNoIdentityAnywhere(t *testing.T) {
	t.Parallel()
	w := start(t)
	r := w.demand(`{"name":"Segredo Total","email":"segredo@exemplo.example","phone":"11987654321","document":"52998224725",
		"kind":"denuncia","confidentiality":"anonymous","subject":"Desvio","body":"Vi acontecer."}`)
	var tables []string
	w.must(w.db.Gorm.Raw("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'").Scan(&tables).Error)
	for _, table := range tables {
		var n int64
		w.must(w.db.Gorm.Raw(fmt.Sprintf(`SELECT count(*) FROM %q x WHERE x::text ~* 'segredo|11987654321|52998224725'
			OR encode(convert_to(x::text, 'UTF8'), 'escape') ~* '%x'`, table, "segredo")).Scan(&n).Error)
		if n != 0 {
			t.Errorf("%s knows who it was", table)
		}
	}
	s := w.somebody()
	s.header.Set(accessHeader, r.AccessToken)
	s.post("/api/public/tickets/"+r.Protocol+"/messages", `{"body":"Tenho provas."}`).want(201)
}

// From the points to the signature: nothing incomplete goes out, and nobody
// signs what they wrote.
func TestAnAnswerIsPreparedByOneAndSignedByAnother(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss, analyst, substitute := w.as(access.Ombudsman), w.seated(account.RankAnalyst), w.seated(account.RankSubstitute)
	sac := w.opened(validTicket)
	r := w.demand(`{"name":"Rita","sac_protocol":"` + sac.Protocol + `","subject":"Cobrança","body":"Cobraram duas vezes."}`)
	path := casePath + r.Protocol
	var c Case
	analyst.get(path).want(200).into(&c)
	id := c.Ticket.ID
	// Past the office there is no way to end it.
	boss.post(fmt.Sprintf("/api/tickets/%d/replies", id), `{"body":"Pronto.","resolve":true}`).want(409).problem("case_not_concluded")
	boss.call("PATCH", fmt.Sprintf("/api/tickets/%d", id), "application/json", fmt.Appendf(nil, `{"version":%d,"status":"resolved"}`, c.Ticket.Version)).
		want(409).problem("case_not_concluded")

	write := func(p *person, body string, version int, review bool) answer {
		return p.post(path+"/draft", map[string]any{"body": body, "version": version, "review": review})
	}
	write(analyst, "Prezada cliente, sua demanda está em análise.", 0, true).want(422).problem("case_answer_stalling")
	write(analyst, "Devolvemos o valor cobrado a mais.", 0, true).want(200).into(&c)
	sign := func(p *person) answer { return p.post(path+"/sign", map[string]int{"version": c.Draft.Version}) }
	sign(boss).want(409).problem("case_verdict_missing")
	analyst.post(path+"/verdict", `{"merit":"founded","result":"solved","reverses_sac":true}`).want(200)
	sign(boss).want(409).problem("case_points_missing")
	analyst.post(path+"/points", `{"body":"Devolver o valor"}`).want(201).into(&c)
	sign(boss).want(409).problem("case_points_open")
	point := fmt.Sprintf("%s/points/%d", path, c.Points[0].ID)
	analyst.call("PATCH", point, "application/json", []byte(`{"answer":"Em processamento."}`)).want(422).problem("case_answer_stalling")
	analyst.call("PATCH", point, "application/json", []byte(`{"answer":"Estornado em 20/11."}`)).want(200)
	sign(analyst).want(403).problem("case_rank")
	boss.post(path+"/return", `{"remark":"Diga a data."}`).want(200).into(&c)
	write(boss, "Devolvemos o valor em 20/11.", c.Draft.Version, true).want(200).into(&c)
	sign(boss).want(403).problem("case_four_eyes")
	boss.post(path+"/sign", map[string]int{"version": c.Draft.Version - 1}).want(409).problem("case_draft_changed")
	sign(substitute).want(200).into(&c)
	if c.ConcludedAt == nil || c.Ticket.Status != ticket.Resolved || c.Draft.State != "signed" || c.ConcludedBy == nil || *c.ConcludedBy != substitute.account.ID {
		t.Errorf("concluded: %+v", c)
	}
	var acts []string
	for _, line := range c.Trail {
		acts = append(acts, line.Act)
	}
	if got := strings.Join(acts, " "); got != "opened given_for_review judged point_added point_answered returned given_for_review signed" {
		t.Errorf("trail %s", got)
	}
	var f CaseFigures
	boss.get("/api/ombudsman/figures").want(200).into(&f)
	if f.Reversals != 1 || f.Founded != 1 || f.Concluded != 1 || f.Open != 0 {
		t.Errorf("figures %+v", f)
	}
	sign(substitute).want(409).problem("case_ended")
}

// Whom a case accuses does not see it, also in the office: not by id, list,
// search, counter, file, clock or the next in the queue.
func TestWhoIsAccusedSeesNothingOfIt(t *testing.T) {
	t.Parallel()
	w := start(t)
	accusedTeam := tickettest.Team(t, w.db, "Loja Centro")
	boss, accused, member := w.as(access.Ombudsman), w.seated(account.RankOmbudsman), w.seated(account.RankAnalyst, accusedTeam)
	var r PublicReceipt
	boss.post("/api/ombudsman/cases", map[string]any{"kind": "denuncia", "subject": "Assédio palavrararissima", "body": "Aconteceu na loja.",
		"confidentiality": "anonymous", "accused_accounts": []int64{accused.account.ID}, "accused_teams": []int64{accusedTeam}}).want(201).into(&r)
	var c Case
	boss.get(casePath + r.Protocol).want(200).into(&c)
	if len(c.AccusedAccounts) != 1 || len(c.AccusedTeams) != 1 {
		t.Fatalf("accused %+v %+v", c.AccusedAccounts, c.AccusedTeams)
	}
	for _, p := range []*person{accused, member} {
		for _, ref := range []string{r.Protocol, fmt.Sprint(c.Ticket.ID)} {
			for _, path := range []string{"/api/tickets/" + ref, "/api/tickets/" + ref + "/timeline", "/api/tickets/" + ref + "/clocks", casePath + ref} {
				p.get(path).want(404).problem("ticket_not_found")
			}
			p.post(casePath+ref+"/points", `{"body":"x"}`).want(404)
			p.post("/api/tickets/"+ref+"/claim", `{"take_over":false}`).want(404)
		}
		for _, path := range []string{"/api/tickets", "/api/tickets?view=all&sort=newest", "/api/tickets?q=palavrararissima", "/api/tickets?q=" + r.Protocol,
			"/api/ombudsman/cases", "/api/breaches"} {
			if a := p.get(path).want(200); bytes.Contains(a.body, []byte(r.Protocol)) {
				t.Errorf("%s shows it: %s", path, a.body)
			}
		}
		var f CaseFigures
		if p.get("/api/ombudsman/figures").want(200).into(&f); f.Open != 0 {
			t.Errorf("it is counted: %+v", f)
		}
		p.post("/api/queue/next", nil).want(204)
	}
	ordinary := w.aroundTheCase(c.Ticket.ID)
	for _, p := range []*person{accused, member} {
		for _, path := range []string{"/api/outbox", "/api/letters", "/api/calls", "/api/callbacks", "/api/calls/candidates?q=Zulmira",
			"/api/calls/candidates?q=11987650001"} {
			if a := p.get(path).want(200); bytes.Contains(a.body, []byte(r.Protocol)) || bytes.Contains(a.body, []byte("9004")) {
				t.Errorf("%s shows it: %s", path, a.body)
			}
			if a := boss.get(path).want(200); !bytes.Contains(a.body, []byte(r.Protocol)) && !bytes.Contains(a.body, []byte("9004")) {
				t.Errorf("%s hides it from who may see it: %s", path, a.body)
			}
		}
		p.post("/api/outbox/9001/retry", nil).want(404)
		p.post("/api/letters/batches", map[string]any{"ids": []int64{9001}}).want(409)
		for _, path := range []string{"/api/tickets/" + ordinary + "/suggestions", "/api/customers/9003/suggestions"} {
			var found Items[json.RawMessage]
			if p.get(path).want(200).into(&found); len(found.Items) != 0 {
				t.Errorf("%s hints at it: %s", path, found.Items)
			}
			if boss.get(path).want(200).into(&found); len(found.Items) != 1 {
				t.Errorf("%s hides it from who may see it: %s", path, found.Items)
			}
		}
		p.post("/api/queue/next", nil).want(204)
	}
	// Nothing of it may go to the accused area, and nobody bars themselves.
	due := time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339)
	boss.post(casePath+r.Protocol+"/requests", map[string]any{"team_id": accusedTeam, "body": "O que houve?", "due": due}).want(422).problem("case_area_accused")
	boss.post(casePath+r.Protocol+"/recommendations", map[string]any{"team_id": accusedTeam, "body": "Treinar", "due": "2027-01-31"}).want(422).problem("case_area_accused")
	boss.post(casePath+r.Protocol+"/accused", map[string]any{"accounts": []int64{boss.account.ID}, "teams": []int64{}}).want(422).problem("case_accused_yourself")
	// What continues a closed case is hidden from the same.
	w.must(w.db.Gorm.Exec("UPDATE tickets SET status = 'closed', closed_at = now() WHERE id = ?", c.Ticket.ID).Error)
	s := w.somebody()
	s.header.Set(accessHeader, r.AccessToken)
	var next PublicReply
	s.post("/api/public/tickets/"+r.Protocol+"/messages", `{"body":"Continua."}`).want(201).into(&next)
	accused.get("/api/tickets/" + next.Protocol).want(404)
	boss.get(casePath + next.Protocol).want(200)
}

// aroundTheCase writes what can stand around a case, and returns an ordinary
// ticket that a mail of it refers to: a letter (9001), its customer (9004) and
// another of the same name and mailbox (9003), a call, a call that we owe.
func (w *world) aroundTheCase(id int64) (ordinary string) {
	w.t.Helper()
	ordinary = w.opened(validTicket).Protocol
	for _, statement := range []string{
		`INSERT INTO customers (id, name) VALUES (9003, 'Zulmira Teles'), (9004, 'Zulmira Teles')`,
		`INSERT INTO identities (customer_id, kind, value) VALUES (9003, 'email', 'zulmira@um.example'), (9004, 'email', 'zulmira@outro.example'),
			(9004, 'phone', '+5511987650001')`,
		`UPDATE tickets SET customer_id = 9004 WHERE id = @case`,
		`UPDATE tickets SET customer_id = 9003, status = 'resolved' WHERE protocol = @ordinary`,
		`INSERT INTO mail_suggestions (ticket_id, about_id, reason) SELECT id, @case, 'signed_id' FROM tickets WHERE protocol = @ordinary`,
		`INSERT INTO outbox (id, way, purpose, key, ticket_id, recipient, envelope) VALUES (9001, 'letter', 'reply', 'x', @case, 'Rua A, 1', '{}')`,
		`INSERT INTO contacts (id, channel, direction) VALUES (9005, 'phone', 'in')`,
		`INSERT INTO calls (contact_id, ticket_id, opened_id, protocol, line, started_at) SELECT 9005, id, id, protocol, '', now() FROM tickets WHERE id = @case`,
		`INSERT INTO call_backs (ticket_id, why, from_at, to_at, next_at) VALUES (@case, 'dropped', now(), now(), now())`,
	} {
		_, err := w.db.Pool.Exec(w.t.Context(), statement, pgx.NamedArgs{"case": id, "ordinary": ordinary})
		w.must(err)
	}
	return ordinary
}

// An area is asked a text that was written for it, and can learn nothing else.
func TestAnAreaSeesOnlyWhatItIsAsked(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss := w.as(access.Ombudsman)
	billing := tickettest.Team(t, w.db, "Cobrança")
	asked, other := w.as(access.Agent, billing), w.as(access.Agent)
	sac := w.opened(validTicket)
	r := w.demand(`{"name":"Rita Nogueira","email":"rita.n@exemplo.example","document":"52998224725","confidentiality":"protected","sac_protocol":"` +
		sac.Protocol + `","subject":"Cobrança em dobro","body":"Cobraram duas vezes."}`)
	path, due := casePath+r.Protocol+"/requests", time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339)
	ask := func(body string) answer {
		return boss.post(path, map[string]any{"team_id": billing, "body": body, "due": due})
	}
	for _, telling := range []string{"A cliente Rita Nogueira reclama.", "CPF 529.982.247-25", "Escreva a rita.n@exemplo.example", "Protocolo " + r.Protocol,
		"Ver " + sac.Protocol[:8] + " " + sac.Protocol[8:]} {
		ask(telling).want(422).problem("ticket_invalid", "body.body")
	}
	var c Case
	ask("Houve cobrança em dobro no lote de novembro?").want(201).into(&c)
	list := asked.get("/api/area-requests").want(200)
	var items Items[AreaRequest]
	list.into(&items)
	if len(items.Items) != 1 || len(items.Items[0].ID) < 26 {
		t.Fatalf("asked: %s", list.body)
	}
	for _, secret := range []string{"Rita", r.Protocol, sac.Protocol, "52998224725", "rita.n", fmt.Sprintf(`"%d"`, c.Ticket.ID), "ticket_id", "Cobraram"} {
		if bytes.Contains(list.body, []byte(secret)) {
			t.Errorf("the area is told %q: %s", secret, list.body)
		}
	}
	id := items.Items[0].ID
	answerPath := "/api/area-requests/" + id + "/answer"
	absent := other.post("/api/area-requests/abcdefghijklmnopqrstuvwxyz/answer", `{"answer":"Sim"}`).want(404).problem("area_request_not_found")
	hidden := other.post(answerPath, `{"answer":"Sim"}`).want(404).problem("area_request_not_found")
	if absent.Detail != hidden.Detail {
		t.Error("a request of another team is told from none")
	}
	asked.post(answerPath, `{"answer":"Sim, e foi corrigida."}`).want(200)
	asked.post(answerPath, `{"answer":"De novo"}`).want(404)
	boss.get(casePath + r.Protocol).want(200).into(&c)
	if c.Requests[0].Answer != "Sim, e foi corrigida." || c.Requests[0].State != "answered" {
		t.Errorf("the office sees %+v", c.Requests)
	}
	asked.get("/api/tickets/" + r.Protocol).want(404)
}

// varying is what differs between any two worlds: ids, numbers, times, tokens.
var varying = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"|\b\d{17}\b|"(version|next|csrf_token|position|instance)":"[^"]*"|urn:escuta:request:\w+|:\d+\b|[a-z]+-[0-9a-f]{16}@|"\d+"|[0-9a-f]{8}-[0-9a-f-]{27}|\d\d:\d\d|value="\d*"|AAAB[A-Za-z0-9+/_=-]{20,}`)

// The same world with and without a case gives a SAC agent, a supervisor and an
// admin the same answers on every GET there is.
func TestNothingOfACaseCanBeInferredFromOutside(t *testing.T) {
	t.Parallel()
	answers := func(with bool) map[string]string {
		w := start(t)
		sac := w.opened(`{"name":"Rita","email":"rita@exemplo.example","phone":"11987654321","kind":"reclamacao","subject":"Cobrança","body":"Em dobro."}`)
		var tk struct{ ID, CustomerID int64 }
		w.must(w.db.Gorm.Raw("SELECT id, customer_id FROM tickets WHERE protocol = ?", sac.Protocol).Scan(&tk).Error)
		if with {
			r := w.demand(`{"name":"Rita de Outro Nome","email":"rita@exemplo.example","phone":"11987654321","document":"52998224725","sac_protocol":"` +
				sac.Protocol + `","subject":"Cobrança","body":"Em dobro e ninguém resolve."}`)
			boss := w.as(access.Ombudsman)
			boss.post(casePath+r.Protocol+"/points", `{"body":"Devolver"}`).want(201)
			boss.post(fmt.Sprintf("/api/tickets/%s/notes", r.Protocol), `{"body":"Nota da ouvidoria"}`).want(201)
			boss.post(casePath+r.Protocol+"/verdict", `{"merit":"founded","result":"solved","reverses_sac":true}`).want(200)
		} else {
			w.as(access.Ombudsman) // the account is in both worlds
		}
		w.as(access.Agent)
		w.as(access.Supervisor)
		w.as(access.Admin)
		all := map[string]string{}
		for _, role := range []access.Role{access.Agent, access.Supervisor, access.Admin} {
			p := w.as(role)
			for _, r := range w.server.routes {
				switch r.Path {
				case "/metrics", "/api/live", "/healthz", "/readyz":
					continue // no word of anybody's: counts of requests and of what the process does
				}
				if r.Method != http.MethodGet {
					continue
				}
				if strings.HasSuffix(r.Path, "/clocks/proof") || strings.HasSuffix(r.Path, "/clocks/proofs") || strings.HasSuffix(r.Path, "/certificate") {
					continue // compressed, with the second it was made in: TestASheetLeaksNothing reads them
				}
				for _, ref := range []string{fmt.Sprint(tk.ID), sac.Protocol} {
					for _, query := range []string{"", "?q=rita@exemplo.example", "?q=52998224725", "?q=dobro", "?status=open"} {
						if query != "" && r.Path != "/api/tickets" {
							continue
						}
						path := strings.NewReplacer("{ticket}", ref, "{id}", fmt.Sprint(tk.CustomerID), "{protocol}", sac.Protocol, "{token}", "x",
							"{case}", ref, "{part}", "1", "{request}", "x").Replace(r.Path) + query
						a := p.get(path)
						all[string(role)+" "+r.Path+query] = fmt.Sprint(a.status, varying.ReplaceAllString(string(a.body), "~"))
					}
				}
			}
		}
		return all
	}
	without, with := answers(false), answers(true)
	for call, body := range without {
		if with[call] != body {
			t.Errorf("%s\nwithout a case %.2000s\nwith one       %.2000s", call, body, with[call])
		}
	}
	if len(without) < 60 {
		t.Errorf("only %d answers compared", len(without))
	}
}

// An admin does not come behind the wall by making an ombudsman, nor by taking
// over the account of one.
func TestNobodyEntersTheOfficeUnconfirmed(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss, admin := w.as(access.Ombudsman), w.as(access.Admin)
	r := w.demand(`{"subject":"a","body":"b","confidentiality":"anonymous"}`)
	var made Account
	admin.post("/api/accounts", `{"email":"novo@example.com","name":"Novo","role":"ombudsman","password":"`+password+`"}`).want(201).into(&made)
	sneak := w.somebody()
	sneak.account.Email = "novo@example.com"
	sneak.login()
	sneak.get("/api/tickets/" + r.Protocol).want(404)
	sneak.get("/api/ombudsman/cases").want(403)
	sneak.post(fmt.Sprintf("/api/ombudsman/office/%d", made.ID), `{"rank":"ombudsman"}`).want(403)
	boss.post(fmt.Sprintf("/api/ombudsman/office/%d", boss.account.ID), `{"rank":"analyst"}`).want(409).problem("office_self")
	boss.post(fmt.Sprintf("/api/ombudsman/office/%d", made.ID), `{"rank":"substitute"}`).want(200)
	sneak.login()
	sneak.get("/api/tickets/" + r.Protocol).want(200)
	// Another password, set by an admin, shuts it out again.
	admin.call("PATCH", fmt.Sprintf("/api/accounts/%d", made.ID), "application/json", []byte(`{"password":"outra frase comprida"}`)).want(200)
	var o Office
	boss.get("/api/ombudsman/office").want(200).into(&o)
	if o.Log[0].Act != "credentials" || o.Log[1].Act != "confirmed" || len(o.Members) != 2 {
		t.Errorf("office %+v", o)
	}
	for _, m := range o.Members {
		if m.Pending != (m.ID == made.ID) {
			t.Errorf("%+v", m)
		}
	}
}

// What was asked of a demandant stops the clocks of the answer; an answer lets
// them go on, and none archives the case when its term is over.
func TestAComplementPausesAndThenArchives(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss := w.as(access.Ombudsman)
	cases := w.server.services.Ombudsman
	for _, answers := range []bool{true, false} {
		r := w.demand(`{"subject":"a","body":"b","confidentiality":"anonymous"}`)
		var c Case
		boss.post(casePath+r.Protocol+"/complement", `{"body":"De que loja se trata?"}`).want(200).into(&c)
		if c.ComplementDue == nil || c.Ticket.Status != ticket.WaitingCustomer || c.Ticket.Paused != "complement" {
			t.Fatalf("asked: %+v", c)
		}
		if days := time.Until(*c.ComplementDue).Hours() / 24; days < 19 || days > 25 {
			t.Errorf("%v days", days)
		}
		if answers {
			s := w.somebody()
			s.header.Set(accessHeader, r.AccessToken)
			s.post("/api/public/tickets/"+r.Protocol+"/messages", `{"body":"Da loja do centro."}`).want(201)
		}
		w.must(w.db.Gorm.Exec("UPDATE ombudsman_cases SET complement_due = now() - interval '1 minute' WHERE ticket_id = ?", c.Ticket.ID).Error)
		n, err := cases.ArchiveDue(t.Context())
		w.must(err)
		boss.get(casePath + r.Protocol).want(200).into(&c)
		if archived := c.ArchivedAt != nil; archived == answers || archived != (n == 1) || archived != (c.Ticket.Status == ticket.Resolved) || c.ComplementDue != nil {
			t.Errorf("answered %v: %d archived, %+v", answers, n, c)
		}
		if answers && (c.Ticket.Paused != "" || c.Ticket.Status != ticket.Open && c.Ticket.Status != ticket.New) {
			t.Errorf("it does not go on: %+v", c.Ticket)
		}
		var states []string
		w.must(w.db.Gorm.Raw("SELECT state FROM clocks WHERE ticket_id = ? AND kind = 'legal'", c.Ticket.ID).Scan(&states).Error)
		if want := map[bool]string{true: "running", false: "cancelled"}[answers]; len(states) != 1 || states[0] != want {
			t.Errorf("clocks %v, want %s", states, want)
		}
	}
}
