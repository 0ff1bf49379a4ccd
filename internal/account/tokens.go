package account

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// TokenPrefix starts every API token, so that scanners for leaked secrets, and
// people, recognise one.
const TokenPrefix = "escuta_"

// maxTokens bounds the tokens in force of one account.
const maxTokens = 50

// Token lets a program act as an account, with the role and the teams that the
// account has at the time.
type Token struct {
	ID         int64
	AccountID  int64
	Name       string
	CreatedAt  time.Time
	LastUsedAt *time.Time // to the minute
	ExpiresAt  *time.Time // nil: until revoked
}

// CreateToken makes an API token for the account and returns its secret, which
// is not stored and cannot be shown again. expires may be nil.
func (s *Service) CreateToken(ctx context.Context, accountID int64, name string, expires *time.Time) (secret string, t Token, err error) {
	bad := problems{ErrTokenInvalid}
	name, ok := normalName(name)
	if !ok {
		bad.add("body.name", "account_name_invalid")
	}
	if expires != nil && !expires.After(s.now()) {
		bad.add("body.expires_at", "token_expiry_past")
	}
	if err := bad.err(); err != nil {
		return "", Token{}, err
	}
	secret = TokenPrefix + newToken()
	row := tokenRow{AccountID: accountID, Name: name, TokenHash: hashOf(secret), CreatedAt: s.now(), ExpiresAt: expires}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		row.ID = 0 // a second try is a new row
		return insertToken(tx, &row)
	})
	if err != nil {
		return "", Token{}, err
	}
	return secret, row.token(), nil
}

// Tokens returns the tokens in force of an account, the newest first.
func (s *Service) Tokens(ctx context.Context, accountID int64) ([]Token, error) {
	return listTokens(s.db.Gorm.WithContext(ctx), accountID, s.now())
}

// RevokeToken ends one token of an account, here at once and on every other
// node within 5 s. Somebody else's token is not found.
func (s *Service) RevokeToken(ctx context.Context, accountID, tokenID int64) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		return revokeToken(tx, accountID, tokenID, s.now())
	})
	s.cache.recheck()
	return err
}

// ResolveToken returns who stands behind an API token and counts as a use of
// it. ErrToken when it is not one, or not any more.
func (s *Service) ResolveToken(ctx context.Context, secret string) (access.Actor, Token, error) {
	g, err := s.token(ctx, secret)
	if err != nil {
		return access.Actor{}, Token{}, err
	}
	if s.cache.use(g, s.now()) {
		s.uses.note(g.use, s.now())
	}
	return g.actor, g.token, nil
}

func (s *Service) token(ctx context.Context, secret string) (grant, error) {
	random, ok := strings.CutPrefix(secret, TokenPrefix)
	if !ok || !isToken(random) {
		return grant{}, ErrToken
	}
	return s.cache.get(ctx, cacheKey{hash: sha256.Sum256([]byte(secret))}, s.now(), s.findToken)
}
