package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// The failures of the ombudsman's office.
var (
	ErrNotOffice  = fault.New(fault.NotFound, "office_member_not_found")
	ErrOfficeRank = fault.New(fault.Forbidden, "office_rank") // only whoever signs decides who belongs to the office
	ErrOfficeSelf = fault.New(fault.Conflict, "office_self")
)

// Rank is what somebody of the ombudsman's office may do there.
type Rank string

// The ranks. Analysts prepare; the ombudsman and the substitute sign.
const (
	RankOmbudsman  Rank = "ombudsman"
	RankSubstitute Rank = "substitute"
	RankAnalyst    Rank = "analyst"
)

// Ranks are all of them.
var Ranks = []Rank{RankOmbudsman, RankSubstitute, RankAnalyst}

// Signs reports whether the rank may sign an answer and admit to the office.
func (r Rank) Signs() bool { return r == RankOmbudsman || r == RankSubstitute }

// Office is an account's place in the ombudsman's office (docs/adr/0012).
//
// An admin may ask that somebody belongs to it by giving the role; the wall
// opens when somebody who signs there confirms. Until then, and again when an
// admin has set another password or address, the account is Pending and counts
// as an agent's. Only the first ombudsman of an installation is confirmed by
// nobody: there is nobody yet.
type Office struct {
	Rank    Rank
	Pending bool
}

// officeLock is the advisory lock under which the office is founded.
const officeLock = 0x45_53_43_4f_46_46 // "ESCOFF"

// admit gives a new ombudsman's account its place and says what to log.
func admit(tx *gorm.DB, r *accountRow) (entry string, err error) {
	if r.Role != access.Ombudsman {
		return "", nil
	}
	if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", officeLock).Error; err != nil {
		return "", fmt.Errorf("wait to enter the office: %w", err)
	}
	var founded bool
	if err := tx.Raw("SELECT EXISTS (SELECT FROM office_log WHERE act IN ('founded', 'confirmed'))").Scan(&founded).Error; err != nil {
		return "", fmt.Errorf("look whether there is an office: %w", err)
	}
	if founded {
		r.OfficeRank, r.OfficePending = RankAnalyst, true
		return "asked", nil
	}
	r.OfficeRank, r.OfficePending = RankOmbudsman, false
	return "founded", nil
}

// reseat gives an account that is being changed by an admin its place. Whoever
// can log in as a member of the office is one: a new password, address or life
// of such an account is confirmed like a new member.
func reseat(tx *gorm.DB, was accountRow, r *accountRow) (entry string, err error) {
	switch {
	case r.Role != access.Ombudsman && was.Role == access.Ombudsman:
		r.OfficeRank, r.OfficePending = "", false
		return "left", nil
	case r.Role == access.Ombudsman && was.Role != access.Ombudsman:
		return admit(tx, r)
	case r.Role != access.Ombudsman || r.PasswordHash == was.PasswordHash && r.Email == was.Email && (was.Active || !r.Active):
		return "", nil
	}
	r.OfficePending = true
	return "credentials", nil
}

func logOffice(tx *gorm.DB, id int64, act string, by *int64, at time.Time) error {
	if act == "" {
		return nil
	}
	err := tx.Exec(`INSERT INTO office_log (account_id, act, rank, by_id, at)
		SELECT id, ?, office_rank, ?, ? FROM accounts WHERE id = ?`, act, by, at, id).Error
	if err != nil {
		return fmt.Errorf("write into the office's log: %w", err)
	}
	return nil
}

// Seat gives a member of the office a rank and lets in whoever waits for it. by
// is a member who signs, and not the member itself; nil is whoever owns the
// machine the server runs on, for an office in which nobody is left.
func (s *Service) Seat(ctx context.Context, by *access.Actor, id int64, rank Rank) (Account, error) {
	if !slices.Contains(Ranks, rank) {
		return Account{}, ErrInvalid.Field("body.rank", "unknown_choice")
	}
	var done Account
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		var byID *int64
		if by != nil {
			if by.AccountID == id {
				return ErrOfficeSelf
			}
			mine, err := readAccount(tx, by.AccountID)
			if err != nil {
				return err
			}
			if mine.Actor().Role != access.Ombudsman || !mine.Office.Rank.Signs() {
				return ErrOfficeRank
			}
			byID = &by.AccountID
		}
		r, err := lockAccount(tx, id)
		if err != nil || r.Role != access.Ombudsman || !r.Active {
			return ErrNotOffice.Because(err)
		}
		act := "ranked"
		if r.OfficePending {
			act = "confirmed"
			r.Generation++ // whoever logged in before did not see through the wall
			if err := endSessions(tx, id, 0); err != nil {
				return err
			}
		}
		r.OfficeRank, r.OfficePending, r.UpdatedAt = rank, false, s.now()
		if err := saveAccount(tx, &r); err != nil {
			return err
		}
		if err := logOffice(tx, id, act, byID, r.UpdatedAt); err != nil {
			return err
		}
		member, err := teamsOf(tx, id)
		if err != nil {
			return err
		}
		done = r.account(member[id])
		return accessChanged(tx, id)
	})
	s.cache.recheck()
	return done, err
}

// OfficeEntry is one line of the office's log.
type OfficeEntry struct {
	AccountID int64
	Name      string
	Act       string // founded, asked, confirmed, ranked, left, credentials
	Rank      Rank
	ByID      *int64
	By        string // name; empty when it was no act of the office
	At        time.Time
}

// officeShown bounds what is read of the log at once.
const officeShown = 200

// OfficeLog reads the newest entries first.
func (s *Service) OfficeLog(ctx context.Context) ([]OfficeEntry, error) {
	var entries []OfficeEntry
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT l.account_id, a.name, l.act, l.rank, l.by_id, coalesce(b.name, '') AS by, l.at
		FROM office_log l JOIN accounts a ON a.id = l.account_id LEFT JOIN accounts b ON b.id = l.by_id
		ORDER BY l.id DESC LIMIT ?`, officeShown).Scan(&entries).Error
	if err != nil {
		return nil, fmt.Errorf("read the office's log: %w", err)
	}
	return entries, nil
}
