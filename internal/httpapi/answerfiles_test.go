package httpapi

import (
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// requests are what a ticket asks, for somebody who sees it.
func (p *person) requests(protocol string) (list Items[InternalRequest]) {
	p.t.Helper()
	p.get("/api/tickets/" + protocol + "/requests").want(200).into(&list)
	return list
}

// What an area sends with its answer is the asker's to open: not the customer's
// whose ticket it is, not another team's, and not its sender's any more.
func TestAttackFilesOfAnAnswerAreTheAskersAlone(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, billing := w.as(access.Agent), w.billing()
	r := w.opened(validTicket)
	agent.post("/api/tickets/"+r.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": "Confere?"}).want(201)
	page, token := linkOf(t, w.areaMails()[0])
	visitor := w.somebody()
	visitor.get(page + "?token=" + token).want(200).has(`type="file"`)
	texts := map[string]string{"key": "k", "name": "Bruno", "answer": "Segue o extrato."}

	// Neither a file that lies about what it is, nor one with an answer that is not
	// taken, leaves anything behind.
	mime, forged := formBody(t, texts, "extrato.pdf", "application/pdf", []byte("no pdf"))
	visitor.call("POST", page, mime, forged, "Origin", w.base).want(422).has("Segue o extrato.", `id="files-error"`)
	mime, silent := formBody(t, map[string]string{"key": "k", "name": "Bruno", "answer": " "}, "extrato.pdf", "application/pdf", []byte("%PDF-1.4 x"))
	visitor.call("POST", page, mime, silent, "Origin", w.base).want(422)
	mime, full := formBody(t, texts, "extrato.pdf", "application/pdf", []byte("%PDF-1.4 extrato"))
	w.somebody().call("POST", page, mime, full, "Origin", w.base).want(404) // without the link
	if n := w.blobs(); n != 0 {
		t.Errorf("%d files are kept of answers that were not taken", n)
	}
	done := visitor.call("POST", page, mime, full, "Origin", w.base).want(200).has("extrato.pdf")
	if strings.Contains(string(done.body), "/api/files/") {
		t.Errorf("the page leads to the file: %s", done.body)
	}

	list := agent.requests(r.Protocol)
	if len(list.Items[0].Answers) != 1 || len(list.Items[0].Answers[0].Files) != 1 {
		t.Fatalf("answered: %+v", list.Items)
	}
	file := list.Items[0].Answers[0].Files[0]
	if got := agent.get(file.URL).want(200); string(got.body) != "%PDF-1.4 extrato" || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%v %s", got.header, got.body)
	}
	w.somebody().call("GET", file.URL, "", nil, "X-Access-Token", r.AccessToken).want(404).problem("file_not_found")
	w.as(access.Agent, tickettest.Team(t, w.db, "Loja")).get(file.URL).want(404).problem("file_not_found")
	visitor.get(file.URL).want(404)
	public := w.somebody().call("GET", "/api/public/tickets/"+r.Protocol, "", nil, "X-Access-Token", r.AccessToken).want(200)
	if strings.Contains(string(public.body), "extrato") {
		t.Errorf("the customer is told of it: %s", public.body)
	}
}

// In the desk an area's people attach by the ids of their own uploads. A case's
// files stay behind its wall, for the clerk who sent them, too.
func TestAttackAnAnswersFilesStayBehindTheWall(t *testing.T) {
	t.Parallel()
	w := start(t)
	team := tickettest.Team(t, w.db, "Cobrança")
	boss, clerk, agent, billing := w.as(access.Ombudsman), w.as(access.Agent, team), w.as(access.Agent), w.billing(team)
	c := w.demand(`{"name":"Célia Prado","email":"celia@exemplo.example","sac_protocol":"20261122000000139","subject":"Lote","body":"Ninguém resolve."}`)
	path := "/api/tickets/" + c.Protocol + "/requests"
	boss.post(path, map[string]any{"area_id": billing.ID, "body": "Do protocolo 20261122000000139, confere?"}).want(422).problem("ticket_invalid", "body.body")
	boss.post(path, map[string]any{"area_id": billing.ID, "body": "O lote confere?", "hides": false}).want(201)
	var asked Items[AreaRequest]
	clerk.get("/api/area-requests").want(200).into(&asked)
	answer := "/api/area-requests/" + asked.Items[0].ID + "/answer"
	mime, body := formBody(t, nil, "lote.txt", "text/plain", []byte("lote 7"))
	var foreign, own Upload
	agent.call("POST", "/api/uploads", mime, body).want(201).into(&foreign)
	clerk.call("POST", "/api/uploads", mime, body).want(201).into(&own)
	clerk.post(answer, map[string]any{"answer": "Segue.", "files": []string{foreign.ID}}).want(422)
	var sent AreaRequest
	clerk.post(answer, map[string]any{"answer": "Segue.", "files": []string{own.ID}}).want(200).into(&sent)
	if len(sent.Files) != 1 || sent.Files[0] != "lote.txt" {
		t.Errorf("sent: %+v", sent)
	}
	url := boss.requests(c.Protocol).Items[0].Answers[0].Files[0].URL
	if got := boss.get(url).want(200); string(got.body) != "lote 7" {
		t.Errorf("%s", got.body)
	}
	clerk.get(url).want(404).problem("file_not_found")
	agent.get(url).want(404).problem("file_not_found")
	w.as(access.Supervisor).get(url).want(404).problem("file_not_found")
}
