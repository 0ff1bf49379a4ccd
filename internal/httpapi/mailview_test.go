package httpapi

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel/email"
)

// mailed puts a mail into the ticket as the intake stores one.
func (w *world) mailed(r PublicReceipt, body, html, origin string, automatic bool) (id int64) {
	clean, _ := email.SanitizeHTML(html)
	w.must(w.db.Gorm.Raw(`INSERT INTO messages (ticket_id, direction, author_name, body, version, delivery, envelope, html, folded, origin, automatic, search, at)
		SELECT id, 'in', 'Ana', ?, version, 'none', '{}', ?, 'Em 3 de junho você escreveu: segredo dobrado', ?::jsonb, ?, '', now()
		FROM tickets WHERE protocol = ? RETURNING id`, body, clean, origin, automatic, r.Protocol).Scan(&id).Error)
	return id
}

const mailOrigin = `{"from":[{"name":"Ana","address":"ana@cliente.example"}],"to":[{"address":"sac@empresa.example"}],"subject":"Pedido",
	"message_id":"1@cliente.example","auth":{"spf":"fail","by":"mx.empresa.example"},"verified":false,"another":true,"warnings":["other_subject"]}`

func TestStaffSeeHowAMailCameAndItsCustomerDoesNot(t *testing.T) {
	t.Parallel()
	w := start(t)
	r := w.opened(validTicket)
	agent := w.as(access.Agent)
	id := w.mailed(r, "Cadê meu pedido?", `<p>Cadê <b>meu</b> pedido?<img src="https://a.example/x.png"><script>alert(1)</script>`, mailOrigin, false)
	w.mailed(r, "Estou de férias.", "", `{"subject":"Férias","auth":{},"automatic":"auto_replied","why":"Auto-Submitted: auto-replied"}`, true)

	var line Timeline
	agent.get("/api/tickets/" + r.Protocol + "/timeline").want(200).into(&line)
	var mails []Message
	for _, e := range line.Items {
		if e.Message != nil && e.Message.Origin != nil {
			mails = append(mails, *e.Message)
		}
	}
	if len(mails) != 2 {
		t.Fatalf("%d mails in %+v", len(mails), line.Items)
	}
	m := mails[0]
	if !m.HasHTML || !strings.Contains(m.Folded, "dobrado") || m.Automatic || m.Origin.From[0].Address != "ana@cliente.example" ||
		m.Origin.Auth.SPF != "fail" || !m.Origin.Another || m.Origin.Warnings[0] != "other_subject" {
		t.Errorf("the mail is %+v of %+v", m, m.Origin)
	}
	if auto := mails[1]; !auto.Automatic || auto.HasHTML || auto.Origin.Automatic != "auto_replied" || auto.Origin.Why == "" {
		t.Errorf("the automatic one is %+v of %+v", auto, auto.Origin)
	}
	var sent MessageHTML
	agent.get(fmt.Sprintf("/api/tickets/%s/messages/%d/html", r.Protocol, id)).want(200).into(&sent)
	if !strings.Contains(sent.HTML, "<b>meu</b>") || strings.Contains(sent.HTML, "script") || fmt.Sprint(sent.RemoteImages) != "[https://a.example/x.png]" {
		t.Errorf("as it was sent: %+v", sent)
	}
	agent.get(fmt.Sprintf("/api/tickets/%s/messages/%d/html", w.opened(validTicket).Protocol, id)).want(404)

	seen, err := json.Marshal(w.follow(r))
	w.must(err)
	page := w.somebody().call("GET", "/acompanhar/"+r.Protocol, "", nil, accessHeader, r.AccessToken)
	for _, text := range []string{string(seen), string(page.body)} {
		for _, secret := range []string{"dobrado", "mx.empresa", "férias", "<b>", "1@cliente.example"} {
			if strings.Contains(text, secret) {
				t.Errorf("the customer reads %q", secret)
			}
		}
	}
	if !strings.Contains(string(seen), "Cadê meu pedido") {
		t.Errorf("the customer misses their mail in %s", seen)
	}
}

// A mail makes us fetch an image that it names, and nothing else.
func TestAttack42ImagesOfTheInternetAreFetchedByUsOnly(t *testing.T) {
	t.Parallel()
	w := start(t)
	const png = "\x89PNG\r\n\x1a\n"
	asked := make(chan *http.Request, 20)
	listener, err := net.Listen("tcp", "127.0.0.2:0")
	w.must(err)
	outside := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked <- r
		switch r.URL.Path {
		case "/big.png":
			rw.Header().Set("Content-Length", fmt.Sprint(maxRemoteImage+1))
		case "/page.png":
			rw.Header().Set("Content-Type", "image/png")
			fmt.Fprint(rw, "<html><script>alert(1)</script>")
		case "/away.png":
			http.Redirect(rw, r, w.base+"/healthz", http.StatusFound)
		default:
			rw.Header().Set("Content-Type", "text/html")
			fmt.Fprint(rw, png)
		}
	}))
	outside.Listener.Close()
	outside.Listener = listener
	outside.Start()
	t.Cleanup(outside.Close)

	r := w.opened(validTicket)
	var html strings.Builder
	good := outside.URL + "/good.png?a=1&b=2"
	bad := []string{outside.URL + "/big.png", outside.URL + "/page.png", outside.URL + "/away.png", w.base + "/healthz", "http://127.0.0.2:1/gone.png"}
	for _, src := range append([]string{good}, bad...) {
		fmt.Fprintf(&html, `<img src="%s">`, strings.ReplaceAll(src, "&", "&amp;"))
	}
	id := w.mailed(r, "Oferta", html.String(), mailOrigin, false)
	agent := w.as(access.Agent)
	image := func(src string) answer {
		return agent.get(fmt.Sprintf("/api/tickets/%s/messages/%d/image?src=%s", r.Protocol, id, url.QueryEscape(src)))
	}
	got := image(good).want(200)
	if string(got.body) != png || got.header.Get("Content-Type") != "image/png" || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the image came as %v %q", got.header, got.body)
	}
	if how := <-asked; len(how.Cookies()) != 0 || how.Referer() != "" || how.Header.Get("Authorization") != "" || how.URL.RawQuery != "a=1&b=2" {
		t.Errorf("it was asked for with %v", how.Header)
	}
	for _, src := range bad {
		image(src).want(404).problem("image_unreachable")
	}
	for len(asked) > 0 {
		<-asked
	}
	for _, src := range []string{outside.URL + "/unnamed.png", outside.URL, "", "file:///etc/passwd"} {
		image(src).want(404).problem("image_unreachable")
	}
	if len(asked) != 0 {
		t.Errorf("we asked for what the mail does not name: %v", (<-asked).URL)
	}
}
