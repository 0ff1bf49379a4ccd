package account

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// attacks.md 65: a token set before the log-in, the victim's cookie planted by somebody else.
func TestAttack65LoggingInMakesANewTokenAndEndsTheOldOne(t *testing.T) {
	o := newOffice(t)
	ana, eva := o.hire(t, "ana@exemplo.com", access.Agent), o.hire(t, "eva@exemplo.com", access.Agent)
	planted := o.enter(t, eva, "192.0.2.66")
	for _, previous := range []string{planted, newToken(), "", "\x00", strings.Repeat("a", 1<<16)} {
		token, session, err := o.Open(t.Context(), ana, Client{IP: "192.0.2.1"}, previous)
		if err != nil || token == previous {
			t.Fatalf("previous %.10q: token %q, %v", previous, token, err)
		}
		if actor, got, err := o.Resolve(t.Context(), token); err != nil || actor.AccountID != ana.ID || got != session {
			t.Errorf("new token: %+v %+v, %v; want %+v", actor, got, err, session)
		}
		if _, _, err := o.Resolve(t.Context(), previous); !errors.Is(err, ErrSession) {
			t.Errorf("previous %.10q: %v", previous, err)
		}
	}
	if all, err := o.Sessions(t.Context(), eva.ID); err != nil || len(all) != 0 {
		t.Errorf("planted session lives: %+v, %v", all, err)
	}
}

func TestASessionEndsWithoutUseAndAfterAWeekWithUse(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	// used looks at it every hour, n times, and reports whether it still lives.
	used := func(token string, n int, look func(string) error) bool {
		for range n {
			o.clock.advance(time.Hour)
			if err := look(token); err != nil {
				return false
			}
			if err := o.writeUses(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.cache = newCache(o.changedSince) // as if another node were asked
		}
		return true
	}
	resolve := func(token string) error { _, _, err := o.Resolve(t.Context(), token); return err }
	still := func(token string) error { _, err := o.Still(t.Context(), token); return err }

	if !used(o.enter(t, ana, "192.0.2.1"), 7*24-1, resolve) {
		t.Error("a used session ended early")
	}
	if used(o.enter(t, ana, "192.0.2.1"), 7*24, resolve) {
		t.Error("a session lives longer than a week")
	}
	if !used(o.enter(t, ana, "192.0.2.1"), 11, still) {
		t.Error("a quiet session ended early")
	}
	if used(o.enter(t, ana, "192.0.2.1"), 12, still) {
		t.Error("an open tab keeps a session alive")
	}
	// The same from memory, without a word from PostgreSQL in between.
	token := o.enter(t, ana, "192.0.2.1")
	if err := still(token); err != nil {
		t.Fatal(err)
	}
	o.clock.advance(SessionIdle)
	if err := still(token); !errors.Is(err, ErrSession) {
		t.Errorf("remembered beyond its end: %v", err)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ana, bia := o.hire(t, "ana@exemplo.com", access.Agent), o.hire(t, "bia@exemplo.com", access.Agent)
	var sessions []Session
	var tokens []string
	for i := range 4 {
		o.clock.advance(time.Minute)
		token, session, err := o.Open(ctx, ana, Client{fmt.Sprintf("192.0.2.%d", i), "Firefox\x00 " + strings.Repeat("é", 600)}, "")
		if err != nil {
			t.Fatal(err)
		}
		tokens, sessions = append(tokens, token), append(sessions, session)
	}
	o.enter(t, bia, "192.0.2.9")
	alive := func() (ids []int64) {
		all, err := o.Sessions(ctx, ana.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			ids = append(ids, s.ID)
		}
		return ids
	}
	all, err := o.Sessions(ctx, ana.ID)
	if err != nil || len(all) != 4 || all[0] != sessions[3] || all[0].IP != "192.0.2.3" || len([]rune(all[0].UserAgent)) != 512 {
		t.Fatalf("sessions = %+v, %v", all, err)
	}

	if err := o.EndSession(ctx, bia.ID, sessions[0].ID); !errors.Is(err, ErrSessionNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := o.EndSession(ctx, ana.ID, sessions[0].ID); err != nil {
		t.Error(err)
	}
	if err := o.LogOut(ctx, tokens[1]); err != nil {
		t.Error(err)
	}
	if want := []int64{sessions[3].ID, sessions[2].ID}; !slices.Equal(alive(), want) {
		t.Errorf("alive %v, want %v", alive(), want)
	}
	if err := o.EndSessions(ctx, ana.ID, sessions[2].ID); err != nil {
		t.Error(err)
	}
	for i, token := range tokens {
		if _, _, err := o.Resolve(ctx, token); (err == nil) != (i == 2) {
			t.Errorf("session %d: %v", i, err)
		}
	}
	if err := o.EndSessions(ctx, ana.ID, 0); err != nil || len(alive()) != 0 {
		t.Errorf("alive %v, %v", alive(), err)
	}
}

func TestTheOldestSessionsMakeRoom(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	var first string
	for i := range maxSessions + 5 {
		o.clock.advance(time.Second)
		token, _, err := o.Open(t.Context(), ana, Client{}, "")
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = token
		}
	}
	if _, _, err := o.Resolve(t.Context(), first); !errors.Is(err, ErrSession) {
		t.Errorf("the oldest: %v", err)
	}
	if all, err := o.Sessions(t.Context(), ana.ID); err != nil || len(all) != maxSessions {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}

func TestASessionOpenedForAnAccountThatChangedIsBornDead(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	if _, err := o.Update(t.Context(), ana.ID, Change{Password: ptr("a senha nova da Ana")}); err != nil {
		t.Fatal(err)
	}
	token, _, err := o.Open(t.Context(), ana, Client{}, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Resolve(t.Context(), token); !errors.Is(err, ErrSession) {
		t.Errorf("err = %v", err)
	}
	if all, err := o.Sessions(t.Context(), ana.ID); err != nil || len(all) != 0 {
		t.Errorf("listed: %+v, %v", all, err)
	}
}

func TestChangingOnesPasswordEndsAllAndGoesOnWithANewSession(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	old := o.enter(t, ana, "192.0.2.1")
	from := Client{IP: "192.0.2.1"}
	if _, _, err := o.ChangePassword(ctx, ana.ID, "não é esta senha", "uma nova frase longa", from); !errors.Is(err, ErrInvalid) {
		t.Errorf("wrong current password: %v", err)
	}
	if _, _, err := o.ChangePassword(ctx, ana.ID, password, "curta", from); !errors.Is(err, ErrInvalid) {
		t.Errorf("bad new password: %v", err)
	}
	if _, _, err := o.Resolve(ctx, old); err != nil {
		t.Errorf("a refused change ended the session: %v", err)
	}
	token, _, err := o.ChangePassword(ctx, ana.ID, password, "uma nova frase longa", from)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.Resolve(ctx, old); !errors.Is(err, ErrSession) {
		t.Errorf("old session: %v", err)
	}
	if _, _, err := o.Resolve(ctx, token); err != nil {
		t.Errorf("new session: %v", err)
	}
	if _, err := o.Authenticate(ctx, ana.Email, password, "192.0.2.1"); !errors.Is(err, ErrCredentials) {
		t.Errorf("old password: %v", err)
	}
	if _, err := o.Authenticate(ctx, ana.Email, "uma nova frase longa", "192.0.2.1"); err != nil {
		t.Errorf("new password: %v", err)
	}
	// Whoever found a browser open may not try passwords at leisure.
	for range usualPlace.free + 1 {
		_, _, _ = o.ChangePassword(ctx, ana.ID, "não é esta senha", "uma nova frase longa", from)
	}
	if _, _, err := o.ChangePassword(ctx, ana.ID, "não é esta senha", "uma nova frase longa", from); !errors.Is(err, ErrThrottled) {
		t.Errorf("guessing: %v", err)
	}
}

func TestCSRFToken(t *testing.T) {
	a, b := newToken(), newToken()
	if !CheckCSRF(a, CSRFToken(a)) {
		t.Error("its own is refused")
	}
	for _, given := range []string{"", a, b, CSRFToken(b), CSRFToken(a) + "=", CSRFToken(a)[1:]} {
		if CheckCSRF(a, given) {
			t.Errorf("%q passes", given)
		}
	}
	if CheckCSRF("", CSRFToken("")) {
		t.Error("no session at all passes")
	}
}
