package httpapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// raw sends bytes as they are and returns the statuses of all answers until the
// connection ends.
func (w *world) raw(text string) (statuses []int) {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.base, "http://"))
	w.must(err)
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(10 * time.Second)))
	if _, err = conn.Write([]byte(text)); err == nil {
		err = conn.(*net.TCPConn).CloseWrite()
	}
	if err != nil {
		w.t.Log(err) // the server may refuse it before all of it is written
	}
	for r := bufio.NewReader(conn); ; {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, response.StatusCode)
		if _, err := r.Discard(int(max(response.ContentLength, 0))); err != nil {
			return statuses
		}
	}
}

// A request whose length can be read two ways never opens a second request.
func TestAttack63LengthsThatLie(t *testing.T) {
	t.Parallel()
	w := start(t)
	smuggled := "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
	head := "POST /api/public/tickets HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, text := range map[string]string{
		"TE and CL":          head + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
		"two lengths":        head + "Content-Length: 2\r\nContent-Length: 38\r\n\r\n{}" + smuggled,
		"too short a body":   head + "Content-Length: 5000\r\n\r\n" + validTicket,
		"negative":           head + "Content-Length: -1\r\n\r\n" + smuggled,
		"a length in words":  head + "Content-Length: ten\r\n\r\n" + validTicket,
		"a chunk that lies":  head + "Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n{}\r\n0\r\n\r\n",
		"a header of 64 kB":  head + "X: " + strings.Repeat("x", 64<<10) + "\r\n\r\n",
		"a transfer unknown": head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + smuggled,
	} {
		for _, status := range w.raw(text) {
			if status < 400 || status > 499 {
				t.Errorf("%s: an answer of %d", name, status)
			}
		}
	}
	var tickets int64
	w.must(w.db.Gorm.Table("tickets").Count(&tickets).Error)
	if tickets != 0 {
		t.Errorf("%d tickets", tickets)
	}
}

// The row that the last event told is the row that a fresh list shows, after
// every kind of change that a call can make.
func TestEveryChangeIsToldAsItIs(t *testing.T) {
	t.Parallel()
	w := start(t)
	receipt := w.opened(validTicket)
	agent := w.as(access.Agent)
	at := "/api/tickets/" + receipt.Protocol
	same := func(step string) TicketRow {
		t.Helper()
		var d TicketDetail
		agent.get(at).want(200).into(&d)
		events := tickettest.Events(t, w.db, d.Ticket.ID)
		var told struct{ Row TicketRow }
		answer{t: t, call: step, body: events[len(events)-1].Payload}.into(&told)
		if !reflect.DeepEqual(told.Row, d.Ticket) {
			t.Errorf("%s: told %+v\nis %+v", step, told.Row, d.Ticket)
		}
		for i, e := range events {
			if e.Version != i+1 {
				t.Errorf("%s: event %d has version %d", step, i, e.Version)
			}
		}
		return d.Ticket
	}
	same("opened")
	for _, call := range []struct{ path, body string }{
		{"/claim", `{}`}, {"/notes", `{"body":"a"}`}, {"/release", ``}, {"/look", `{"version":9}`}, {"/replies", `{"body":"b"}`},
	} {
		agent.post(at+call.path, call.body)
		same(call.path)
	}
	for _, change := range []string{`"priority":1`, `"tags":["estorno"]`, `"subject":"Outro"`, `"kind":"elogio"`, `"status":"waiting_third"`,
		`"status":"open"`, `"assignee_id":0`, `"status":"resolved"`} {
		body := fmt.Sprintf(`{"version":%d,%s}`, same("before "+change).Version, change)
		agent.call("PATCH", at, "application/json", []byte(body)).want(200)
		same(change)
	}
	w.somebody().call("POST", "/api/public/tickets/"+receipt.Protocol+"/messages", "application/json",
		[]byte(`{"body":"Não resolveu."}`), accessHeader, receipt.AccessToken).want(201)
	if row := same("reopened by the customer"); row.Status != ticket.Open {
		t.Errorf("status %q", row.Status)
	}
}

// Without Redis everything is served; without PostgreSQL nothing is promised.
func TestReadiness(t *testing.T) {
	t.Parallel()
	gone := func(context.Context) error { return errors.New("gone") }
	w := start(t, func(o *Options) { o.RedisUp = gone })
	if a := w.somebody().get("/readyz").want(200); !strings.Contains(string(a.body), `"degraded"`) {
		t.Errorf("%s", a.body)
	}
	w.server.options.PostgresUp = gone
	w.somebody().get("/readyz").want(503)
	w.somebody().get("/healthz").want(200)
}
