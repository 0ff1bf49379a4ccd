package pgtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Wall is the clock on the wall of an engine's machine, which a test may set.
type Wall struct {
	t    testing.TB
	file string
}

// EngineWithWall starts a private engine as Engine does, whose clock can be set
// while it runs, by libfaketime. Without that library the test fails.
func EngineWithWall(t testing.TB) (*Private, *Wall) {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*/faketime/libfaketime.so.1")
	if err != nil || len(found) == 0 {
		t.Fatal("libfaketime is missing (Debian: libfaketime)")
	}
	dir, err := os.MkdirTemp("", "escuta-wall-")
	if err == nil {
		err = os.Chmod(dir, 0o711) // the engine may run as another user
	}
	if err != nil {
		t.Fatalf("make a folder for the clock: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &Wall{t: t, file: filepath.Join(dir, "ahead")}
	w.Set(0)
	return Engine(t, "LD_PRELOAD="+found[0], "FAKETIME_TIMESTAMP_FILE="+w.file, "FAKETIME_CACHE_DURATION=1",
		"FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"), w
}

// Set puts the clock ahead of the true time, or behind it. Every process of the
// engine notices within about a second.
func (w *Wall) Set(ahead time.Duration) {
	w.t.Helper()
	next := w.file + ".next"
	err := os.WriteFile(next, fmt.Appendf(nil, "%+d", int(ahead.Seconds())), 0o644) // read by the engine's user
	if err == nil {
		err = os.Rename(next, w.file)
	}
	if err != nil {
		w.t.Fatalf("set the clock: %v", err)
	}
}
