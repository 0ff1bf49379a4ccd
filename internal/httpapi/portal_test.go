package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// sent is what a browser sends for the filled form, an unused file field included.
func sent(t *testing.T, key string, changes ...string) (string, []byte) {
	t.Helper()
	texts := map[string]string{"key": key, "website": "", "kind": "reclamacao", "subject": "Pedido não chegou",
		"body": "Comprei e nada.\n\nPedido 4411.", "name": "Ana", "email": "ana@example.com", "phone": "", "document": "", "files": ""}
	for i := 0; i < len(changes); i += 2 {
		texts[changes[i]] = changes[i+1]
	}
	return formBody(t, texts, "nota.txt", "text/plain", []byte("nota fiscal"))
}

// has fails unless the page holds each of the texts.
func (a answer) has(texts ...string) answer {
	a.t.Helper()
	for _, want := range texts {
		if !strings.Contains(string(a.body), want) {
			a.t.Errorf("%s: the page lacks %q\n%s", a.call, want, a.body)
		}
	}
	return a
}

func TestACustomerNeedsNoScript(t *testing.T) {
	t.Parallel()
	w := start(t)
	customer := w.somebody()
	customer.get("/abrir").want(200).has(`<html lang="pt-BR">`, `name="key" value="`, "/portal/portal.css?v=")
	mime, form := sent(t, "k-1")
	page := customer.call("POST", "/abrir", mime, form).want(200).has("Recebemos a sua mensagem", "Pedido não chegou",
		"<p>Comprei e nada.</p><p>Pedido 4411.</p>", "nota.txt", "Resposta até")
	protocol := regexp.MustCompile(`/acompanhar/(\d{17})"`).FindStringSubmatch(string(page.body))[1]
	customer.call("POST", "/abrir", mime, form).want(200).has(protocol) // an impatient second click

	link := regexp.MustCompile(`/api/files/[^"]+`).FindString(string(page.body))
	if file := customer.get(link).want(200); string(file.body) != "nota fiscal" {
		t.Errorf("the file came back as %q", file.body)
	}
	w.somebody().get(link).want(404)

	agent := w.as(access.Agent)
	agent.post("/api/tickets/"+protocol+"/claim", "{}").want(200)
	agent.post("/api/tickets/"+protocol+"/replies", map[string]any{"body": "Chega amanhã."}).want(201)
	customer.get("/acompanhar/"+protocol).want(200).has("Chega amanhã.", "Aguardando você")
	mime, form = formBody(t, map[string]string{"key": "k-2", "body": "Obrigada!"}, "", "", nil)
	customer.call("POST", "/acompanhar/"+protocol, mime, form).want(200).has("Obrigada!", "Mensagem enviada")

	var seen struct{ Tickets, Messages int }
	w.must(w.db.Gorm.Raw("SELECT (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM messages) AS messages").Scan(&seen).Error)
	if seen.Tickets != 1 || seen.Messages != 3 {
		t.Errorf("stored %+v", seen)
	}
}

func TestAPageGivesBackWhatWasTyped(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, lang := range i18n.Languages {
		mime, form := sent(t, "k", "email", "isto não é e-mail", "subject", "", "body", `<script>alert("oi")</script>`)
		page := w.somebody().call("POST", "/abrir", mime, form, "Accept-Language", lang).want(422).has(
			fmt.Sprintf(`<html lang="%s">`, lang), i18n.Text(lang, "portal.problem.title", nil), i18n.Text(lang, "field.required", nil),
			`value="isto não é e-mail"`, `value="Ana"`, `href="#email"`, `id="subject-error"`, `value="reclamacao" checked`,
			"&lt;script&gt;alert(&#34;oi&#34;)&lt;/script&gt;")
		if strings.Contains(string(page.body), "<script>") {
			t.Errorf("%s: what a customer typed became a script", lang)
		}
	}
	mime, form := sent(t, "k", "website", "https://spam.example")
	w.somebody().call("POST", "/abrir", mime, form).want(403)
	var tickets int64
	w.must(w.db.Gorm.Table("tickets").Count(&tickets).Error)
	if tickets != 0 {
		t.Errorf("%d tickets were opened by forms that were refused", tickets)
	}
}

func TestTheAddressOfAPageHasNoToken(t *testing.T) {
	t.Parallel()
	w := start(t)
	mine, other := w.opened(validTicket), w.opened(validTicket)
	customer := w.somebody()
	customer.get("/acompanhar/" + mine.Protocol).want(404).has("Não encontramos")
	customer.get("/acompanhar/" + mine.Protocol + "?token=" + other.AccessToken).want(404).has("Não encontramos")
	customer.get("/acompanhar/20261231099999941?token=x").want(404).has("Não encontramos")
	customer.get("/acompanhar/abc").want(404).has("Não encontramos")

	link, err := url.Parse(mine.TrackURL)
	w.must(err)
	customer.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	moved := customer.get(link.RequestURI()).want(303)
	if to := moved.header.Get("Location"); to != "/acompanhar/"+mine.Protocol {
		t.Errorf("led to %q", to)
	}
	if got := moved.header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("the answer to an address with a token has Referrer-Policy %q", got)
	}
	page := customer.get("/acompanhar/" + mine.Protocol).want(200)
	if strings.Contains(string(page.body), mine.AccessToken) {
		t.Error("the page shows the token")
	}
	customer.get("/acompanhar/" + other.Protocol).want(404)
	if got := page.header.Get("X-Robots-Tag"); got != "noindex" {
		t.Errorf("X-Robots-Tag %q", got)
	}
}

func TestProofLeadsToThePage(t *testing.T) {
	t.Parallel()
	w := start(t)
	mine := w.opened(`{"kind":"duvida","subject":"s","body":"b","email":"bia@example.com","document":"529.982.247-25"}`)
	form := func(protocol, proof string) []byte {
		return []byte(url.Values{"protocol": {protocol}, "proof": {proof}}.Encode())
	}
	const mime = "application/x-www-form-urlencoded"
	w.somebody().call("POST", "/acompanhar", mime, form("", "")).want(422).has(`id="protocol-error"`, `id="proof-error"`)
	wrong := w.somebody().call("POST", "/acompanhar", mime, form(mine.Protocol, "0000")).want(403)
	absent := w.somebody().call("POST", "/acompanhar", mime, form("20261231099999941", "4725")).want(403)
	if hide := regexp.MustCompile(`\d{17}|value="[^"]*"`); hide.ReplaceAllString(string(wrong.body), "") != hide.ReplaceAllString(string(absent.body), "") {
		t.Error("the page tells a wrong proof from a protocol that does not exist")
	}
	spoken := mine.Protocol[:8] + " " + mine.Protocol[8:]
	w.somebody().call("POST", "/acompanhar", mime, form(spoken, "4725")).want(200).has(groupedProtocol(mine.Protocol))
	w.somebody().call("POST", "/acompanhar", mime, form(mine.Protocol, "4725"), "Origin", "https://evil.example").want(403)
}

func TestALimitKeepsTheText(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) { o.PublicLimit = 1 })
	customer := w.somebody()
	mime, form := sent(t, "k-1")
	customer.call("POST", "/abrir", mime, form)
	mime, form = sent(t, "k-2", "subject", "Outro assunto")
	again := customer.call("POST", "/abrir", mime, form).want(429).has("Outro assunto", "Seu texto continua nesta página")
	if again.header.Get("Retry-After") == "" {
		t.Error("nobody is told when to come back")
	}
}

func TestBrandColoursAreReadable(t *testing.T) {
	for color, on := range map[string]string{"#7a3b12": "#ffffff", "#ffe08a": "#111111", "nonsense": "#ffffff", "#12": "#ffffff"} {
		if style := brandStyle(color); !strings.Contains(style, "--on-brand:"+on) || strings.Contains(style, "nonsense") {
			t.Errorf("%s: %s", color, style)
		}
	}
}

func TestThePagesWeighLittle(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, name := range []string{"portal.css", "portal.js", "brand.css"} {
		if a := w.somebody().get("/portal/" + name).want(200); len(a.body) > 20<<10 {
			t.Errorf("%s has %d bytes", name, len(a.body))
		}
	}
	w.somebody().get("/portal/layout.html").want(404).problem("route_not_found")
}

func TestWhatIsLeftIsCountedAsPeopleDo(t *testing.T) {
	words := portalWords{"pt-BR", time.FixedZone("BRT", -3*60*60)}
	now := time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC) // Sunday, 5 in the morning there
	for due, want := range map[time.Time]string{
		time.Date(2026, 11, 30, 2, 59, 59, 0, time.UTC):  "faltam 7 dias", // the 29th, at midnight
		time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC):   "faltam 2 dias",
		time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC):   "faltam 31 horas",
		time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC):   "falta 1 hora",
		time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC):   "falta menos de uma hora",
		time.Date(2026, 11, 22, 7, 59, 59, 0, time.UTC):  "prazo vencido: a supervisão já foi avisada",
		time.Date(2026, 11, 24, 8, 0, 0, 1000, time.UTC): "faltam 2 dias",
	} {
		if got := words.left(due, now); got != want {
			t.Errorf("%v: %q, want %q", due, got, want)
		}
	}
}
