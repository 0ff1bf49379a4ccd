package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// billing adds an area that is asked by mail, and by the team when there is one.
func (w *world) billing(team ...int64) Area {
	w.t.Helper()
	body := map[string]any{"name": "Cobrança", "emails": []string{"cobranca@aroeira.example"}, "amount": 2, "unit": "business_days",
		"remind_at": 75, "chase_most": 3}
	if len(team) > 0 {
		body["team_id"] = team[0]
	}
	var a Area
	w.as(access.Admin).post("/api/areas", body).want(201).into(&a)
	return a
}

// areaMails are the mails to areas that were ordered, in order.
func (w *world) areaMails() (all []outbox.Mail) {
	w.t.Helper()
	var rows []string
	w.must(w.db.Gorm.Raw("SELECT envelope::text FROM outbox WHERE purpose = 'area' ORDER BY id").Scan(&rows).Error)
	for _, text := range rows {
		var m outbox.Mail
		w.must(json.Unmarshal([]byte(text), &m))
		all = append(all, m)
	}
	return all
}

func (w *world) row(protocol string) ticket.Snapshot {
	w.t.Helper()
	tk, err := ticket.Get(w.t.Context(), w.db.Gorm, protocol)
	w.must(err)
	return tk.Snapshot()
}

// answerForm is what the page's form sends.
func answerForm(t testing.TB, name, answer string) (mime string, body []byte) {
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	for k, v := range map[string]string{"key": "k", "name": name, "answer": answer} {
		if err := f.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	return f.FormDataContentType(), b.Bytes()
}

func linkOf(t testing.TB, m outbox.Mail) (page, token string) {
	t.Helper()
	u, err := url.Parse(m.Link)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path, u.Query().Get("token")
}

func TestAnAreaAnswersByItsLinkAndItIsOurTurnAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, billing := w.as(access.Agent), w.billing()
	r := w.opened(`{"name":"Rita Nogueira","email":"rita@exemplo.example","kind":"reclamacao","subject":"Cobrança em dobro da Rita","body":"Em dobro."}`)
	path := "/api/tickets/" + r.Protocol
	if row := w.row(r.Protocol); row.Turn != ticket.OurTurn {
		t.Fatalf("a new ticket: %q", row.Turn)
	}
	var asked InternalRequest
	agent.post(path+"/requests", map[string]any{"area_id": billing.ID, "body": "O lote de novembro saiu em dobro?", "hides": true}).want(201).into(&asked)
	if len(asked.Explanation) == 0 || asked.State != "open" || !asked.Hides || asked.NextAt == nil {
		t.Errorf("asked: %+v", asked)
	}
	if row := w.row(r.Protocol); row.Turn != ticket.AreaTurn || row.TurnArea != "Cobrança" || row.Status != ticket.New || row.Clocks == 0 || row.NextDue == nil {
		t.Errorf("the row: %+v", row)
	}
	mail := w.areaMails()[0]
	page, token := linkOf(t, mail)
	visitor := w.somebody()
	visitor.get(page).want(404) // without the token
	shown := visitor.get(page + "?token=" + token).want(200)
	for what, text := range map[string]string{"mail": mail.Subject + mail.Text + mail.ToName + mail.Protocol + mail.MessageID + mail.Foot, "page": string(shown.body)} {
		for _, secret := range []string{"Rita", "rita@", r.Protocol, "Em dobro.", "Pessoa de Teste"} {
			if strings.Contains(text, secret) {
				t.Errorf("the %s tells %q: %s", what, secret, text)
			}
		}
	}
	if !bytes.Contains(shown.body, []byte("O lote de novembro saiu em dobro?")) || bytes.Contains(shown.body, []byte(token)) ||
		shown.header.Get("Referrer-Policy") != "same-origin" || shown.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page: %v %s", shown.header, shown.body)
	}
	mime, body := answerForm(t, "Bruno", "Saiu, e o estorno é amanhã.\n<script>alert(1)</script>")
	done := visitor.call("POST", page, mime, body, "Origin", w.base).want(200)
	if bytes.Contains(done.body, []byte("<script>alert")) || !bytes.Contains(done.body, []byte("&lt;script&gt;")) {
		t.Errorf("an answer is text: %s", done.body)
	}
	row := w.row(r.Protocol)
	if row.Turn != ticket.OurTurn || row.AreaAnsweredAt == nil {
		t.Errorf("after the answer: %+v", row)
	}
	var list Items[InternalRequest]
	agent.get(path + "/requests").want(200).into(&list)
	got := list.Items[0]
	if got.State != "answered" || len(got.Answers) != 1 || got.Answers[0].Way != "link" || got.Answers[0].Name != "Bruno" || got.Answers[0].Address != "cobranca@aroeira.example" {
		t.Errorf("answered: %+v", got)
	}
	agent.get("/api/requests").want(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].Protocol != r.Protocol {
		t.Errorf("what I asked: %+v", list.Items)
	}
	// The customer learns nothing of it.
	public := w.somebody().call("GET", "/api/public/tickets/"+r.Protocol, "", nil, "X-Access-Token", r.AccessToken).want(200)
	for _, inside := range []string{"Cobrança\"", "estorno", "turn", "novembro"} {
		if bytes.Contains(public.body, []byte(inside)) {
			t.Errorf("the customer is told %q: %s", inside, public.body)
		}
	}
	// An act of ours clears the mark.
	agent.post(path+"/replies", map[string]any{"body": "O estorno é amanhã."}).want(201)
	if row := w.row(r.Protocol); row.Turn != ticket.CustomersTurn || row.AreaAnsweredAt != nil {
		t.Errorf("after our reply: %+v", row)
	}
	var turns Turns
	agent.get(path + "/turns").want(200).into(&turns)
	if len(turns.Stretches) < 3 || turns.Stretches[0].Turn != ticket.OurTurn || turns.Stretches[1].Area != "Cobrança" {
		t.Errorf("turns: %+v", turns)
	}
}

// Guessed, forged and outlived links are one answer; an answered one takes no
// second answer, and no other site can send one.
func TestAttackLinksOfRequestsCannotBeGuessedOrReplayed(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, billing := w.as(access.Agent), w.billing()
	first, second := w.opened(validTicket), w.opened(validTicket2)
	for _, r := range []PublicReceipt{first, second} {
		agent.post("/api/tickets/"+r.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": "Confere?"}).want(201)
	}
	mails := w.areaMails()
	page, token := linkOf(t, mails[0])
	_, another := linkOf(t, mails[1])
	absent := w.somebody().get("/pedido/aaaaaaaaaaaaaaaaaaaaaaaaaa?token=" + token).want(404)
	for _, wrong := range []string{another, token + "x", token[:len(token)-1], "0.", "1" + token[1:], "-0" + token[1:], "00" + token[1:], strings.Repeat("a", 300), first.AccessToken} {
		if got := w.somebody().get(page + "?token=" + url.QueryEscape(wrong)).want(404); !bytes.Equal(got.body, absent.body) {
			t.Errorf("token %q is told from none", wrong)
		}
	}
	visitor := w.somebody()
	visitor.get(page + "?token=" + token).want(200)
	mime, body := answerForm(t, "Bruno", "Confere.")
	visitor.call("POST", page, mime, body, "Origin", "https://evil.example").want(403)
	mime, huge := answerForm(t, "Bruno", strings.Repeat("a", 1<<20))
	if got := visitor.call("POST", page, mime, huge, "Origin", w.base); got.status != 413 && got.status != 422 {
		t.Errorf("a megabyte: %d", got.status)
	}
	mime, empty := answerForm(t, "", " ")
	visitor.call("POST", page, mime, empty, "Origin", w.base).want(422)
	mime, body = answerForm(t, "Bruno", "Confere.")
	visitor.call("POST", page, mime, body, "Origin", w.base).want(200)
	mime, again := answerForm(t, "Bruno", "Ou não.")
	visitor.call("POST", page, mime, again, "Origin", w.base).want(409)
	var n int
	w.must(w.db.Gorm.Raw("SELECT count(*) FROM area_answers").Scan(&n).Error)
	if n != 1 {
		t.Errorf("%d answers", n)
	}
	w.must(w.db.Gorm.Exec("UPDATE area_requests SET ended_at = now() - interval '8 days' WHERE state = 'answered'").Error)
	if got := visitor.get(page).want(404); !bytes.Equal(got.body, absent.body) {
		t.Error("an outlived link is told from none")
	}
	// A withdrawn one says so, and takes nothing.
	page, token = linkOf(t, mails[1])
	var list Items[InternalRequest]
	agent.get("/api/tickets/" + second.Protocol + "/requests").want(200).into(&list)
	agent.post("/api/tickets/"+second.Protocol+"/requests/"+list.Items[0].ID+"/withdraw", `{}`).want(200)
	visitor.get(page + "?token=" + token).want(200)
	visitor.call("POST", page, mime, again, "Origin", w.base).want(409)
}

const validTicket2 = `{"name":"Otávio Lima","email":"otavio@exemplo.example","kind":"duvida","subject":"Entrega","body":"Quando chega?"}`

// A hidden customer does not get out by the text, and behind the wall every
// customer is hidden, whatever the asker says.
func TestAttackAHiddenCustomerDoesNotLeakToAnArea(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, boss, billing := w.as(access.Agent), w.as(access.Ombudsman), w.billing()
	r := w.opened(`{"name":"Rita Nogueira","email":"rita.n@exemplo.example","phone":"11987654321","document":"52998224725","kind":"reclamacao","subject":"X","body":"Y."}`)
	for _, telling := range []string{"A cliente Rita Nogueira reclama.", "CPF 529.982.247-25", "rita.n@exemplo.example", "Protocolo " + r.Protocol, "ligar (11) 98765-4321"} {
		agent.post("/api/tickets/"+r.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": telling, "hides": true}).
			want(422).problem("ticket_invalid", "body.body")
	}
	agent.post("/api/tickets/"+r.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": "A cliente Rita Nogueira reclama.", "hides": false}).want(201)
	if m := w.areaMails()[0]; !strings.Contains(m.Text, "Rita Nogueira") || !strings.Contains(m.Text, r.Protocol) || strings.Contains(m.Subject, r.Protocol) {
		t.Errorf("identity shown: %+v", m)
	}
	c := w.demand(`{"name":"Célia Prado","email":"celia@exemplo.example","subject":"Denúncia","body":"Ninguém resolve."}`)
	path := "/api/tickets/" + c.Protocol + "/requests"
	agent.post(path, map[string]any{"area_id": billing.ID, "body": "Confere?"}).want(404)
	agent.get(path).want(404)
	agent.get("/api/tickets/" + c.Protocol + "/turns").want(404)
	boss.post(path, map[string]any{"area_id": billing.ID, "body": "Célia Prado reclama", "hides": false}).want(422)
	var asked InternalRequest
	boss.post(path, map[string]any{"area_id": billing.ID, "body": "Houve falha no lote?", "hides": false}).want(201).into(&asked)
	m := w.areaMails()[1]
	for _, secret := range []string{"Célia", c.Protocol, "Ouvidoria", "Denúncia"} {
		if !asked.Hides || strings.Contains(m.Subject+m.Text+m.Foot, secret) {
			t.Errorf("behind the wall: %q in %+v", secret, m)
		}
	}
	// Of the two events nothing reaches who does not see through the wall.
	var mine Items[InternalRequest]
	agent.get("/api/requests").want(200).into(&mine)
	if len(mine.Items) != 1 {
		t.Errorf("the agent's list: %+v", mine.Items)
	}
}

func TestAnAreaInTheDeskIsToldWhatItMayKnow(t *testing.T) {
	t.Parallel()
	w := start(t)
	team := tickettest.Team(t, w.db, "Cobrança")
	agent, biller, billing := w.as(access.Agent), w.as(access.Agent, team), w.billing(team)
	hidden, open := w.opened(validTicket), w.opened(validTicket2)
	agent.post("/api/tickets/"+hidden.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": "Um?", "hides": true}).want(201)
	agent.post("/api/tickets/"+open.Protocol+"/requests", map[string]any{"area_id": billing.ID, "body": "Dois?"}).want(201)
	var list Items[AreaRequest]
	got := biller.get("/api/area-requests").want(200)
	got.into(&list)
	if bytes.Contains(got.body, []byte(hidden.Protocol)) || !bytes.Contains(got.body, []byte(open.Protocol)) || len(list.Items) != 2 {
		t.Errorf("the area's list: %s", got.body)
	}
	for _, r := range list.Items {
		biller.post("/api/area-requests/"+r.ID+"/answer", `{"answer":"Sim."}`).want(200)
	}
	var left int
	w.must(w.db.Gorm.Raw("SELECT count(*) FROM outbox WHERE purpose = 'area' AND state = 'queued'").Scan(&left).Error)
	if left != 0 {
		t.Errorf("%d mails go out about what is answered", left)
	}
}

func TestARequestIsExtendedClosedAndBounded(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent, billing := w.as(access.Agent), w.billing()
	r := w.opened(validTicket)
	path := "/api/tickets/" + r.Protocol + "/requests"
	var a, b InternalRequest
	agent.post(path, map[string]any{"area_id": billing.ID, "body": "Um?"}).want(201).into(&a)
	agent.post(path+"/"+a.ID+"/extend", `{"more":3}`).want(200).into(&b)
	if !b.Due.After(a.Due) || b.Amount != 5 {
		t.Errorf("extended from %s to %s, %d", a.Due, b.Due, b.Amount)
	}
	agent.post(path+"/"+a.ID+"/close", `{}`).want(422)
	agent.post(path+"/"+a.ID+"/close", `{"remark":"Responderam por telefone: sim."}`).want(200).into(&b)
	agent.post(path+"/"+a.ID+"/withdraw", `{}`).want(409).problem("area_request_ended")
	agent.post(path+"/zzz/withdraw", `{}`).want(404)
	if row := w.row(r.Protocol); b.State != "closed" || row.Turn != ticket.OurTurn {
		t.Errorf("closed: %+v, %s", b, row.Turn)
	}
	for range 20 {
		agent.post(path, map[string]any{"area_id": billing.ID, "body": "Mais?", "aside": true}).want(201)
	}
	agent.post(path, map[string]any{"area_id": billing.ID, "body": "Mais?"}).want(409).problem("area_requests_many")
	if row := w.row(r.Protocol); row.Turn != ticket.OurTurn {
		t.Errorf("asked aside: %s", row.Turn)
	}
	for _, wrong := range []string{`{"name":"X","amount":1,"unit":"minutes"}`, `{"name":"X","emails":["nada"],"amount":1,"unit":"minutes"}`,
		`{"name":"X","emails":["a@b.example"],"calendar":"lua","amount":1,"unit":"minutes"}`, `{"name":"X","emails":["a@b.example"],"amount":5000,"unit":"business_days"}`} {
		w.as(access.Admin).post("/api/areas", wrong).want(422)
	}
	w.as(access.Admin).post("/api/areas", fmt.Sprintf(`{"name":"%s","emails":["a@b.example"],"amount":1,"unit":"minutes"}`, "COBRANÇA")).want(409).problem("area_name_taken")
}
