package imports

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

type importRow struct {
	ID         int64
	Name       string
	Blob       string
	Size       int64
	Source     Source
	Target     Target
	Format     string
	Delimiter  string
	Encoding   string
	Columns    string
	Mapping    string
	State      State
	Reason     string
	Rows       int64
	Bytes      int64
	Imported   int64
	Already    int64
	Failed     int64
	Cancel     bool
	AccountID  int64
	Account    string `gorm:"->"`
	CreatedAt  time.Time
	StartedAt  *time.Time
	FinishedAt *time.Time
}

func (r importRow) value() (Import, error) {
	i := Import{ID: r.ID, Name: r.Name, Blob: r.Blob, Size: r.Size, Source: r.Source, Target: r.Target,
		Shape: Shape{Format: r.Format, Delimiter: r.Delimiter, Encoding: r.Encoding}, State: r.State, Reason: r.Reason,
		Rows: r.Rows, Bytes: r.Bytes, Imported: r.Imported, Already: r.Already, Failed: r.Failed,
		AccountID: r.AccountID, Account: r.Account, CreatedAt: r.CreatedAt, StartedAt: r.StartedAt, FinishedAt: r.FinishedAt}
	err := errors.Join(json.Unmarshal([]byte(r.Columns), &i.Shape.Columns), json.Unmarshal([]byte(r.Mapping), &i.Mapping))
	if err != nil {
		return i, fmt.Errorf("read import %d: %w", r.ID, err)
	}
	return i, nil
}

// encoded marshals what cannot fail to.
func encoded(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("imports: " + err.Error())
	}
	return string(text)
}

func (s *Service) insert(ctx context.Context, i *Import) error {
	err := s.db.Gorm.WithContext(ctx).Raw(`INSERT INTO imports (name, blob, size, source, target, format, delimiter, encoding, columns, mapping, account_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?) RETURNING id`, i.Name, i.Blob, i.Size, i.Source, i.Target, i.Shape.Format,
		i.Shape.Delimiter, i.Shape.Encoding, encoded(i.Shape.Columns), encoded(i.Mapping), i.AccountID, i.CreatedAt).Scan(&i.ID).Error
	if err != nil {
		return fmt.Errorf("keep an import: %w", err)
	}
	return nil
}

const selectImports = `SELECT i.*, a.name AS account FROM imports i JOIN accounts a ON a.id = i.account_id`

// targets are those that the actor may see imports of.
func targets(actor access.Actor) []Target {
	var all []Target
	for _, t := range []Target{ToOmbudsman, ToSAC} {
		if mayUse(actor, t) {
			all = append(all, t)
		}
	}
	return append(all, "")
}

// List reads the newest imports that the actor may see.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]Import, error) {
	var rows []importRow
	err := s.db.Gorm.WithContext(ctx).Raw(selectImports+" WHERE i.target IN ? ORDER BY i.id DESC LIMIT 100", targets(actor)).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the imports: %w", err)
	}
	all := make([]Import, len(rows))
	for n, r := range rows {
		if all[n], err = r.value(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Get reads one import; what goes where the actor does not see is absent.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Import, error) {
	return one(s.db.Gorm.WithContext(ctx), selectImports+" WHERE i.id = ? AND i.target IN ?", id, targets(actor))
}

// Look reads an import with its first rows.
func (s *Service) Look(ctx context.Context, actor access.Actor, id int64) (Preview, error) {
	i, err := s.Get(ctx, actor, id)
	if err != nil {
		return Preview{}, err
	}
	again := i
	rows, err := s.look(&again)
	return Preview{i, rows}, err
}

func one(db *gorm.DB, sql string, args ...any) (Import, error) {
	var r importRow
	switch err := db.Raw(sql, args...).Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return Import{}, ErrNotFound
	case err != nil:
		return Import{}, fmt.Errorf("read an import: %w", err)
	}
	return r.value()
}

// Problems gives what was wrong, by row, from after a row on, at most limit.
func (s *Service) Problems(ctx context.Context, actor access.Actor, id, after int64, limit int) ([]Problem, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	var all []Problem
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT row, col AS column, code, value FROM import_errors
		WHERE import_id = ? AND row > ? ORDER BY row, col LIMIT ?`, id, after, limit).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the errors of import %d: %w", id, err)
	}
	return all, nil
}
