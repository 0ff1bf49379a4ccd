package ombudsman

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Bounds of a checklist.
const (
	MaxPoints = 50    // of one case
	maxPoint  = 2_000 // runes of a point
	maxAnswer = 10_000
)

// Point is one thing that the demand asks, and our answer to it.
type Point struct {
	ID         int64
	Body       string
	Answer     string // empty while it has none
	AnsweredBy *int64
	AnsweredAt *time.Time
}

// AddPoint writes down what the demand asks, after the points that are there.
func (s *Service) AddPoint(ctx context.Context, actor access.Actor, id int64, body string) (p Point, err error) {
	body, err = checkText("body", body, maxPoint)
	if err != nil {
		return Point{}, err
	}
	err = s.open(ctx, actor, id, "point_added", func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		var n int
		if err := tx.Raw("SELECT count(*) FROM case_points WHERE ticket_id = ?", id).Scan(&n).Error; err != nil {
			return nil, fmt.Errorf("count the points of case %d: %w", id, err)
		}
		if n >= MaxPoints {
			return nil, wrong("body", "too_many", MaxPoints)
		}
		p = Point{Body: body}
		err := tx.Raw(`INSERT INTO case_points (ticket_id, position, body, created_by, created_at) VALUES (?, ?, ?, ?, ?) RETURNING id`,
			id, n+1, body, actor.AccountID, s.now()).Scan(&p.ID).Error
		if err != nil {
			return nil, fmt.Errorf("add a point to case %d: %w", id, err)
		}
		return map[string]any{"point": p.ID}, nil
	})
	return p, err
}

// PointChange is what to alter of a point; nil stays. An empty answer takes back
// the one that was there.
type PointChange struct {
	Body   *string
	Answer *string
}

// ChangePoint rewrites a point or answers it.
func (s *Service) ChangePoint(ctx context.Context, actor access.Actor, id, point int64, c PointChange) error {
	act := "point_changed"
	if c.Answer != nil {
		act = "point_answered"
		if *c.Answer != "" {
			answer, err := checkText("answer", *c.Answer, maxAnswer)
			if err != nil {
				return err
			}
			if stalls(answer) {
				return ErrStalling
			}
			c.Answer = &answer
		}
	}
	if c.Body != nil {
		body, err := checkText("body", *c.Body, maxPoint)
		if err != nil {
			return err
		}
		c.Body = &body
	}
	return s.open(ctx, actor, id, act, func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		done := tx.Exec(`UPDATE case_points SET body = coalesce(n.body, case_points.body), answer = coalesce(n.answer, case_points.answer),
			answered_by = CASE WHEN n.answer IS NULL THEN answered_by WHEN n.answer = '' THEN NULL ELSE n.who END,
			answered_at = CASE WHEN n.answer IS NULL THEN answered_at WHEN n.answer = '' THEN NULL ELSE n.at END
			FROM (SELECT CAST(@body AS text) AS body, CAST(@answer AS text) AS answer, CAST(@who AS bigint) AS who,
				CAST(@at AS timestamptz) AS at) n WHERE ticket_id = @ticket AND id = @point`,
			map[string]any{"body": c.Body, "answer": c.Answer, "who": actor.AccountID, "at": s.now(), "ticket": id, "point": point})
		return map[string]any{"point": point}, changed(done, "change a point of", id)
	})
}

// RemovePoint takes a point out that was none.
func (s *Service) RemovePoint(ctx context.Context, actor access.Actor, id, point int64) error {
	return s.open(ctx, actor, id, "point_removed", func(tx *gorm.DB, _ ticket.Ticket) (any, error) {
		var body string
		if err := tx.Raw("SELECT body FROM case_points WHERE ticket_id = ? AND id = ?", id, point).Scan(&body).Error; err != nil {
			return nil, fmt.Errorf("read a point of case %d: %w", id, err)
		}
		done := tx.Exec("DELETE FROM case_points WHERE ticket_id = ? AND id = ?", id, point)
		return map[string]any{"body": body}, changed(done, "remove a point of", id)
	})
}

func pointsOf(db *gorm.DB, id int64) ([]Point, error) {
	var all []Point
	err := db.Raw(`SELECT id, body, answer, answered_by, answered_at FROM case_points
		WHERE ticket_id = ? ORDER BY position, id`, id).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the points of case %d: %w", id, err)
	}
	return all, nil
}

// answeredAll checks that there are points and that each has its answer.
func answeredAll(tx *gorm.DB, id int64) error {
	points, err := pointsOf(tx, id)
	if err != nil {
		return err
	}
	if len(points) == 0 {
		return ErrNoPoints
	}
	open := 0
	for _, p := range points {
		if p.Answer == "" {
			open++
		}
	}
	if open > 0 {
		return ErrPoints.With("open", open)
	}
	return nil
}

func changed(done *gorm.DB, what string, id int64) error {
	if done.Error != nil {
		return fmt.Errorf("%s case %d: %w", what, id, done.Error)
	}
	if done.RowsAffected == 0 {
		return ErrNotFound
	}
	return nil
}
