package sms_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/sms"
)

func TestAMessageIsHandedOverAsTheGatewayWants(t *testing.T) {
	t.Parallel()
	var got map[string]string
	var head http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		head = r.Header
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	g, err := sms.New(server.URL, "segredo", server.Client())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Send(t.Context(), "out-7", "+5511987654321", "Protocolo\r\n2026"); err != nil {
		t.Fatal(err)
	}
	if got["to"] != "+5511987654321" || got["text"] != "Protocolo 2026" || got["id"] != "out-7" {
		t.Errorf("sent %v", got)
	}
	if head.Get("Authorization") != "Bearer segredo" || head.Get("Idempotency-Key") != "out-7" {
		t.Errorf("headers %v", head)
	}
}

func TestWhatTheGatewaySaysIsFinalOrNot(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]error{200: nil, 202: nil, 400: sms.ErrRefused, 404: sms.ErrRefused, 422: sms.ErrRefused,
		401: sms.ErrLater, 408: sms.ErrLater, 429: sms.ErrLater, 500: sms.ErrLater, 503: sms.ErrLater} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		g, err := sms.New(server.URL+"/?key=segredo", "", server.Client())
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Send(t.Context(), "1", "+5511987654321", "oi"); !errors.Is(err, want) {
			t.Errorf("%d: %v, want %v", code, err, want)
		}
		server.Close()
		err = g.Send(t.Context(), "1", "+5511987654321", "oi")
		if !errors.Is(err, sms.ErrLater) || strings.Contains(err.Error(), "segredo") {
			t.Errorf("nobody answers: %v", err)
		}
	}
}

func TestWithoutAGatewayNothingIsSent(t *testing.T) {
	t.Parallel()
	g, err := sms.New("", "", nil)
	if !errors.Is(err, sms.ErrOff) || !errors.Is(g.Send(t.Context(), "1", "+5511987654321", "oi"), sms.ErrOff) {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"gateway", "file:///etc/passwd", "http://", "://"} {
		if _, err := sms.New(bad, "", nil); err == nil {
			t.Errorf("%s is an address", bad)
		}
	}
	for _, code := range []string{"sms_off", "sms_refused", "sms_waiting"} {
		if !i18n.Has("error." + code) {
			t.Errorf("no text for %s", code)
		}
	}
}

func TestTextIsOneShortLine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := sms.Text(rapid.String().Draw(t, "text") + rapid.SampledFrom([]string{"", "\x00", "\u202e", strings.Repeat("á ", 900)}).Draw(t, "tail"))
		if utf8.RuneCountInString(s) > sms.MaxLength || strings.ContainsAny(s, "\r\n\t\x00\u202e") || s != sms.Text(s) {
			t.Fatalf("%q", s)
		}
	})
}
