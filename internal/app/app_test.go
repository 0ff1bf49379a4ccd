package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func configured(t *testing.T, addr string) config.Config {
	t.Helper()
	cfg, err := config.Load([]string{
		"ESCUTA_ADDR=" + addr, "ESCUTA_DATA_DIR=" + t.TempDir(), "ESCUTA_DATABASE_URL=" + pgtest.URL(t),
		"ESCUTA_REDIS_URL=" + redistest.Start(t).URL(), "ESCUTA_ADMIN_EMAIL=admin@example.com", "ESCUTA_ADMIN_PASSWORD=uma frase bem comprida",
	})
	check(t, err)
	return cfg
}

// The parts start together, serve, and stop without a failure when they are asked to.
func TestServesUntilItIsToldToStop(t *testing.T) {
	addr := freeAddress(t)
	a, err := New(t.Context(), configured(t, addr), slog.New(slog.DiscardHandler))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	eventually(t, "it becomes ready", func() bool {
		response, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	response, err := http.Post("http://"+addr+"/api/login", "application/json",
		strings.NewReader(`{"email":"admin@example.com","password":"uma frase bem comprida"}`))
	check(t, err)
	response.Body.Close()
	if response.StatusCode != http.StatusOK || len(response.Cookies()) != 2 {
		t.Errorf("the first admin: %d with %d cookies", response.StatusCode, len(response.Cookies()))
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
	if _, err := http.Get("http://" + addr + "/readyz"); err == nil {
		t.Error("it still answers")
	}
}

// An address that is taken ends the start, and leaves nothing running.
func TestTakenAddress(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	a, err := New(t.Context(), configured(t, ln.Addr().String()), slog.New(slog.DiscardHandler))
	check(t, err)
	if err := a.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listen on") {
		t.Errorf("ran with %v", err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer ln.Close()
	return ln.Addr().String()
}

// eventually waits until holds does, or fails.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(2*time.Minute), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("did not happen: %s", what)
		}
	}
}
