package ticket

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of making a ticket part of another.
var (
	ErrAcrossWall = fault.New(fault.Invalid, "merge_across_wall") // one of the two stands behind the wall
	ErrInUse      = fault.New(fault.Conflict, "ticket_in_use")    // it holds more than what opened it
)

// Absorb makes from part of into, within the change that is making into's
// version: what it holds and its protocols lead to into from now on, its own
// events stay as its trail, and no list shows it. Its own end is Absorbed, in a
// change of its own; both are locked. The clocks of both are the caller's.
func Absorb(ctx context.Context, tx *gorm.DB, from Ticket, into *Ticket) error {
	if from.Walled != into.Walled {
		return ErrAcrossWall
	}
	var answered bool
	err := tx.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM messages WHERE ticket_id = ? AND direction = 'out')", from.ID).Scan(&answered).Error
	if err != nil {
		return fmt.Errorf("look for answers in ticket %d: %w", from.ID, err)
	}
	if answered {
		return ErrInUse
	}
	for _, sql := range []string{
		"UPDATE protocols SET ticket_id = @into WHERE ticket_id = @from",
		"INSERT INTO ticket_contacts SELECT @into, contact_id FROM ticket_contacts WHERE ticket_id = @from ON CONFLICT DO NOTHING",
		"UPDATE messages SET ticket_id = @into, version = @version WHERE ticket_id = @from",
		"UPDATE notes SET ticket_id = @into, version = @version WHERE ticket_id = @from",
		"UPDATE attachments SET ticket_id = @into WHERE ticket_id = @from",
		`UPDATE clock_stages SET ticket_id = @into WHERE clock_id IN (SELECT clock_id FROM commitments WHERE ticket_id = @from)`,
		`UPDATE clocks SET ticket_id = @into WHERE id IN (SELECT clock_id FROM commitments WHERE ticket_id = @from)`,
		"UPDATE commitments SET ticket_id = @into WHERE ticket_id = @from",
		"UPDATE area_requests SET ticket_id = @into WHERE ticket_id = @from",
		"UPDATE tickets SET merged_into = @into WHERE id = @from",
	} {
		if err := tx.WithContext(ctx).Exec(sql, map[string]any{"from": from.ID, "into": into.ID, "version": into.Version}).Error; err != nil {
			return fmt.Errorf("make ticket %d part of %d: %w", from.ID, into.ID, err)
		}
	}
	into.PublicVersion, into.Preview = into.Version, from.Preview
	if into.IncidentID == nil {
		into.IncidentID = from.IncidentID
	}
	if into.AskedArea == "" { // what it asked of an area goes on
		into.AskedArea = from.AskedArea
	}
	if from.PromisedAt != nil && (into.PromisedAt == nil || from.PromisedAt.Before(*into.PromisedAt)) {
		into.PromisedAt = from.PromisedAt
	}
	return nil
}

// Absorbed is what becomes of a ticket that is part of another now.
func (t *Ticket) Absorbed(now time.Time) {
	t.Status, t.ClosedAt, t.WaitingSince = Closed, &now, nil
	t.AssigneeID, t.HolderID, t.LeaseUntil = nil, nil, nil
	t.Deadline, t.AskedArea, t.AreaAnsweredAt = Deadline{}, "", nil
	t.PromisedAt, t.Mentioned = nil, nil
}

// Follow makes a ticket the continuation of another, whose time is over.
func Follow(ctx context.Context, tx *gorm.DB, t *Ticket, earlier int64) error {
	if err := tx.WithContext(ctx).Exec("UPDATE tickets SET linked_from = ? WHERE id = ?", earlier, t.ID).Error; err != nil {
		return fmt.Errorf("link ticket %d to %d: %w", t.ID, earlier, err)
	}
	t.LinkedFrom = &earlier
	return nil
}
