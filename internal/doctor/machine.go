package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/embedded"
)

const (
	roomToWarn = 5 << 30   // bytes; a busy day with files fits
	roomToFail = 512 << 20 // PostgreSQL stops when its log does not fit
	// liveSockets is what 5,000 agents and their proxies need, and a bit.
	liveSockets = 12_000
)

func (r *Report) machine(cfg config.Config) {
	if cfg.DatabaseURL == "" {
		if bin, err := embedded.FindPostgres(); err != nil {
			r.failed("postgres_binary", err)
		} else {
			r.add("postgres_binary", OK, "found", map[string]any{"path": bin.Postgres})
		}
	}
	if cfg.RedisURL == "" {
		if path, err := embedded.FindRedis(); err != nil {
			r.failed("redis_binary", err)
		} else {
			r.add("redis_binary", OK, "found", map[string]any{"path": path})
		}
	}
	r.disk(cfg.DataDir)
	r.openFiles()
}

func (r *Report) disk(dir string) {
	at := existing(dir)
	var fs syscall.Statfs_t
	if err := syscall.Statfs(at, &fs); err != nil {
		r.failed("disk", fmt.Errorf("look at the disk of %s: %w", at, err))
		return
	}
	free := fs.Bavail * uint64(fs.Bsize) //nolint:gosec // a block size is positive
	state := OK
	switch {
	case free < roomToFail:
		state = Fail
	case free < roomToWarn:
		state = Warn
	}
	r.add("disk", state, "free", map[string]any{"free": fmt.Sprintf("%.1f GB", float64(free)/1e9), "dir": dir})
}

// existing is the nearest folder upwards that is there already.
func existing(dir string) string {
	at, err := filepath.Abs(dir)
	if err != nil {
		return "."
	}
	for {
		if _, err := os.Stat(at); err == nil || at == filepath.Dir(at) {
			return at
		}
		at = filepath.Dir(at)
	}
}

// openFiles is the limit under which the server would turn live agents away.
// Go raises the soft limit to the hard one by itself, so the hard one counts.
func (r *Report) openFiles() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		r.failed("open_files", fmt.Errorf("ask for the limit of open files: %w", err))
		return
	}
	state := OK
	if limit.Max < liveSockets {
		state = Warn
	}
	r.add("open_files", state, "limit", map[string]any{"limit": limit.Max, "wanted": liveSockets})
}
