package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const scratchPrefix = "escuta-pgtest-"

// scratch is a folder for the engine of this process. There is no hook for "the
// last test has ended", so it is the next process that clears the folders of
// those that are gone: whoever lives holds a lock in its own.
func scratch() (string, error) {
	sweep()
	dir, err := os.MkdirTemp("", scratchPrefix)
	if err != nil {
		return "", fmt.Errorf("make a folder for the test engine: %w", err)
	}
	// The engine's user walks through it, to a folder that only that user can read.
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", fmt.Errorf("open the folder of the test engine: %w", err)
	}
	if held, err := lock(dir); err != nil || !held {
		return "", fmt.Errorf("lock the folder of the test engine: %w", err)
	}
	return dir, nil
}

func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), scratchPrefix+"*"))
	for _, dir := range dirs {
		// A folder of this minute may belong to a process that has not locked it yet.
		if info, err := os.Stat(dir); err != nil || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		if held, err := lock(dir); err == nil && held {
			_ = os.RemoveAll(dir)
		}
	}
}

// lock holds for as long as this process lives; its file is never closed on purpose.
func lock(dir string) (held bool, err error) {
	fd, err := syscall.Open(filepath.Join(dir, "lock"), syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return false, err
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = syscall.Close(fd)
		return false, err
	}
	return true, nil
}
