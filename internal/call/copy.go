package call

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Copies is what the part that gives customers copies asks about recordings.
type Copies struct{}

// Kept are the recordings of a ticket's calls that have not been erased: their
// ids, the files that are ours, and how many another system keeps. They stay as
// they are until tx ends.
func (Copies) Kept(ctx context.Context, tx *gorm.DB, ticketID int64) (ids []int64, files []channel.File, elsewhere int, err error) {
	var rows []recordingRow
	err = tx.WithContext(ctx).Raw(`SELECT r.* FROM recordings r JOIN calls c ON c.contact_id = r.contact_id
		WHERE c.ticket_id = ? AND r.erased_at IS NULL ORDER BY r.id FOR UPDATE OF r`, ticketID).Scan(&rows).Error
	if err != nil {
		return nil, nil, 0, fmt.Errorf("look for the recordings of ticket %d: %w", ticketID, err)
	}
	for _, r := range rows {
		ids = append(ids, r.ID)
		if f := r.recording().File; f != nil {
			files = append(files, *f)
		} else {
			elsewhere++
		}
	}
	return ids, files, elsewhere, nil
}

// Asked notes that a copy of these was asked for: they are kept until it is given.
func (Copies) Asked(ctx context.Context, tx *gorm.DB, ids []int64, by int64, at time.Time) error {
	for _, id := range ids {
		err := tx.WithContext(ctx).Exec("INSERT INTO recording_requests (recording_id, asked_by, asked_at) VALUES (?, ?, ?)", id, by, at).Error
		if err != nil {
			return fmt.Errorf("keep a request for recording %d: %w", id, err)
		}
	}
	return nil
}

// Given notes that who asked at that instant has got them.
func (Copies) Given(ctx context.Context, db *gorm.DB, by int64, asked, at time.Time) error {
	err := db.WithContext(ctx).Exec("UPDATE recording_requests SET answered_at = ? WHERE asked_by = ? AND asked_at = ? AND answered_at IS NULL", at, by, asked).Error
	if err != nil {
		return fmt.Errorf("note that a copy was given: %w", err)
	}
	return nil
}
