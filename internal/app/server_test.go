package app_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// binary is the program as people run it: ESCUTA_BIN, or built once.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("ESCUTA_BIN"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "escuta-binary-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "escuta")
	out, err := exec.Command("go", "build", "-o", path, "github.com/escuta-sac/escuta/cmd/escuta").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return path, nil
})

// built is the folder of the binary, when the tests have made it.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built)
	}
	os.Exit(code)
}

// server is the program in a process of its own, which may be killed and
// started again. It listens wherever there is room, so its address changes.
type server struct {
	t       testing.TB
	dir     string // its data folder
	environ []string

	mu      sync.Mutex
	run     *process
	address string
	mail    string // where it receives mail, when it does
	log     bytes.Buffer
}

// process is one life of a server.
type process struct {
	cmd      *exec.Cmd
	up, done chan struct{}
	asked    atomic.Bool // to end, by whatever signal
}

// newServer starts a server on a data folder of its own. Without the addresses
// of engines it brings its own, which end with the test.
func newServer(t testing.TB, environ ...string) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "escuta-app-") // t.TempDir is closed to the engines' user
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &server{t: t, dir: filepath.Join(dir, "data"), environ: environ}
	t.Cleanup(s.end)
	s.start()
	return s
}

// start begins a life and waits until it serves.
func (s *server) start() {
	s.t.Helper()
	p := s.launch()
	select {
	case <-p.up:
	case <-p.done:
		s.t.Fatalf("the server ended at its start:\n%s", s.printed())
	case <-time.After(90 * time.Second):
		s.t.Fatalf("the server never served:\n%s", s.printed())
	}
	s.mu.Lock()
	s.run = p
	s.mu.Unlock()
}

func (s *server) command() *exec.Cmd {
	s.t.Helper()
	path, err := binary()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, "serve")
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "ESCUTA_DATA_DIR=" + s.dir, "ESCUTA_ADDR=127.0.0.1:0",
		"ESCUTA_BASE_URL=http://escuta.test", "ESCUTA_PUBLIC_LIMIT=0",
	}, s.environ...)
	return cmd
}

func (s *server) launch() *process {
	s.t.Helper()
	p := &process{cmd: s.command(), up: make(chan struct{}), done: make(chan struct{})}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	// Should the tests be killed, it stops in good order, its engines with it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the death signal is that of the thread
		err := p.cmd.Start()
		started <- err
		if err == nil {
			s.listen(p, bufio.NewScanner(out))
			_ = p.cmd.Wait() // how it ended is in its state
			select {
			case <-p.up:
				if !p.asked.Load() {
					log := s.printed()
					s.t.Errorf("the server ended by itself (%v):\n%s", p.cmd.ProcessState, log[max(0, len(log)-3000):])
				}
			default: // it never served, which whoever starts it looks after
			}
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		s.t.Fatal(err)
	}
	return p
}

// listen keeps what the process prints and finds in it where it serves. That it
// panics, or races (when it was built to notice), fails the test.
func (s *server) listen(p *process, lines *bufio.Scanner) {
	for lines.Scan() {
		line := lines.Text()
		s.mu.Lock()
		s.log.WriteString(line + "\n")
		_, address, found := strings.Cut(line, "msg=serving address=")
		if found {
			s.address = strings.TrimSpace(address)
		}
		if _, mail, ok := strings.Cut(line, `msg="receiving mail" address=`); ok {
			s.mail = strings.TrimSpace(mail)
		}
		s.mu.Unlock()
		if found {
			close(p.up)
		}
		if strings.Contains(line, "DATA RACE") || strings.HasPrefix(line, "panic:") {
			s.t.Errorf("the server says: %s", line)
		}
	}
}

func (s *server) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func (s *server) life() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run
}

// at is where a path is served now.
func (s *server) at(scheme, path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return scheme + "://" + s.address + path
}

// mailAt is where mail is received now.
func (s *server) mailAt() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mail
}

// crash kills the server and nothing else, and waits until it is gone.
func (s *server) crash() {
	p := s.life()
	p.asked.Store(true)
	_ = p.cmd.Process.Kill()
	<-p.done
}

// terminate asks the server to finish.
func (s *server) terminate() {
	p := s.life()
	p.asked.Store(true)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Error(err)
	}
}

// end stops the server, and with it engines of its own, whatever state the test
// has left them in.
func (s *server) end() {
	p := s.life()
	if p == nil {
		return
	}
	select {
	case <-p.done:
	default:
		p.asked.Store(true)
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(45 * time.Second):
			s.t.Error("the server does not end")
			s.crash()
		}
	}
	for _, engine := range []string{postgresEngine, redisEngine} {
		if pid, err := s.engine(engine); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	if s.t.Failed() {
		log := s.printed()
		s.t.Logf("the server printed at last:\n%s", log[max(0, len(log)-8000):])
	}
}

// The files in which the engines of a data folder keep their process ids.
const (
	postgresEngine = "postgres/postmaster.pid"
	redisEngine    = "redis/redis.pid"
)

// engine is the process of a private engine that runs.
func (s *server) engine(name string) (int, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return 0, err
	}
	return pid, syscall.Kill(pid, 0)
}

// killEngine ends a private engine as the kernel would for want of memory.
func (s *server) killEngine(name string) {
	s.t.Helper()
	pid, err := s.engine(name)
	if err == nil {
		err = syscall.Kill(pid, syscall.SIGKILL)
	}
	if err != nil {
		s.t.Errorf("kill %s: %v", name, err)
	}
}

// ready reports whether the server says that it can be sent requests, with all
// engines up.
func (s *server) ready() error {
	answer, err := http.Get(s.at("http", "/readyz"))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		return err
	}
	if !strings.Contains(body.String(), `"ok"`) {
		return errors.New(body.String())
	}
	return nil
}

// eventually asks until the answer is no error, and ends the test when it still
// is after a while that no machine should need.
func eventually(t testing.TB, what string, ask func() error) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: still %v", what, err)
		}
	}
}
