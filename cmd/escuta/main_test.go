package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func configurationNames() []string {
	var names []string
	for _, v := range config.Table() {
		names = append(names, v.Name)
	}
	return names
}

// call runs a command line and returns its exit code and what it printed.
func call(t *testing.T, environ []string, input string, args ...string) (code int, out, complaint string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, env{environ: environ, in: strings.NewReader(input), out: &o, err: &e})
	return code, o.String(), e.String()
}

func engineURLs(t *testing.T) []string {
	t.Helper()
	return []string{"ESCUTA_DATABASE_URL=" + pgtest.URL(t), "ESCUTA_REDIS_URL=" + redistest.Start(t).URL(), "ESCUTA_DATA_DIR=" + t.TempDir()}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{nil, exitOK, "escuta serve"},
		{[]string{"--help"}, exitOK, "doctor"},
		{[]string{"--version"}, exitOK, "dev"},
		{[]string{"sing"}, exitUsage, "sing"},
		{[]string{"account", "create", "a@b.example", "--name", "A", "--role", "king"}, exitUsage, "king"},
	} {
		code, out, complaint := call(t, nil, "", c.args...)
		if c.args == nil {
			c.says = "serve"
		}
		if code != c.code || !strings.Contains(out+complaint, c.says) {
			t.Errorf("%v: %d, %s%s", c.args, code, out, complaint)
		}
		if strings.Contains(out+complaint, "cli.") {
			t.Errorf("%v: a text is missing: %s%s", c.args, out, complaint)
		}
	}
}

func TestWrongConfigurationIsToldInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for lang, says := range map[string]string{"pt_BR.UTF-8": "esperado", "en_US.UTF-8": "expected", "es_AR": "se espera", "C.UTF-8": "esperado"} {
		code, _, complaint := call(t, []string{"LANG=" + lang, "ESCUTA_ADDR=x", "ESCUTA_TIMEZONE=y"}, "", "migrate")
		if code != exitFail || !strings.Contains(complaint, says) || !strings.Contains(complaint, "ESCUTA_ADDR") || !strings.Contains(complaint, "ESCUTA_TIMEZONE") {
			t.Errorf("%s: %d, %s", lang, code, complaint)
		}
	}
}

func TestAccountsFromTheTerminal(t *testing.T) {
	t.Parallel()
	environ := engineURLs(t)
	code, out, complaint := call(t, environ, "correct horse battery staple\n", "account", "create", "Ana@B.example", "--name", "Ana", "--role", "admin", "--password-stdin")
	if code != exitOK || !strings.Contains(out, "ana@b.example") || strings.Contains(out, "horse") {
		t.Fatalf("create: %d, %s%s", code, out, complaint)
	}
	code, out, complaint = call(t, environ, "", "account", "create", "ana@b.example", "--name", "Ana")
	if code != exitFail || complaint == "" {
		t.Errorf("the same again: %d, %s%s", code, out, complaint)
	}
	code, out, complaint = call(t, environ, "", "account", "password", "ana@b.example")
	if code != exitOK || !strings.Contains(out, "Senha: ") {
		t.Errorf("password: %d, %s%s", code, out, complaint)
	}
	if code, _, complaint = call(t, environ, "", "account", "password", "nobody@b.example"); code != exitFail || strings.Contains(complaint, "error.") {
		t.Errorf("password of nobody: %d, %s", code, complaint)
	}
	code, out, complaint = call(t, environ, "", "account", "list")
	if code != exitOK || !strings.Contains(out, "ana@b.example") || !strings.Contains(out, "admin") {
		t.Errorf("list: %d, %s%s", code, out, complaint)
	}
}

func TestDoctorsExitCodeAndJSON(t *testing.T) {
	t.Parallel()
	code, out, complaint := call(t, engineURLs(t), "", "doctor", "--json")
	if code != exitOK || !json.Valid([]byte(out)) {
		t.Errorf("%d, %s%s", code, out, complaint)
	}
	ill := []string{"ESCUTA_DATABASE_URL=postgres://127.0.0.1:1/x", "ESCUTA_REDIS_URL=redis://127.0.0.1:1"}
	if code, out, _ = call(t, ill, "", "doctor"); code != exitFail || !strings.Contains(out, "FALHA") {
		t.Errorf("ill: %d, %s", code, out)
	}
}

func TestMigrateTwice(t *testing.T) {
	t.Parallel()
	environ := []string{"ESCUTA_DATABASE_URL=" + pgtest.Empty(t), "ESCUTA_REDIS_URL=" + redistest.Start(t).URL()}
	for range 2 {
		if code, out, complaint := call(t, environ, "", "migrate"); code != exitOK {
			t.Errorf("%d, %s%s", code, out, complaint)
		}
	}
}

func TestOpenAPIIsJSON(t *testing.T) {
	t.Parallel()
	code, out, complaint := call(t, nil, "", "openapi")
	if code != exitOK || !json.Valid([]byte(out)) || !strings.Contains(out, "/api/tickets") {
		t.Errorf("%d, %.200s%s", code, out, complaint)
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if code, _, complaint := call(t, []string{"ESCUTA_ADDR=127.0.0.1:" + port}, "", "ping"); code != exitOK {
		t.Errorf("ready: %d, %s", code, complaint)
	}
	status = http.StatusServiceUnavailable
	if code, _, _ := call(t, []string{"ESCUTA_ADDR=127.0.0.1:" + port}, "", "ping"); code != exitFail {
		t.Errorf("not ready: %d", code)
	}
	server.Close()
	if code, _, _ := call(t, []string{"ESCUTA_ADDR=127.0.0.1:" + port}, "", "ping"); code != exitFail {
		t.Errorf("gone: %d", code)
	}
	if err := ready(context.Background(), "nonsense"); err == nil {
		t.Error("pinged nonsense")
	}
}
