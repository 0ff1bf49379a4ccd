package backup_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/backup"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/demo"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// desk is a database with a demonstration week, and a store with files in it.
type desk struct {
	url   string
	db    *postgres.DB
	files *blob.Store
}

func newDesk(t *testing.T) desk {
	t.Helper()
	url := pgtest.URL(t)
	d := desk{url, open(t, url), newStore(t)}
	accounts := account.NewService(d.db, redistest.New(t), time.Now, slog.New(slog.DiscardHandler))
	_, err := demo.Fill(t.Context(), d.db, accounts, demo.Options{Seed: 7, Tickets: 20, Now: time.Now(), Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		d.attach(t, fmt.Sprintf("file %d\n", i))
	}
	return d
}

// attach stores a file and hangs it on the first ticket.
func (d desk) attach(t *testing.T, content string) blob.Ref {
	t.Helper()
	ref, err := d.files.Put(t.Context(), strings.NewReader(content), 1<<20)
	if err == nil {
		err = d.db.Gorm.Exec(`INSERT INTO attachments (ticket_id, blob, name, mime, size, token)
			SELECT min(id), ?, 'arquivo.txt', 'text/plain', ?, gen_random_uuid() FROM tickets`, ref.Hash, ref.Size).Error
	}
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// open connects as a command does: a server would keep a restore away.
func open(t *testing.T, url string) *postgres.DB {
	t.Helper()
	return pgtest.Open(t, url, postgres.Options{MaxConns: 4, Name: "escuta command"})
}

func newStore(t *testing.T) *blob.Store {
	t.Helper()
	s, err := blob.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t *testing.T, d desk) (string, backup.Manifest) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	m, err := backup.Write(t.Context(), d.db, d.files, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	return dir, m
}

func TestWhatWasBackedUpComesBackWhole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dir, m := write(t, d)
	if m.Rows() < 100 || len(m.Files) != 5 {
		t.Fatalf("%d rows and %d files are no week", m.Rows(), len(m.Files))
	}
	if _, err := backup.Check(t.Context(), dir, nil); err != nil {
		t.Fatalf("a fresh backup: %v", err)
	}

	restored := desk{db: open(t, pgtest.Empty(t)), files: newStore(t)}
	var steps []backup.Step
	progress := func(step backup.Step, done, all int64) {
		if done > all {
			t.Errorf("%s: %d of %d", step, done, all)
		}
		if len(steps) == 0 || steps[len(steps)-1] != step {
			steps = append(steps, step)
		}
	}
	if _, err := backup.Restore(t.Context(), restored.db, restored.files, dir, progress); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]backup.Step{backup.StepFiles, backup.StepTables}, steps); diff != "" {
		t.Errorf("progress: %s", diff)
	}
	// A backup of what was restored is the same backup, but for what a restore changes.
	_, again := write(t, restored)
	changed := map[string]bool{"event_head": true, "installation": true}
	for i, was := range m.Tables {
		if got := again.Tables[i]; !changed[was.Name] && !cmp.Equal(was, got) {
			t.Errorf("%s came back as %+v, was %+v", was.Name, got, was)
		}
	}
	if diff := cmp.Diff(m.Files, again.Files); diff != "" {
		t.Errorf("files: %s", diff)
	}
	if diff := cmp.Diff(m.Sequences, again.Sequences); diff != "" {
		t.Errorf("sequences: %s", diff)
	}
	if again.Epoch == m.Epoch {
		t.Error("the restored desk goes on with the old epoch")
	}
	var held string
	err := restored.db.Gorm.Raw(`SELECT outgoing_held_why FROM installation WHERE outgoing_held_at IS NOT NULL`).Scan(&held).Error
	if err != nil || held != "restored" {
		t.Errorf("the restored desk may send: %q, %v", held, err)
	}
	if _, err := event.Settle(t.Context(), restored.db); err != nil {
		t.Errorf("start on it: %v", err)
	}
}

func TestABackupIsOfOneInstantWhileTheDeskWorks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	worked := make(chan int)
	go func() {
		n := 0
		for ctx.Err() == nil {
			// Each adds one to both sides of an account that must balance.
			err := pgx.BeginFunc(ctx, d.db.Pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, `INSERT INTO intake_ledger (channel, source_key, body_hash, fate, day)
					VALUES ('webform', gen_random_uuid()::text, '\x00', 'discarded', current_date)`); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, `INSERT INTO intake_tallies (channel, fate, day, n) VALUES ('webform', 'discarded', current_date, 1)`)
				return err
			})
			if err == nil {
				n++
			}
		}
		worked <- n
	}()
	for range 2 {
		dir, _ := write(t, d)
		db := open(t, pgtest.Empty(t))
		if _, err := backup.Restore(t.Context(), db, newStore(t), dir, nil); err != nil {
			t.Fatal(err)
		}
		var rows, counted int64
		err := db.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM intake_ledger), (SELECT sum(n) FROM intake_tallies)::bigint`).Scan(&rows, &counted)
		if err != nil || rows != counted {
			t.Errorf("%d rows in the ledger and %d counted, %v", rows, counted, err)
		}
	}
	cancel()
	if n := <-worked; n == 0 {
		t.Error("the desk did not work meanwhile")
	}
}

func TestWhatIsDamagedIsFoundAndNothingIsChanged(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for name, damage := range map[string]func(t *testing.T, dir string, m backup.Manifest){
		"a table cut short": func(t *testing.T, dir string, _ backup.Manifest) {
			path := filepath.Join(dir, "tables", "messages.copy.zst")
			info, err := os.Stat(path)
			if err == nil {
				err = os.Truncate(path, info.Size()/2)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"a table gone": func(t *testing.T, dir string, _ backup.Manifest) {
			if err := os.Remove(filepath.Join(dir, "tables", "tickets.copy.zst")); err != nil {
				t.Fatal(err)
			}
		},
		"a file changed": func(t *testing.T, dir string, m backup.Manifest) {
			path := filepath.Join(dir, "files", m.Files[0].SHA256[:2], m.Files[0].SHA256)
			if err := os.WriteFile(path, []byte("fild 0\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"a count that lies": func(t *testing.T, dir string, m backup.Manifest) {
			path := filepath.Join(dir, "manifest.json")
			text, err := os.ReadFile(path)
			if err == nil {
				text = bytes.Replace(text, []byte(m.Tables[len(m.Tables)-1].SHA256), bytes.Repeat([]byte("0"), 64), 1)
				err = os.WriteFile(path, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, m := write(t, d)
			damage(t, dir, m)
			if _, err := backup.Check(t.Context(), dir, nil); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("the check said %v", err)
			}
			db := open(t, pgtest.Empty(t))
			if _, err := backup.Restore(t.Context(), db, newStore(t), dir, nil); !errors.Is(err, backup.ErrDamaged) {
				t.Errorf("the restore said %v", err)
			}
			var customers bool
			if err := db.Pool.QueryRow(t.Context(), `SELECT to_regclass('customers') IS NOT NULL`).Scan(&customers); err != nil {
				t.Fatal(err)
			}
			if customers {
				if err := db.Pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM customers)`).Scan(&customers); err != nil || customers {
					t.Errorf("half of it came back: %v, %v", customers, err)
				}
			}
		})
	}
}

func TestARestoreNeverOverwrites(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	dir, _ := write(t, d)
	if _, err := backup.Write(t.Context(), d.db, d.files, dir, nil); !errors.Is(err, backup.ErrExists) {
		t.Errorf("a second backup into the folder: %v", err)
	}
	if _, err := backup.Restore(t.Context(), d.db, d.files, dir, nil); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("into a desk with tickets: %v", err)
	}
	strangers := open(t, pgtest.Empty(t))
	if err := strangers.Gorm.Exec(`CREATE TABLE somebody (id int)`).Error; err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), strangers, d.files, dir, nil); !errors.Is(err, backup.ErrNotEmpty) {
		t.Errorf("into somebody else's database: %v", err)
	}
	url := pgtest.URL(t)
	server := pgtest.Open(t, url, postgres.Options{MaxConns: 1, Name: "escuta intake"})
	if err := server.Gorm.Exec(`SELECT 1`).Error; err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Restore(t.Context(), open(t, url), d.files, dir, nil); !errors.Is(err, backup.ErrInUse) {
		t.Errorf("under a running server: %v", err)
	}
	if _, err := backup.Read(t.TempDir()); !errors.Is(err, backup.ErrNone) {
		t.Errorf("an empty folder is a backup: %v", err)
	}
}

func TestAFileThatTheStoreHasLostIsTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ref := d.attach(t, "soon lost")
	if _, err := d.files.Sweep(t.Context(), func(_ context.Context, hash string) (bool, error) { return hash != ref.Hash, nil }, -time.Hour); err != nil {
		t.Fatal(err)
	}
	_, err := backup.Write(t.Context(), d.db, d.files, filepath.Join(t.TempDir(), "b"), nil)
	if !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("a file is missing, and the backup said %v", err)
	}
}

// A backup of before the last migration goes into the schema it was taken from,
// and is brought up to date from there.
func TestAnOlderBackupIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	newest, err := postgres.Newest()
	if err != nil {
		t.Fatal(err)
	}
	old := open(t, pgtest.Empty(t))
	if err := postgres.MigrateTo(t.Context(), old, 6); err != nil {
		t.Fatal(err)
	}
	if err := old.Gorm.Exec(`INSERT INTO customers (name) VALUES ('Aroeira')`).Error; err != nil {
		t.Fatal(err)
	}
	dir, m := write(t, desk{db: old, files: newStore(t)})
	if m.Schema != 6 || newest <= 6 {
		t.Fatalf("schema %d of %d", m.Schema, newest)
	}
	for name, target := range map[string]string{"a new database": pgtest.Empty(t), "an empty desk of today": pgtest.URL(t)} {
		db := open(t, target)
		if _, err := backup.Restore(t.Context(), db, newStore(t), dir, nil); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var customers, held int
		err := db.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM customers), (SELECT count(outgoing_held_at) FROM installation)`).Scan(&customers, &held)
		if err != nil || customers != 1 || held != 1 {
			t.Errorf("%s: %d customers, %d held, %v", name, customers, held, err)
		}
		if v, err := postgres.Version(t.Context(), db); err != nil || v != newest {
			t.Errorf("%s: schema %d, %v", name, v, err)
		}
	}
}
