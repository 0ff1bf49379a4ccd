package incident

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// listed bounds how many incidents a list shows: the newest.
const listed = 200

const columns = `i.id, i.title, i.inside, i.outside, i.news_by, i.state, i.brand_id, i.team_id, coalesce(i.channel, '') AS channel,
	i.reason_id, i.started_at, i.solved_at, i.opened_by, i.solved_by, i.version, i.created_at, i.updated_at`

// Create opens an incident. A zero StartedAt is now.
func (s *Service) Create(ctx context.Context, actor access.Actor, i Incident) (Incident, error) {
	now := s.now()
	i.State, i.OpenedBy, i.Version, i.CreatedAt, i.UpdatedAt = Open, actor.AccountID, 1, now, now
	if i.StartedAt.IsZero() {
		i.StartedAt = now
	}
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := i.check(ctx, tx, now); err != nil {
			return err
		}
		err := tx.Raw(`INSERT INTO incidents (title, inside, outside, news_by, brand_id, team_id, channel, reason_id, started_at, opened_by, created_at, updated_at)
			VALUES (?, ?, ?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?) RETURNING id`, i.Title, i.Inside, i.Outside, i.NewsBy, i.BrandID, i.TeamID,
			i.Channel, i.ReasonID, i.StartedAt, i.OpenedBy, now, now).Scan(&i.ID).Error
		if err != nil {
			return fmt.Errorf("store an incident: %w", err)
		}
		return tell(ctx, tx, news{Incident: i.ID})
	})
	return i, err
}

// Change lets fn change what an incident says or where it stands. version is the
// one its author had before them: another one by now is ErrVersion.
func (s *Service) Change(ctx context.Context, actor access.Actor, id int64, version int, fn func(*Incident)) (i Incident, err error) {
	now := s.now()
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if i, err = read(ctx, tx, id, "FOR NO KEY UPDATE"); err != nil {
			return err
		}
		if i.Version != version {
			return ErrVersion.With("version", i.Version)
		}
		was := i.State
		fn(&i)
		if err := i.check(ctx, tx, now); err != nil {
			return err
		}
		switch {
		case i.State == Open:
			i.SolvedAt, i.SolvedBy = nil, nil
		case was == Open:
			i.SolvedAt, i.SolvedBy = &now, &actor.AccountID
		}
		i.Version, i.UpdatedAt = i.Version+1, now
		err := tx.Exec(`UPDATE incidents SET title = ?, inside = ?, outside = ?, news_by = ?, state = ?, brand_id = ?, team_id = ?, channel = nullif(?, ''),
			reason_id = ?, started_at = ?, solved_at = ?, solved_by = ?, version = ?, updated_at = ? WHERE id = ?`,
			i.Title, i.Inside, i.Outside, i.NewsBy, i.State, i.BrandID, i.TeamID, i.Channel,
			i.ReasonID, i.StartedAt, i.SolvedAt, i.SolvedBy, i.Version, now, id).Error
		if err != nil {
			return fmt.Errorf("change incident %d: %w", id, err)
		}
		return tell(ctx, tx, news{Incident: id})
	})
	return i, err
}

// Get reads an incident.
func (s *Service) Get(ctx context.Context, id int64) (Incident, error) {
	return read(ctx, s.db.Gorm, id, "")
}

// List reads the incidents of a state, all for none, the newest first.
func (s *Service) List(ctx context.Context, state State) (all []Incident, err error) {
	return list(ctx, s.db.Gorm, "? = '' OR i.state = ?", state, state)
}

func list(ctx context.Context, db *gorm.DB, where string, args ...any) (all []Incident, err error) {
	err = db.WithContext(ctx).Raw("SELECT "+columns+" FROM incidents i WHERE "+where+" ORDER BY i.id DESC LIMIT ?", append(args, listed)...).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list incidents: %w", err)
	}
	return all, nil
}

func read(ctx context.Context, db *gorm.DB, id int64, lock string) (Incident, error) {
	var found []Incident
	if err := db.WithContext(ctx).Raw("SELECT "+columns+" FROM incidents i WHERE i.id = ? "+lock, id).Scan(&found).Error; err != nil {
		return Incident{}, fmt.Errorf("read incident %d: %w", id, err)
	}
	if len(found) == 0 {
		return Incident{}, ErrNotFound
	}
	return found[0], nil
}

// wire is the PostgreSQL channel on which nodes hear of incidents, with the commit.
const wire = "escuta_incidents"

// news is what is told on it.
type news struct {
	Incident int64 `json:"incident,omitempty"` // it says something else now
	Run      bool  `json:"run,omitempty"`      // there is something to work off
}

func tell(ctx context.Context, tx *gorm.DB, n news) error {
	text, err := json.Marshal(n)
	if err == nil {
		err = tx.WithContext(ctx).Exec("SELECT pg_notify(?, ?)", wire, string(text)).Error
	}
	if err != nil {
		return fmt.Errorf("tell of an incident: %w", err)
	}
	return nil
}
