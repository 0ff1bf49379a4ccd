// Package blob keeps the files that people send, each under the hash of its
// content, in a folder. What a file is called and whose it is stands in the
// database; no name that anybody chose ever reaches the file system.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gabriel-vasile/mimetype"

	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	// ErrNotFound means that there is no file of this hash, or that it is no hash.
	ErrNotFound = fault.New(fault.NotFound, "blob_not_found")
	// ErrTooLarge means that the file goes on beyond the limit (in bytes, argument "limit").
	ErrTooLarge = fault.New(fault.TooLarge, "file_too_large")
	// ErrFull means that the disk, or our share of it, is full.
	ErrFull = fault.New(fault.Unavailable, "storage_full")
)

// Ref is what the database remembers of a file.
type Ref struct {
	Hash string // SHA-256 of the content, in hexadecimal
	Size int64  // bytes
	Mime string // found by looking at the content; what the sender claimed is not asked
}

// Store is a folder of files. Several processes of one machine may use it at once.
type Store struct {
	dir string
}

// New opens the folder, and makes what is missing of it.
func New(dir string) (*Store, error) {
	s := &Store{dir: dir}
	if err := os.MkdirAll(s.incoming(), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of files: %w", err)
	}
	// All shelves are made at once, so that storing a file never has to sync a
	// folder's parent as well.
	for i := range 256 {
		if err := os.Mkdir(s.shelf(hex.EncodeToString([]byte{byte(i)})), 0o700); err != nil && !os.IsExist(err) {
			return nil, fmt.Errorf("make the folder of files: %w", err)
		}
	}
	if err := syncFolder(dir); err != nil {
		return nil, err
	}
	return s, nil
}

// Put stores what r gives, at most limit bytes of it, and returns when it is on
// disk: file and folder are synced, so a commit that mentions the file may
// follow. A file that is there already is only made young again, which keeps
// Sweep away from it until that commit. On any error nothing stays behind.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (Ref, error) {
	if err := s.roomy(); err != nil {
		return Ref{}, err
	}
	tmp, err := os.CreateTemp(s.incoming(), "")
	if err != nil {
		return Ref{}, stored("make a file", err)
	}
	defer os.Remove(tmp.Name()) // after the rename there is nothing of that name
	defer tmp.Close()

	in := &intake{ctx: ctx, from: io.LimitReader(r, limit+1), sum: sha256.New()}
	size, err := io.Copy(tmp, in)
	if err != nil {
		return Ref{}, stored("receive a file", err)
	}
	if size > limit {
		return Ref{}, ErrTooLarge.With("limit", limit)
	}
	if err := tmp.Sync(); err != nil {
		return Ref{}, stored("sync a file", err)
	}
	ref := Ref{Hash: hex.EncodeToString(in.sum.Sum(nil)), Size: size, Mime: mimetype.Detect(in.head).String()}
	return ref, s.shelve(tmp.Name(), ref.Hash)
}

// shelve moves a complete file to its place, in one step.
func (s *Store) shelve(tmp, name string) error {
	unlock, err := s.lock(syscall.LOCK_SH)
	if err != nil {
		return err
	}
	defer unlock()
	if err := os.Rename(tmp, s.path(name)); err != nil {
		return stored("put a file in its place", err)
	}
	return syncFolder(s.shelf(name))
}

// Open opens a file for reading; the caller closes it.
func (s *Store) Open(name string) (io.ReadSeekCloser, error) {
	if !isHash(name) {
		return nil, ErrNotFound
	}
	f, err := os.Open(s.path(name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open a stored file: %w", err)
	}
	return f, nil
}

func (s *Store) incoming() string         { return filepath.Join(s.dir, "incoming") }
func (s *Store) shelf(name string) string { return filepath.Join(s.dir, name[:2]) }
func (s *Store) path(name string) string  { return filepath.Join(s.shelf(name), name) }

// isHash lets nothing through that could be a path.
func isHash(name string) bool {
	if len(name) != 2*sha256.Size {
		return false
	}
	for _, c := range []byte(name) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// stored names the failures that somebody can do something about.
func stored(what string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return ErrFull.Because(fmt.Errorf("%s: %w", what, err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open a folder of files: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return stored("sync a folder of files", err)
	}
	return nil
}

// sniffed is how much of a file is looked at to tell its type; what mimetype
// looks at by default.
const sniffed = 3072

// intake reads for Put: it stops with its context, sums up what passes and
// remembers the beginning. A whole file is never in memory.
type intake struct {
	ctx  context.Context
	from io.Reader
	sum  hash.Hash
	head []byte
}

func (in *intake) Read(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := in.from.Read(p)
	in.sum.Write(p[:n])
	if room := sniffed - len(in.head); room > 0 {
		in.head = append(in.head, p[:min(n, room)]...)
	}
	return n, err
}
