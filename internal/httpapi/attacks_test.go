package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fasthttp/websocket"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// Nobody writes in another's name: there is no call that edits or deletes a note.
func TestAttack56NotesCannotBeChanged(t *testing.T) {
	t.Parallel()
	w := start(t)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	var noted Noted
	w.as(access.Agent).post(fmt.Sprintf("/api/tickets/%d/notes", tk.ID), `{"body":"Minha."}`).want(201).into(&noted)
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		for _, path := range []string{"/api/tickets/%d/notes/%d", "/api/notes/%[2]d"} {
			a := w.as(access.Supervisor).call(method, fmt.Sprintf(path, tk.ID, noted.Note.ID), "application/json", []byte(`{"body":"Outra."}`))
			if a.status != 404 && a.status != 405 {
				t.Errorf("%s: %d", a.call, a.status)
			}
		}
	}
}

// Numbers that follow each other tell nothing: one answer for all, and not many of them.
func TestAttack58ProtocolsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) { o.PublicLimit = 5 })
	receipt := w.opened(validTicket)
	s := w.somebody()
	refused := 0
	for i := range 60 {
		protocol := receipt.Protocol
		if i%2 == 0 {
			protocol = fmt.Sprintf("20261122%09d", i)
		}
		a := s.call("GET", "/api/public/tickets/"+protocol, "", nil, accessHeader, "wrong")
		if a.status == http.StatusTooManyRequests {
			refused++
			if a.problem("too_many_requests"); a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			continue
		}
		a.want(404).problem("ticket_not_found")
	}
	if refused < 30 {
		t.Errorf("%d of 60 refused", refused)
	}
	// Guesses about one ticket are counted wherever they come from.
	guesses := 0
	for i := range 60 {
		a := s.post("/api/public/access", map[string]string{"protocol": receipt.Protocol, "proof": fmt.Sprintf("%04d", i)})
		if a.status == http.StatusTooManyRequests {
			guesses++
			continue
		}
		a.want(403).problem("access_denied")
	}
	if guesses < 30 {
		t.Errorf("%d of 60 guesses refused", guesses)
	}
}

// A proof opens the ticket; a wrong one, an unknown protocol and no proof are one answer.
func TestAttack59AccessByProof(t *testing.T) {
	t.Parallel()
	w := start(t)
	receipt := w.opened(validTicket)
	s := w.somebody()
	var granted PublicAccess
	s.post("/api/public/access", map[string]string{"protocol": receipt.Protocol, "proof": "ana@example.com"}).want(200).into(&granted)
	if seen := w.follow(PublicReceipt{Protocol: granted.Protocol, AccessToken: granted.AccessToken}); seen.Subject != "Cobrança" {
		t.Errorf("%+v", seen)
	}
	fastest := map[string]time.Duration{}
	for name, protocol := range map[string]string{"there": receipt.Protocol, "not there": "20261122000000236"} {
		for range 5 {
			began := time.Now()
			s.post("/api/public/access", map[string]string{"protocol": protocol, "proof": "0000"}).want(403).problem("access_denied")
			if took := time.Since(began); fastest[name] == 0 || took < fastest[name] {
				fastest[name] = took
			}
		}
	}
	for name, took := range fastest {
		if took < 40*time.Millisecond {
			t.Errorf("%s answered after %v: the time tells", name, took)
		}
	}
}

// What a page of ours asks of browsers and robots.
func TestAttack60NothingLeaksByReferer(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, path := range []string{"/", "/acompanhar/20261122000000139", "/api/public/tickets/20261122000000139"} {
		h := w.somebody().get(path).header
		// The pages with forms say same-origin: with no-referrer a browser would send
		// their forms with the Origin null.
		if p := h.Get("Referrer-Policy"); p != "no-referrer" && p != "same-origin" || h.Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%s: %v", path, h)
		}
	}
	if strings.Contains(w.log.String(), "20261122000000139") {
		t.Error("a protocol is in the log")
	}
}

// Personal data stays out of logs and problems.
func TestAttack64PersonalDataStaysOut(t *testing.T) {
	t.Parallel()
	w := start(t)
	s := w.somebody()
	a := s.post("/api/public/tickets", `{"email":"segredo@example.com","document":"52998224724","phone":"11987654321","kind":"x","subject":"s","body":"b"}`).want(422)
	for _, secret := range []string{"segredo", "52998224724", "987654321"} {
		if strings.Contains(string(a.body), secret) || strings.Contains(w.log.String(), secret) {
			t.Errorf("%q is told", secret)
		}
	}
}

// The session that came with a log-in is dead after it, and the cookies are as they must be.
func TestAttack65SessionsAreRotated(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	old := agent.cookie(sessionCookie)
	a := agent.post("/api/login", map[string]string{"email": agent.account.Email, "password": password}).want(200)
	if agent.cookie(sessionCookie) == old {
		t.Error("the log-in kept the session")
	}
	w.somebody().call("GET", "/api/me", "", nil, "Cookie", sessionCookie+"="+old).want(401).problem("session_ended")
	set := strings.Join(a.header.Values("Set-Cookie"), "\n")
	if !strings.Contains(set, "HttpOnly") || strings.Count(set, "SameSite=Lax") != 2 || strings.Contains(set, "Secure") {
		t.Errorf("cookies over http:\n%s", set)
	}
	planted := strings.Repeat("A", 43)
	s := w.somebody()
	s.call("GET", "/api/me", "", nil, "Cookie", sessionCookie+"="+planted).want(401).problem("session_ended")
	s.call("GET", "/api/me", "", nil, "Authorization", "Bearer "+planted).want(401).problem("token_refused")
}

func (p *person) cookie(name string) string {
	r, err := http.NewRequest("GET", p.base, nil)
	p.must(err)
	for _, c := range p.client.Jar.Cookies(r.URL) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// Links stand on the configured address, whatever a request says of itself.
func TestAttack66HostsThatAreNotOurs(t *testing.T) {
	t.Parallel()
	w := start(t)
	for _, headers := range [][]string{{"Host", "evil.example"}, {"X-Forwarded-Host", "evil.example"}, {"Forwarded", "host=evil.example"}} {
		if r := w.opened(validTicket, headers...); !strings.HasPrefix(r.TrackURL, w.base+"/") {
			t.Errorf("%v: %s", headers, r.TrackURL)
		}
	}
}

// A token that was revoked, or never was one, opens nothing.
func TestAttack67TokensOfNoUse(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	var token APIToken
	agent.post("/api/tokens", `{"name":"robô"}`).want(201).into(&token)
	robot := w.somebody()
	bearer := func(secret string) answer {
		return robot.call("POST", "/api/queue/next", "", nil, "Authorization", "Bearer "+secret)
	}
	bearer(token.Secret).want(204) // no cookie, so no CSRF token either
	for _, secret := range []string{"", "null", token.Secret + "x", "escuta_" + strings.Repeat("A", 43)} {
		bearer(secret).want(401).problem("token_refused")
	}
	other := w.as(access.Supervisor)
	other.call("DELETE", fmt.Sprintf("/api/tokens/%d", token.ID), "", nil).want(404).problem("token_not_found")
	agent.call("DELETE", fmt.Sprintf("/api/tokens/%d", token.ID), "", nil).want(204)
	bearer(token.Secret).want(401).problem("token_refused")
	receipt := w.opened(validTicket)
	for _, secret := range []string{"", "null", receipt.AccessToken + "x", token.Secret} {
		w.somebody().call("GET", "/api/public/tickets/"+receipt.Protocol, "", nil, accessHeader, secret).want(404).problem("ticket_not_found")
	}
}

// Who is at the door is not for the caller to say.
func TestAttack68ForwardedAddresses(t *testing.T) {
	t.Parallel()
	plain := start(t, func(o *Options) { o.PublicLimit = 3 })
	refused := 0
	for i := range 10 {
		a := plain.somebody().call("GET", "/api/public/tickets/1", "", nil, "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i),
			"X-Real-IP", "203.0.113.9", "CF-Connecting-IP", "203.0.113.9")
		if a.status == 429 {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of 10 refused: the header was believed", refused)
	}
	plain.somebody().call("GET", "/api/me", "", nil, "X-Remote-User", "admin", "X-Forwarded-User", "admin").want(401)
}

// Guesses are slowed down, and the owner still gets in.
func TestAttack69GuessedPasswords(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	throttled := false
	for range 30 {
		a := w.somebody().post("/api/login", map[string]string{"email": "ninguem@example.com", "password": "errada, mas comprida"})
		if a.status == 429 {
			throttled = true
			if a.problem("login_throttled"); a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			break
		}
		a.want(401).problem("invalid_credentials")
	}
	if !throttled {
		t.Error("thirty guesses in a row")
	}
	agent.login()
}

// Another site's page gets nothing done.
func TestAttack71OtherSitesPages(t *testing.T) {
	t.Parallel()
	w := start(t)
	tk := tickettest.Open(t, w.db, ticket.Ticket{})
	agent := w.as(access.Agent)
	at, body := fmt.Sprintf("/api/tickets/%d/notes", tk.ID), []byte(`{"body":"De outro site."}`)
	call := func(headers ...string) answer { return agent.call("POST", at, "application/json", body, headers...) }
	call("Origin", "https://evil.example").want(403).problem("bad_origin")
	call("Origin", "null").want(403).problem("bad_origin")
	call("Origin", "http://evil."+strings.TrimPrefix(w.base, "http://")).want(403).problem("bad_origin")
	call("Sec-Fetch-Site", "cross-site").want(403).problem("bad_origin")
	call("Sec-Fetch-Site", "same-site").want(403).problem("bad_origin")
	call(csrfHeader, "wrong").want(403).problem("bad_csrf_token")
	call(csrfHeader, " ").want(403).problem("bad_csrf_token")
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		agent.call("POST", at, kind, body).want(415).problem("media_type")
	}
	agent.get(at).want(405).problem("method_not_allowed")
	w.somebody().call("POST", "/api/login", "application/json", []byte(bodies["POST /api/login"]), "Origin", "https://evil.example").
		want(403).problem("bad_origin")
	if now := tickettest.Fresh(t, w.db, tk.ID); now.Version != 1 {
		t.Errorf("version %d", now.Version)
	}
	call("Origin", w.base, "Sec-Fetch-Site", "same-origin").want(201)
}

// dial opens the live stream with these headers.
func (p *person) dial(path string, headers ...string) (*websocket.Conn, int) {
	p.t.Helper()
	h := http.Header{}
	if token := p.cookie(sessionCookie); token != "" {
		h.Set("Cookie", sessionCookie+"="+token)
	}
	for i := 0; i < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	conn, response, err := websocket.DefaultDialer.DialContext(p.t.Context(), "ws"+strings.TrimPrefix(p.base, "http")+path, h)
	if err != nil {
		if response == nil {
			p.t.Fatal(err)
		}
		return nil, response.StatusCode
	}
	p.t.Cleanup(func() { conn.Close() })
	return conn, response.StatusCode
}

// read waits for a frame that holds the text, or for the end and its code.
func read(t *testing.T, conn *websocket.Conn, text string) (code int) {
	t.Helper()
	for {
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, frame, err := conn.ReadMessage()
		if err != nil {
			if e, ok := err.(*websocket.CloseError); ok {
				return e.Code
			}
			if text == "" && errors.Is(err, syscall.ECONNRESET) {
				return websocket.CloseAbnormalClosure // what was still on its way turned the close into a reset
			}
			t.Fatalf("waiting for %q: %v", text, err)
		}
		if text != "" && strings.Contains(string(frame), text) {
			return 0
		}
	}
}

// A cookie opens the stream only for a page of ours.
func TestAttack74StreamsAskedForByOtherPages(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	host := strings.TrimPrefix(w.base, "http://")
	for _, origin := range []string{"", "null", "https://evil.example", "http://sub." + host, "http://127.0.0.1:1", "http://" + host + ".evil.example"} {
		var headers []string
		if origin != "" {
			headers = []string{"Origin", origin}
		}
		if _, status := agent.dial("/api/live", headers...); status != 403 {
			t.Errorf("origin %q: %d", origin, status)
		}
	}
	conn, status := agent.dial("/api/live", "Origin", w.base)
	if status != 101 {
		t.Fatalf("our own origin: %d", status)
	}
	read(t, conn, `"hello"`)
}

// A token in the address is no credential.
func TestAttack75TokensInTheAddress(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	var token APIToken
	agent.post("/api/tokens", `{"name":"robô"}`).want(201).into(&token)
	s := w.somebody()
	for _, query := range []string{"token=" + token.Secret, "access_token=" + token.Secret, "escuta_session=" + agent.cookie(sessionCookie)} {
		if _, status := s.dial("/api/live?"+query, "Origin", w.base); status != 401 {
			t.Errorf("%.12s…: %d", query, status)
		}
	}
	if strings.Contains(w.log.String(), token.Secret) {
		t.Error("the token is in the log")
	}
	conn, status := s.dial("/api/live", "Authorization", "Bearer "+token.Secret)
	if status != 101 {
		t.Fatalf("as a header: %d", status)
	}
	read(t, conn, `"hello"`)
}

// Positions that cannot be continued are resync, never a silent gap.
func TestAttack77PositionsOfNoUse(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for _, since := range []string{"x", "-1", "0.-5", "abcdefabcdef.99999999", strings.Repeat("9", 200), "%00"} {
		conn, status := agent.dial("/api/live?since="+since, "Origin", w.base)
		if status != 101 {
			t.Errorf("%.20s: %d", since, status)
			continue
		}
		read(t, conn, `"resync"`)
		conn.Close()
	}
}

// Whoever loses an account loses its stream and its sessions at once.
func TestAttack72And54WhatWasGrantedEnds(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin, agent := w.as(access.Admin), w.as(access.Agent)
	conn, status := agent.dial("/api/live", "Origin", w.base)
	if status != 101 {
		t.Fatal(status)
	}
	read(t, conn, `"hello"`)
	began := time.Now()
	admin.call("PATCH", fmt.Sprintf("/api/accounts/%d", agent.account.ID), "application/json", []byte(`{"active":false}`)).want(200)
	if code := read(t, conn, ""); code != 4401 {
		t.Errorf("closed with %d", code)
	}
	agent.get("/api/me").want(401)
	if took := time.Since(began); took > 10*time.Second { // 5 s promised, on a machine that does this alone
		t.Errorf("took %v", took)
	}
}

// A frame of a megabyte ends its connection, and nobody else's.
func TestAttack76FramesOfAMegabyte(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	bad, _ := agent.dial("/api/live", "Origin", w.base)
	good, _ := agent.dial("/api/live", "Origin", w.base)
	read(t, bad, `"hello"`)
	read(t, good, `"hello"`)
	if err := bad.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", 1<<20))); err != nil {
		t.Log(err) // it may be gone before all of it is written
	}
	if code := read(t, bad, ""); code != 1009 && code != 1008 && code != 1006 {
		t.Errorf("closed with %d", code)
	}
	w.must(good.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)))
	read(t, good, `"pong"`)
}
