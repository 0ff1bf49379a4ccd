package proof

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Made is a sheet that was made: by whom, when, of what.
type Made struct {
	Digest    string // SHA-256 of what it says, in hexadecimal digits
	ClockID   *int64 // nil when it is of all deadlines
	AccountID int64
	Name      string
	At        time.Time
}

// Make gathers the deadlines of a ticket that the actor sees, or one of them, and
// keeps what the sheet says, who made it and when.
func (s *Service) Make(ctx context.Context, who access.Actor, t ticket.Ticket, clock int64) (Sheet, string, error) {
	sheet, err := s.gather(ctx, who, t, clock)
	if err != nil {
		return Sheet{}, "", err
	}
	body, digest, err := seal(sheet)
	if err != nil {
		return Sheet{}, "", err
	}
	err = s.DB.Gorm.WithContext(ctx).Exec(`INSERT INTO clock_proofs (ticket_id, clock_id, digest, body, account_id, at) VALUES (?, nullif(?, 0), ?, ?::json, ?, ?)
		ON CONFLICT (ticket_id, digest) DO NOTHING`, t.ID, clock, digest, body, who.AccountID, sheet.MadeAt).Error
	if err != nil {
		return Sheet{}, "", fmt.Errorf("keep a sheet of ticket %d: %w", t.ID, err)
	}
	return sheet, digest, nil
}

// Again is a sheet of a ticket as it was made; none of that digest is ErrNoSheet.
func (s *Service) Again(ctx context.Context, ticketID int64, digest string) (Sheet, error) {
	var bodies []string
	err := s.DB.Gorm.WithContext(ctx).Raw("SELECT body::text FROM clock_proofs WHERE ticket_id = ? AND digest = ?", ticketID, digest).Scan(&bodies).Error
	switch {
	case err != nil:
		return Sheet{}, fmt.Errorf("read a sheet of ticket %d: %w", ticketID, err)
	case len(bodies) == 0:
		return Sheet{}, ErrNoSheet
	}
	var sheet Sheet
	if err := json.Unmarshal([]byte(bodies[0]), &sheet); err != nil {
		return Sheet{}, fmt.Errorf("read a sheet of ticket %d: %w", ticketID, err)
	}
	return sheet, nil
}

// List tells which sheets of a ticket were made, the newest first, at most 200.
func (s *Service) List(ctx context.Context, ticketID int64) ([]Made, error) {
	var all []Made
	err := s.DB.Gorm.WithContext(ctx).Raw(`SELECT p.digest, p.clock_id, p.account_id, a.name, p.at FROM clock_proofs p JOIN accounts a ON a.id = p.account_id
		WHERE p.ticket_id = ? ORDER BY p.id DESC LIMIT 200`, ticketID).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the sheets of ticket %d: %w", ticketID, err)
	}
	return all, nil
}

// seal is what is kept of a paper, and the digest of it.
func seal(paper any) (body, digest string, err error) {
	text, err := json.Marshal(paper)
	if err != nil {
		return "", "", fmt.Errorf("write down a paper: %w", err)
	}
	sum := sha256.Sum256(text)
	return string(text), hex.EncodeToString(sum[:]), nil
}
