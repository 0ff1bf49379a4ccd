package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

type sessionRow struct {
	ID         int64
	TokenHash  []byte
	AccountID  int64
	Generation int
	IP         string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time
	ExpiresAt  time.Time
}

func (sessionRow) TableName() string { return "sessions" }

// openSession stores a session, remembers the place it came from, and ends what
// the account has beyond maxSessions.
func openSession(tx *gorm.DB, r *sessionRow, from place) error {
	if err := tx.Create(r).Error; err != nil {
		return fmt.Errorf("open a session for account %d: %w", r.AccountID, err)
	}
	err := tx.Exec(`
		INSERT INTO account_places (account_id, place, seen_at) VALUES (?, ?, ?)
		ON CONFLICT (account_id, place) DO UPDATE SET seen_at = greatest(account_places.seen_at, excluded.seen_at)`,
		r.AccountID, from, r.CreatedAt).Error
	if err != nil {
		return fmt.Errorf("remember where account %d logged in: %w", r.AccountID, err)
	}
	over := tx.Exec(`
		DELETE FROM sessions WHERE id IN (
			SELECT id FROM sessions WHERE account_id = ? ORDER BY last_seen_at DESC, id DESC OFFSET ?)`,
		r.AccountID, maxSessions)
	if over.Error != nil {
		return fmt.Errorf("end the oldest sessions of account %d: %w", r.AccountID, over.Error)
	}
	if over.RowsAffected > 0 {
		return accessChanged(tx, r.AccountID)
	}
	return nil
}

// endSessions deletes the sessions of an account but one. The caller announces it.
func endSessions(tx *gorm.DB, accountID, keep int64) error {
	if err := tx.Where("account_id = ? AND id <> ?", accountID, keep).Delete(&sessionRow{}).Error; err != nil {
		return fmt.Errorf("end the sessions of account %d: %w", accountID, err)
	}
	return nil
}

func endSession(tx *gorm.DB, accountID, id int64) error {
	done := tx.Where("account_id = ? AND id = ?", accountID, id).Delete(&sessionRow{})
	if done.Error != nil {
		return fmt.Errorf("end session %d: %w", id, done.Error)
	}
	if done.RowsAffected == 0 {
		return ErrSessionNotFound
	}
	return accessChanged(tx, accountID)
}

func endSessionOf(tx *gorm.DB, hash []byte) error {
	var accounts []int64
	if err := tx.Raw("DELETE FROM sessions WHERE token_hash = ? RETURNING account_id", hash).Scan(&accounts).Error; err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	if len(accounts) == 0 {
		return nil
	}
	return accessChanged(tx, accounts[0])
}

func listSessions(db *gorm.DB, accountID int64, now time.Time) ([]Session, error) {
	var rows []sessionRow
	err := db.Joins("JOIN accounts a ON a.id = sessions.account_id AND a.active AND a.generation = sessions.generation").
		Where("account_id = ? AND expires_at > ?", accountID, now).
		Order("last_seen_at DESC, sessions.id DESC").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the sessions of account %d: %w", accountID, err)
	}
	sessions := make([]Session, len(rows))
	for i, r := range rows {
		sessions[i] = r.session()
	}
	return sessions, nil
}

// Who asks for a place in the ombudsman's office has an agent's until it is confirmed.
const actorColumns = `a.id, a.name, CASE WHEN a.office_pending THEN 'agent' ELSE a.role END, array(SELECT team_id FROM account_teams WHERE account_id = a.id ORDER BY team_id)`

// findSession reads what a session's token grants. It is the hot query of the
// program and goes past GORM.
func (s *Service) findSession(ctx context.Context, key cacheKey, now time.Time) (grant, error) {
	var g grant
	read := &g.session
	err := s.db.Pool.QueryRow(ctx, `
		SELECT `+actorColumns+`, s.id, s.ip, s.user_agent, s.created_at, s.last_seen_at, s.expires_at
		FROM sessions s JOIN accounts a ON a.id = s.account_id AND a.generation = s.generation AND a.active
		WHERE s.token_hash = $1 AND s.expires_at > $2`, key.hash[:], now).
		Scan(&g.actor.AccountID, &g.actor.Name, &g.actor.Role, &g.actor.Teams,
			&read.ID, &read.IP, &read.UserAgent, &read.CreatedAt, &read.LastSeenAt, &read.ExpiresAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return grant{}, ErrSession
	}
	if err != nil {
		return grant{}, fmt.Errorf("read a session: %w", err)
	}
	read.AccountID = g.actor.AccountID
	g.use = use{session: read.ID}
	g.used, g.until = read.LastSeenAt, read.ExpiresAt
	return g, nil
}

// findActor reads an account for whoever has only its id.
func (s *Service) findActor(ctx context.Context, key cacheKey, _ time.Time) (grant, error) {
	var g grant
	err := s.db.Pool.QueryRow(ctx, `SELECT `+actorColumns+` FROM accounts a WHERE a.id = $1 AND a.active`, key.account).
		Scan(&g.actor.AccountID, &g.actor.Name, &g.actor.Role, &g.actor.Teams)
	if errors.Is(err, pgx.ErrNoRows) {
		return grant{}, ErrNotFound
	}
	if err != nil {
		return grant{}, fmt.Errorf("read account %d: %w", key.account, err)
	}
	return g, nil
}

// changedSince reads whose access changed: see cache.changed.
func (s *Service) changedSince(ctx context.Context, since int64) (map[int64]bool, int64, error) {
	accounts, last := map[int64]bool{}, since
	var id, change int64
	// An error of Query comes out of ForEachRow as well.
	rows, _ := s.db.Pool.Query(ctx, `SELECT id, access_change FROM accounts WHERE access_change > $1`, since)
	_, err := pgx.ForEachRow(rows, []any{&id, &change}, func() error {
		accounts[id] = true
		last = max(last, change)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("ask whose access changed: %w", err)
	}
	return accounts, last, nil
}

// purge deletes what has expired: sessions, the answers kept for replays, and
// places that nobody has logged in from for long.
func (s *Service) purge(ctx context.Context) error {
	now := s.now()
	for _, old := range []struct {
		sql    string
		before time.Time
	}{
		{"DELETE FROM sessions WHERE expires_at <= $1", now},
		{"DELETE FROM idempotency_keys WHERE created_at < $1", now.Add(-answersKept)},
		{"DELETE FROM account_places WHERE seen_at < $1", now.Add(-placesKept)},
	} {
		if _, err := s.db.Pool.Exec(ctx, old.sql, old.before); err != nil {
			return fmt.Errorf("purge by %q: %w", old.sql, err)
		}
	}
	return nil
}
