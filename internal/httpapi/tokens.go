package httpapi

import (
	"context"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
)

// apiTokens is what these handlers need from package account, and no more.
type apiTokens interface {
	Tokens(ctx context.Context, accountID int64) ([]account.Token, error)
	CreateToken(ctx context.Context, accountID int64, name string, expires *time.Time) (string, account.Token, error)
	RevokeToken(ctx context.Context, accountID, tokenID int64) error
}

type tokenRoutes struct{ tokens apiTokens }

// APIToken lets a program act for the account.
type APIToken struct {
	ID        int64      `json:"id"`
	Name      string     `json:"name"`
	Secret    string     `json:"secret,omitempty" doc:"Shown once, when it is made"`
	CreatedAt time.Time  `json:"created_at"`
	UsedAt    *time.Time `json:"used_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func tokenBody(t account.Token) APIToken {
	return APIToken{ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt, UsedAt: t.LastUsedAt, ExpiresAt: t.ExpiresAt}
}

// list handles GET /api/tokens.
func (h tokenRoutes) list(ctx context.Context, who access.Actor, _ *none) (Items[APIToken], error) {
	all, err := h.tokens.Tokens(ctx, who.AccountID)
	return itemsOf(all, tokenBody), err
}

type tokenInput struct {
	Body struct {
		Name      string     `json:"name" minLength:"1" maxLength:"200"`
		ExpiresAt *time.Time `json:"expires_at,omitempty"`
	}
}

// create handles POST /api/tokens.
func (h tokenRoutes) create(ctx context.Context, who access.Actor, in *tokenInput) (APIToken, error) {
	secret, t, err := h.tokens.CreateToken(ctx, who.AccountID, in.Body.Name, in.Body.ExpiresAt)
	body := tokenBody(t)
	body.Secret = secret
	return body, err
}

// revoke handles DELETE /api/tokens/{id}.
func (h tokenRoutes) revoke(ctx context.Context, who access.Actor, in *ByID) error {
	id, err := pathID(in.ID, account.ErrTokenNotFound)
	if err != nil {
		return err
	}
	return h.tokens.RevokeToken(ctx, who.AccountID, id)
}
