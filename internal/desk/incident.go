package desk

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of putting a ticket to an incident (package incident).
var (
	ErrIncidentClosed = fault.New(fault.Conflict, "incident_closed") // nothing is put to it or said in it any more
	ErrIncidentCase   = fault.New(fault.Conflict, "incident_case")   // a case of the ombudsman's belongs to none
)

// onlyIncident reports whether the amendment does nothing but put tickets to an
// incident, or take them off.
func (a Amendment) onlyIncident() bool {
	return a.IncidentID != nil && a.Status == nil && a.Priority == nil && a.TeamID == nil && a.Assignee == nil && a.ReasonID == nil &&
		len(a.AddTags)+len(a.RemoveTags) == 0
}

// onlyIncident reports whether nothing but the incident was replaced.
func (k Kept) onlyIncident() bool {
	was := k.Before
	was.IncidentID = k.After.IncidentID
	return was.equal(k.After)
}

// CheckIncident refuses an amendment that names an incident to which nothing can
// be put.
func (s *Service) CheckIncident(ctx context.Context, a Amendment) error {
	if a.IncidentID == nil || *a.IncidentID == 0 {
		return nil
	}
	_, err := incidentTitle(ctx, s.db.Gorm, *a.IncidentID, "")
	return err
}

// amendIncident puts a ticket to the incident that the amendment names, or takes
// it off for 0, and gives the titles before and after; nil when nothing is named
// or different.
func amendIncident(ctx context.Context, tx *gorm.DB, a Amendment, t *ticket.Ticket) (*FromTo, error) {
	if a.IncidentID == nil || same(t.IncidentID, orNone(*a.IncidentID)) {
		return nil, nil //nolint:nilnil // no change
	}
	var from, to string
	var err error
	if t.IncidentID != nil {
		if err = tx.WithContext(ctx).Raw("SELECT title FROM incidents WHERE id = ?", *t.IncidentID).Scan(&from).Error; err != nil {
			return nil, fmt.Errorf("read the incident of ticket %d: %w", t.ID, err)
		}
	}
	if *a.IncidentID != 0 {
		if to, err = incidentTitle(ctx, tx, *a.IncidentID, "FOR KEY SHARE"); err != nil {
			return nil, err
		}
	}
	t.IncidentID = orNone(*a.IncidentID)
	return &FromTo{from, to}, nil
}

func incidentTitle(ctx context.Context, tx *gorm.DB, id int64, lock string) (string, error) {
	var rows []struct{ Title, State string }
	if err := tx.WithContext(ctx).Raw("SELECT title, state FROM incidents WHERE id = ? "+lock, id).Scan(&rows).Error; err != nil {
		return "", fmt.Errorf("read incident %d: %w", id, err)
	}
	switch {
	case len(rows) == 0:
		return "", ticket.Wrong("action.incident_id", "unknown_choice")
	case rows[0].State == "closed":
		return "", ErrIncidentClosed
	}
	return rows[0].Title, nil
}
