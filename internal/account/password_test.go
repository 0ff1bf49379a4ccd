package account

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestPasswordRules(t *testing.T) {
	for in, want := range map[string]string{
		password:                              "",
		"aaaaaaaaab":                          "", // no rules of composition
		"ççççççç1":                            "",
		"curta":                               "password_too_short",
		"c\u0327c\u0327c\u0327c\u0327c\u0327": "password_too_short", // ten code points, five characters
		strings.Repeat("ç", 200):              "",
		strings.Repeat("ç", 201):              "password_too_long",
		strings.Repeat("a", 1<<20):            "password_too_long",
		"Senha123456":                         "password_common",
		"ana@exemplo.com":                     "password_common",
		"com\x00nulo e mais":                  "password_unreadable",
		"inválida \xff\xfe aqui":              "password_unreadable",
	} {
		if got := refusePassword(in, "ana@exemplo.com"); got != want {
			t.Errorf("refusePassword(%.20q) = %q, want %q", in, got, want)
		}
	}
}

func TestAPasswordIsTheSameHoweverItsAccentsAreTyped(t *testing.T) {
	h := newHasher()
	hash, err := h.hash(t.Context(), "ação e reação") // composed
	if err != nil {
		t.Fatal(err)
	}
	ok, err := h.matches(t.Context(), "ac\u0327a\u0303o e reac\u0327a\u0303o", hash) // as a Mac types it
	if err != nil || !ok {
		t.Errorf("matches = %v, %v", ok, err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash = %q", hash)
	}
}

func TestHashingIsBounded(t *testing.T) {
	h := newHasher()
	for range maxHashing {
		h.present <- struct{}{}
	}
	if _, err := h.hash(t.Context(), password); !errors.Is(err, ErrBusy) {
		t.Errorf("err = %v, want ErrBusy", err)
	}
	<-h.present
	for range cap(h.running) {
		h.running <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.matches(ctx, password, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want Canceled", err)
	}
	if len(h.present) != maxHashing-1 {
		t.Error("who gave up still holds a place")
	}
}
