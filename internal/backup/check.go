package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// Check reads the whole backup in dir and compares it with its manifest: every
// hash, and every count of rows.
func Check(ctx context.Context, dir string, progress Progress) (Manifest, error) {
	m, err := Read(dir)
	if err != nil {
		return m, err
	}
	all, done := int64(len(m.Tables)+len(m.Files)), int64(0)
	for _, t := range m.Tables {
		if err := t.check(ctx, dir); err != nil {
			return m, err
		}
		done++
		progress.tell(StepCheck, done, all)
	}
	for _, f := range m.Files {
		if err := f.check(ctx, dir); err != nil {
			return m, err
		}
		done++
		progress.tell(StepCheck, done, all)
	}
	return m, nil
}

func (t Table) check(ctx context.Context, dir string) error {
	part, err := t.open(ctx, dir)
	if err != nil {
		return err
	}
	defer part.Close()
	if _, err := io.Copy(io.Discard, part); err != nil {
		return ErrDamaged.With("part", t.Name).Because(err)
	}
	return part.verdict()
}

func (f File) check(ctx context.Context, dir string) error {
	damaged := ErrDamaged.With("part", filesFolder+"/"+f.SHA256)
	in, err := f.open(dir)
	if err != nil {
		return damaged.Because(err)
	}
	defer in.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, reader{ctx, in})
	if err != nil {
		return damaged.Because(err)
	}
	if size != f.Size || hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		return damaged
	}
	return nil
}

func (f File) open(dir string) (*os.File, error) {
	if len(f.SHA256) != 2*sha256.Size || !within(f.SHA256) {
		return nil, fmt.Errorf("the manifest names a file %q", f.SHA256)
	}
	return os.Open(filePath(dir, f.SHA256))
}

// part is the COPY text of one table on its way out of the backup. It counts
// and hashes what passes.
type part struct {
	table Table
	ctx   context.Context
	file  *os.File
	zip   *zstd.Decoder
	sum   hash.Hash
	rows  int64
	bad   error // what kept it from being read
}

func (t Table) open(ctx context.Context, dir string) (*part, error) {
	if !within(t.Name) {
		return nil, ErrDamaged.With("part", manifestName)
	}
	f, err := os.Open(tablePath(dir, t.Name))
	if err != nil {
		return nil, ErrDamaged.With("part", t.Name).Because(err)
	}
	zip, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("unpack table %s: %w", t.Name, err)
	}
	return &part{table: t, ctx: ctx, file: f, zip: zip, sum: sha256.New()}, nil
}

func (p *part) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.zip.Read(b)
	p.sum.Write(b[:n])
	for _, c := range b[:n] {
		if c == '\n' { // COPY writes line breaks inside values as \n
			p.rows++
		}
	}
	if err != nil && err != io.EOF {
		p.bad = err
	}
	return n, err
}

func (p *part) Close() {
	p.zip.Close()
	_ = p.file.Close()
}

// verdict says whether all that has passed is what the manifest promised.
func (p *part) verdict() error {
	if p.rows != p.table.Rows || hex.EncodeToString(p.sum.Sum(nil)) != p.table.SHA256 {
		return ErrDamaged.With("part", p.table.Name)
	}
	return nil
}
