package form

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// Form is a form with one of its versions.
type Form struct {
	ID        int64
	Slug      string // part of its address; never changes
	Version   int
	Active    bool // may be filled in; the others are drafts
	UpdatedAt time.Time
	Definition
}

// Ref names this version.
func (f Form) Ref() Ref { return Ref{f.Slug, f.Version} }

type row struct {
	ID         int64
	Slug       string
	Version    int
	Active     bool
	UpdatedAt  time.Time
	Definition []byte
}

func (r row) form() (Form, error) {
	f := Form{ID: r.ID, Slug: r.Slug, Version: r.Version, Active: r.Active, UpdatedAt: r.UpdatedAt}
	if err := json.Unmarshal(r.Definition, &f.Definition); err != nil {
		return f, fmt.Errorf("read the definition of form %s: %w", f.Ref(), err)
	}
	return f, nil
}

const current = `SELECT f.id, f.slug, f.version, f.active, f.updated_at, v.definition
	FROM forms f JOIN form_versions v ON v.form_id = f.id AND v.version = f.version`

// List reads all forms in their current versions, by name.
func List(ctx context.Context, db *gorm.DB) ([]Form, error) {
	var rows []row
	if err := db.WithContext(ctx).Raw(current + " ORDER BY v.definition->>'name', f.id").Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("list the forms: %w", err)
	}
	all := make([]Form, 0, len(rows))
	for _, r := range rows {
		f, err := r.form()
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// ByID reads a form in its current version.
func ByID(ctx context.Context, db *gorm.DB, id int64) (Form, error) {
	return one(ctx, db, current+" WHERE f.id = ?", id)
}

// Find reads the version of a form that ref names, drafts included.
func Find(ctx context.Context, db *gorm.DB, ref Ref) (Form, error) {
	if ref.Version == 0 {
		return one(ctx, db, current+" WHERE f.slug = ?", ref.Slug)
	}
	return one(ctx, db, `SELECT f.id, f.slug, v.version, f.active, f.updated_at, v.definition
		FROM forms f JOIN form_versions v ON v.form_id = f.id AND v.version = ? WHERE f.slug = ?`, ref.Version, ref.Slug)
}

// Open is Find for customers: a form that is not active is absent.
func Open(ctx context.Context, db *gorm.DB, ref Ref) (Form, error) {
	f, err := Find(ctx, db, ref)
	if err == nil && !f.Active {
		return Form{}, ErrNotFound
	}
	return f, err
}

func one(ctx context.Context, db *gorm.DB, query string, args ...any) (Form, error) {
	var r row
	found := db.WithContext(ctx).Raw(query, args...).Scan(&r)
	if found.Error != nil {
		return Form{}, fmt.Errorf("read a form: %w", found.Error)
	}
	if found.RowsAffected == 0 {
		return Form{}, ErrNotFound
	}
	return r.form()
}

// Create stores a new form, a draft unless active.
func Create(ctx context.Context, db *gorm.DB, author int64, slug string, active bool, d Definition) (Form, error) {
	if err := CheckSlug(slug); err != nil {
		return Form{}, err
	}
	d, err := checked(ctx, db, d)
	if err != nil {
		return Form{}, err
	}
	var id int64
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Raw("INSERT INTO forms (slug, active) VALUES (?, ?) RETURNING id", slug, active).Scan(&id).Error; err != nil {
			return err
		}
		return insertVersion(tx, id, 1, author, d)
	})
	if postgres.IsUnique(err, "") {
		return Form{}, ErrSlug.Field("slug", "taken")
	}
	if err != nil {
		return Form{}, fmt.Errorf("store the form %q: %w", slug, err)
	}
	return ByID(ctx, db, id)
}

// Change is what of a form becomes different; nil stays.
type Change struct {
	Version    int // the one that was seen; another one by now is ErrVersion
	Active     *bool
	Definition *Definition
}

// Update changes a form. Another definition is another version; customers who
// have the old one before them are checked by it.
func Update(ctx context.Context, db *gorm.DB, author, id int64, c Change) (Form, error) {
	var d Definition
	if c.Definition != nil {
		var err error
		if d, err = checked(ctx, db, *c.Definition); err != nil {
			return Form{}, err
		}
	}
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var now struct{ Version int }
		found := tx.Raw("SELECT version FROM forms WHERE id = ? FOR UPDATE", id).Scan(&now)
		switch {
		case found.Error != nil:
			return fmt.Errorf("lock form %d: %w", id, found.Error)
		case found.RowsAffected == 0:
			return ErrNotFound
		case now.Version != c.Version:
			return ErrVersion.With("version", now.Version)
		}
		next := now.Version
		if c.Definition != nil {
			next++
			if err := insertVersion(tx, id, next, author, d); err != nil {
				return err
			}
		}
		err := tx.Exec("UPDATE forms SET version = ?, active = coalesce(?, active), updated_at = now() WHERE id = ?", next, c.Active, id).Error
		if err != nil {
			return fmt.Errorf("change form %d: %w", id, err)
		}
		return nil
	})
	if err != nil {
		return Form{}, err
	}
	return ByID(ctx, db, id)
}

func insertVersion(tx *gorm.DB, id int64, version int, author int64, d Definition) error {
	text, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the definition of form %d: %w", id, err)
	}
	err = tx.Exec("INSERT INTO form_versions (form_id, version, definition, author_id) VALUES (?, ?, ?, nullif(?, 0))",
		id, version, string(text), author).Error
	if err != nil {
		return fmt.Errorf("store version %d of form %d: %w", version, id, err)
	}
	return nil
}

// checked is Definition.Check, and whether the team and the brand exist.
func checked(ctx context.Context, db *gorm.DB, d Definition) (Definition, error) {
	d, err := d.Check()
	p := detailsOf(err)
	for _, ref := range []struct {
		field, table string
		id           int64
	}{{"team_id", "teams", d.TeamID}, {"brand_id", "brands", d.BrandID}} {
		if ref.id == 0 {
			continue
		}
		var some bool
		if err := db.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM "+ref.table+" WHERE id = ?)", ref.id).Scan(&some).Error; err != nil {
			return d, fmt.Errorf("look for what a form names: %w", err)
		}
		if !some {
			p.add(ref.field, "unknown_choice")
		}
	}
	return d, p.err(ErrInvalid)
}

// Reasons are the leaves of the tree of reasons that customers are offered, in
// the order of the tree.
func Reasons(ctx context.Context, db *gorm.DB) ([]Choice, error) {
	var rows []struct {
		ID              int64
		One, Two, Three *string
	}
	err := db.WithContext(ctx).Raw(`SELECT coalesce(c.id, b.id, a.id) AS id, a.name AS one, b.name AS two, c.name AS three
		FROM reasons a LEFT JOIN reasons b ON b.parent_id = a.id AND b.active LEFT JOIN reasons c ON c.parent_id = b.id AND c.active
		WHERE a.level = 1 AND a.active ORDER BY a.name, b.name, c.name`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the reasons: %w", err)
	}
	all := make([]Choice, 0, len(rows))
	for _, r := range rows {
		c := Choice{ID: r.ID}
		for _, name := range []*string{r.One, r.Two, r.Three} {
			if name != nil {
				c.Path = append(c.Path, *name)
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// Asks reports whether the form has a question of this type.
func (d Definition) Asks(t Type) bool {
	return slices.ContainsFunc(d.Fields, func(f Field) bool { return f.Type == t })
}

// detailsOf takes apart what a check has found.
func detailsOf(err error) problems {
	if f := (*fault.Error)(nil); errors.As(err, &f) {
		return f.Details
	}
	return nil
}

// join puts the problems in front of those of err, which may be nil.
func join(p problems, err error) error {
	if err == nil {
		return p.err(ErrAnswers)
	}
	f := *fault.From(err)
	f.Details = append(p, f.Details...)
	return &f
}

// OfTicket is the version of a form that a ticket came by, the zero Form when
// it came by none of ours.
func OfTicket(ctx context.Context, db *gorm.DB, ticketID int64) (Form, error) {
	var ref *string
	err := db.WithContext(ctx).Raw(`SELECT c.data->>'form' FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
		WHERE l.ticket_id = ? ORDER BY c.id LIMIT 1`, ticketID).Scan(&ref).Error
	if err != nil {
		return Form{}, fmt.Errorf("read which form ticket %d came by: %w", ticketID, err)
	}
	if ref == nil || ParseRef(*ref).Version < 1 {
		return Form{}, nil
	}
	f, err := Find(ctx, db, ParseRef(*ref))
	if errors.Is(err, ErrNotFound) {
		return Form{}, nil
	}
	return f, err
}
