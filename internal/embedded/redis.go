package embedded

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisOptions says where a private Redis lives and how it is run.
type RedisOptions struct {
	Dir    string // its append-only file
	Socket string // path of the Unix socket, in a folder readable by its user only
	Log    string // file that gets what the engine prints

	Volatile      bool // keeps nothing on disk, for tests alone
	DieWithParent bool // see PostgresOptions
}

// Redis is a private Redis, or Valkey, that listens on a Unix socket only.
type Redis struct {
	opts RedisOptions
	proc *process

	// Adopted tells that the engine was already running, left by a server that was killed.
	Adopted bool
}

// StartRedis starts the engine unless it is already running, and returns when
// it answers. It is made to keep most of what it holds over a restart, because
// that saves rebuilding it; nothing depends on that.
func StartRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	path, err := FindRedis()
	if err != nil {
		return nil, err
	}
	user, err := owner()
	if err != nil {
		return nil, err
	}
	if err := private(o.Dir, user); err != nil {
		return nil, err
	}
	r := &Redis{opts: o}
	if pid := r.running(ctx); pid != 0 {
		r.proc, r.Adopted = adopt(pid), true
		return r, nil
	}
	keep := "yes"
	if o.Volatile {
		keep = "no"
	}
	args := []string{
		"--port", "0", "--unixsocket", o.Socket, "--unixsocketperm", "700",
		"--dir", o.Dir, "--daemonize", "no", "--save", "",
		"--appendonly", keep, "--appendfsync", "everysec",
		// Evicting a lease or a timer to make room would be noticed late; a refused write at once.
		"--maxmemory-policy", "noeviction",
	}
	if r.proc, err = launch(path, args, user, o.Log, o.DieWithParent); err != nil {
		return nil, err
	}
	if err := r.proc.await(ctx, func(ctx context.Context) bool { return r.running(ctx) != 0 }); err != nil {
		return nil, fmt.Errorf("wait for Redis: %w; it says: %s", err, lastLines(o.Log))
	}
	return r, nil
}

// URL is how to reach it with redis.ParseURL.
func (r *Redis) URL() string { return (&url.URL{Scheme: "unix", Path: r.opts.Socket}).String() }

// Stop ends the engine and lets it write down what it holds.
func (r *Redis) Stop(ctx context.Context) error {
	return r.proc.stop(ctx, 10*time.Second, syscall.SIGTERM, syscall.SIGKILL)
}

// Kill ends the engine as a crash would (SIGKILL) and waits until it is gone.
func (r *Redis) Kill() error {
	return r.proc.stop(context.Background(), 5*time.Second, syscall.SIGKILL)
}

// Done is closed when the engine has ended, whoever ended it.
func (r *Redis) Done() <-chan struct{} { return r.proc.done }

// running is the process id of the engine behind the socket, 0 when none
// answers or it is still reading its file.
func (r *Redis) running(ctx context.Context) int {
	c := redis.NewClient(&redis.Options{
		Network: "unix", Addr: r.opts.Socket, MaxRetries: -1, PoolSize: 1,
		DialTimeout: time.Second, ReadTimeout: time.Second, DisableIdentity: true,
	})
	defer c.Close()
	info, err := c.Info(ctx, "server", "persistence").Result()
	if err != nil || field(info, "loading") != "0" {
		return 0
	}
	pid, _ := strconv.Atoi(field(info, "process_id"))
	return pid
}

// field reads one line of the answer of INFO.
func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
