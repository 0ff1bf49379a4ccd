package intake_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/intake"
)

func TestATokenOpensItsTicketAndNoOther(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tokens := o.idle().Tokens()
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	const id, protocol = 7, "20261122000000139"
	link, access := tokens.Permanent(id, protocol), tokens.Until(id, protocol, now.Add(time.Hour))
	for _, token := range []string{link, access} {
		if !tokens.Valid(token, id, protocol, now) {
			t.Errorf("%s is refused", token)
		}
		if tokens.Valid(token, id+1, protocol, now) || tokens.Valid(token, id, "20261122000000236", now) {
			t.Errorf("%s opens another ticket", token)
		}
		if len(token) < 43 || strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
			t.Errorf("%q cannot stand in a link", token)
		}
	}
	if tokens.Valid(access, id, protocol, now.Add(time.Hour)) || !tokens.Valid(link, id, protocol, now.AddDate(10, 0, 0)) {
		t.Error("the short one must end, the link must not")
	}
	_, signature, _ := strings.Cut(access, ".")
	later := tokens.Until(id, protocol, now.Add(2*time.Hour))
	laterEnd, _, _ := strings.Cut(later, ".")
	for _, forged := range []string{"", ".", signature, laterEnd + "." + signature, "zzzzzzz." + link, "." + link, link + ".", link[:42], link + "A", strings.Repeat("A", 5000)} {
		if tokens.Valid(forged, id, protocol, now) {
			t.Errorf("%q is accepted", forged)
		}
	}
	o.exec(`UPDATE installation SET secret = '\x00'`)
	other := must(intake.LoadTokens(t.Context(), o.db))
	if other.Valid(link, id, protocol, now) {
		t.Error("another installation's token is accepted")
	}
}

func TestNothingMadeUpIsAToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tokens := o.idle().Tokens()
	rapid.Check(t, func(t *rapid.T) {
		token := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9]{0,7}\.?[A-Za-z0-9_-]{43}`)).Draw(t, "token")
		if tokens.Valid(token, rapid.Int64().Draw(t, "id"), "20261122000000139", time.Now()) {
			t.Fatalf("%q is accepted", token)
		}
	})
}
