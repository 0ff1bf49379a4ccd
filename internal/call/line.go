package call

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Faults of a line.
var (
	ErrNoLine    = fault.New(fault.NotFound, "line_not_found")
	ErrLineTaken = fault.New(fault.Conflict, "line_taken")
)

// Line is a number that customers dial.
type Line struct {
	ID        int64
	Number    string // E.164, or the text when it is none
	Name      string
	BrandID   int64
	TeamID    *int64 // nil is the default team
	Active    bool
	CreatedAt time.Time
	HeardAt   *time.Time // when its exchange told of something last; only Lines knows
}

type lineRow struct {
	ID        int64
	Number    string
	Name      string
	BrandID   int64
	TeamID    *int64
	Secret    []byte
	Active    bool
	CreatedAt time.Time `gorm:"autoCreateTime:false;default:now()"`
}

func (lineRow) TableName() string { return "phone_lines" }

func (r lineRow) line() Line {
	return Line{ID: r.ID, Number: r.Number, Name: r.Name, BrandID: r.BrandID, TeamID: r.TeamID, Active: r.Active, CreatedAt: r.CreatedAt}
}

// LineChange is what may be set of a line; nil leaves a field as it is. A team
// of 0 is the default one.
type LineChange struct {
	Number, Name    *string
	BrandID, TeamID *int64
	Active          *bool
	NewSecret       bool // what signs the exchange's events is made anew
}

// Lines lists all of them.
func (s *Service) Lines(ctx context.Context) ([]Line, error) {
	var rows []lineRow
	if err := s.db.Gorm.WithContext(ctx).Order("active DESC, name, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list lines: %w", err)
	}
	lines := make([]Line, len(rows))
	for i, r := range rows {
		lines[i] = r.line()
		err := s.db.Gorm.WithContext(ctx).Raw("SELECT max(updated_at) FROM pbx_calls WHERE line_id = ?", r.ID).Row().Scan(&lines[i].HeardAt)
		if err != nil {
			return nil, fmt.Errorf("ask when line %d was heard of: %w", r.ID, err)
		}
	}
	return lines, nil
}

// AddLine adds a line and returns its secret, which is told this once.
func (s *Service) AddLine(ctx context.Context, c LineChange) (Line, string, error) {
	c.NewSecret = true
	r := lineRow{Active: true}
	if c.BrandID == nil {
		if err := s.db.Gorm.WithContext(ctx).Raw("SELECT min(id) FROM brands").Scan(&r.BrandID).Error; err != nil {
			return Line{}, "", fmt.Errorf("find the default brand: %w", err)
		}
	}
	return s.storeLine(ctx, r, c)
}

// ChangeLine changes a line. The secret is empty unless a new one was asked for.
func (s *Service) ChangeLine(ctx context.Context, id int64, c LineChange) (Line, string, error) {
	r, err := s.lineRow(ctx, s.db.Gorm.Where("id = ?", id))
	if err != nil {
		return Line{}, "", err
	}
	return s.storeLine(ctx, r, c)
}

func (s *Service) storeLine(ctx context.Context, r lineRow, c LineChange) (Line, string, error) {
	if err := c.apply(&r); err != nil {
		return Line{}, "", err
	}
	secret := ""
	if c.NewSecret {
		secret = rand.Text()
		r.Secret = s.seal.Seal(sealedAs, []byte(secret))
	}
	known := true
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM brands WHERE id = ?) AND (?::bigint IS NULL OR EXISTS (SELECT FROM teams WHERE id = ?))`,
		r.BrandID, r.TeamID, r.TeamID).Scan(&known).Error
	if err == nil && !known {
		return Line{}, "", ErrInvalid.Field("team_id", "unknown_choice")
	}
	if err == nil {
		err = s.db.Gorm.WithContext(ctx).Save(&r).Error
	}
	switch {
	case postgres.IsUnique(err, ""):
		return Line{}, "", ErrLineTaken
	case err != nil:
		return Line{}, "", fmt.Errorf("store a line: %w", err)
	}
	return r.line(), secret, nil
}

// sealedAs is what a line's secret is sealed for.
const sealedAs = "phone_line.secret"

// maxLineText bounds a line's number and name, in characters.
const maxLineText = 100

func (c LineChange) apply(r *lineRow) error {
	bad := *ErrInvalid
	for field, set := range map[string]struct{ to, from *string }{"number": {&r.Number, c.Number}, "name": {&r.Name, c.Name}} {
		if set.from != nil {
			*set.to = strings.Join(strings.Fields(*set.from), " ")
		}
		switch {
		case !utf8.ValidString(*set.to) || strings.ContainsRune(*set.to, 0):
			bad = *bad.Field(field, "not_text")
		case *set.to == "":
			bad = *bad.Field(field, "required")
		case utf8.RuneCountInString(*set.to) > maxLineText:
			bad.Details = append(bad.Details, fault.Detail{Field: field, Code: "too_long", Args: map[string]any{"max": maxLineText}})
		}
	}
	if len(bad.Details) > 0 {
		return &bad
	}
	r.Number = numberOf(r.Number)
	if c.BrandID != nil {
		r.BrandID = *c.BrandID
	}
	if c.TeamID != nil {
		if r.TeamID = c.TeamID; *c.TeamID == 0 {
			r.TeamID = nil
		}
	}
	if c.Active != nil {
		r.Active = *c.Active
	}
	return nil
}

func (s *Service) lineRow(ctx context.Context, db *gorm.DB) (lineRow, error) {
	var r lineRow
	switch err := db.WithContext(ctx).Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return lineRow{}, ErrNoLine
	case err != nil:
		return lineRow{}, fmt.Errorf("read a line: %w", err)
	}
	return r, nil
}

// lineNamed finds the line that somebody named by its id, its number or its
// name; nil when it is none of ours, which a call may well come by.
func (s *Service) lineNamed(ctx context.Context, told string) (*lineRow, error) {
	told = strings.TrimSpace(told)
	id, err := strconv.ParseInt(told, 10, 32)
	if err != nil {
		id = 0
	}
	r, err := s.lineRow(ctx, s.db.Gorm.Where("active AND (id = ? OR number = ? OR lower(name) = lower(?))", id, numberOf(told), told).
		Order("id"))
	switch {
	case errors.Is(err, ErrNoLine):
		return nil, nil //nolint:nilnil // a line that is not ours
	case err != nil:
		return nil, err
	}
	return &r, nil
}
