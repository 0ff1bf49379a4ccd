package delivery

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// journal is what a node notes on its own disk the moment a relay has taken a
// mail over, before the database learns of it: so a crash in between sends
// nothing twice. There is one file a process, locked as long as it lives; the
// name is the node's. A file that can be locked by another is a dead node's.
type journal struct {
	node string
	dir  string
	file *os.File
	mu   sync.Mutex
}

const journalSuffix = ".sent"

// handed is one line of a journal: this row, under this fence, was taken over.
type handed struct {
	id, fence int64
	answer    string
}

// openJournal begins this process's journal in a folder, which other processes
// may share.
func openJournal(dir string) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the journal: %w", err)
	}
	j := &journal{node: strings.ToLower(rand.Text()[:16]), dir: dir}
	// It gets its name when it is locked: nobody finds one that is not.
	f, err := os.CreateTemp(dir, "journal")
	if err != nil {
		return nil, fmt.Errorf("begin the journal of what was sent: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = os.Rename(f.Name(), j.path(j.node))
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock the journal of what was sent: %w", err)
	}
	j.file = f
	return j, nil
}

func (j *journal) path(node string) string { return filepath.Join(j.dir, node+journalSuffix) }

// note keeps that a mail was taken over. It survives the death of the process
// when it is written, and that of the machine when it is synced.
func (j *journal) note(h handed) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	answer := strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, h.answer)
	if len(answer) > 200 {
		answer = answer[:200]
	}
	// One write a line, at the end of what is there.
	at, err := j.file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = j.file.WriteAt(fmt.Appendf(nil, "%d %d %s\n", h.id, h.fence, answer), at)
	}
	if err != nil {
		return fmt.Errorf("note in the journal that %d was sent: %w", h.id, err)
	}
	return j.file.Sync()
}

// dead opens the journals that dead nodes have left. Each is locked until its
// release: two nodes that share a folder do not both settle it. release(true)
// also takes the file away.
func (j *journal) dead() (all []deadJournal, err error) {
	paths, err := filepath.Glob(filepath.Join(j.dir, "*"+journalSuffix))
	if err != nil {
		return nil, fmt.Errorf("look for journals: %w", err)
	}
	for _, path := range paths {
		node := strings.TrimSuffix(filepath.Base(path), journalSuffix)
		if node == j.node {
			continue
		}
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return all, fmt.Errorf("open the journal of node %s: %w", node, err)
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			f.Close() // it lives
			continue
		}
		entries, err := readJournal(f)
		if err != nil {
			f.Close()
			return all, fmt.Errorf("read the journal of node %s: %w", node, err)
		}
		all = append(all, deadJournal{node: node, entries: entries, release: func(settled bool) {
			if settled {
				_ = os.Remove(path)
			}
			f.Close()
		}})
	}
	return all, nil
}

// deadJournal is what a node had noted when it died.
type deadJournal struct {
	node    string
	entries []handed
	release func(settled bool)
}

// readJournal reads the whole lines; half a line is one that the crash cut off,
// which the sender had not finished noting.
func readJournal(f *os.File) (entries []handed, err error) {
	lines := bufio.NewReader(f)
	for {
		text, err := lines.ReadString('\n')
		if err != nil {
			return entries, nil // the end, or half a line
		}
		var h handed
		if n, _ := fmt.Sscanf(text, "%d %d", &h.id, &h.fence); n == 2 {
			parts := strings.SplitN(strings.TrimSpace(text), " ", 3)
			if len(parts) == 3 {
				h.answer = parts[2]
			}
			entries = append(entries, h)
		}
	}
}

// empty begins the journal anew: all that it holds is in the database.
func (j *journal) empty() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Truncate(0)
}

func (j *journal) size() int64 {
	info, err := j.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// close ends the journal; one that holds nothing leaves no file.
func (j *journal) close() error {
	if j.size() == 0 {
		_ = os.Remove(j.path(j.node))
	}
	return j.file.Close()
}
