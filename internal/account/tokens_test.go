package account

import (
	"bytes"
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

func TestARepeatedCallGetsTheFirstAnswer(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ana, bia := o.hire(t, "ana@exemplo.com", access.Agent), o.hire(t, "bia@exemplo.com", access.Agent)
	keys := NewIdempotency(o.db, o.clock.now)
	begin := func(account int64, key, hash string) (*Stored, error) {
		return keys.Begin(ctx, account, key, []byte(hash))
	}

	for _, key := range []string{"", " ", "a b", "ç", "a\x00", strings.Repeat("k", 201)} {
		if _, err := begin(ana.ID, key, "h"); !errors.Is(err, ErrKeyInvalid) {
			t.Errorf("key %q: %v", key, err)
		}
	}
	if first, err := begin(ana.ID, "k", "h"); first != nil || err != nil {
		t.Fatalf("first = %+v, %v", first, err)
	}
	if _, err := begin(ana.ID, "k", "h"); !errors.Is(err, ErrInProgress) {
		t.Errorf("while it runs: %v", err)
	}
	if _, err := begin(ana.ID, "k", "other"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body while it runs: %v", err)
	}
	if first, err := begin(bia.ID, "k", "h"); first != nil || err != nil {
		t.Errorf("somebody else's key: %+v, %v", first, err)
	}
	answer := Stored{201, []byte(`{"id":1}`)}
	if err := keys.Finish(ctx, ana.ID, "k", answer); err != nil {
		t.Fatal(err)
	}
	if err := keys.Finish(ctx, ana.ID, "k", Stored{500, nil}); err != nil {
		t.Fatal(err)
	}
	o.clock.advance(time.Hour)
	if got, err := begin(ana.ID, "k", "h"); err != nil || got == nil || got.Status != 201 || !bytes.Equal(got.Body, answer.Body) {
		t.Errorf("repeated: %+v, %v", got, err)
	}
	if _, err := begin(ana.ID, "k", "other"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body: %v", err)
	}

	if err := keys.Abandon(ctx, ana.ID, "k"); err != nil {
		t.Fatal(err)
	}
	if got, err := begin(ana.ID, "k", "h"); err != nil || got == nil {
		t.Errorf("an answer was abandoned: %+v, %v", got, err)
	}
	if first, err := begin(ana.ID, "k2", "h"); first != nil || err != nil {
		t.Fatal(first, err)
	}
	if err := keys.Abandon(ctx, ana.ID, "k2"); err != nil {
		t.Fatal(err)
	}
	if first, err := begin(ana.ID, "k2", "other"); first != nil || err != nil {
		t.Errorf("after it was abandoned: %+v, %v", first, err)
	}
	// Its node was killed: somebody may try again, with the same call.
	o.clock.advance(runsAtMost + time.Second)
	if _, err := begin(ana.ID, "k2", "h"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body after the first died: %v", err)
	}
	if first, err := begin(ana.ID, "k2", "other"); first != nil || err != nil {
		t.Errorf("after the first died: %+v, %v", first, err)
	}
}

func TestOfCallsAtOnceOneGoesOn(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	keys := NewIdempotency(o.db, o.clock.now)
	var on atomic.Int64
	together(20, func(int) {
		first, err := keys.Begin(t.Context(), ana.ID, "k", []byte("h"))
		if err == nil && first == nil {
			on.Add(1)
		} else if !errors.Is(err, ErrInProgress) {
			t.Errorf("first = %+v, %v", first, err)
		}
	})
	if on.Load() != 1 {
		t.Errorf("%d went on", on.Load())
	}
}
