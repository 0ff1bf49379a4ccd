package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

func TestBackupAndRestoreFromTheTerminal(t *testing.T) {
	t.Parallel()
	from := engineURLs(t)
	dir := filepath.Join(t.TempDir(), "backup")
	code, _, complaint := call(t, from, "a long and good password\n", "account", "create", "ana@b.example", "--name", "Ana", "--role", "admin", "--password-stdin")
	if code != exitOK {
		t.Fatal(complaint)
	}
	code, out, shown := call(t, from, "", "backup", dir)
	if code != exitOK || !strings.Contains(out, dir) || !strings.Contains(shown, "100 %") {
		t.Fatalf("backup: %d, %s%s", code, out, shown)
	}
	if code, out, complaint := call(t, from, "", "backup", "--check", dir); code != exitOK || !strings.Contains(out, "íntegro") {
		t.Errorf("check: %d, %s%s", code, out, complaint)
	}
	if code, _, complaint := call(t, from, "", "restore", dir); code != exitFail || !strings.Contains(complaint, "não está vazio") {
		t.Errorf("restore over a desk that has accounts: %d, %s", code, complaint)
	}
	to := []string{"ESCUTA_DATABASE_URL=" + pgtest.Empty(t), "ESCUTA_REDIS_URL=" + redistest.Start(t).URL(), "ESCUTA_DATA_DIR=" + t.TempDir()}
	if code, out, complaint := call(t, to, "", "restore", dir); code != exitOK || !strings.Contains(out, "retidos") {
		t.Fatalf("restore: %d, %s%s", code, out, complaint)
	}
	if code, out, complaint := call(t, to, "", "account", "list"); code != exitOK || !strings.Contains(out, "ana@b.example") {
		t.Errorf("accounts after the restore: %d, %s%s", code, out, complaint)
	}
}
