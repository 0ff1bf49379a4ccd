package delivery

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// LeaveJournal leaves what a node that was killed had noted; the last line may
// be cut off.
func LeaveJournal(t testing.TB, dir, node string, lines ...string) {
	t.Helper()
	text := strings.Join(lines, "\n")
	if len(lines) == 1 {
		text += "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, node+journalSuffix), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Order is what an acknowledger does about events.
var Order = (*Acknowledger).order
