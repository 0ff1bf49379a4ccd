package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// opened is a ticket that came in over HTTP.
func (w *world) opened(body string, headers ...string) PublicReceipt {
	w.t.Helper()
	var r PublicReceipt
	w.somebody().call("POST", "/api/public/tickets", "application/json", []byte(body), headers...).want(201).into(&r)
	return r
}

// follow is the customer's view of a ticket.
func (w *world) follow(r PublicReceipt) PublicTicket {
	w.t.Helper()
	var t PublicTicket
	w.somebody().call("GET", "/api/public/tickets/"+r.Protocol, "", nil, accessHeader, r.AccessToken).want(200).into(&t)
	return t
}

// The main job, from the first form to the rating.
func TestCustomerAsksAgentAnswersCustomerRates(t *testing.T) {
	t.Parallel()
	w := start(t)
	receipt := w.opened(validTicket)
	if receipt.AnswerBy == nil || !strings.HasPrefix(receipt.TrackURL, w.base+"/acompanhar/"+receipt.Protocol+"?token=") {
		t.Errorf("receipt %+v", receipt)
	}
	if seen := w.follow(receipt); seen.Status != "new" || seen.Next != "queued" || len(seen.Messages) != 1 || seen.HandledBy.Team == "" {
		t.Errorf("the customer sees %+v", seen)
	}

	agent := w.as(access.Agent)
	var page TicketPage
	agent.get("/api/tickets?view=unassigned").want(200).into(&page)
	if len(page.Items) != 1 || page.Items[0].Protocol != receipt.Protocol || page.Version == "" {
		t.Fatalf("page %+v", page)
	}
	at := "/api/tickets/" + receipt.Protocol
	var detail TicketDetail
	agent.get(at).want(200).into(&detail)
	if detail.Customer == nil || len(detail.Clocks) == 0 || len(detail.Customer.Identities) != 1 ||
		strings.Contains(fmt.Sprint(detail.Customer.Identities), "ana@") {
		t.Errorf("detail %+v", detail)
	}
	agent.get(fmt.Sprintf("/api/customers/%d", detail.Customer.ID)).want(200)

	var claimed Claimed
	agent.post(at+"/claim", nil).want(200).into(&claimed)
	rival := w.as(access.Agent, tickettest.DefaultTeam)
	if p := rival.post(at+"/claim", nil).want(409).problem("already_claimed"); p.Holder == nil || p.Holder.ID != agent.account.ID {
		t.Errorf("holder %+v", p.Holder)
	}
	agent.post(at+"/lease", map[string]any{"fence": claimed.Lease.Fence}).want(200)
	agent.post(at+"/lease", map[string]any{"fence": claimed.Lease.Fence + 7}).want(409).problem("lease_lost")
	agent.post(at+"/notes", map[string]any{"body": "Conferir com o financeiro."}).want(201)

	// The customer writes in between: the answer is stale and shows what was missed.
	w.somebody().call("POST", "/api/public/tickets/"+receipt.Protocol+"/messages", "application/json",
		[]byte(`{"body":"Achei o comprovante."}`), accessHeader, receipt.AccessToken).want(201)
	stale := agent.post(at+"/replies", map[string]any{"body": "Olá", "seen_version": 1}).want(409).problem("stale")
	if len(stale.Messages) != 1 || stale.Messages[0].Body != "Achei o comprovante." {
		t.Errorf("missed %+v", stale.Messages)
	}
	var replied Replied
	agent.post(at+"/replies", map[string]any{"body": "Estornamos o valor.", "resolve": true, "fence": claimed.Lease.Fence}).
		want(201).into(&replied)
	if replied.Ticket.Status != ticket.Resolved || replied.Message.Direction != "out" {
		t.Errorf("replied %+v", replied)
	}
	agent.call("PATCH", at, "application/json", []byte(`{"version":1,"priority":1}`)).want(409)

	seen := w.follow(receipt)
	if len(seen.Messages) != 3 || seen.Messages[2].From != "us" || strings.Contains(fmt.Sprint(seen), "financeiro") ||
		fmt.Sprint(seen.Can) != "[reply reopen rate]" {
		t.Errorf("the customer sees %+v", seen)
	}
	rate := func(body string) answer {
		return w.somebody().call("POST", "/api/public/tickets/"+receipt.Protocol+"/survey", "application/json",
			[]byte(body), accessHeader, receipt.AccessToken)
	}
	rate(`{"score":9}`).want(422).problem("invalid", "body.score")
	rate(`{"score":5,"comment":"Rápido."}`).want(204)
	if seen := w.follow(receipt); fmt.Sprint(seen.Can) != "[reply reopen]" {
		t.Errorf("after the rating %v", seen.Can)
	}
	var line Timeline
	agent.get(at + "/timeline").want(200).into(&line)
	kinds := map[string]int{}
	for _, e := range line.Items {
		kinds[e.Type]++
	}
	if kinds["message"] != 3 || kinds["note"] != 1 || kinds["event"] == 0 {
		t.Errorf("timeline %v", kinds)
	}

	var sum IntakeSummary
	w.as(access.Supervisor).get("/api/intake/summary").want(200).into(&sum)
	if sum.Received != 2 || sum.Accounted != 2 || sum.Pending != 0 {
		t.Errorf("summary %+v", sum)
	}
	w.as(access.Supervisor).get("/api/intake/ledger?fate=ticket").want(200)
	w.as(access.Supervisor).get("/api/breaches").want(200)
	agent.get("/api/views").want(200)
	agent.get("/api/views/counts").want(200)
	agent.post("/api/queue/next", nil).want(204)
	agent.post("/api/sla/preview", bodies["POST /api/sla/preview"]).want(200)
	for _, path := range []string{"/api/people", "/api/teams", "/api/reasons", "/api/brands", "/api/sessions", "/api/tokens", "/api/me"} {
		agent.get(path).want(200)
	}
}

// formBody is a multipart body of texts and one file.
func formBody(t *testing.T, texts map[string]string, name, mime string, content []byte) (string, []byte) {
	t.Helper()
	return fieldBody(t, "files", texts, name, mime, content)
}

// namedFile is such a body with a small file under another field's name.
func namedFile(t *testing.T, field string, texts map[string]string) (string, []byte) {
	t.Helper()
	return fieldBody(t, field, texts, "nota.txt", "text/plain", []byte("nota"))
}

func fieldBody(t *testing.T, field string, texts map[string]string, name, mime string, content []byte) (string, []byte) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range texts {
		if err := m.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if name != "" {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", `form-data; name="`+field+`"; filename="`+name+`"`)
		h.Set("Content-Type", mime)
		part, err := m.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), b.Bytes()
}

var pdf = []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")

var formTexts = map[string]string{"kind": "reclamacao", "subject": "Nota", "body": "Segue a nota.", "email": "bia@example.com"}

// A file is seen by whoever may see the ticket now, and by its customer.
func TestAttack51FilesFollowTheTicket(t *testing.T) {
	t.Parallel()
	w := start(t)
	kind, body := formBody(t, formTexts, "../../nota\u202egpj.pdf", "application/pdf", pdf)
	var receipt PublicReceipt
	w.somebody().call("POST", "/api/public/tickets", kind, body).want(201).into(&receipt)
	seen := w.follow(receipt)
	if len(seen.Messages) != 1 || len(seen.Messages[0].Files) != 1 {
		t.Fatalf("%+v", seen)
	}
	file := seen.Messages[0].Files[0]
	if file.Name != "notagpj.pdf" || file.Mime != "application/pdf" || file.Size != int64(len(pdf)) {
		t.Errorf("file %+v", file)
	}
	agent := w.as(access.Agent)
	a := agent.get(file.URL).want(200)
	if !bytes.Equal(a.body, pdf) || !strings.HasPrefix(a.header.Get("Content-Disposition"), "attachment;") ||
		!strings.Contains(a.header.Get("Content-Security-Policy"), "sandbox") || a.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v", a.header)
	}
	w.somebody().call("GET", file.URL, "", nil, accessHeader, receipt.AccessToken).want(200)
	w.somebody().call("GET", file.URL, "", nil, "Cookie", accessCookie+"="+receipt.AccessToken).want(200)

	other := w.opened(strings.ReplaceAll(validTicket, "ana@", "caio@"))
	w.somebody().call("GET", file.URL, "", nil, accessHeader, other.AccessToken).want(404).problem("file_not_found")
	w.somebody().get(file.URL).want(404).problem("file_not_found")
	w.somebody().call("HEAD", file.URL, "", nil).want(404)
	w.somebody().get("/api/files/" + strings.Repeat("A", 26)).want(404).problem("file_not_found")

	// The ticket moves to a team the agent is not in, and then behind the wall.
	team := tickettest.Team(t, w.db, "Outra")
	w.must(w.db.Gorm.Exec("UPDATE tickets SET team_id = ? WHERE protocol = ?", team, receipt.Protocol).Error)
	agent.get(file.URL).want(404).problem("file_not_found")
	w.as(access.Admin).get(file.URL).want(200)
	w.must(w.db.Gorm.Exec("UPDATE tickets SET walled = true WHERE protocol = ?", receipt.Protocol).Error)
	w.as(access.Admin).get(file.URL).want(404).problem("file_not_found")
	w.as(access.Ombudsman).get(file.URL).want(200)
	w.as(access.Ombudsman).post("/api/logout", nil).want(204)
	w.as(access.Ombudsman).get(file.URL).want(404)
}

// A form is as strict as JSON, and leaves nothing when one of its files is bad.
func TestFormsThatAreRefused(t *testing.T) {
	t.Parallel()
	w := start(t)
	tests := []struct {
		name        string
		texts       map[string]string
		file, mime  string
		content     []byte
		status      int
		code, field string
	}{
		{"unknown field", with(formTexts, "team_id", "2"), "", "", nil, 422, "invalid", "body.team_id"},
		{"bad e-mail", with(formTexts, "email", "a@b\r\nBcc: c@d"), "", "", nil, 422, "submission_invalid", "body.email"},
		{"no body", with(formTexts, "body", ""), "a.pdf", "application/pdf", pdf, 422, "submission_invalid", "body.body"},
		{"empty file", formTexts, "a.txt", "text/plain", []byte{}, 422, "files_refused", "body.files[0]"},
		{"forged by name", formTexts, "foto.png", "application/octet-stream", []byte("<html><script>alert(1)</script>"), 422, "files_refused", "body.files[0]"},
		{"forged by type", formTexts, "foto", "image/png", []byte("<svg onload=alert(1)>"), 422, "files_refused", "body.files[0]"},
		{"too large", formTexts, "a.bin", "application/octet-stream", bytes.Repeat([]byte{7}, 1<<20+1), 413, "file_too_large", "body.files[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kind, body := formBody(t, tt.texts, tt.file, tt.mime, tt.content)
			w.somebody().call("POST", "/api/public/tickets", kind, body).want(tt.status).problem(tt.code, tt.field)
		})
	}
	w.somebody().call("POST", "/api/public/tickets", "multipart/form-data; boundary=x", []byte("--x\r\ngarbage")).
		want(400).problem("bad_request")
	w.somebody().call("POST", "/api/public/tickets", "text/plain", []byte(validTicket)).want(415).problem("media_type")
	w.somebody().call("POST", "/api/public/tickets", "application/json", []byte{0x1f, 0x8b}, "Content-Encoding", "gzip").
		want(415).problem("media_type")
	for _, table := range []string{"tickets", "intake_ledger", "customers", "attachments"} {
		var n int64
		w.must(w.db.Gorm.Table(table).Count(&n).Error)
		if n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

// An agent's upload goes with the agent's reply, once made theirs.
func TestUploadsGoWithTheReplyOfWhoUploaded(t *testing.T) {
	t.Parallel()
	w := start(t)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	agent, other := w.as(access.Agent), w.as(access.Agent, tickettest.DefaultTeam)
	kind, body := formBody(t, nil, "segunda-via.pdf", "application/pdf", pdf)
	var up Upload
	agent.call("POST", "/api/uploads", kind, body).want(201).into(&up)
	at := fmt.Sprintf("/api/tickets/%d/replies", tk.ID)
	reply := func(p *person, id string) answer {
		return p.post(at, map[string]any{"body": "Segue.", "files": []string{id}})
	}
	reply(other, up.ID).want(422).problem("upload_unknown", "body.files")
	reply(agent, up.ID+"x").want(422).problem("upload_unknown")
	reply(agent, "x.y").want(422).problem("upload_unknown")
	var replied Replied
	reply(agent, up.ID).want(201).into(&replied)
	if len(replied.Message.Files) != 1 || replied.Message.Files[0].Name != "segunda-via.pdf" {
		t.Fatalf("%+v", replied.Message)
	}
	agent.get(replied.Message.Files[0].URL).want(200)
}

// A repeated call acts once; with another body it is refused.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	w := start(t)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	agent := w.as(access.Agent)
	at := fmt.Sprintf("/api/tickets/%d/notes", tk.ID)
	note := func(body string) answer {
		return agent.call("POST", at, "application/json", []byte(`{"body":"`+body+`"}`), idempotencyHeader, "k1")
	}
	first, again := note("Uma vez.").want(201), note("Uma vez.").want(201)
	if !bytes.Equal(first.body, again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s\n%s", first.body, again.body)
	}
	note("Outra.").want(422).problem("idempotency_key_reused")
	if now := tickettest.Fresh(t, w.db, tk.ID); now.Version != 2 {
		t.Errorf("version %d", now.Version)
	}
	// A refusal frees the key.
	agent.call("POST", at, "application/json", []byte(`{}`), idempotencyHeader, "k2").want(422)
	agent.call("POST", at, "application/json", []byte(`{"body":"Agora sim."}`), idempotencyHeader, "k2").want(201)

	// Public: the same receipt, the token included.
	one, two := w.opened(validTicket, idempotencyHeader, "form-1"), w.opened(validTicket, idempotencyHeader, "form-1")
	if one.Protocol != two.Protocol || one.AccessToken != two.AccessToken {
		t.Errorf("%+v\n%+v", one, two)
	}
	w.somebody().call("POST", "/api/public/tickets", "application/json", []byte(strings.Replace(validTicket, "dobro", "triplo", 1)),
		idempotencyHeader, "form-1").want(422).problem("idempotency_key_reused")
	w.somebody().call("POST", "/api/public/tickets", "application/json", []byte(validTicket), idempotencyHeader, strings.Repeat("k", 300)).
		want(400).problem("submission_invalid", "header."+idempotencyHeader)
}

// The document, the metrics and the pages are served; errors speak the reader's language.
func TestPlainPages(t *testing.T) {
	t.Parallel()
	w := start(t)
	s := w.somebody()
	s.get("/healthz").want(200)
	s.get("/readyz").want(200)
	var doc struct {
		OpenAPI string                     `json:"openapi"`
		Paths   map[string]json.RawMessage `json:"paths"`
	}
	s.get("/api/openapi.json").want(200).into(&doc)
	if doc.OpenAPI[:3] != "3.1" || doc.Paths["/api/public/tickets"] == nil || doc.Paths["/api/live"] == nil {
		t.Errorf("document %s with %d paths", doc.OpenAPI, len(doc.Paths))
	}
	s.get("/api/tickets/20261122000000139")
	if metrics := string(s.get("/metrics").want(200).body); strings.Contains(metrics, "20261122000000139") ||
		!strings.Contains(metrics, `route="/api/tickets/:ticket"`) {
		t.Error("metrics name paths, or no patterns")
	}
	shell := s.get("/fila/qualquer").want(200)
	if !strings.Contains(string(shell.body), "<title>Escuta") || shell.header.Get("Cache-Control") != "no-cache" ||
		!strings.Contains(shell.header.Get("Content-Security-Policy"), "script-src 'self';") {
		t.Errorf("%v %s", shell.header, shell.body)
	}
	asset := s.call("GET", "/assets/app-1a2b.js", "", nil, "Accept-Encoding", "br").want(200)
	if asset.header.Get("Content-Encoding") != "br" || !strings.Contains(asset.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%v", asset.header)
	}
	s.call("GET", "/assets/app-1a2b.js", "", nil, "If-None-Match", asset.header.Get("Etag")).want(304)
	s.get("/assets/gone.js").want(404).problem("route_not_found")
	s.get("/api/nothing").want(404).problem("route_not_found")
	s.post("/fila", nil).want(404).problem("route_not_found")
	s.get("/api/live").want(426).problem("upgrade_required")
	for lang, word := range map[string]string{"pt-BR": "Entre", "en-GB,de": "Log in", "es-AR": "Inicie", "xx": "Entre"} {
		if p := s.call("GET", "/api/me", "", nil, "Accept-Language", lang).want(401).problem("login_required"); !strings.Contains(p.Detail, word) {
			t.Errorf("%s: %s", lang, p.Detail)
		}
	}
	agent := w.as(access.Agent)
	agent.call("PATCH", "/api/me", "application/json", []byte(`{"locale":"es"}`)).want(200)
	if p := agent.call("GET", "/api/tickets/0", "", nil, "Accept-Language", "en").want(404).problem("ticket_not_found"); p.Title != "No encontrado" {
		t.Errorf("title %q", p.Title)
	}
	if a := s.get("/healthz"); a.header.Get("X-Frame-Options") != "DENY" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%v", a.header)
	}
}

// What I am writing is there on my other machine, and colleagues may read it.
func TestADraftIsThereOnAnyMachine(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, boss := w.as(access.Agent), w.as(access.Supervisor)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	path := fmt.Sprintf("/api/tickets/%d/drafts", tk.ID)
	save := func(p *person, kind, body string, revision int64) answer {
		return p.call("PUT", path+"/"+kind, "application/json", fmt.Appendf(nil, `{"body":%q,"seen":1,"revision":%d}`, body, revision))
	}
	var d Draft
	save(agent, "reply", "Bom dia", 0).want(200).into(&d)
	save(agent, "reply", "Boa tarde", d.Revision+1).want(409).problem("draft_newer")
	save(agent, "letter", "Bom dia", 0).want(400).problem("invalid", "path.kind")
	save(agent, "note", strings.Repeat("x", 50_001), 0).want(422)
	var p Problem
	if save(agent, "reply", "Boa noite", 0).want(409).into(&p); p.Draft == nil || p.Draft.Body != "Bom dia" || p.Draft.Revision != d.Revision {
		t.Errorf("the one that is stored: %+v", p.Draft)
	}
	var all Items[Draft]
	boss.get(path).want(200).into(&all)
	if len(all.Items) != 1 || all.Items[0].Body != "Bom dia" || all.Items[0].AccountID != agent.account.ID {
		t.Errorf("a colleague reads %+v", all.Items)
	}
	agent.post(fmt.Sprintf("/api/tickets/%d/replies", tk.ID), `{"body":"Bom dia"}`).want(201)
	if boss.get(path).want(200).into(&all); len(all.Items) != 0 {
		t.Errorf("after it was sent: %+v", all.Items)
	}
	walled := tickettest.Open(t, w.db, ticket.Ticket{Walled: true, Channel: "ombudsman"})
	agent.get(fmt.Sprintf("/api/tickets/%d/drafts", walled.ID)).want(404).problem("ticket_not_found")
	agent.call("PUT", fmt.Sprintf("/api/tickets/%d/drafts/note", walled.ID), "application/json", []byte(`{"body":"x","seen":1,"revision":0}`)).want(404)
}
