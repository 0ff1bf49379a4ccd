package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

type tokenRow struct {
	ID         int64
	AccountID  int64
	Name       string
	TokenHash  []byte
	CreatedAt  time.Time
	LastUsedAt *time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
}

func (tokenRow) TableName() string { return "api_tokens" }

func (r tokenRow) token() Token {
	return Token{r.ID, r.AccountID, r.Name, r.CreatedAt, r.LastUsedAt, r.ExpiresAt}
}

// insertToken stores a token unless the account has too many.
func insertToken(tx *gorm.DB, r *tokenRow) error {
	if _, err := lockAccount(tx, r.AccountID); err != nil {
		return err
	}
	var n int64
	if err := inForce(tx, r.AccountID, r.CreatedAt).Count(&n).Error; err != nil {
		return fmt.Errorf("count the tokens of account %d: %w", r.AccountID, err)
	}
	if n >= maxTokens {
		return ErrTokenLimit.With("n", maxTokens)
	}
	if err := tx.Create(r).Error; err != nil {
		return fmt.Errorf("insert a token for account %d: %w", r.AccountID, err)
	}
	return nil
}

func listTokens(db *gorm.DB, accountID int64, now time.Time) ([]Token, error) {
	var rows []tokenRow
	if err := inForce(db, accountID, now).Order("id DESC").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list the tokens of account %d: %w", accountID, err)
	}
	tokens := make([]Token, len(rows))
	for i, r := range rows {
		tokens[i] = r.token()
	}
	return tokens, nil
}

func revokeToken(tx *gorm.DB, accountID, id int64, now time.Time) error {
	done := inForce(tx, accountID, now).Where("id = ?", id).Update("revoked_at", now)
	if done.Error != nil {
		return fmt.Errorf("revoke token %d: %w", id, done.Error)
	}
	if done.RowsAffected == 0 {
		return ErrTokenNotFound
	}
	return accessChanged(tx, accountID)
}

// inForce selects the tokens of an account that still work.
func inForce(tx *gorm.DB, accountID int64, now time.Time) *gorm.DB {
	return tx.Model(&tokenRow{}).
		Where("account_id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", accountID, now)
}

// revokeTokens ends all tokens of an account. The caller announces it.
func revokeTokens(tx *gorm.DB, accountID int64, now time.Time) error {
	if err := inForce(tx, accountID, now).Update("revoked_at", now).Error; err != nil {
		return fmt.Errorf("revoke the tokens of account %d: %w", accountID, err)
	}
	return nil
}

func (s *Service) findToken(ctx context.Context, key cacheKey, now time.Time) (grant, error) {
	var g grant
	t := &g.token
	err := s.db.Pool.QueryRow(ctx, `
		SELECT `+actorColumns+`, t.id, t.name, t.created_at, t.last_used_at, t.expires_at
		FROM api_tokens t JOIN accounts a ON a.id = t.account_id AND a.active
		WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)`, key.hash[:], now).
		Scan(&g.actor.AccountID, &g.actor.Name, &g.actor.Role, &g.actor.Teams,
			&t.ID, &t.Name, &t.CreatedAt, &t.LastUsedAt, &t.ExpiresAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return grant{}, ErrToken
	}
	if err != nil {
		return grant{}, fmt.Errorf("read an API token: %w", err)
	}
	t.AccountID = g.actor.AccountID
	g.use = use{token: t.ID}
	if t.LastUsedAt != nil {
		g.used = *t.LastUsedAt
	}
	if t.ExpiresAt != nil {
		g.until = *t.ExpiresAt
	}
	return g, nil
}
