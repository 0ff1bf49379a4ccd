package main

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary plays the program itself: with this variable it is main.
const beMain = "ESCUTA_TEST_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// served is a server in a process of its own.
type served struct {
	cmd  *exec.Cmd
	up   chan struct{} // closed when it has said where it is
	done chan struct{}

	mu  sync.Mutex
	log bytes.Buffer
}

func (s *served) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func serve(t *testing.T, environ ...string) *served {
	t.Helper()
	s := &served{cmd: exec.Command(os.Args[0], "serve"), up: make(chan struct{}), done: make(chan struct{})}
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), beMain + "=1"}, environ...)
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = s.cmd.Stdout
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		said := sync.OnceFunc(func() { close(s.up) })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if strings.HasPrefix(lines.Text(), "Escuta no ar") {
				said()
			}
		}
		_ = s.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.done
	})
	return s
}

func (s *served) wait(t *testing.T, what string, until <-chan struct{}) {
	t.Helper()
	select {
	case <-until:
	case <-time.After(time.Minute):
		t.Fatalf("never %s:\n%s", what, s.printed())
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func TestServeSurvivesItsOwnDeathAndStopsWhenAsked(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "escuta-serve-") // t.TempDir is closed to the engines' user
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data := filepath.Join(dir, "data")
	environ := []string{"ESCUTA_DATA_DIR=" + data, "ESCUTA_ADDR=" + freeAddress(t)}

	first := serve(t, environ...)
	first.wait(t, "up", first.up)
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.wait(t, "dead", first.done)

	second := serve(t, environ...)
	second.wait(t, "up again", second.up)
	if !strings.Contains(second.printed(), "adopted=true") {
		t.Errorf("the engines that were left running were not found:\n%s", second.printed())
	}
	if code, _, complaint := call(t, environ, "", "serve"); code != exitFail || !strings.Contains(complaint, data) {
		t.Errorf("a second server on the same folder: %d, %s", code, complaint)
	}
	if code, _, complaint := call(t, environ, "", "ping"); code != exitOK {
		t.Errorf("ping: %d, %s", code, complaint)
	}
	for range 2 { // as from a terminal and from what started us
		if err := second.cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	second.wait(t, "stopped", second.done)
	if code := second.cmd.ProcessState.ExitCode(); code != exitOK {
		t.Errorf("ended with %d:\n%s", code, second.printed())
	}
	if left, _ := filepath.Glob(filepath.Join(data, "postgres", "postmaster.pid")); len(left) > 0 {
		t.Error("its PostgreSQL is still running")
	}
}

func TestPortInUseIsSaid(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	environ := append(engineURLs(t), "ESCUTA_ADDR="+ln.Addr().String())
	if code, out, complaint := call(t, environ, "", "serve"); code != exitFail || !strings.Contains(complaint, "address already in use") {
		t.Errorf("%d, %s%s", code, out, complaint)
	}
}
