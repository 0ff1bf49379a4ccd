package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/escuta-sac/escuta/internal/fault"
)

func TestClosedFolderOnTheWayIsNamed(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "closed")
	dir := filepath.Join(closed, "data")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := &syscall.Credential{Uid: 987654, Gid: 987654}
	err := reachable(dir, stranger)
	if !errors.Is(err, ErrUnreachable) || fault.From(err).Args["blocked"] != closed {
		t.Errorf("got %v, blocked %v", err, fault.From(err).Args["blocked"])
	}
}

func TestFolderThatIsALinkIsRefused(t *testing.T) {
	t.Parallel()
	trap := filepath.Join(t.TempDir(), "trap")
	if err := os.Symlink(t.TempDir(), trap); err != nil {
		t.Fatal(err)
	}
	if err := private(trap, nil); err == nil {
		t.Error("followed a link that somebody else may have made")
	}
}

func TestSocketsMoveOnlyWhenTheyMustAndAlwaysToTheSamePlace(t *testing.T) {
	t.Parallel()
	if got := socketFolder("/srv/escuta"); got != "/srv/escuta/run" {
		t.Errorf("short folder: %s", got)
	}
	long := "/srv/" + strings.Repeat("x", 100)
	got := socketFolder(long)
	if got != socketFolder(long) || got == socketFolder(long+"y") || len(got+longestSocket) > maxSocketPath {
		t.Errorf("long folder: %s", got)
	}
}

func TestMissingBinaryIsNamedWithItsPackage(t *testing.T) {
	t.Parallel()
	empty := []string{t.TempDir()}
	_, err := postgresIn(empty)
	if f := fault.From(err); !errors.Is(err, ErrMissing) || f.Args["package"] != "postgresql" || f.Args["variable"] != "ESCUTA_DATABASE_URL" {
		t.Errorf("got %v with %v", err, f.Args)
	}
	_, err = redisIn(empty)
	if f := fault.From(err); !errors.Is(err, ErrMissing) || f.Args["package"] != "redis-server" {
		t.Errorf("got %v with %v", err, f.Args)
	}
}

func TestFinding(t *testing.T) {
	t.Parallel()
	program := func(dir string, names ...string) string {
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	half := program(t.TempDir(), "postgres") // a client package without initdb
	whole := program(t.TempDir(), "postgres", "initdb", "valkey-server")
	if b, err := postgresIn([]string{half, whole}); err != nil || filepath.Dir(b.Initdb) != whole {
		t.Errorf("got %v, %v", b, err)
	}
	if path, err := redisIn([]string{"relative", half, whole}); err != nil || path != filepath.Join(whole, "valkey-server") {
		t.Errorf("got %v, %v", path, err)
	}
	for dir, want := range map[string]int{"/usr/lib/postgresql/15/bin": 15, "/usr/pgsql-17/bin": 17, "/usr/lib/postgresql/9.6/bin": 0, "/opt/bin": 0} {
		if got := major(dir); got != want {
			t.Errorf("major(%s) = %d, want %d", dir, got, want)
		}
	}
}
