package ombudsman

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

type caseRow struct {
	TicketID        int64
	Regime          string
	Way             string
	Source          string
	ExternalID      string
	Confidentiality string
	SacProtocol     string
	SacTicketID     *int64
	Merit           Merit
	Result          Result
	ConsumerView    View
	ReversesSac     bool
	ComplementAt    *time.Time
	ComplementDue   *time.Time
	ArchivedAt      *time.Time
	ConcludedAt     *time.Time
	ConcludedBy     *int64
}

func (caseRow) TableName() string { return "ombudsman_cases" }

// See reads a case for an actor; what is hidden, or no case, is absent. ref is
// the ticket's id or protocol.
func (s *Service) See(ctx context.Context, actor access.Actor, ref string) (Case, error) {
	db := s.db.Gorm.WithContext(ctx)
	t, err := ticket.See(ctx, s.db.Gorm, actor, ref)
	if err != nil {
		return Case{}, err
	}
	var r caseRow
	switch err := db.Where("ticket_id = ?", t.ID).Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound) || !t.Walled:
		return Case{}, ticket.ErrNotFound
	case err != nil:
		return Case{}, fmt.Errorf("read case %d: %w", t.ID, err)
	}
	c := Case{Ticket: t, Regime: r.Regime, Way: r.Way, Source: r.Source, ExternalID: r.ExternalID,
		Confidentiality: r.Confidentiality, SACProtocol: r.SacProtocol,
		Verdict:      Verdict{r.Merit, r.Result, r.ConsumerView, r.ReversesSac},
		ComplementAt: r.ComplementAt, ComplementDue: r.ComplementDue, ArchivedAt: r.ArchivedAt,
		ConcludedAt: r.ConcludedAt, ConcludedBy: r.ConcludedBy}
	if r.SacTicketID != nil {
		if c.SAC, err = sacOf(ctx, s.db.Gorm, actor, *r.SacTicketID); err != nil {
			return Case{}, err
		}
	}
	for _, read := range []func() error{
		func() (err error) { c.Points, err = pointsOf(db, t.ID); return err },
		func() (err error) { c.Draft, err = draftOf(db, t.ID); return err },
		func() (err error) { c.Accused, err = accusedOf(db, t); return err },
		func() (err error) { c.Recommendations, err = recommendationsOf(db, t.ID); return err },
		func() (err error) { c.Requests, err = requestsOf(db, t.ID); return err },
		func() (err error) { c.Trail, err = trailOf(db, t.ID); return err },
		func() (err error) { c.From, err = fromOf(db, t.ID); return err },
	} {
		if err := read(); err != nil {
			return Case{}, err
		}
	}
	return c, nil
}

// lockCase reads the case's row for an act that decides by it.
func lockCase(ctx context.Context, tx *gorm.DB, id int64) (caseRow, error) {
	var r caseRow
	err := tx.WithContext(ctx).Raw("SELECT * FROM ombudsman_cases WHERE ticket_id = ? FOR UPDATE", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, ticket.ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("lock case %d: %w", id, err)
	}
	return r, nil
}

func sacOf(ctx context.Context, db *gorm.DB, actor access.Actor, id int64) (*SAC, error) {
	t, err := ticket.ByID(ctx, db, id)
	if errors.Is(err, ticket.ErrNotFound) || err == nil && !actor.MaySee(t.Audience()) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &SAC{TicketID: t.ID, Protocol: t.Protocol, Subject: t.Subject, Status: t.Status, OpenedAt: t.OpenedAt,
		ResolvedAt: t.ResolvedAt, CustomerID: t.CustomerID}, nil
}

func trailOf(db *gorm.DB, id int64) ([]Trace, error) {
	var all []Trace
	err := db.Raw(`SELECT t.act, t.account_id, coalesce(a.name, '') AS name, t.data::text AS data, t.at
		FROM case_trail t LEFT JOIN accounts a ON a.id = t.account_id WHERE t.ticket_id = ? ORDER BY t.id LIMIT 1000`, id).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the trail of case %d: %w", id, err)
	}
	return all, nil
}

// Trail writes a line of a case's trail for a part that acts on cases beside the
// office (area.Trail).
func Trail(ctx context.Context, tx *gorm.DB, ticketID int64, act string, by *int64, data any, at time.Time) error {
	return trace(ctx, tx, ticketID, act, by, data, at)
}

func trace(ctx context.Context, tx *gorm.DB, id int64, act string, by *int64, data any, at time.Time) error {
	if data == nil {
		data = map[string]any{}
	}
	text, err := json.Marshal(data)
	if err == nil {
		err = tx.WithContext(ctx).Exec("INSERT INTO case_trail (ticket_id, act, account_id, data, at) VALUES (?, ?, ?, ?::jsonb, ?)",
			id, act, by, string(text), at).Error
	}
	if err != nil {
		return fmt.Errorf("write the trail of case %d: %w", id, err)
	}
	return nil
}

// fromOf is who the demandant said to be when the case was opened.
func fromOf(db *gorm.DB, id int64) (map[string]string, error) {
	var text *string
	err := db.Raw(`SELECT c.data->>'from' FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
		WHERE l.ticket_id = ? AND c.direction = 'in' ORDER BY c.id LIMIT 1`, id).Scan(&text).Error
	from := map[string]string{}
	if err == nil && text != nil {
		err = json.Unmarshal([]byte(*text), &from)
	}
	if err != nil {
		return nil, fmt.Errorf("read who sent case %d: %w", id, err)
	}
	return from, nil
}
