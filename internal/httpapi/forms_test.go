package httpapi

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/toll"
)

const returns = `{"slug":"troca","active":true,"name":"Troca e devolução","kinds":["solicitacao"],"sites":["https://loja.example"],"fields":[
 {"key":"pedido","type":"text","label":"Número do pedido","required":true},
 {"key":"cpf","type":"cpf","label":"CPF","means":"document","purpose":"Achar a compra","legal_basis":"contract"},
 {"key":"defeito","type":"radio","label":"Veio com defeito?","options":["Sim","Não"],"required":true},
 {"key":"qual","type":"text","label":"Qual defeito","required":true,"show":{"field":"defeito","is":"equals","value":"Sim"}},
 {"key":"partes","type":"checkboxes","label":"O que veio","options":["Caixa","Cabo","Manual"]},
 {"key":"motivo","type":"reason","label":"Motivo"},
 {"key":"email","type":"email","label":"E-mail","means":"email"}]}`

// A form is built, filled in without a script, and its answers are on the ticket.
func TestAFormFromTheBuilderToTheTicket(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss := w.as(access.Supervisor)
	var made Form
	boss.post("/api/forms", returns).want(201).into(&made)
	boss.post("/api/forms", returns).want(409).problem("form_exists", "body.slug")
	customer := w.somebody()
	customer.get("/abrir/troca").want(200).has("Troca e devolução", `name="version" value="1"`, `name="pedido"`, "Por que pedimos: Achar a compra",
		"Preencha só se em “Veio com defeito?” a resposta for “Sim”.", `<optgroup label="Entrega">`)

	var late struct {
		ID   int64
		Name string
	}
	w.must(w.db.Gorm.Raw("SELECT id, name FROM reasons r WHERE active AND NOT EXISTS (SELECT FROM reasons WHERE parent_id = r.id) ORDER BY id LIMIT 1").Scan(&late).Error)
	filled := map[string]string{"key": "f-1", "version": "1", "seal": "", "website": "", "pedido": "48213", "cpf": "11144477735",
		"defeito": "Sim", "qual": "Não liga", "motivo": strconv.FormatInt(late.ID, 10), "email": "ana@example.com"}
	wrong := map[string]string{"key": "f-1", "version": "1", "cpf": "111.444.777-36", "defeito": "Sim", "pedido": " "}
	mime, body := formBody(t, wrong, "", "", nil)
	customer.call("POST", "/abrir/troca", mime, body).want(422).has(`id="pedido-error"`, `id="cpf-error"`, `id="qual-error"`,
		`value="111.444.777-36"`, `href="#cpf"`, "CPF: Confira o CPF")
	var named Problem
	customer.call("POST", "/abrir/troca", mime, body, "Accept", "application/json").want(422).into(&named)
	if len(named.Errors) != 3 || named.Errors[0].Field != "body.fields.pedido" {
		t.Errorf("the script is told %+v", named.Errors)
	}

	// The form changes while somebody has it open: the version they saw counts.
	boss.call("PATCH", fmt.Sprintf("/api/forms/%d", made.ID), "application/json",
		[]byte(`{"version":1,"fields":[{"key":"nota","type":"nfe","label":"Nota","required":true}]}`)).want(200)
	boss.call("PATCH", fmt.Sprintf("/api/forms/%d", made.ID), "application/json", []byte(`{"version":1,"active":false}`)).
		want(409).problem("form_version_conflict")
	mime, body = formBody(t, filled, "", "", nil)
	page := customer.call("POST", "/abrir/troca", mime, body).want(200).has("Recebemos a sua mensagem", "Número do pedido: 48213")
	protocol := regexp.MustCompile(`/acompanhar/(\d{17})"`).FindStringSubmatch(string(page.body))[1]
	var d TicketDetail
	w.as(access.Agent).get("/api/tickets/" + protocol).want(200).into(&d)
	want := []Answered{{"Número do pedido", "48213", "text"}, {"Veio com defeito?", "Sim", "radio"}, {"Qual defeito", "Não liga", "text"},
		{"Motivo", d.Fields["Motivo"], "reason"}}
	if fmt.Sprint(d.Answers) != fmt.Sprint(want) || d.Ticket.Subject != "Troca e devolução" || d.Ticket.Kind != "solicitacao" ||
		d.Ticket.ReasonID == nil || *d.Ticket.ReasonID != late.ID || !strings.HasSuffix(d.Fields["Motivo"], late.Name) {
		t.Errorf("on the ticket: %+v, %+v", d.Answers, d.Ticket)
	}

	// A program answers the version it names, or the current one.
	api := func(form, fields string) answer {
		return w.somebody().post("/api/public/tickets", fmt.Sprintf(`{"form":%q,"fields":%s}`, form, fields))
	}
	api("troca", `{"nota":"1"}`).want(422).problem("submission_invalid", "body.fields.nota")
	api("troca@1", `{"pedido":"1","defeito":"Não","outro":"x"}`).want(422).problem("submission_invalid", "body.fields.outro")
	api("troca@1", `{"pedido":"1","defeito":"Não"}`).want(201)

	boss.call("PATCH", fmt.Sprintf("/api/forms/%d", made.ID), "application/json", []byte(`{"version":2,"active":false}`)).want(200)
	customer.get("/abrir/troca").want(404).has("Este formulário não está disponível")
	customer.call("POST", "/abrir/troca", mime, body).want(404)
	w.as(access.Agent).get("/api/forms").want(403)
}

// Only the pages that a form names may show it in a frame.
func TestOnlyNamedSitesFrameAForm(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.as(access.Supervisor).post("/api/forms", returns).want(201)
	plain := w.somebody().get("/abrir/troca")
	framed := w.somebody().get("/abrir/troca?embed=1&site=https://loja.example").has(`"site":"https://loja.example"`)
	other := w.somebody().get("/abrir/troca?embed=1&site=https://evil.example")
	if strings.Contains(string(other.body), "evil.example") {
		t.Error("a site that the form does not name is told what happens in it")
	}
	if got := plain.header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") || plain.header.Get("X-Frame-Options") != "DENY" {
		t.Errorf("without asking: %q", got)
	}
	for _, a := range []answer{framed, other} {
		if got := a.header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors https://loja.example") || a.header.Get("X-Frame-Options") != "" {
			t.Errorf("in a frame: %q, %q", got, a.header.Get("X-Frame-Options"))
		}
	}
	standard := w.somebody().get("/abrir?embed=1")
	if got := standard.header.Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
		t.Errorf("the standard form: %q", got)
	}
	script := w.somebody().get("/widget.js").want(200)
	if script.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || len(script.body) > 10<<10 {
		t.Errorf("the widget: %v, %d bytes", script.header, len(script.body))
	}
}

// Whoever sends more than the limit works for it, once for each thing sent; a
// sender who cannot waits.
func TestAttack61MailBombingCostsWork(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) { o.PublicLimit = 2 })
	post := func(i int, proof string) answer {
		body := fmt.Sprintf(`{"kind":"duvida","subject":"s","body":"b","email":"v%d@example.com"}`, i)
		return w.somebody().call("POST", "/api/public/tickets", "application/json", []byte(body), proofHeader, proof)
	}
	var asked Problem
	for i := range 10 {
		if a := post(i, ""); a.status == 429 {
			a.problem("proof_required")
			a.into(&asked)
			break
		}
	}
	if asked.Challenge == nil || asked.Challenge.Bits < toll.Easiest {
		t.Fatalf("nobody is asked for work: %+v", asked)
	}
	proof := toll.Solve(asked.Challenge.Text, asked.Challenge.Bits)
	post(20, proof).want(201)
	post(21, proof).want(429).problem("proof_refused")

	// One victim, many senders: each identity has a limit of its own.
	open := start(t, func(o *Options) { o.PublicLimit = 3 })
	refused := 0
	for range 8 {
		a := open.somebody().post("/api/public/tickets", `{"kind":"duvida","subject":"Você ganhou","body":"b","email":"vitima@example.com"}`)
		if a.status == 429 {
			refused++
		}
	}
	if refused < 4 {
		t.Errorf("%d of 8 to one victim refused", refused)
	}
}

// A form that comes back before anybody could read it is shown again as it was.
func TestAHastyFormIsShownAgain(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) { o.PublicLimit = 100 })
	seal := w.server.sealed(w.server.services.Now())
	mime, body := sent(t, "k-1", "seal", seal)
	w.somebody().call("POST", "/abrir", mime, body).want(422).has("rápido demais", `value="Pedido não chegou"`, seal)
	old := w.server.sealed(w.server.services.Now().Add(-leastFilling - time.Second))
	mime, body = sent(t, "k-1", "seal", old)
	w.somebody().call("POST", "/abrir", mime, body).want(200).has("Recebemos a sua mensagem")
	mime, body = sent(t, "k-2", "seal", "AAAA"+old)
	w.somebody().call("POST", "/abrir", mime, body).want(200) // of no seal of ours nothing is known
}

// An impatient finger, twenty times in a second: one ticket.
func TestAttack62TwentyClicksAreOneTicket(t *testing.T) {
	t.Parallel()
	w := start(t)
	answers := make(chan int, 20)
	mime, body := sent(t, "k-20")
	for range 20 {
		go func() {
			answers <- w.somebody().call("POST", "/abrir", mime, body, "Accept", "application/json").status
		}()
	}
	for range 20 {
		if status := <-answers; status != 201 {
			t.Errorf("status %d", status)
		}
	}
	var stored struct{ Tickets, Doubtful int }
	count := func() {
		w.must(w.db.Gorm.Raw(`SELECT (SELECT count(*) FROM tickets) AS tickets,
			(SELECT count(*) FROM intake_ledger WHERE reason = 'same_content') AS doubtful`).Scan(&stored).Error)
	}
	if count(); stored.Tickets != 1 {
		t.Errorf("%d tickets", stored.Tickets)
	}
	for range 3 { // without a key nobody knows; they are kept, and marked
		w.opened(validTicket)
	}
	if count(); stored.Tickets != 4 || stored.Doubtful < 2 {
		t.Errorf("stored %+v", stored)
	}
}

// Documents and phones stay where they belong: not in an address, not in the
// log, not in a problem.
func TestAttack64DocumentsStayOutOfLogsAndAddresses(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.as(access.Supervisor).post("/api/forms", returns).want(201)
	customer := w.somebody()
	mime, body := formBody(t, map[string]string{"key": "p-1", "version": "1", "pedido": "1", "cpf": "529.982.247-25", "defeito": "Não"}, "", "", nil)
	page := customer.call("POST", "/abrir/troca", mime, body).want(200)
	mime, bad := formBody(t, map[string]string{"key": "p-2", "version": "1", "cpf": "529.982.247-26", "defeito": "Não"}, "", "", nil)
	problem := customer.call("POST", "/abrir/troca", mime, bad, "Accept", "application/json").want(422)
	w.somebody().post("/api/public/tickets", `{"kind":"duvida","subject":"s","body":"b","phone":"11987654321","document":"529.982.247-25"}`).want(201)
	var mails []string
	w.must(w.db.Gorm.Raw("SELECT coalesce(payload::text, '') FROM events").Scan(&mails).Error)
	for where, text := range map[string]string{"log": w.log.String(), "page": string(page.body), "problem": string(problem.body), "events": strings.Join(mails, "\n")} {
		for _, secret := range []string{"529.982.247", "52998224725", "529982247", "987654321", "98765-4321"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in the %s", secret, where)
			}
		}
	}
}

// The pages with all they load stay small.
func TestFormsWeighLittle(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.as(access.Supervisor).post("/api/forms", returns).want(201)
	total := len(w.somebody().get("/abrir/troca").want(200).body)
	for _, name := range []string{"portal.css", "portal.js", "form.js", "work.js"} {
		total += len(w.somebody().get("/portal/" + name).want(200).body)
	}
	if total > 100<<10 { // a third of it is what a browser is sent, compressed
		t.Errorf("%d bytes", total)
	}
}
