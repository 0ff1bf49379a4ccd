package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is a running engine: a child of ours, or one that an earlier,
// killed server of ours left behind and that was adopted.
type process struct {
	pid  int
	done chan struct{} // closed when it has ended
}

// maxLog is the size from which the log of an engine is put aside at its next
// start. They print little: warnings and errors.
const maxLog = 10 << 20

// launch starts a program whose output goes to the end of logFile.
//
// It gets a session of its own: a Ctrl-C at the terminal would otherwise reach
// the engines as well, and they would go before the server has finished its work.
func launch(path string, args, environ []string, user *syscall.Credential, logFile string, dieWithUs bool) (*process, error) {
	if info, err := os.Stat(logFile); err == nil && info.Size() > maxLog {
		_ = os.Rename(logFile, logFile+".old") // else it only goes on growing
	}
	out, err := os.OpenFile(logFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", path, err)
	}
	defer out.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	cmd.Env = append(environment(), environ...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: user}
	if dieWithUs {
		cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	}

	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel sends the death signal when the starting *thread* ends, so
		// that thread must stay for as long as the engine lives.
		runtime.LockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid = cmd.Process.Pid
		}
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, nil
}

// environment is ours without what would change an engine from outside (PGDATA,
// PGPORT, PGOPTIONS, a locale that the machine does not have).
func environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=/"}
}

// adopt watches a process that is not our child.
func adopt(pid int) *process {
	p := &process{pid: pid, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		t := time.NewTicker(50 * time.Millisecond)
		defer t.Stop()
		for alive(pid) {
			<-t.C
		}
	}()
	return p
}

// alive reports whether the process exists. A zombie does not count: it holds
// nothing any more, and who its parent is, is not our affair.
func alive(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	for i := len(stat) - 1; i > 1; i-- { // the state follows the name, which may hold any character
		if stat[i] == ')' && i+2 < len(stat) {
			return stat[i+2] != 'Z'
		}
	}
	return true
}

// stop sends the signals one after another until the process has ended, giving
// each its patience; ctx cuts the patience short, not the stopping.
func (p *process) stop(ctx context.Context, patience time.Duration, signals ...syscall.Signal) error {
	for _, s := range signals {
		if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal process %d: %w", p.pid, err)
		}
		timer := time.NewTimer(patience)
		select {
		case <-p.done:
			timer.Stop()
			return nil
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(5 * time.Second):
		return fmt.Errorf("process %d does not end", p.pid)
	}
}

// await calls ready until it says yes, the process ends, or ctx does.
func (p *process) await(ctx context.Context, ready func(context.Context) bool) error {
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for !ready(ctx) {
		select {
		case <-t.C:
		case <-p.done:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

var errEnded = errors.New("the engine ended while it was starting")
