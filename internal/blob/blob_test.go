package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/fault"
)

func open(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "blobs")
	s, err := blob.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

// files lists all regular files of the store except its lock.
func files(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && d.Name() != "lock" {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func TestWhatIsPutComesBack(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	rapid.Check(t, func(t *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 9000).Draw(t, "content")
		ref, err := s.Put(context.Background(), iotest.OneByteReader(bytes.NewReader(content)), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		if ref.Hash != hashOf(content) || ref.Size != int64(len(content)) || ref.Mime == "" {
			t.Fatalf("got %+v", ref)
		}
		f, err := s.Open(ref.Hash)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if back, err := io.ReadAll(f); err != nil || !bytes.Equal(back, content) {
			t.Fatalf("%d bytes came back, %v", len(back), err)
		}
	})
}

func TestAttack83NamesNeverReachTheFileSystem(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	if err := os.WriteFile(outside, []byte("not yours"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"", ".", "..", "lock", "../outside", "incoming", "/etc/passwd", "..%2foutside", "a\x00b", strings.Repeat("A", 64),
		strings.Repeat("../", 20) + "etc", "../" + strings.Repeat("a", 61), strings.Repeat("a", 63), strings.Repeat("g", 64), strings.Repeat("a", 65),
	} {
		if f, err := s.Open(name); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%q: %v, %v", name, f, err)
		}
	}
}

func TestAttack83LinkInPlaceOfAFileIsReplaced(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	content := []byte("the content")
	victim := filepath.Join(filepath.Dir(dir), "victim")
	if err := os.WriteFile(victim, []byte("untouched"), 0o600); err != nil {
		t.Fatal(err)
	}
	name := hashOf(content)
	if err := os.Symlink(victim, filepath.Join(dir, name[:2], name)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), bytes.NewReader(content), 100); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadFile(victim); err != nil || string(left) != "untouched" {
		t.Errorf("wrote through the link: %q, %v", left, err)
	}
}

func TestAttack85SizesAroundTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	for _, size := range []int{0, 1, limit - 1, limit, limit + 1, 2 * limit} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			s, dir := open(t)
			_, err := s.Put(t.Context(), io.LimitReader(zeros{}, int64(size)), limit)
			if size <= limit {
				if err != nil || len(files(t, dir)) != 1 {
					t.Errorf("got %v, files %v", err, files(t, dir))
				}
				return
			}
			if !errors.Is(err, blob.ErrTooLarge) || fault.From(err).Args["limit"] != int64(limit) {
				t.Errorf("got %v", err)
			}
			if left := files(t, dir); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestAttack85EndlessSenderIsCutOffAtTheLimit(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	sender := &counting{from: zeros{}}
	if _, err := s.Put(t.Context(), sender, 1<<20); !errors.Is(err, blob.ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
	if sender.n > 1<<20+1 {
		t.Errorf("read %d bytes beyond a limit of %d", sender.n, 1<<20)
	}
}

func TestAttack85BrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	gone := errors.New("connection reset")
	if _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("half of"), iotest.ErrReader(gone)), 100); !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Put(late, strings.NewReader("never read"), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTypeIsFoundInTheContent(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	for content, want := range map[string]string{
		"":                                  "text/plain",
		"plain":                             "text/plain; charset=utf-8",
		"%PDF-1.7\n":                        "application/pdf",
		"\x89PNG\r\n\x1a\n":                 "image/png",
		"<html><script>alert(1)</script>":   "text/html; charset=utf-8",
		"MZ\x90\x00" + string(zeroes(4096)): "application/vnd.microsoft.portable-executable",
	} {
		ref, err := s.Put(t.Context(), strings.NewReader(content), 1<<20)
		if err != nil || ref.Mime != want {
			t.Errorf("%.20q is %q, %v; want %q", content, ref.Mime, err, want)
		}
	}
}

func TestSameContentFromManyAtOnceIsOneFile(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	content := bytes.Repeat([]byte("same "), 50_000)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			ref, err := s.Put(context.Background(), bytes.NewReader(content), 1<<20)
			if err != nil || ref.Hash != hashOf(content) {
				t.Errorf("got %+v, %v", ref, err)
			}
		})
	}
	all.Wait()
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files: %v", got)
	}
}

// On a file system of fixed size, which only root can make: /dev/full stands in
// for it, as it answers every write with "no space".
func TestFullDiskIsSaidPlainly(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	_, err = full.Write([]byte("x"))
	if err := blob.Stored("receive a file", err); !errors.Is(err, blob.ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
}

func TestSweepRemovesOnlyWhatIsOldAndUnused(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	put := func(content string, age time.Duration) string {
		ref, err := s.Put(t.Context(), strings.NewReader(content), 100)
		if err != nil {
			t.Fatal(err)
		}
		makeOld(t, filepath.Join(dir, ref.Hash[:2], ref.Hash), age)
		return ref.Hash
	}
	used, unused, young := put("used", 48*time.Hour), put("unused", 48*time.Hour), put("young", time.Hour)
	again := put("again", 48*time.Hour)
	put("again", 0) // sent once more, and its row is not committed yet
	broken := filepath.Join(dir, "incoming", "123")
	if err := os.WriteFile(broken, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	makeOld(t, broken, 48*time.Hour)

	removed, err := s.Sweep(t.Context(), func(_ context.Context, hash string) (bool, error) { return hash == used, nil }, 24*time.Hour)
	if err != nil || removed != 2 {
		t.Fatalf("removed %d, %v", removed, err)
	}
	for hash, stays := range map[string]bool{used: true, unused: false, young: true, again: true} {
		f, err := s.Open(hash)
		if stays != (err == nil) {
			t.Errorf("%s: %v", hash, err)
		}
		if err == nil {
			_ = f.Close()
		}
	}
	if _, err := os.Stat(broken); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a broken upload stayed: %v", err)
	}
}

func TestSweepThatCannotAskRemovesNothing(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	ref, err := s.Put(t.Context(), strings.NewReader("x"), 100)
	if err != nil {
		t.Fatal(err)
	}
	makeOld(t, filepath.Join(dir, ref.Hash[:2], ref.Hash), 48*time.Hour)
	away := errors.New("the database is away")
	if _, err := s.Sweep(t.Context(), func(context.Context, string) (bool, error) { return false, away }, time.Hour); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	if len(files(t, dir)) != 1 {
		t.Error("removed all the same")
	}
}

func TestSweepAndPutOfTheSameContentNeverLoseIt(t *testing.T) {
	t.Parallel()
	s, dir := open(t)
	const content = "contested"
	path := filepath.Join(dir, hashOf([]byte(content))[:2], hashOf([]byte(content)))
	unused := func(context.Context, string) (bool, error) { return false, nil }
	for range 50 {
		if _, err := s.Put(t.Context(), strings.NewReader(content), 100); err != nil {
			t.Fatal(err)
		}
		makeOld(t, path, 48*time.Hour)
		var both sync.WaitGroup
		both.Go(func() { _, _ = s.Sweep(context.Background(), unused, time.Hour) })
		if _, err := s.Put(t.Context(), strings.NewReader(content), 100); err != nil {
			t.Fatal(err)
		}
		both.Wait()
		if _, err := os.Stat(path); err != nil {
			t.Fatal("a file that was reported as stored is gone")
		}
	}
}

func makeOld(t *testing.T, path string, age time.Duration) {
	t.Helper()
	at := time.Now().Add(-age)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func zeroes(n int) []byte { return make([]byte, n) }

type counting struct {
	from io.Reader
	n    int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += n
	return n, err
}
