package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/embedded"
	"github.com/escuta-sac/escuta/internal/fault"
)

// The test binary plays the server that is killed: with this variable it only
// starts the engines of that folder, says their processes, and waits.
const serverDir = "ESCUTA_TEST_SERVER_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serverDir); dir != "" {
		e, err := embedded.Start(context.Background(), options(dir))
		if err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		fmt.Println(e.Postgres.PID(), e.Redis.PID())
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func options(dir string) embedded.Options {
	return embedded.Options{Dir: dir, Postgres: true, Redis: true, Log: slog.New(slog.DiscardHandler)}
}

// folder is a data folder that the engines' user can reach; t.TempDir is not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "escuta-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

func start(t *testing.T, dir string) *embedded.Engines {
	t.Helper()
	e, err := embedded.Start(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Stop(context.Background()) })
	return e
}

func connect(t *testing.T, e *embedded.Engines) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), e.Postgres.URL("escuta"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func redisOf(t *testing.T, e *embedded.Engines) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(e.Redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// eventually waits for a condition, and fails the test when it does not come.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func gone(pid int) bool { return !embedded.Alive(pid) }

func TestEnginesAreDurableAndOnTheirSocketsOnly(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	e := start(t, dir)
	conn := connect(t, e)
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "data_checksums": "on",
		"listen_addresses": "", "TimeZone": "UTC", "server_encoding": "UTF8", "jit": "off",
	} {
		var got string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", setting, got, err, want)
		}
	}
	for setting, want := range map[string]string{"port": "0", "appendonly": "yes", "appendfsync": "everysec"} {
		got, err := redisOf(t, e).ConfigGet(t.Context(), setting).Result()
		if err != nil || got[setting] != want {
			t.Errorf("redis: %s is %q, %v; want %q", setting, got[setting], err, want)
		}
	}
	for _, name := range []string{"run", "postgres", "redis"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s can be entered by others: %v, %v", name, info.Mode(), err)
		}
	}
	for _, pid := range []int{e.Postgres.PID(), e.Redis.PID()} {
		info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
		if err != nil {
			t.Fatal(err)
		}
		if info.Sys().(*syscall.Stat_t).Uid == 0 {
			t.Errorf("process %d runs as root", pid)
		}
	}
	pids := []int{e.Postgres.PID(), e.Redis.PID()}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !gone(pids[0]) || !gone(pids[1]) {
		t.Error("an engine outlived its stop")
	}
}

func TestSecondServerOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	start(t, dir)
	_, err := embedded.Start(t.Context(), options(filepath.Join(dir, "..", "data")))
	if !errors.Is(err, embedded.ErrInUse) {
		t.Fatalf("got %v", err)
	}
	if pid := fault.From(err).Args["pid"]; pid != strconv.Itoa(os.Getpid()) {
		t.Errorf("names process %v", pid)
	}
}

func TestKilledEnginesComeBackWithWhatWasCommitted(t *testing.T) {
	t.Parallel()
	e := start(t, folder(t))
	running, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(running) }()

	conn := connect(t, e)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	c := redisOf(t, e)
	for round := 1; round <= 2; round++ {
		if _, err := connect(t, e).Exec(t.Context(), "INSERT INTO kept VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		pg, rd := e.Postgres.PID(), e.Redis.PID()
		for _, pid := range []int{pg, rd} {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		eventually(t, "PostgreSQL is back", func() bool {
			conn, err := pgx.Connect(t.Context(), e.Postgres.URL("escuta"))
			if err != nil {
				return false
			}
			defer conn.Close(t.Context())
			var n int
			return conn.QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&n) == nil && n == round && e.Postgres.PID() != pg
		})
		eventually(t, "Redis is back", func() bool { return c.Ping(t.Context()).Err() == nil && e.Redis.PID() != rd })
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// server starts a server of its own process on dir; its engines' processes come
// back as the server tells them.
func server(t *testing.T, dir string) (cmd *exec.Cmd, postgres, redis int) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverDir+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &postgres, &redis); err != nil {
		t.Fatalf("the server says %q", line)
	}
	return cmd, postgres, redis
}

func kill9(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // says "signal: killed", which is what was wanted
}

func TestEnginesOfAKilledServerAreAdopted(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	cmd, pg, rd := server(t, dir)
	kill9(t, cmd)

	e := start(t, dir)
	if e.Postgres.PID() != pg || e.Redis.PID() != rd {
		t.Errorf("runs %d and %d, left were %d and %d", e.Postgres.PID(), e.Redis.PID(), pg, rd)
	}
	if err := connect(t, e).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !gone(pg) || !gone(rd) {
		t.Error("adopted engines outlived the stop")
	}
}

func TestEverythingKilledAtOnceStartsAgain(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	cmd, pg, rd := server(t, dir)
	kill9(t, cmd)
	for _, pid := range []int{pg, rd} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	e := start(t, dir) // at once: PostgreSQL's children may still hold its memory
	if e.Postgres.PID() == pg || e.Redis.PID() == rd {
		t.Error("a dead engine was adopted")
	}
	if err := redisOf(t, e).Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

func TestStalePidOfAnotherProgramIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	e := start(t, dir)
	if err := e.Postgres.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// As after a restart of a container: the number now belongs to this very test.
	for _, name := range []string{"postgres/postmaster.pid", "run/.s.PGSQL.5432.lock"} {
		path := filepath.Join(dir, name)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(content), "\n")
		if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := connect(t, start(t, dir)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLongDataFolderKeepsItsSocketsInAShortOne(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("long", 30))
	e := start(t, dir)
	if err := connect(t, e).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := redisOf(t, e).Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
	o, err := redis.ParseURL(e.Redis.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(o.Addr)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the sockets stayed: %v", err)
	}
}

func TestUnfinishedClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	half := filepath.Join(dir, "postgres.new")
	if err := os.MkdirAll(half, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := connect(t, start(t, dir)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := embedded.Start(ctx, options(dir)); err == nil {
		_ = e.Stop(t.Context())
		t.Fatal("started under a context that had ended")
	}
	// Nothing stays behind: neither the lock nor an engine.
	if err := connect(t, start(t, dir)).Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCommandBesideTheServerUsesItsEngines(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	e := start(t, dir)
	a, release, err := embedded.Reach(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	if a != e.Addresses() {
		t.Errorf("reached %+v, the server has %+v", a, e.Addresses())
	}
	if err := release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := connect(t, e).Ping(t.Context()); err != nil {
		t.Errorf("the command took the server's engine away: %v", err)
	}
	pids := []int{e.Postgres.PID(), e.Redis.PID()}
	if err := e.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}

	// Without a server it brings its own, for as long as it runs.
	a, release, err = embedded.Reach(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), a.Postgres)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())
	if err := release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), a.Postgres); err == nil || !gone(pids[0]) {
		t.Error("its engine outlived it")
	}
}
