package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Write makes a backup in dir, which must be empty or not there yet. When it
// fails, what it has written stays without a manifest, and is no backup.
func Write(ctx context.Context, db *postgres.DB, files *blob.Store, dir string, progress Progress) (Manifest, error) {
	m := Manifest{Format: format}
	if err := prepare(dir); err != nil {
		return m, err
	}
	var err error
	if m.Schema, err = postgres.Version(ctx, db); err != nil {
		return m, err
	}
	var named map[string]bool
	err = pgx.BeginTxFunc(ctx, db.Pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := m.takeTables(ctx, tx, dir, progress); err != nil {
			return err
		}
		named, err = namedFiles(ctx, tx, m.Tables)
		return err
	})
	if err != nil {
		return m, fmt.Errorf("take the database: %w", err)
	}
	if err := m.takeFiles(ctx, files, dir, progress); err != nil {
		return m, err
	}
	for _, f := range m.Files {
		delete(named, f.SHA256)
	}
	for hash := range named {
		return m, ErrDamaged.With("part", filesFolder+"/"+hash)
	}
	return m, m.seal(dir)
}

// prepare makes the folders, readable by nobody else: all that customers ever
// wrote goes into them.
func prepare(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case len(entries) > 0:
		return ErrExists.With("folder", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look into the folder of the backup: %w", err)
	}
	for _, d := range []string{dir, filepath.Join(dir, tablesFolder), filepath.Join(dir, filesFolder)} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return fmt.Errorf("make the folder of the backup: %w", err)
		}
	}
	return nil
}

func (m *Manifest) takeTables(ctx context.Context, tx pgx.Tx, dir string, progress Progress) (err error) {
	err = tx.QueryRow(ctx, `SELECT now(), epoch FROM event_head`).Scan(&m.TakenAt, &m.Epoch)
	if err != nil {
		return fmt.Errorf("read the head of the events: %w", err)
	}
	if m.Tables, err = listTables(ctx, tx); err != nil {
		return err
	}
	all := estimate(ctx, tx)
	var done int64
	for i := range m.Tables {
		t := &m.Tables[i]
		if err := t.take(ctx, tx, dir); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		done += t.Rows
		progress.tell(StepTables, done, max(all, done))
	}
	progress.tell(StepTables, done, done)
	m.Sequences, err = readSequences(ctx, tx)
	return err
}

// estimate is how many rows there are, about; 0 when nobody knows.
func estimate(ctx context.Context, tx pgx.Tx) (n int64) {
	_ = tx.QueryRow(ctx, `SELECT coalesce(sum(greatest(reltuples, 0)), 0)::bigint FROM pg_class
		WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`).Scan(&n)
	return n
}

func (t *Table) take(ctx context.Context, tx pgx.Tx, dir string) error {
	out, err := os.OpenFile(tablePath(dir, t.Name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	packed, err := zstd.NewWriter(out)
	if err != nil {
		return err
	}
	sum := sha256.New()
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.MultiWriter(packed, sum),
		fmt.Sprintf("COPY %s (%s) TO STDOUT", t.identifier(), t.columnList()))
	if err != nil {
		return err
	}
	t.Rows, t.SHA256 = tag.RowsAffected(), hex.EncodeToString(sum.Sum(nil))
	return errors.Join(packed.Close(), out.Sync())
}

// namedFiles are the stored files that the snapshot's rows name.
func namedFiles(ctx context.Context, tx pgx.Tx, tables []Table) (map[string]bool, error) {
	named := map[string]bool{}
	for table, columns := range blobColumns(tables) {
		for _, c := range columns {
			column := pgx.Identifier{c}.Sanitize()
			rows, err := tx.Query(ctx, fmt.Sprintf("SELECT DISTINCT %s FROM %s WHERE %s <> ''", column, pgx.Identifier{table}.Sanitize(), column))
			if err != nil {
				return nil, fmt.Errorf("list the files of %s: %w", table, err)
			}
			var hash string
			if _, err := pgx.ForEachRow(rows, []any{&hash}, func() error { named[hash] = true; return nil }); err != nil {
				return nil, fmt.Errorf("list the files of %s: %w", table, err)
			}
		}
	}
	return named, nil
}

func (m *Manifest) takeFiles(ctx context.Context, files *blob.Store, dir string, progress Progress) error {
	var all, done int64
	if err := files.Each(ctx, func(_ string, size int64) error { all += size; return nil }); err != nil {
		return err
	}
	err := files.Each(ctx, func(hash string, _ int64) error {
		size, err := takeFile(ctx, files, hash, filePath(dir, hash))
		if errors.Is(err, blob.ErrNotFound) {
			return nil // swept meanwhile: nothing named it
		}
		if err != nil {
			return err
		}
		m.Files = append(m.Files, File{SHA256: hash, Size: size})
		done += size
		progress.tell(StepFiles, done, max(all, done))
		return nil
	})
	progress.tell(StepFiles, done, done)
	return err
}

// takeFile copies one file and checks on the way that it still is what its name
// says: a disk that forgets is found out here, not on the day of the restore.
func takeFile(ctx context.Context, files *blob.Store, hash, to string) (int64, error) {
	in, err := files.Open(hash)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return 0, err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(out, sum), reader{ctx, in})
	if err != nil {
		return 0, fmt.Errorf("copy file %s: %w", hash, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != hash {
		return 0, ErrDamaged.With("part", filesFolder+"/"+hash)
	}
	return size, out.Sync()
}

// seal writes the manifest, by which the folder becomes a backup.
func (m Manifest) seal(dir string) error {
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	tmp := filepath.Join(dir, manifestName+".new")
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	if err := os.Rename(tmp, filepath.Join(dir, manifestName)); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync the folder of the backup: %w", err)
	}
	defer f.Close()
	return f.Sync()
}

// reader ends when its context does.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
