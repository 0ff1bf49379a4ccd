package account

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

func TestAPITokens(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ana, bia := o.hire(t, "ana@exemplo.com", access.Supervisor), o.hire(t, "bia@exemplo.com", access.Agent)
	secret, made, err := o.CreateToken(ctx, ana.ID, " CRM ", ptr(o.clock.now().Add(time.Hour)))
	if err != nil || made.Name != "CRM" || !strings.HasPrefix(secret, TokenPrefix) || len(secret) != len(TokenPrefix)+43 {
		t.Fatalf("token = %q %+v, %v", secret, made, err)
	}
	if actor, token, err := o.ResolveToken(ctx, secret); err != nil || actor.AccountID != ana.ID || actor.Role != access.Supervisor || token.ID != made.ID {
		t.Errorf("resolved %+v %+v, %v", actor, token, err)
	}
	var stored int
	if err := o.db.Pool.QueryRow(ctx, "SELECT count(*) FROM api_tokens t WHERE t::text LIKE '%' || $1 || '%'", secret[10:]).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("the secret is stored: %v", err)
	}

	// One kind of token is not the other.
	if _, _, err := o.Resolve(ctx, secret); !errors.Is(err, ErrSession) {
		t.Errorf("as a session: %v", err)
	}
	if _, _, err := o.ResolveToken(ctx, TokenPrefix+o.enter(t, ana, "192.0.2.1")); !errors.Is(err, ErrToken) {
		t.Errorf("a session as a token: %v", err)
	}
	for _, s := range []string{"", TokenPrefix, TokenPrefix + newToken(), secret + "=", secret[:len(secret)-1], TokenPrefix + strings.Repeat("\n", 43)} {
		if _, _, err := o.ResolveToken(ctx, s); !errors.Is(err, ErrToken) {
			t.Errorf("%q: %v", s, err)
		}
	}

	o.clock.advance(time.Hour)
	if _, _, err := o.ResolveToken(ctx, secret); !errors.Is(err, ErrToken) {
		t.Errorf("expired: %v", err)
	}
	if _, _, err := o.CreateToken(ctx, ana.ID, "", ptr(o.clock.now())); !errors.Is(err, ErrTokenInvalid) {
		t.Errorf("no name, past: %v", err)
	}

	secret, made, err = o.CreateToken(ctx, ana.ID, "planilha", nil)
	if err != nil {
		t.Fatal(err)
	}
	there := o.node()
	if _, _, err := there.ResolveToken(ctx, secret); err != nil {
		t.Fatal(err)
	}
	if err := o.RevokeToken(ctx, bia.ID, made.ID); !errors.Is(err, ErrTokenNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := o.RevokeToken(ctx, ana.ID, made.ID); err != nil {
		t.Fatal(err)
	}
	if err := o.RevokeToken(ctx, ana.ID, made.ID); !errors.Is(err, ErrTokenNotFound) {
		t.Errorf("twice: %v", err)
	}
	if _, _, err := o.ResolveToken(ctx, secret); !errors.Is(err, ErrToken) {
		t.Errorf("revoked: %v", err)
	}
	within(t, effective, "revoked on the other node", func() bool {
		_, _, err := there.ResolveToken(ctx, secret)
		return errors.Is(err, ErrToken)
	})
	if all, err := o.Tokens(ctx, ana.ID); err != nil || len(all) != 0 {
		t.Errorf("tokens = %+v, %v", all, err)
	}
}

func TestAnAccountHasABoundedNumberOfTokens(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	var made, refused atomic.Int64
	together(maxTokens+6, func(int) {
		switch _, _, err := o.CreateToken(t.Context(), ana.ID, "x", nil); {
		case err == nil:
			made.Add(1)
		case errors.Is(err, ErrTokenLimit):
			refused.Add(1)
		default:
			t.Error(err)
		}
	})
	if made.Load() != maxTokens || refused.Load() != 6 {
		t.Errorf("%d made, %d refused", made.Load(), refused.Load())
	}
}
