package imports

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// previewed is how many rows are shown before anything is run.
const previewed = 10

// Service keeps imports and runs them.
type Service struct {
	db     *postgres.DB
	files  *blob.Store
	accept channel.Acceptor
	now    func() time.Time
	log    *slog.Logger
	wake   chan struct{} // one may wait: whoever looks finds everything
}

// New makes the service. Rows go through accept; now is PostgreSQL's time.
func New(db *postgres.DB, files *blob.Store, accept channel.Acceptor, now func() time.Time, log *slog.Logger) *Service {
	return &Service{db: db, files: files, accept: accept, now: now, log: log, wake: make(chan struct{}, 1)}
}

// Preview is what a file looks like before it is run.
type Preview struct {
	Import Import
	Rows   [][]string // the first ones, as they will be read
}

// Upload keeps a file and looks into it. An empty source is guessed from the
// heading, and the columns are mapped by the names that are known.
func (s *Service) Upload(ctx context.Context, actor access.Actor, name string, r io.Reader, source Source, target Target) (Preview, error) {
	if target == "" {
		target = ToSAC
		if actor.Scope().Walled {
			target = ToOmbudsman
		}
	}
	if target != ToOmbudsman && target != ToSAC {
		return Preview{}, ErrMapping.Field("target", "unknown_choice")
	}
	if !mayUse(actor, target) {
		return Preview{}, ErrForbidden
	}
	if source != "" && !source.valid() {
		return Preview{}, ErrSource
	}
	ref, err := s.files.Put(ctx, r, MaxCSV)
	if err != nil {
		return Preview{}, err
	}
	i := Import{Name: shown(name), Blob: ref.Hash, Size: ref.Size, Source: source, Target: target, State: Uploaded,
		AccountID: actor.AccountID, Account: actor.Name, CreatedAt: s.now()}
	rows, err := s.look(&i)
	if err != nil {
		return Preview{}, err
	}
	if i.Source == "" {
		i.Source = guess(i.Shape.Columns)
	}
	i.Mapping = suggest(i.Shape.Columns)
	if err := s.insert(ctx, &i); err != nil {
		return Preview{}, err
	}
	return Preview{i, rows}, nil
}

// look finds out how a file is written and reads its first rows.
func (s *Service) look(i *Import) ([][]string, error) {
	in, err := s.open(i)
	if err != nil {
		return nil, err
	}
	defer in.close()
	var first [][]string
	for len(first) < previewed {
		cells, err := in.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, new(badRow)) {
			continue
		}
		if err != nil {
			return nil, err
		}
		first = append(first, cells)
	}
	if c, ok := in.rows.(*csvReader); ok && c.latin {
		i.Shape.Encoding = "windows-1252"
	}
	return first, nil
}

// opened is a file that is being read, past its heading.
type opened struct {
	rows  rows
	close func()
}

// open begins to read an import's file: it detects how it is written, and reads
// the heading.
func (s *Service) open(i *Import) (opened, error) {
	f, err := s.files.Open(i.Blob)
	if err != nil {
		return opened{}, err
	}
	in, err := begin(f, i)
	if err != nil {
		f.Close()
		return opened{}, err
	}
	done := in.close
	in.close = func() { done(); f.Close() }
	return in, nil
}

// begin is open for any bytes.
func begin(f io.Reader, i *Import) (opened, error) {
	head := bufio.NewReaderSize(f, 64<<10)
	start, err := head.Peek(16 << 10)
	if len(start) == 0 {
		return opened{}, ErrFormat.Because(err)
	}
	out := opened{close: func() {}}
	if strings.HasPrefix(string(start), "PK\x03\x04") {
		if i.Size > MaxXLSX {
			return opened{}, ErrTooLarge.With("max", MaxXLSX>>20)
		}
		sheet, err := newSheet(head)
		if err != nil {
			return opened{}, err
		}
		i.Shape.Format = "xlsx"
		out = opened{sheet, sheet.close}
	} else {
		if strings.IndexByte(string(start), 0) >= 0 {
			return opened{}, ErrFormat
		}
		line, _, _ := strings.Cut(string(start), "\n")
		comma := separator([]byte(line))
		i.Shape.Format, i.Shape.Delimiter, i.Shape.Encoding = "csv", string(comma), "utf-8"
		if !utf8.ValidString(line) {
			i.Shape.Encoding = "windows-1252"
		}
		out.rows = newCSV(head, comma)
	}
	heading, err := out.rows.next()
	if err != nil {
		out.close()
		return opened{}, ErrFormat.Because(err)
	}
	if len(heading) < 2 || len(heading) > maxColumns {
		out.close()
		return opened{}, ErrFormat
	}
	i.Shape.Columns = named(heading)
	if c, ok := out.rows.(*csvReader); ok {
		c.width = len(heading)
	}
	return out, nil
}

// named gives every column a name of its own.
func named(heading []string) []string {
	seen := map[string]int{}
	out := make([]string, len(heading))
	for n, h := range heading {
		h = cut(h, 100)
		if h == "" {
			h = fmt.Sprintf("Coluna %d", n+1)
		}
		if seen[h]++; seen[h] > 1 {
			h = fmt.Sprintf("%s (%d)", h, seen[h])
		}
		out[n] = h
	}
	return out
}

// Start queues an import with its mapping; one that has ended may be started
// again, and finds what it brought before.
func (s *Service) Start(ctx context.Context, actor access.Actor, id int64, source Source, m Mapping) (Import, error) {
	i, err := s.Get(ctx, actor, id)
	if err != nil {
		return Import{}, err
	}
	if source == "" {
		source = i.Source
	}
	if !source.valid() {
		return Import{}, ErrSource
	}
	if m == nil {
		m = i.Mapping
	}
	if err := m.check(i.Shape.Columns); err != nil {
		return Import{}, err
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		done := tx.Exec(`UPDATE imports SET state = 'queued', source = ?, mapping = ?::jsonb, reason = '', cancel = false, rows = 0, bytes = 0,
			imported = 0, already = 0, failed = 0, lease = '', lease_until = NULL, started_at = NULL, finished_at = NULL
			WHERE id = ? AND state NOT IN ('queued', 'running')`, source, encoded(m), id)
		if done.Error != nil {
			return fmt.Errorf("queue import %d: %w", id, done.Error)
		}
		if done.RowsAffected == 0 {
			return ErrState
		}
		if err := tx.Exec("DELETE FROM import_errors WHERE import_id = ?", id).Error; err != nil {
			return fmt.Errorf("forget the errors of import %d: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return Import{}, err
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return s.Get(ctx, actor, id)
}

// Cancel stops an import after the rows that it is at. What it brought stays.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id int64) (Import, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return Import{}, err
	}
	done := s.db.Gorm.WithContext(ctx).Exec(`UPDATE imports SET cancel = true,
		state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, finished_at = CASE WHEN state = 'queued' THEN ? ELSE finished_at END
		WHERE id = ? AND state IN ('queued', 'running')`, s.now(), id)
	if done.Error != nil {
		return Import{}, fmt.Errorf("cancel import %d: %w", id, done.Error)
	}
	if done.RowsAffected == 0 {
		return Import{}, ErrState
	}
	return s.Get(ctx, actor, id)
}
