// Package spool holds what is coming in until it is whole, so that many large
// mails at once need disk and not memory.
//
// What is small is read into memory. What goes on is written to a file without a
// name, which ends with the process, and is read back only when it is whole and
// its size fits into what all whole ones may take together. So the memory is at
// most Head for each that is being read, plus the budget, however many come.
package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sync/semaphore"

	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	// ErrTooLarge means that it goes on beyond the limit (in bytes, argument "limit").
	ErrTooLarge = fault.New(fault.TooLarge, "mail_over_limit")
	// ErrFull means that the disk is.
	ErrFull = fault.New(fault.Unavailable, "spool_full")
)

const (
	// Head is how many bytes of each are read into memory before a file is used.
	Head = 256 << 10
	// files is how many may be coming in through a file at once; the others wait.
	// The disk they need is at most this times the limit.
	files = 32
	// leastBudget is what whole ones may take together when the limit is low.
	leastBudget = 32 << 20
)

// Pool bounds what is held by all who share it.
type Pool struct {
	dir    string
	limit  int64
	budget int64
	memory *semaphore.Weighted
	files  *semaphore.Weighted
}

// New makes a pool whose files are in dir, and in which nothing is larger than
// limit bytes. Whole ones take at most twice the limit together.
func New(dir string, limit int64) (*Pool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the spool: %w", err)
	}
	budget := max(2*limit, leastBudget)
	return &Pool{dir, limit, budget, semaphore.NewWeighted(budget), semaphore.NewWeighted(files)}, nil
}

// Limit is the largest size, in bytes.
func (p *Pool) Limit() int64 { return p.limit }

// Held is something whole, in memory until Release.
type Held struct {
	Bytes   []byte
	release func()
}

// Release gives its memory back. The bytes must not be used afterwards.
func (h *Held) Release() {
	h.Bytes = nil
	if h.release != nil {
		h.release()
		h.release = nil
	}
}

// Read takes all that r gives. It waits for its turn when much is held already,
// until ctx ends. An error of r comes back as it is.
func (p *Pool) Read(ctx context.Context, r io.Reader) (*Held, error) {
	var head bytes.Buffer
	n, err := io.Copy(&head, io.LimitReader(r, min(Head, p.limit+1)))
	if err != nil {
		return nil, err
	}
	if n > p.limit {
		return nil, ErrTooLarge.With("limit", p.limit)
	}
	if n < Head {
		return &Held{Bytes: head.Bytes()}, nil
	}
	// What fills the head exactly may end there; a file that stays that short does no harm.
	if err := p.files.Acquire(ctx, 1); err != nil {
		return nil, fmt.Errorf("wait for room in the spool: %w", err)
	}
	defer p.files.Release(1)
	f, err := p.file()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Write(head.Bytes()); err != nil {
		return nil, full(err)
	}
	head = bytes.Buffer{}
	rest, err := io.Copy(onlyWriter{f}, io.LimitReader(r, p.limit-n+1))
	if err != nil {
		return nil, full(err)
	}
	size := n + rest
	if size > p.limit {
		return nil, ErrTooLarge.With("limit", p.limit)
	}
	return p.load(ctx, f, size)
}

// load reads a whole file back once its size fits.
func (p *Pool) load(ctx context.Context, f *os.File, size int64) (*Held, error) {
	if err := p.memory.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("wait for memory: %w", err)
	}
	held := &Held{Bytes: make([]byte, size), release: func() { p.memory.Release(size) }}
	if _, err := f.ReadAt(held.Bytes, 0); err != nil {
		held.Release()
		return nil, fmt.Errorf("read the spool back: %w", err)
	}
	return held, nil
}

// file makes a file that has no name any more.
func (p *Pool) file() (*os.File, error) {
	f, err := os.CreateTemp(p.dir, "in-*")
	if err != nil {
		return nil, full(err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("take the name off a spooled file: %w", err)
	}
	return f, nil
}

// onlyWriter hides from io.Copy that a file can read by itself, which would hide
// whose an error was.
type onlyWriter struct{ io.Writer }

// full tells a full disk from other errors.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrFull.Because(err)
	}
	return err
}
