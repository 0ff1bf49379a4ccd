package call

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of a recording.
var (
	ErrNoRecording = fault.New(fault.NotFound, "recording_not_found")
	ErrErased      = fault.New(fault.NotFound, "recording_erased")
	ErrMayNotHear  = fault.New(fault.Forbidden, "recording_forbidden")
	ErrKept        = fault.New(fault.Conflict, "recording_kept") // args: until; it must be kept
)

// Kept is how long a recording is kept at least, from the attendance (Decreto
// 11.034/2022, art. 12, par. 3).
const Kept = 90 * 24 * time.Hour

const maxReference = 1000

// Recording says where a call can be heard: another system's reference, which is
// never fetched, or a file of ours.
type Recording struct {
	ID          int64
	ContactID   int64
	Reference   string
	File        *channel.File
	RetainUntil time.Time
	AddedAt     time.Time
	ErasedAt    *time.Time
	Asked       int // requests for a copy that are open: until they are answered it is kept
}

type recordingRow struct {
	ID          int64
	ContactID   int64
	Reference   string
	Blob        string
	Name        string
	Mime        string
	Size        int64
	RetainUntil time.Time
	AddedBy     *int64
	AddedAt     time.Time `gorm:"autoCreateTime:false"`
	ErasedAt    *time.Time
}

func (recordingRow) TableName() string { return "recordings" }

func (r recordingRow) recording() Recording {
	rec := Recording{ID: r.ID, ContactID: r.ContactID, Reference: r.Reference, RetainUntil: r.RetainUntil, AddedAt: r.AddedAt, ErasedAt: r.ErasedAt}
	if r.Blob != "" {
		rec.File = &channel.File{Blob: r.Blob, Name: r.Name, Mime: r.Mime, Size: r.Size}
	}
	return rec
}

// Record notes where a call can be heard, in the place of what was noted before.
// until is how long it is kept; nil, or anything sooner, is Kept from the
// attendance.
func (s *Service) Record(ctx context.Context, actor access.Actor, contact int64, reference string, file *channel.File, until *time.Time) (Recording, error) {
	c, _, err := s.see(ctx, s.db.Gorm, actor, contact)
	if err != nil {
		return Recording{}, err
	}
	if err := c.mine(actor); err != nil {
		return Recording{}, err
	}
	reference = strings.TrimSpace(reference)
	switch {
	case reference == "" && file == nil:
		return Recording{}, ErrInvalid.Field("reference", "required")
	case !utf8.ValidString(reference) || strings.ContainsRune(reference, 0):
		return Recording{}, ErrInvalid.Field("reference", "not_text")
	case utf8.RuneCountInString(reference) > maxReference:
		bad := *ErrInvalid
		bad.Details = []fault.Detail{{Field: "reference", Code: "too_long", Args: map[string]any{"max": maxReference}}}
		return Recording{}, &bad
	}
	r := recordingRow{ContactID: contact, Reference: reference, AddedBy: &actor.AccountID}
	if file != nil {
		r.Blob, r.Name, r.Mime, r.Size = file.Blob, file.Name, file.Mime, file.Size
	}
	var rec Recording
	err = s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		rec, err = s.record(ctx, tx, c, r, until)
		return err
	})
	return rec, err
}

// record stores it. What somebody waits to get a copy of is not replaced.
func (s *Service) record(ctx context.Context, tx *gorm.DB, c Call, r recordingRow, until *time.Time) (Recording, error) {
	r.AddedAt, r.RetainUntil = s.now(), c.attended().Add(Kept)
	if until != nil && until.After(r.RetainUntil) {
		r.RetainUntil = until.UTC()
	}
	was, err := s.recordingOf(ctx, tx.Clauses(forUpdate), c.ContactID)
	switch {
	case errors.Is(err, ErrNoRecording):
		err = tx.WithContext(ctx).Create(&r).Error
	case err == nil:
		asked, waits := s.asked(ctx, tx, was.ID)
		if waits != nil {
			return Recording{}, waits
		}
		if asked > 0 {
			return Recording{}, ErrKept.With("until", was.RetainUntil)
		}
		r.ID = was.ID
		if was.RetainUntil.After(r.RetainUntil) {
			r.RetainUntil = was.RetainUntil
		}
		err = tx.WithContext(ctx).Save(&r).Error
	}
	if err != nil {
		return Recording{}, fmt.Errorf("note the recording of call %d: %w", c.ContactID, err)
	}
	return r.recording(), nil
}

// keepFrom makes a recording that was noted during the call be kept for as long
// as one that was noted after its end.
func keepFrom(ctx context.Context, tx *gorm.DB, contact int64, ended time.Time) error {
	until := ended.Add(Kept)
	err := tx.WithContext(ctx).Exec("UPDATE recordings SET retain_until = ? WHERE contact_id = ? AND retain_until < ? AND erased_at IS NULL",
		until, contact, until).Error
	if err != nil {
		return fmt.Errorf("keep the recording of call %d: %w", contact, err)
	}
	return nil
}

// attended is when the attendance ended, as far as is known.
func (c Call) attended() time.Time {
	if c.EndedAt != nil {
		return *c.EndedAt
	}
	return c.StartedAt
}

func (s *Service) recordingOf(ctx context.Context, db *gorm.DB, contact int64) (recordingRow, error) {
	var r recordingRow
	switch err := db.WithContext(ctx).Where("contact_id = ?", contact).Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return recordingRow{}, ErrNoRecording
	case err != nil:
		return recordingRow{}, fmt.Errorf("read the recording of call %d: %w", contact, err)
	}
	return r, nil
}

func (s *Service) asked(ctx context.Context, db *gorm.DB, recording int64) (n int, err error) {
	err = db.WithContext(ctx).Raw("SELECT count(*) FROM recording_requests WHERE recording_id = ? AND answered_at IS NULL", recording).Scan(&n).Error
	if err != nil {
		return 0, fmt.Errorf("look who asked for recording %d: %w", recording, err)
	}
	return n, nil
}

// Recorded says whether a call can be heard, and until when: not where.
func (s *Service) Recorded(ctx context.Context, contact int64) (*Recording, error) {
	r, err := s.recordingOf(ctx, s.db.Gorm, contact)
	if errors.Is(err, ErrNoRecording) {
		return nil, nil //nolint:nilnil // none
	}
	if err != nil {
		return nil, err
	}
	rec := r.recording()
	rec.Asked, err = s.asked(ctx, s.db.Gorm, r.ID)
	return &rec, err
}

// MayHear reports whether an actor who sees the call may listen to it: whose
// call it was, and those who may take over.
func (c Call) MayHear(actor access.Actor) bool {
	return c.AgentID != nil && *c.AgentID == actor.AccountID || actor.May(access.TakeOver)
}

// Hear says where a call can be heard, and keeps who has asked.
func (s *Service) Hear(ctx context.Context, actor access.Actor, contact int64) (Recording, error) {
	c, _, err := s.see(ctx, s.db.Gorm, actor, contact)
	if err != nil {
		return Recording{}, err
	}
	if !c.MayHear(actor) {
		return Recording{}, ErrMayNotHear
	}
	r, err := s.recordingOf(ctx, s.db.Gorm, contact)
	if err != nil {
		return Recording{}, err
	}
	if r.ErasedAt != nil {
		return Recording{}, ErrErased
	}
	err = s.db.Gorm.WithContext(ctx).Exec("INSERT INTO recording_hearings (recording_id, account_id, at) VALUES (?, ?, ?)",
		r.ID, actor.AccountID, s.now()).Error
	if err != nil {
		return Recording{}, fmt.Errorf("keep who hears recording %d: %w", r.ID, err)
	}
	return r.recording(), nil
}

// AskCopy notes that somebody has asked for a copy: the recording is kept until
// that is answered, however long it takes.
func (s *Service) AskCopy(ctx context.Context, actor access.Actor, contact int64) error {
	return s.onRequest(ctx, actor, contact, "INSERT INTO recording_requests (recording_id, asked_by, asked_at) VALUES (@recording, @me, @now)")
}

// GaveCopy notes that everybody who has asked for a copy has got it.
func (s *Service) GaveCopy(ctx context.Context, actor access.Actor, contact int64) error {
	return s.onRequest(ctx, actor, contact, "UPDATE recording_requests SET answered_at = @now WHERE recording_id = @recording AND answered_at IS NULL")
}

func (s *Service) onRequest(ctx context.Context, actor access.Actor, contact int64, sql string) error {
	if _, _, err := s.see(ctx, s.db.Gorm, actor, contact); err != nil {
		return err
	}
	return s.db.InTx(ctx, func(tx *gorm.DB) error {
		r, err := s.recordingOf(ctx, tx.Clauses(forUpdate), contact)
		if err != nil {
			return err
		}
		if r.ErasedAt != nil {
			return ErrErased
		}
		err = tx.WithContext(ctx).Exec(sql, map[string]any{"recording": r.ID, "me": actor.AccountID, "now": s.now()}).Error
		if err != nil {
			return fmt.Errorf("keep a request for recording %d: %w", r.ID, err)
		}
		return nil
	})
}
