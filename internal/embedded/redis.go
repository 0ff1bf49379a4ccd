package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// RedisOptions says where a private Redis lives and how it is run. The folders
// that hold its own must exist.
type RedisOptions struct {
	Dir     string // its append-only file
	Sockets string // folder of the Unix socket, short enough for one
	Log     string // file that gets what the engine prints

	Volatile      bool // keeps nothing on disk, for tests alone
	DieWithParent bool // see PostgresOptions
}

// Redis is a private Redis, or Valkey, that listens on a Unix socket only.
type Redis struct {
	opts RedisOptions
	path string
	user *syscall.Credential
	current
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
	r := &Redis{opts: o, path: path, user: user}
	if err := r.start(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *Redis) start(ctx context.Context) error {
	for _, dir := range []string{r.opts.Dir, r.opts.Sockets} {
		if err := private(dir, r.user); err != nil {
			return err
		}
	}
	// Two on one append-only file would ruin it, so one that is there but still
	// busy, reading its file or ending, is waited for.
	for pid, ready := r.probe(ctx); pid != 0; pid, ready = r.probe(ctx) {
		proc := adopt(pid)
		if ready {
			r.set(proc, true)
			return nil
		}
		err := proc.await(ctx, r.ready)
		if err != nil && !errors.Is(err, errEnded) {
			return fmt.Errorf("wait for the Redis that is already running: %w", err)
		}
	}
	return r.launch(ctx)
}

func (r *Redis) launch(ctx context.Context) error {
	keep := "yes"
	if r.opts.Volatile {
		keep = "no"
	}
	proc, err := launch(r.path, []string{
		"--port", "0", "--unixsocket", r.socket(), "--unixsocketperm", "700",
		"--dir", r.opts.Dir, "--pidfile", r.pidFile(), "--daemonize", "no", "--save", "",
		"--appendonly", keep, "--appendfsync", "everysec",
		// Evicting a lease or a timer to make room would be noticed late; a refused write at once.
		"--maxmemory-policy", "noeviction",
	}, nil, r.user, r.opts.Log, r.opts.DieWithParent)
	if err != nil {
		return err
	}
	if err := proc.await(ctx, r.ready); err != nil {
		err = fmt.Errorf("wait for Redis: %w; it says: %s", err, lastLines(r.opts.Log))
		return errors.Join(err, proc.stop(ctx, 5*time.Second, syscall.SIGTERM, syscall.SIGKILL))
	}
	r.set(proc, false)
	return nil
}

// URL is how to reach it with redis.ParseURL.
func (r *Redis) URL() string { return (&url.URL{Scheme: "unix", Path: r.socket()}).String() }

// Stop ends the engine and lets it write down what it holds.
func (r *Redis) Stop(ctx context.Context) error {
	proc, _ := r.get()
	return proc.stop(ctx, 10*time.Second, syscall.SIGTERM, syscall.SIGKILL)
}

// Kill ends the engine as a crash would (SIGKILL) and waits until it is gone.
func (r *Redis) Kill() error {
	proc, _ := r.get()
	return proc.stop(context.Background(), 5*time.Second, syscall.SIGKILL)
}

// Done is closed when the engine, as it runs now, has ended, whoever ended it.
func (r *Redis) Done() <-chan struct{} {
	proc, _ := r.get()
	return proc.done
}

// PID is the process of the engine, as it runs now.
func (r *Redis) PID() int {
	proc, _ := r.get()
	return proc.pid
}

func (r *Redis) name() string { return "redis" }

func (r *Redis) adopted() bool {
	_, adopted := r.get()
	return adopted
}

func (r *Redis) socket() string  { return filepath.Join(r.opts.Sockets, "redis.sock") }
func (r *Redis) pidFile() string { return filepath.Join(r.opts.Dir, "redis.pid") }

func (r *Redis) ready(ctx context.Context) bool {
	_, ready := r.probe(ctx)
	return ready
}

// probe finds the engine of this folder: its process, 0 when there is none, and
// whether it serves. The socket is asked first. One that does not answer, being
// stuck or on its way down, still has its process in the file it wrote.
func (r *Redis) probe(ctx context.Context) (pid int, ready bool) {
	c := redis.NewClient(&redis.Options{
		Network: "unix", Addr: r.socket(), MaxRetries: -1, DialerRetries: 1, PoolSize: 1,
		DialTimeout: time.Second, ReadTimeout: time.Second, DisableIdentity: true,
	})
	defer c.Close()
	if info, err := c.Info(ctx, "server", "persistence").Result(); err == nil {
		pid, _ = strconv.Atoi(field(info, "process_id"))
		return pid, field(info, "loading") == "0"
	}
	content, err := os.ReadFile(r.pidFile())
	if err != nil {
		return 0, false
	}
	pid, _ = strconv.Atoi(strings.TrimSpace(string(content)))
	if pid <= 0 || !alive(pid) || !r.isOurs(pid) {
		return 0, false
	}
	return pid, false
}

// isOurs guards against a number that some other program has by now. Redis
// rewrites its command line to "redis-server unixsocket:<path>".
func (r *Redis) isOurs(pid int) bool {
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && (strings.Contains(string(cmdline), "unixsocket:"+r.socket()) || strings.Contains(string(cmdline), r.pidFile()))
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
