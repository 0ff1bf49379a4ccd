package spool

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/fault"
)

func newPool(t testing.TB, limit int64) *Pool {
	t.Helper()
	p, err := New(filepath.Join(t.TempDir(), "spool"), limit)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// left are the files that have a name in the spool's folder.
func (p *Pool) left(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// Whatever its size and however its bytes come in, it is held whole or refused
// as too large, and no file is left.
func TestWhatIsReadIsHeldWhole(t *testing.T) {
	t.Parallel()
	const limit = Head + 50_000
	p := newPool(t, limit)
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(Head-2, Head+2), rapid.IntRange(limit-2, limit+2)).Draw(r, "size")
		text := bytes.Repeat([]byte{byte(size)}, size)
		var from io.Reader = bytes.NewReader(text)
		if rapid.Bool().Draw(r, "in halves") {
			from = iotest.HalfReader(from)
		}
		held, err := p.Read(t.Context(), from)
		if size > limit {
			if !errors.Is(err, ErrTooLarge) || fault.From(err).Args["limit"] != int64(limit) {
				r.Fatalf("%d bytes: %v", size, err)
			}
			return
		}
		if err != nil || !bytes.Equal(held.Bytes, text) {
			r.Fatalf("%d bytes: %v", size, err)
		}
		held.Release()
		held.Release() // twice is once
		if held.Bytes != nil {
			r.Fatal("it is still held")
		}
	})
	if n := p.left(t); n != 0 {
		t.Errorf("%d files are left", n)
	}
	if !p.memory.TryAcquire(p.budget) {
		t.Error("some of the memory was not given back")
	}
}

// A sender's error comes back as it is, and what it took is free again.
func TestAnErrorOfTheSenderComesBack(t *testing.T) {
	t.Parallel()
	p := newPool(t, 1<<20)
	broken := errors.New("the line broke")
	for _, after := range []int{0, 10, Head, Head + 1000} {
		_, err := p.Read(t.Context(), io.MultiReader(strings.NewReader(strings.Repeat("x", after)), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", after, err)
		}
	}
	if n := p.left(t); n != 0 || !p.memory.TryAcquire(p.budget) || !p.files.TryAcquire(files) {
		t.Errorf("%d files are left, or a place is", n)
	}
}

// What all hold together is bounded: who comes later waits until somebody has
// released what they held, or gives up.
func TestMemoryIsWaitedFor(t *testing.T) {
	t.Parallel()
	const limit = 20 << 20
	p := newPool(t, limit)
	whole := func() io.Reader { return io.LimitReader(endless{}, limit) }
	one, err := p.Read(t.Context(), whole())
	if err != nil {
		t.Fatal(err)
	}
	two, err := p.Read(t.Context(), whole())
	if err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := p.Read(impatient, whole()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third one: %v", err)
	}
	third := make(chan error, 1)
	go func() {
		held, err := p.Read(t.Context(), whole())
		if err == nil {
			held.Release()
		}
		third <- err
	}()
	small, err := p.Read(t.Context(), strings.NewReader("pouco"))
	if err != nil || string(small.Bytes) != "pouco" {
		t.Errorf("what is small waits for nobody: %v", err)
	}
	one.Release()
	if err := <-third; err != nil {
		t.Error(err)
	}
	two.Release()
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A disk that is full is said to be so: the sender keeps the mail and tries again.
func TestAFullDiskPasses(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{syscall.ENOSPC, &os.PathError{Op: "write", Path: "in-1", Err: syscall.EDQUOT}} {
		if err := full(cause); !errors.Is(err, ErrFull) || fault.From(err).Kind != fault.Unavailable {
			t.Errorf("%v became %v", cause, err)
		}
	}
	p := newPool(t, 1<<20)
	if err := os.Remove(p.dir); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Read(t.Context(), io.LimitReader(endless{}, Head+1)); err == nil {
		t.Error("without a folder it is held all the same")
	}
}
