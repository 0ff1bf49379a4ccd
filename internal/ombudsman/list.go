package ombudsman

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ErrCursor is a cursor that no list gave.
var ErrCursor = fault.New(fault.Invalid, "bad_cursor")

const pageSize = 50

// Row is a case in the list.
type Row struct {
	TicketID        int64
	Protocol        string
	Subject         string
	CustomerName    string
	Kind            string
	Status          ticket.Status
	Confidentiality string
	Way             string
	SacProtocol     string
	SacTicketID     *int64
	Merit           Merit
	Result          Result
	ReversesSac     bool
	Draft           DraftState // empty without one
	Points          int
	PointsOpen      int
	RequestsOpen    int
	NextDue         *time.Time
	NextClock       string
	NextFrom        *time.Time
	NextWarn        *time.Time
	Paused          string
	Breached        bool
	ComplementDue   *time.Time
	ArchivedAt      *time.Time
	ConcludedAt     *time.Time
	OpenedAt        time.Time
}

// List reads a page of the cases that the actor sees: the open ones by deadline,
// or those that have ended, the newest first. The cursor is opaque.
func (s *Service) List(ctx context.Context, actor access.Actor, ended bool, cursor string) (rows []Row, next string, err error) {
	scope := actor.Scope()
	if !scope.Walled {
		return nil, "", ticket.ErrNotFound
	}
	args := map[string]any{"keys": strings.Join(scope.Keys, " "), "limit": pageSize + 1}
	order, after, open := "t.next_due, t.id", "", "t.open"
	if ended {
		order, open = "t.opened_at DESC, t.id DESC", "NOT t.open"
	}
	if cursor != "" {
		id, err := strconv.ParseInt(cursor, 36, 64)
		if err != nil || id < 1 {
			return nil, "", ErrCursor
		}
		args["after"] = id
		after = " AND (t.next_due, t.id) > (SELECT next_due, id FROM tickets WHERE id = @after)"
		if ended {
			after = " AND (t.opened_at, t.id) < (SELECT opened_at, id FROM tickets WHERE id = @after)"
		}
	}
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT t.id AS ticket_id, t.protocol, t.subject, t.customer_name, t.kind, t.status,
		c.confidentiality, c.way, c.sac_protocol, c.sac_ticket_id, c.merit, c.result, c.reverses_sac, coalesce(d.state, '') AS draft,
		(SELECT count(*) FROM case_points p WHERE p.ticket_id = t.id) AS points,
		(SELECT count(*) FROM case_points p WHERE p.ticket_id = t.id AND p.answer = '') AS points_open,
		(SELECT count(*) FROM area_requests r WHERE r.ticket_id = t.id AND r.state = 'open') AS requests_open,
		nullif(t.next_due, 'infinity') AS next_due, t.next_clock, t.next_from, t.next_warn, t.paused, t.breached,
		c.complement_due, c.archived_at, c.concluded_at, t.opened_at
		FROM tickets t JOIN ombudsman_cases c ON c.ticket_id = t.id LEFT JOIN case_drafts d ON d.ticket_id = t.id
		WHERE t.walled AND `+open+` AND NOT string_to_array(t.barred, ' ') && string_to_array(@keys, ' ')`+after+`
		ORDER BY `+order+` LIMIT @limit`, args).Scan(&rows).Error
	if err != nil {
		return nil, "", fmt.Errorf("list cases: %w", err)
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		next = strconv.FormatInt(rows[pageSize-1].TicketID, 36)
	}
	return rows, next, nil
}

// Figures count the cases that an actor sees.
type Figures struct {
	Open, Overdue, InReview, WaitingComplement   int
	Concluded, Archived                          int
	Founded, Partly, Unfounded                   int
	Reversals                                    int // of the SAC's decisions
	RecommendationsPending, RecommendationsTaken int
}

// Count adds up the cases of the actor's.
func (s *Service) Count(ctx context.Context, actor access.Actor) (f Figures, err error) {
	scope := actor.Scope()
	if !scope.Walled {
		return f, ticket.ErrNotFound
	}
	err = s.db.Gorm.WithContext(ctx).Raw(`WITH mine AS (SELECT c.*, t.open, t.breached, t.status FROM tickets t JOIN ombudsman_cases c ON c.ticket_id = t.id
			WHERE t.walled AND NOT string_to_array(t.barred, ' ') && string_to_array(?, ' '))
		SELECT count(*) FILTER (WHERE open) AS open, count(*) FILTER (WHERE open AND breached) AS overdue,
		(SELECT count(*) FROM case_drafts d JOIN mine m USING (ticket_id) WHERE d.state = 'review' AND m.open) AS in_review,
		count(*) FILTER (WHERE open AND complement_due IS NOT NULL AND status = 'waiting_customer') AS waiting_complement,
		count(*) FILTER (WHERE concluded_at IS NOT NULL) AS concluded, count(*) FILTER (WHERE archived_at IS NOT NULL) AS archived,
		count(*) FILTER (WHERE concluded_at IS NOT NULL AND merit = 'founded') AS founded,
		count(*) FILTER (WHERE concluded_at IS NOT NULL AND merit = 'partly') AS partly,
		count(*) FILTER (WHERE concluded_at IS NOT NULL AND merit = 'unfounded') AS unfounded,
		count(*) FILTER (WHERE concluded_at IS NOT NULL AND reverses_sac) AS reversals,
		(SELECT count(*) FROM case_recommendations r JOIN mine m USING (ticket_id) WHERE r.state = 'pending') AS recommendations_pending,
		(SELECT count(*) FROM case_recommendations r JOIN mine m USING (ticket_id) WHERE r.state IN ('accepted', 'implemented')) AS recommendations_taken
		FROM mine`, strings.Join(scope.Keys, " ")).Scan(&f).Error
	if err != nil {
		return f, fmt.Errorf("count the cases: %w", err)
	}
	return f, nil
}
