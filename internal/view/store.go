package view

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Service keeps the saved views.
type Service struct {
	db   *postgres.DB
	book *Book
	now  func() time.Time
}

// New makes the service. now is PostgreSQL's time.
func New(db *postgres.DB, book *Book, now func() time.Time) *Service {
	return &Service{db: db, book: book, now: now}
}

type row struct {
	ID        int64
	OwnerID   int64
	Scope     Scope
	TeamID    *int64
	Name      string
	Rule      string
	Sort      ticket.Sort
	Pinned    bool
	Position  int
	Version   int
	CreatedAt time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

func (row) TableName() string { return "saved_views" }

func (r row) saved() (Saved, error) {
	s := Saved{ID: r.ID, OwnerID: r.OwnerID, Scope: r.Scope, TeamID: r.TeamID, Name: r.Name, Sort: r.Sort,
		Pinned: r.Pinned, Position: r.Position, Version: r.Version, UpdatedAt: r.UpdatedAt}
	// Not ParseRule: what was within the bounds when it was kept stays readable.
	if err := json.Unmarshal([]byte(r.Rule), &s.Rule); err != nil {
		return Saved{}, fmt.Errorf("read the rule of saved view %d: %w", r.ID, err)
	}
	return s, nil
}

func rowOf(s Saved) (row, error) {
	rule, err := json.Marshal(s.Rule)
	if err != nil {
		return row{}, fmt.Errorf("write the rule of a saved view: %w", err)
	}
	return row{ID: s.ID, OwnerID: s.OwnerID, Scope: s.Scope, TeamID: s.TeamID, Name: s.Name, Rule: string(rule), Sort: s.Sort,
		Pinned: s.Pinned, Position: s.Position, Version: s.Version, UpdatedAt: s.UpdatedAt}, nil
}

// inOrder reads all views, as they stand in a rail.
func inOrder(ctx context.Context, db *gorm.DB) ([]Saved, error) {
	var rows []row
	if err := db.WithContext(ctx).Order("position, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the saved views: %w", err)
	}
	all := make([]Saved, 0, len(rows))
	for _, r := range rows {
		s, err := r.saved()
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// List gives the actor's views, as they stand in the rail.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]Saved, error) {
	all, err := inOrder(ctx, s.db.Gorm)
	return slices.DeleteFunc(all, func(v Saved) bool { return !v.For(actor) }), err
}

// Get gives one of the actor's views.
func (s *Service) Get(ctx context.Context, actor access.Actor, id int64) (Saved, error) {
	return get(ctx, s.db.Gorm, actor, id)
}

func get(ctx context.Context, db *gorm.DB, actor access.Actor, id int64) (Saved, error) {
	var rows []row
	if err := db.WithContext(ctx).Where("id = ?", id).Find(&rows).Error; err != nil {
		return Saved{}, fmt.Errorf("read saved view %d: %w", id, err)
	}
	if len(rows) == 0 {
		return Saved{}, ErrNotFound
	}
	v, err := rows[0].saved()
	if err == nil && !v.For(actor) {
		return Saved{}, ErrNotFound
	}
	return v, err
}

// Bind makes the rule of a view ready for the actor.
func (s *Service) Bind(ctx context.Context, actor access.Actor, rule ticket.Rule) (*ticket.Bound, error) {
	reasons, err := ticket.Reasons(ctx, s.db.Gorm)
	if err != nil {
		return nil, err
	}
	return rule.Bind(actor, reasons), nil
}

// Create keeps a view. What is for others than its author is a supervisor's.
func (s *Service) Create(ctx context.Context, actor access.Actor, v Saved) (Saved, error) {
	v.ID, v.OwnerID, v.Version, v.UpdatedAt = 0, actor.AccountID, 1, s.now()
	if err := v.check(); err != nil {
		return Saved{}, err
	}
	if !v.mayChange(actor) {
		return Saved{}, ErrNotYours
	}
	err := s.change(ctx, func(tx *gorm.DB) error {
		limit, which := maxOwn, tx.Model(&row{}).Where("scope = 'own' AND owner_id = ?", actor.AccountID)
		if v.Scope != Own {
			limit, which = maxShared, tx.Model(&row{}).Where("scope <> 'own'")
		}
		var n int64
		if err := which.Count(&n).Error; err != nil {
			return fmt.Errorf("count the saved views: %w", err)
		}
		if int(n) >= limit {
			return ErrTooMany.With("max", limit)
		}
		if err := knownTeam(tx, v.TeamID); err != nil {
			return err
		}
		r, err := rowOf(v)
		if err != nil {
			return err
		}
		r.CreatedAt = v.UpdatedAt
		if err := tx.Create(&r).Error; err != nil {
			return fmt.Errorf("keep a view: %w", err)
		}
		v.ID = r.ID
		return nil
	})
	return v, err
}

// Change lets fn change a view whose version its author has seen.
func (s *Service) Change(ctx context.Context, actor access.Actor, id int64, version int, fn func(*Saved)) (v Saved, err error) {
	err = s.change(ctx, func(tx *gorm.DB) error {
		was, err := get(ctx, tx, actor, id)
		switch {
		case err != nil:
			return err
		case !was.mayChange(actor):
			return ErrNotYours
		case was.Version != version:
			return ErrVersion.With("version", was.Version)
		}
		v = was
		fn(&v)
		v.ID, v.OwnerID, v.Version, v.UpdatedAt = was.ID, was.OwnerID, was.Version+1, s.now()
		if err := v.check(); err != nil {
			return err
		}
		if !v.mayChange(actor) {
			return ErrNotYours
		}
		if err := knownTeam(tx, v.TeamID); err != nil {
			return err
		}
		r, err := rowOf(v)
		if err != nil {
			return err
		}
		if err := tx.Omit("created_at").Save(&r).Error; err != nil {
			return fmt.Errorf("change saved view %d: %w", id, err)
		}
		return nil
	})
	return v, err
}

// Remove forgets a view.
func (s *Service) Remove(ctx context.Context, actor access.Actor, id int64) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		was, err := get(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if !was.mayChange(actor) {
			return ErrNotYours
		}
		if err := tx.Exec("DELETE FROM saved_views WHERE id = ?", id).Error; err != nil {
			return fmt.Errorf("remove saved view %d: %w", id, err)
		}
		return nil
	})
}

// change writes under the lock of the head, so that bounds hold and every node
// hears that something is another. This one hears it at once.
func (s *Service) change(ctx context.Context, fn func(tx *gorm.DB) error) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		if err := tx.Exec("UPDATE saved_views_head SET revision = revision + 1").Error; err != nil {
			return fmt.Errorf("tell of a change of saved views: %w", err)
		}
		return fn(tx)
	})
	if err != nil {
		return err
	}
	_, err = s.book.Refresh(ctx)
	return err
}

func knownTeam(tx *gorm.DB, id *int64) error {
	if id == nil {
		return nil
	}
	var known bool
	if err := tx.Raw("SELECT EXISTS (SELECT FROM teams WHERE id = ?)", *id).Scan(&known).Error; err != nil {
		return fmt.Errorf("look for team %d: %w", *id, err)
	}
	if !known {
		return ticket.Wrong("team_id", "unknown_choice")
	}
	return nil
}
