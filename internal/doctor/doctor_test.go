package doctor_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/doctor"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func configured(t *testing.T, environ ...string) config.Config {
	t.Helper()
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func find(t *testing.T, r doctor.Report, name string) doctor.Check {
	t.Helper()
	for _, c := range r {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("nothing said about %s in %+v", name, r)
	return doctor.Check{}
}

func TestHealthyInstallation(t *testing.T) {
	t.Parallel()
	cfg := configured(t, "ESCUTA_DATABASE_URL="+pgtest.URL(t), "ESCUTA_REDIS_URL="+redistest.Start(t).URL(), "ESCUTA_DATA_DIR="+t.TempDir())
	r := doctor.Examine(t.Context(), cfg)
	if !r.Healthy() {
		t.Errorf("found %+v", r)
	}
	for _, name := range []string{"disk", "open_files", "postgres", "durability", "clock", "timezone", "migrations", "redis", "redis_memory"} {
		find(t, r, name)
	}
	for _, lang := range i18n.Languages {
		var out bytes.Buffer
		if err := r.Print(&out, lang); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "doctor.") || strings.Contains(out.String(), "{") {
			t.Errorf("a text is missing in %s:\n%s", lang, out.String())
		}
	}
}

func TestPrivateEnginesAreExaminedAndPutAway(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "escuta-doctor-") // t.TempDir is closed to the engines' user
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := doctor.Examine(t.Context(), configured(t, "ESCUTA_DATA_DIR="+filepath.Join(dir, "data")))
	if !r.Healthy() {
		t.Errorf("found %+v", r)
	}
	if c := find(t, r, "migrations"); c.State != doctor.Warn {
		t.Errorf("a new database has no migrations to come: %+v", c)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "data", "postgres", "postmaster.pid")); len(left) != 0 {
		t.Error("its PostgreSQL is still running")
	}
}

func TestUnreachableEnginesAreAFinding(t *testing.T) {
	t.Parallel()
	cfg := configured(t, "ESCUTA_DATABASE_URL=postgres://u:hunter2@127.0.0.1:1/d", "ESCUTA_REDIS_URL=redis://127.0.0.1:1")
	r := doctor.Examine(t.Context(), cfg)
	if r.Healthy() || find(t, r, "postgres").State != doctor.Fail || find(t, r, "redis").State != doctor.Fail {
		t.Errorf("found %+v", r)
	}
	var out bytes.Buffer
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Healthy bool
		Checks  []struct{ Name, State, Error string }
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Healthy || len(got.Checks) != len(r) {
		t.Errorf("%v in %s", err, out.String())
	}
	if strings.Contains(out.String(), "hunter2") {
		t.Errorf("the password is in %s", out.String())
	}
}

// The desk is told what nobody purges, rounds that do not come, and proofs that
// are missing.
func TestWhatIsPurgedIsExamined(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db := pgtest.Open(t, url, postgres.Options{MaxConns: 2})
	cfg := configured(t, "ESCUTA_DATABASE_URL="+url, "ESCUTA_REDIS_URL="+redistest.Start(t).URL(), "ESCUTA_DATA_DIR="+t.TempDir())
	exec := func(sql string) {
		t.Helper()
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(name, text string, s doctor.State) {
		t.Helper()
		if c := find(t, doctor.Examine(t.Context(), cfg), name); c.Text != text || c.State != s {
			t.Errorf("%s: %+v, want %s, %s", name, c, s, text)
		}
	}
	expect("retention", "off", doctor.OK)
	expect("retention_proofs", "whole", doctor.OK)
	exec("ALTER TABLE recordings DROP CONSTRAINT recordings_contact_id_fkey") // of a call, which is not what this is about
	exec(`WITH c AS (INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id)
		INSERT INTO recordings (contact_id, blob, retain_until) SELECT id, 'abc', now() - interval '1 day' FROM c`)
	expect("retention", "off_past", doctor.Warn)
	exec("UPDATE retention_settings SET purging = true, switched_at = now()")
	expect("retention", "first", doctor.OK)
	exec("UPDATE retention_settings SET switched_at = now() - interval '2 days'")
	expect("retention", "never", doctor.Warn)
	exec("INSERT INTO retention_runs (day, begun_at, finished_at) VALUES ('2020-01-01', now() - interval '37 hours', now() - interval '37 hours')")
	expect("retention", "late", doctor.Warn)
	exec("UPDATE retention_runs SET finished_at = now()")
	expect("retention", "on", doctor.OK)
	exec("UPDATE retention_chains SET seq = 1 WHERE chain = 'desk'")
	expect("retention_proofs", "broken", doctor.Warn)
}
