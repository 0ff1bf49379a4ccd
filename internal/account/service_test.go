package account

import (
	"context"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

func TestRunWritesUsesAndPurges(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	token := o.enter(t, ana, "192.0.2.1")
	secret, _, err := o.CreateToken(ctx, ana.ID, "integração", nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := NewIdempotency(o.db, o.clock.now)
	if _, err := keys.Begin(ctx, ana.ID, "k", []byte("h")); err != nil {
		t.Fatal(err)
	}
	rows := func(table string) (n int) {
		if err := o.db.Pool.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	run := func() (stop func()) {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error)
		go func() { done <- o.Run(ctx) }()
		return func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	}

	stop := run()
	o.clock.advance(90 * time.Second)
	if _, _, err := o.Resolve(ctx, token); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.ResolveToken(ctx, secret); err != nil {
		t.Fatal(err)
	}
	stop() // writes down what it holds
	sessions, err := o.Sessions(ctx, ana.ID)
	if err != nil || len(sessions) != 1 || !sessions[0].LastSeenAt.Equal(o.clock.now()) ||
		!sessions[0].ExpiresAt.Equal(o.clock.now().Add(SessionIdle)) {
		t.Errorf("sessions = %+v, %v at %v", sessions, err, o.clock.now())
	}
	tokens, err := o.Tokens(ctx, ana.ID)
	if err != nil || len(tokens) != 1 || tokens[0].LastUsedAt == nil || !tokens[0].LastUsedAt.Equal(o.clock.now()) {
		t.Errorf("tokens = %+v, %v", tokens, err)
	}

	o.clock.advance(answersKept + time.Second)
	stop = run()
	within(t, effective, "purge", func() bool { return rows("sessions")+rows("idempotency_keys") == 0 })
	stop()
	if rows("account_places") != 1 {
		t.Error("the usual place is forgotten with the session")
	}
	o.clock.advance(placesKept)
	defer run()()
	within(t, effective, "purge of places", func() bool { return rows("account_places") == 0 })
}
