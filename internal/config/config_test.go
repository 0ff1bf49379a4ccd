package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

func TestEmptyEnvironmentIsEnough(t *testing.T) {
	c, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != ":8080" || c.BaseURL != "http://localhost:8080" || c.Timezone.String() != "America/Sao_Paulo" || c.PublicLimit != 30 || c.MaxUpload != 25<<20 || c.LogLevel != slog.LevelInfo {
		t.Errorf("defaults are %+v", c)
	}
}

func TestEverythingIsRead(t *testing.T) {
	c, err := config.Load([]string{
		"ESCUTA_ADDR=127.0.0.1:9000", "ESCUTA_BASE_URL=https://sac.example/desk/", "ESCUTA_ADMIN_LISTEN=127.0.0.1:6060",
		"ESCUTA_DATABASE_URL=postgres://u:p@h/d", "ESCUTA_REDIS_URL=redis+sentinel://h/0?master_name=m",
		"ESCUTA_TIMEZONE=America/Manaus", "ESCUTA_ADMIN_EMAIL=a@b.example", "ESCUTA_ADMIN_PASSWORD=hush hush hush",
		"ESCUTA_PUBLIC_LIMIT=0", "ESCUTA_MAX_UPLOAD=1048576", "ESCUTA_TRUSTED_PROXIES=10.1.2.3/8, ::1",
		"ESCUTA_LOG_LEVEL=WARN\r", "ESCUTA_LOG_FORMAT=json", "ESCUTA_DATA_DIR=",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if !slices.Equal(c.TrustedProxies, want) || c.BaseURL != "https://sac.example/desk" || !c.BaseURL.Secure() ||
		c.AdminPassword.Reveal() != "hush hush hush" || c.DatabaseURL.Reveal() != "postgres://u:p@h/d" ||
		c.LogLevel != slog.LevelWarn || c.PublicLimit != 0 || c.Timezone.String() != "America/Manaus" || c.DataDir != "data" {
		t.Errorf("read %+v", c)
	}
}

func TestAllThatIsWrongIsToldTogether(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wrong := []string{
		"ESCUTA_ADDR=8080", "ESCUTA_BASE_URL=sac.example", "ESCUTA_ADMIN_LISTEN=:x", "ESCUTA_DATA_DIR=" + file,
		"ESCUTA_DATABASE_URL=mysql://root:hunter2@h/d", "ESCUTA_REDIS_URL=h:6379", "ESCUTA_TIMEZONE=Brasilia",
		"ESCUTA_ADMIN_EMAIL=admin", "ESCUTA_PUBLIC_LIMIT=-1", "ESCUTA_MAX_UPLOAD=25MB",
		"ESCUTA_TRUSTED_PROXIES=10.0.0.0/33", "ESCUTA_SECRET=hunter2", "ESCUTA_LOG_LEVEL=loud", "ESCUTA_LOG_FORMAT=xml",
	}
	_, err := config.Load(wrong)
	if !errors.Is(err, config.ErrInvalid) {
		t.Fatalf("got %v", err)
	}
	f := fault.From(err)
	told := map[string]bool{}
	for _, d := range f.Details {
		told[d.Field] = true
		if strings.Contains(fmt.Sprint(d.Args), "hunter2") {
			t.Errorf("%s gives its secret away: %v", d.Field, d.Args)
		}
	}
	for _, w := range append(wrong, "ESCUTA_ADMIN_PASSWORD=") { // an e-mail alone makes no admin
		name, _, _ := strings.Cut(w, "=")
		if !told[name] {
			t.Errorf("nothing said about %s", w)
		}
	}
	if len(f.Details) != len(wrong)+1 {
		t.Errorf("%d problems told, %d are there", len(f.Details), len(wrong)+1)
	}
}

func TestEachVariableHasItsTextInEveryLanguage(t *testing.T) {
	for _, v := range config.Table() {
		if v.Name == "" || v.Help == "" {
			t.Errorf("incomplete line of the table: %+v", v)
		}
		if code := config.Want(v.Name); !i18n.Has("field." + code) {
			t.Errorf("%s: no text for field.%s", v.Name, code)
		}
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	c, err := config.Load([]string{
		"ESCUTA_DATABASE_URL=postgres://escuta:hunter2@db/escuta?sslpassword=hunter2", "ESCUTA_REDIS_URL=redis://:hunter2@h",
		"ESCUTA_ADMIN_EMAIL=a@b.example", "ESCUTA_ADMIN_PASSWORD=hunter2hunter2", "ESCUTA_SECRET=" + strings.Repeat("hunter2", 5),
	})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{log.String(), string(asJSON), fmt.Sprintf("%v %+v %#v", c, c, c)} {
		if strings.Contains(printed, "hunter2") {
			t.Errorf("a secret in %s", printed)
		}
	}
	if !strings.Contains(log.String(), `"ESCUTA_ADMIN_EMAIL":"a@b.example"`) {
		t.Errorf("the log does not tell the variables: %s", log.String())
	}
}

func TestMisspelledVariablesAreNoticed(t *testing.T) {
	got := config.Unknown([]string{"ESCUTA_DATABSE_URL=x", "ESCUTA_ADDR=:1", "HOME=/"})
	if !slices.Equal(got, []string{"ESCUTA_DATABSE_URL"}) {
		t.Errorf("got %v", got)
	}
}
