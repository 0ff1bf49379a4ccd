package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// role is the superuser of a private cluster, and the name of its database.
const role = "escuta"

// PostgresOptions says where a private cluster lives and how it is run. The
// folders that hold its own must exist.
type PostgresOptions struct {
	Dir     string // the cluster; made when it does not exist
	Sockets string // folder of the Unix socket, short enough for one
	Log     string // file that gets what the engine prints

	// Volatile trades durability for speed, for tests alone: what was committed
	// is lost with the machine.
	Volatile bool
	// Settings are further "name=value" of the command line.
	Settings []string
	// Environ is added to the engine's environment, as for a test that sets its clock.
	Environ []string
	// DieWithParent ends the engine with the process that started it, however
	// that ends. Off, an engine outlives a killed server and is adopted by the next.
	DieWithParent bool
}

// Postgres is a private PostgreSQL that listens on a Unix socket only.
type Postgres struct {
	opts PostgresOptions
	bin  Binaries
	user *syscall.Credential
	current
}

// The settings are given on the command line, where neither a file nor ALTER
// SYSTEM can undo them; who wants to tune PostgreSQL runs one of their own and
// says so by its URL.
var (
	durable  = []string{"fsync=on", "full_page_writes=on", "synchronous_commit=on", "max_connections=100"}
	volatile = []string{"fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=300"}

	// common is sized for a machine of two cores that also runs the server.
	common = []string{
		"listen_addresses=",
		"unix_socket_permissions=0700",
		"shared_buffers=256MB",
		"wal_compression=on",
		"max_wal_size=2GB",
		"commit_delay=0", // intake groups its commits itself
		"autovacuum_naptime=15s",
		"jit=off", // compiling a plan costs more than any of our queries takes
		"timezone=UTC",
		"log_timezone=UTC",
		"log_checkpoints=off",
	}
)

// StartPostgres makes the cluster if there is none, starts it unless it is
// already running, and returns when it answers. Replaying the log after a crash
// can take minutes; ctx is the only limit to the wait.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	bin, err := FindPostgres()
	if err != nil {
		return nil, err
	}
	user, err := owner()
	if err != nil {
		return nil, err
	}
	if err := createCluster(ctx, bin.Initdb, o, user); err != nil {
		return nil, err
	}
	p := &Postgres{opts: o, bin: bin, user: user}
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	if err := p.createDatabase(ctx); err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context) error {
	// Also when it runs already: a cleaner of /tmp may have taken the folder.
	if err := private(p.opts.Sockets, p.user); err != nil {
		return err
	}
	if pid := p.running(); pid != 0 {
		proc := adopt(pid)
		err := proc.await(ctx, p.answers)
		if err == nil {
			p.set(proc, true)
			return nil
		}
		if !errors.Is(err, errEnded) { // ended: it was on its way down, and now there is room
			return fmt.Errorf("wait for the PostgreSQL that is already running: %w", err)
		}
	}
	return p.launch(ctx)
}

// launch starts the engine. When a postmaster was killed, its children need a
// moment to notice and hold the shared memory until then, so a start that fails
// at once is tried again for a while.
func (p *Postgres) launch(ctx context.Context) error {
	p.freeStalePid()
	args := []string{"-D", p.opts.Dir, "-k", p.opts.Sockets}
	settings := durable
	if p.opts.Volatile {
		settings = volatile
	}
	for _, s := range slices.Concat(common, settings, p.opts.Settings) {
		args = append(args, "-c", s)
	}
	for deadline := time.Now().Add(15 * time.Second); ; {
		proc, err := launch(p.bin.Postgres, args, p.opts.Environ, p.user, p.opts.Log, p.opts.DieWithParent)
		if err != nil {
			return err
		}
		err = proc.await(ctx, p.answers)
		if err == nil {
			p.set(proc, false)
			return nil
		}
		if !errors.Is(err, errEnded) {
			return errors.Join(fmt.Errorf("wait for PostgreSQL: %w", err), proc.stop(ctx, 10*time.Second, syscall.SIGINT, syscall.SIGKILL))
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("start PostgreSQL: %w; it says: %s", err, lastLines(p.opts.Log))
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// URL is how to reach a database of the cluster.
func (p *Postgres) URL(database string) string {
	q := url.Values{"host": {p.opts.Sockets}, "user": {role}, "sslmode": {"disable"}}
	return "postgres:///" + url.PathEscape(database) + "?" + q.Encode()
}

// Stop ends the engine: open sessions are cut, what is committed is on disk.
func (p *Postgres) Stop(ctx context.Context) error {
	proc, _ := p.get()
	return proc.stop(ctx, 30*time.Second, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL)
}

// Kill ends the engine as a crash would (SIGKILL) and waits until it is gone.
func (p *Postgres) Kill() error {
	proc, _ := p.get()
	return proc.stop(context.Background(), 5*time.Second, syscall.SIGKILL)
}

// Done is closed when the engine, as it runs now, has ended, whoever ended it.
func (p *Postgres) Done() <-chan struct{} {
	proc, _ := p.get()
	return proc.done
}

// PID is the process of the engine, as it runs now.
func (p *Postgres) PID() int {
	proc, _ := p.get()
	return proc.pid
}

func (p *Postgres) name() string { return "postgres" }

func (p *Postgres) adopted() bool {
	_, adopted := p.get()
	return adopted
}

// answers asks for the server's own folder, so that another cluster that
// happens to sit behind the socket is not mistaken for ours.
func (p *Postgres) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return false
	}
	defer conn.Close(ctx)
	var dir string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&dir); err != nil {
		return false
	}
	return sameFolder(dir, p.opts.Dir)
}

func (p *Postgres) createDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, p.URL("postgres"))
	if err != nil {
		return fmt.Errorf("reach the private PostgreSQL: %w", err)
	}
	defer conn.Close(ctx)
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", role).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{role}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return nil
}

// createCluster runs initdb beside the final place and renames, so that a
// machine switched off in between leaves no half cluster that looks whole.
func createCluster(ctx context.Context, initdb string, o PostgresOptions, user *syscall.Credential) error {
	if _, err := os.Stat(filepath.Join(o.Dir, "PG_VERSION")); err == nil {
		return nil
	}
	fresh := o.Dir + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return fmt.Errorf("clear an unfinished cluster: %w", err)
	}
	if err := private(fresh, user); err != nil {
		return err
	}
	args := []string{"-D", fresh, "--username=" + role, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"}
	if o.Volatile {
		args = append(args, "--no-sync")
	} else {
		args = append(args, "--data-checksums")
	}
	cmd := exec.CommandContext(ctx, initdb, args...)
	cmd.Dir, cmd.Env = "/", environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: user}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("create the cluster in %s: %w: %s", o.Dir, err, strings.TrimSpace(string(out)))
	}
	if err := os.Rename(fresh, o.Dir); err != nil {
		return fmt.Errorf("put the new cluster in its place: %w", err)
	}
	return syncFolder(filepath.Dir(o.Dir))
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", dir, err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
