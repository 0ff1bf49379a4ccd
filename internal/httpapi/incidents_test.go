package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// eventually waits for what another goroutine does.
func (w *world) eventually(what string, is func() bool) {
	w.t.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: it does not come to that", what)
		}
	}
}

func (w *world) openIncident(body map[string]any) Incident {
	w.t.Helper()
	var i Incident
	w.as(access.Supervisor).post("/api/incidents", body).want(201).into(&i)
	return i
}

func TestAnIncidentIsTheSupervisorsToOpenAndEverybodysToSee(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, sup := w.as(access.Agent), w.as(access.Supervisor)
	agent.post("/api/incidents", map[string]any{"title": "x"}).want(403)
	i := w.openIncident(map[string]any{"title": "Pix fora do ar", "inside": "Não prometa hora."})
	var list Items[Incident]
	agent.get("/api/incidents?state=open").want(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].Inside != "Não prometa hora." {
		t.Errorf("%+v", list)
	}
	path := fmt.Sprintf("/api/incidents/%d", i.ID)
	change := map[string]any{"version": 1, "title": "Pix fora do ar", "inside": "", "outside": "", "news_by": nil, "state": "solved",
		"brand_id": nil, "team_id": nil, "channel": nil, "reason_id": nil, "started_at": i.StartedAt}
	sup.call("PUT", path, "application/json", encoded(t, change)).want(200)
	sup.call("PUT", path, "application/json", encoded(t, change)).want(409).problem("incident_version_conflict")
	agent.get("/api/incidents?state=open").want(200).into(&list)
	if len(list.Items) != 0 {
		t.Errorf("%+v", list)
	}

	// An agent puts their own ticket to it, and cannot put many or answer all.
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	var row TicketRow
	agent.call("PUT", fmt.Sprintf("/api/tickets/%d/incident", tk.ID), "application/json", encoded(t, map[string]any{"incident_id": i.ID})).want(200).into(&row)
	if row.IncidentID == nil || *row.IncidentID != i.ID {
		t.Errorf("%+v", row)
	}
	agent.post(path+"/tickets", map[string]any{"tickets": []int64{tk.ID}}).want(403)
	agent.post(path+"/answers", map[string]any{"body": "Oi"}).want(403)
	agent.post(fmt.Sprintf("/api/tickets/%d/incident/news", tk.ID), nil).want(409).problem("incident_no_news")
	var d IncidentDetail
	agent.get(path).want(200).into(&d)
	if d.Figures.Tickets != 1 || len(d.Runs) != 0 {
		t.Errorf("%+v", d)
	}
	for _, id := range []string{"0", "x", "999999"} {
		agent.get("/api/incidents/" + id).want(404).problem("incident_not_found")
	}
	agent.get(path + "/tickets?cursor=x").want(400).problem("bad_cursor")
	sup.get("/api/figures/reasons?from=2026-01-01T00:00:00Z&to=2025-01-01T00:00:00Z").want(422).problem("bad_period")
	sup.get("/api/figures/reasons").want(200)
}

// One answer to all by the API, as far as the customer's page.
func TestOneAnswerToAllStandsOnEachCustomersPage(t *testing.T) {
	t.Parallel()
	w := start(t)
	sup := w.as(access.Supervisor)
	i := w.openIncident(map[string]any{"title": "Pix fora do ar"})
	path := fmt.Sprintf("/api/incidents/%d", i.ID)
	var ids []int64
	for range 3 {
		ids = append(ids, tickettest.Open(t, w.db, ticket.Ticket{}).ID)
	}
	var run IncidentRun
	sup.post(path+"/tickets", map[string]any{"tickets": ids}).want(201).into(&run)
	done := func() bool {
		var d IncidentDetail
		sup.get(path).want(200).into(&d)
		return d.Runs[0].State == "done" && d.Runs[0].Done == 3
	}
	w.eventually("all are put to it", done)
	var e IncidentEffect
	sup.get(path + "/effect").want(200).into(&e)
	if (e != IncidentEffect{Page: 3}) {
		t.Errorf("%+v", e)
	}
	sup.post(path+"/answers", map[string]any{"body": "Oi, {fulano}"}).want(422).problem("ticket_invalid", "body.body")
	sup.post(path+"/answers", map[string]any{"body": "Voltou, {nome}.", "resolve": true}).want(201).into(&run)
	w.must(w.db.Gorm.Exec("UPDATE incident_runs SET begins_at = now() WHERE id = ?", run.ID).Error)
	w.eventually("all are answered", func() bool {
		_, _ = w.server.services.Incidents.RunNext(t.Context())
		return done()
	})
	if n := tickettest.Fresh(t, w.db, ids[0]); n.Status != ticket.Resolved {
		t.Errorf("%+v", n.Status)
	}
}

// Customers read of an open incident where it concerns them, escaped and in their
// language, and not what is for agents; of none, nothing is asked.
func TestCustomersReadOfAnIncident(t *testing.T) {
	t.Parallel()
	w := start(t)
	visitor := w.somebody()
	page := func(path, lang string) string {
		return string(visitor.call("GET", path, "", nil, "Accept-Language", lang).want(200).body)
	}
	const mark = `class="incident`
	if strings.Contains(page("/abrir", "pt-BR"), mark) {
		t.Error("there is none")
	}
	other := anotherBrand(w)
	i := w.openIncident(map[string]any{"title": "TITULO INTERNO", "inside": "SO PARA AGENTES",
		"outside": "O <b>Pix</b> está fora do ar & voltamos logo.", "news_by": time.Now().Add(2 * time.Hour)})
	w.openIncident(map[string]any{"title": "De outra marca", "outside": "OUTRA MARCA", "brand_id": other})
	w.openIncident(map[string]any{"title": "Do telefone", "outside": "SO NO TELEFONE", "channel": "phone"})
	w.openIncident(map[string]any{"title": "Sem texto"})
	for lang, words := range map[string]string{"pt-BR": "Próxima notícia até", "en": "Next news by", "es": "Próxima noticia hasta"} {
		w.eventually(lang, func() bool { return strings.Contains(page("/abrir", lang), words) })
		html := page("/abrir", lang)
		if strings.Count(html, mark) != 1 || !strings.Contains(html, "O &lt;b&gt;Pix&lt;/b&gt; está fora do ar &amp; voltamos logo.") {
			t.Errorf("%s: %s", lang, html)
		}
		for _, secret := range []string{"TITULO INTERNO", "SO PARA AGENTES", "OUTRA MARCA", "SO NO TELEFONE"} {
			if strings.Contains(html, secret) {
				t.Errorf("%s tells of %q", lang, secret)
			}
		}
	}
	// Its tickets' pages tell of it, others' do not.
	in, out := w.opened(validTicket), w.opened(validTicket)
	w.as(access.Agent).call("PUT", "/api/tickets/"+in.Protocol+"/incident", "application/json", encoded(t, map[string]any{"incident_id": i.ID})).want(200)
	if p := w.follow(in); p.Incident == nil || p.Incident.NewsBy == nil || p.Incident.SolvedAt != nil {
		t.Errorf("%+v", p.Incident)
	}
	if p := w.follow(out); p.Incident != nil {
		t.Errorf("%+v", p.Incident)
	}
	html := page("/acompanhar/"+in.Protocol+"?token="+in.AccessToken, "pt-BR")
	if !strings.Contains(html, "Sabemos deste problema") || strings.Contains(html, "TITULO INTERNO") {
		t.Error(html)
	}
	// Solved: forms say nothing any more, its tickets' pages say so.
	w.as(access.Supervisor).call("PUT", fmt.Sprintf("/api/incidents/%d", i.ID), "application/json", encoded(t, map[string]any{
		"version": 1, "title": "x", "inside": "", "outside": "O Pix voltou.", "news_by": nil, "state": "solved",
		"brand_id": nil, "team_id": nil, "channel": nil, "reason_id": nil, "started_at": i.StartedAt})).want(200)
	w.eventually("solved", func() bool { return !strings.Contains(page("/abrir", "pt-BR"), mark) })
	if html := page("/acompanhar/"+in.Protocol+"?token="+in.AccessToken, "pt-BR"); !strings.Contains(html, "Problema resolvido") {
		t.Error(html)
	}
}

func anotherBrand(w *world) (id int64) {
	w.must(w.db.Gorm.Raw("INSERT INTO brands (name) VALUES ('Outra') RETURNING id").Scan(&id).Error)
	return id
}
