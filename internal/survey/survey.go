// Package survey keeps what customers thought of the answers they got.
package survey

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// The faults of a rating.
var (
	ErrInvalid = fault.New(fault.Invalid, "survey_invalid")   // details name the fields
	ErrTooSoon = fault.New(fault.Conflict, "survey_too_soon") // there is no final answer to rate yet
)

// MaxComment bounds a comment, in characters.
const MaxComment = 2000

// Rating is one customer's verdict.
type Rating struct {
	TicketID int64
	Score    int // 1, very bad, to 5, very good
	Comment  string
	At       time.Time
}

// Rate stores a rating. A second one for the same ticket takes the place of the
// first: people change their minds, and nobody counts twice.
func Rate(ctx context.Context, db *gorm.DB, r Rating) error {
	r.Comment = strings.TrimSpace(r.Comment)
	switch {
	case r.Score < 1 || r.Score > 5:
		return ErrInvalid.Field("body.score", "not_one_of")
	case !utf8.ValidString(r.Comment) || strings.ContainsRune(r.Comment, 0):
		return ErrInvalid.Field("body.comment", "not_text")
	case utf8.RuneCountInString(r.Comment) > MaxComment:
		return ErrInvalid.Field("body.comment", "too_long")
	}
	err := db.WithContext(ctx).Exec(`INSERT INTO surveys (ticket_id, score, comment, at) VALUES (?, ?, ?, ?)
		ON CONFLICT (ticket_id) DO UPDATE SET score = excluded.score, comment = excluded.comment, at = excluded.at`,
		r.TicketID, r.Score, r.Comment, r.At).Error
	if err != nil {
		return fmt.Errorf("store the rating of ticket %d: %w", r.TicketID, err)
	}
	return nil
}

// Rated reports whether the ticket has a rating.
func Rated(ctx context.Context, db *gorm.DB, ticketID int64) (bool, error) {
	var some bool
	if err := db.WithContext(ctx).Raw("SELECT EXISTS (SELECT FROM surveys WHERE ticket_id = ?)", ticketID).Scan(&some).Error; err != nil {
		return false, fmt.Errorf("look for the rating of ticket %d: %w", ticketID, err)
	}
	return some, nil
}
