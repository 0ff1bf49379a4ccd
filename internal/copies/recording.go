package copies

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
)

// Faults of a copy of a recording.
var (
	ErrNoRecording = fault.New(fault.Conflict, "copy_no_recording")        // none is kept
	ErrElsewhere   = fault.New(fault.Conflict, "copy_recording_elsewhere") // another system keeps it: nothing can be attached
	ErrLarge       = fault.New(fault.Conflict, "copy_recording_large")     // args: max, in MB
)

// maxMail bounds the recordings of one mail, in bytes: base64 makes four of three,
// and most servers take 25 MB.
const maxMail = 15 << 20

// Recordings knows what was recorded (call.Copies).
type Recordings interface {
	Kept(ctx context.Context, tx *gorm.DB, ticketID int64) (ids []int64, files []channel.File, elsewhere int, err error)
	Asked(ctx context.Context, tx *gorm.DB, ids []int64, by int64, at time.Time) error
	Given(ctx context.Context, db *gorm.DB, by int64, asked, at time.Time) error
}

// recordings notes that a ticket's recordings were asked for, so that they are kept
// until the copy has gone, and gives the files that a mail brings. With a letter
// goes a medium that a person prepares: it matters not where they are kept.
func (s *Service) recordings(ctx context.Context, tx *gorm.DB, ticketID, by int64, byMail bool, now time.Time) ([]outbox.File, error) {
	ids, kept, elsewhere, err := s.Recordings.Kept(ctx, tx, ticketID)
	switch {
	case err != nil:
		return nil, err
	case len(ids) == 0:
		return nil, ErrNoRecording
	case byMail && elsewhere > 0:
		return nil, ErrElsewhere
	}
	var files []outbox.File
	var size int64
	for _, f := range kept {
		files = append(files, outbox.File{Blob: f.Blob, Name: f.Name, Mime: f.Mime, Size: f.Size})
		size += f.Size
	}
	if byMail && size > maxMail {
		return nil, ErrLarge.With("max", maxMail>>20)
	}
	return files, s.Recordings.Asked(ctx, tx, ids, by, now)
}

// settleEach is how often copies are looked for that have gone meanwhile.
const settleEach = time.Minute

// Run lets recordings go whose copies have gone out, until ctx ends. Nodes may do
// it at once.
func (s *Service) Run(ctx context.Context, log *slog.Logger) error {
	return jobs.Sweep(ctx, settleEach, func(ctx context.Context) bool {
		if err := s.Settle(ctx); err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "copies are settled later", "error", err)
		}
		return false
	})
}

// Settle does one round.
func (s *Service) Settle(ctx context.Context) error {
	var gone []struct {
		By      int64
		AskedAt time.Time
	}
	err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT c.by, c.asked_at FROM recording_requests q
		JOIN copies c ON c.by = q.asked_by AND c.asked_at = q.asked_at AND c.what = 'recording'
		JOIN outbox o ON o.id = c.out_id AND o.state IN ('sent', 'delivered')
		WHERE q.answered_at IS NULL GROUP BY 1, 2`).Scan(&gone).Error
	if err != nil {
		return fmt.Errorf("look for copies that have gone: %w", err)
	}
	for _, c := range gone {
		if err := s.Recordings.Given(ctx, s.DB.Gorm, c.By, c.AskedAt, s.Now()); err != nil {
			return err
		}
	}
	return nil
}
