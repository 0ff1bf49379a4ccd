package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Sweep removes files that nobody refers to and that have been there for
// longer than olderThan, and what broken uploads left behind. It returns how
// many it removed.
//
// A file is stored before the row that refers to it is committed, so olderThan
// has to be longer than any such transaction; a day is.
func (s *Store) Sweep(ctx context.Context, referenced func(ctx context.Context, hash string) (bool, error), olderThan time.Duration) (removed int, err error) {
	before := time.Now().Add(-olderThan)
	err = filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() {
			return ignoreGone(err)
		}
		broken := filepath.Dir(path) == s.incoming()
		if !broken && !isHash(d.Name()) {
			return nil // the lock, or something of somebody else's
		}
		if young(path, before) {
			return nil
		}
		if !broken {
			used, err := referenced(ctx, d.Name())
			if err != nil {
				return fmt.Errorf("ask whether a file is still referred to: %w", err)
			}
			if used {
				return nil
			}
		}
		gone, err := s.removeOld(path, before)
		if gone {
			removed++
		}
		return err
	})
	if err != nil {
		return removed, fmt.Errorf("sweep the files: %w", err)
	}
	return removed, nil
}

// removeOld looks again at the age, alone: meanwhile somebody may have sent the
// same content once more and been told that it is stored.
func (s *Store) removeOld(path string, before time.Time) (bool, error) {
	unlock, err := s.lock(syscall.LOCK_EX)
	if err != nil {
		return false, err
	}
	defer unlock()
	if young(path, before) {
		return false, nil
	}
	if err := os.Remove(path); err != nil {
		return false, ignoreGone(err)
	}
	return true, nil
}

// young also says yes to a file that is not there any more.
func young(path string, before time.Time) bool {
	info, err := os.Stat(path)
	return err != nil || !info.ModTime().Before(before)
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// lock holds the store, shared for putting a file in its place and alone for
// removing one, against other goroutines and other processes alike.
func (s *Store) lock(how int) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, stored("open the lock of the files", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the files: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
