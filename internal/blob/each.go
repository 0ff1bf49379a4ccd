package blob

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Each calls fn for every file that is stored, in the order of their hashes,
// until fn fails. Files that come meanwhile may be left out.
func (s *Store) Each(ctx context.Context, fn func(hash string, size int64) error) error {
	err := filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || d.IsDir() || !isHash(d.Name()) || filepath.Dir(path) == s.incoming() {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		return fn(d.Name(), info.Size())
	})
	if err != nil {
		return fmt.Errorf("go through the files: %w", err)
	}
	return nil
}
