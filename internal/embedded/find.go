package embedded

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrMissing means that the machine has no binary of an engine. Its arguments
// name what was looked for, the package that brings it, and the variable that
// points to one elsewhere.
var ErrMissing = fault.New(fault.Unavailable, "engine_missing")

// Binaries are the programs of one PostgreSQL installation.
type Binaries struct {
	Postgres string
	Initdb   string
}

// FindPostgres looks for PostgreSQL: the highest of Debian's versioned folders
// first, then PATH, then where it lands when built by hand. Debian keeps
// postgres and initdb out of PATH on purpose, so PATH alone would miss them.
func FindPostgres() (Binaries, error) { return postgresIn(postgresFolders()) }

func postgresIn(folders []string) (Binaries, error) {
	for _, dir := range folders {
		b := Binaries{Postgres: filepath.Join(dir, "postgres"), Initdb: filepath.Join(dir, "initdb")}
		if runnable(b.Postgres) && runnable(b.Initdb) {
			return b, nil
		}
	}
	return Binaries{}, ErrMissing.With("program", "PostgreSQL").With("package", "postgresql").With("variable", "ESCUTA_DATABASE_URL")
}

// FindRedis looks for redis-server, or valkey-server, which speaks the same,
// in PATH and where packages put them.
func FindRedis() (string, error) {
	return redisIn(append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"))
}

func redisIn(folders []string) (string, error) {
	for _, name := range []string{"redis-server", "valkey-server"} {
		for _, dir := range folders {
			if path := filepath.Join(dir, name); filepath.IsAbs(path) && runnable(path) {
				return path, nil
			}
		}
	}
	return "", ErrMissing.With("program", "Redis").With("package", "redis-server").With("variable", "ESCUTA_REDIS_URL")
}

func postgresFolders() []string {
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		dirs, _ := filepath.Glob(pattern) // the patterns are constant and well-formed
		found = append(found, dirs...)
	}
	slices.SortStableFunc(found, func(a, b string) int { return major(b) - major(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			found = append(found, filepath.Dir(real))
		}
	}
	return append(found, "/usr/local/pgsql/bin", "/usr/local/bin", "/opt/homebrew/bin")
}

// major is the version in the name of a folder, 15 for /usr/lib/postgresql/15/bin.
func major(dir string) int {
	name := filepath.Base(filepath.Dir(dir))
	if i := len("pgsql-"); len(name) > i && name[:i] == "pgsql-" {
		name = name[i:]
	}
	n, _ := strconv.Atoi(name)
	return n
}

func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}
