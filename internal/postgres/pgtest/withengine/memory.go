package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// room is what a memory file system must have free to be used, in bytes. All
// packages together need some two gigabytes.
const room = 8 << 30

// inMemory lets this process and those it starts make their temporary files in
// memory where there is room: a database is 800 files, which take twenty times as
// long to make on a disk. What Go builds with stays on the disk. The folder has
// always the same name, because results that Go keeps hang on TMPDIR; it is
// shared, and the last to leave clears it, as does the first to come after all
// were killed.
func inMemory() (leave func(), err error) {
	var fs syscall.Statfs_t
	err = syscall.Statfs("/dev/shm", &fs)
	if os.Getenv("TMPDIR") != "" || err != nil || uint64(fs.Bsize)*fs.Bavail < room {
		return func() {}, nil // the disk, then
	}
	dir := fmt.Sprintf("/dev/shm/escuta-tests-%d", os.Getuid())
	// Beside the folder, not in it: nobody may clear away what others wait for.
	lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the temporary files: %w", err)
	}
	clear := func() {
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
	}
	clear()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH); err != nil {
		return nil, fmt.Errorf("lock the temporary files: %w", err)
	}
	for name, value := range map[string]string{"GOTMPDIR": os.TempDir(), "TMPDIR": filepath.Join(dir, "t")} {
		if err := os.Setenv(name, value); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	if err := os.MkdirAll(os.TempDir(), 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of temporary files: %w", err)
	}
	// Engines run as another user when root tests.
	if err := os.Chmod(os.TempDir(), 0o777|os.ModeSticky); err != nil {
		return nil, fmt.Errorf("open the folder of temporary files: %w", err)
	}
	return clear, nil
}
