package embedded

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// running is the process id of this cluster's postmaster, 0 when there is none.
func (p *Postgres) running() int {
	pid := p.recordedPid()
	if pid == 0 || !alive(pid) {
		return 0
	}
	cmdline, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return 0
	}
	args := strings.Split(string(cmdline), "\x00")
	i := slices.Index(args, "-D")
	if i < 0 || i+1 >= len(args) || !sameFolder(args[i+1], p.opts.Dir) {
		return 0
	}
	return pid
}

func (p *Postgres) pidFile() string { return filepath.Join(p.opts.Dir, "postmaster.pid") }

func (p *Postgres) recordedPid() int {
	content, err := os.ReadFile(p.pidFile())
	if err != nil {
		return 0
	}
	line, _, _ := bytes.Cut(content, []byte("\n"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(line)))
	return max(pid, 0)
}

// freeStalePid helps PostgreSQL over a lock file whose number now belongs to
// some other program, as is common after a restart of a container: it would
// refuse to start. Removing the file would also remove its check for surviving
// children by their shared memory, so only the number is replaced, by one that
// no process can have.
//
// Failing costs nothing: PostgreSQL then says itself what is in its way.
func (p *Postgres) freeStalePid() {
	pid := p.recordedPid()
	if pid == 0 || !alive(pid) || p.running() != 0 {
		return
	}
	for _, file := range []string{p.pidFile(), filepath.Join(p.opts.Sockets, ".s.PGSQL.5432.lock")} {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		_, rest, _ := bytes.Cut(content, []byte("\n"))
		const beyondPidMax = "4194305\n"
		f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0) // keeps the owner and the mode
		if err != nil {
			continue
		}
		_, _ = f.Write(append([]byte(beyondPidMax), rest...))
		_ = f.Close()
	}
}

func sameFolder(a, b string) bool {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(ia, ib)
}

// lastLines is the end of a log, for the error that says why an engine did not start.
func lastLines(file string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], " | ")
}
