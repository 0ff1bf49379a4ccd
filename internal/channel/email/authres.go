package email

import (
	"strings"

	"github.com/emersion/go-msgauth/authres"
)

// AuthResult is one finding of our own mail server about who sent a mail.
type AuthResult struct {
	Method string // spf, dkim, dmarc or auth
	Value  string // pass, fail, none…
	Domain string // the one it was found for, small letters, empty when not said
}

// authResults reads the topmost Authentication-Results, if one of our own
// servers signed it with its authserv-id (RFC 8601). Any other came with the
// mail, and whoever wrote the mail wrote that too (attacks.md 4).
func authResults(h *header, authserv []string) (out []AuthResult) {
	v := h.get("authentication-results")
	if v == "" || len(authserv) == 0 || len(v) > 16<<10 {
		return nil
	}
	defer func() {
		if recover() != nil { // a library, fed by strangers
			out = nil
		}
	}()
	id, results, err := authres.Parse(v)
	if err != nil {
		return nil
	}
	ours := false
	for _, s := range authserv {
		ours = ours || strings.EqualFold(s, id)
	}
	if !ours {
		return nil
	}
	for _, r := range results[:min(len(results), 20)] {
		switch r := r.(type) {
		case *authres.SPFResult:
			out = append(out, AuthResult{"spf", string(r.Value), domainOf(r.From)})
		case *authres.DKIMResult:
			out = append(out, AuthResult{"dkim", string(r.Value), domainOf(r.Domain)})
		case *authres.DMARCResult:
			out = append(out, AuthResult{"dmarc", string(r.Value), domainOf(r.From)})
		case *authres.AuthResult:
			out = append(out, AuthResult{"auth", string(r.Value), domainOf(r.Auth)})
		}
	}
	return out
}

// domainOf is the domain of an address, or the domain that s is.
func domainOf(s string) string {
	return strings.ToLower(cleanLine(s[strings.LastIndexByte(s, '@')+1:], 255))
}
