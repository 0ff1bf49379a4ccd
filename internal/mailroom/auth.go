package mailroom

import (
	"context"
	"strings"

	"golang.org/x/net/publicsuffix"

	"github.com/escuta-sac/escuta/internal/channel/email"
)

// Auth is what is known of who sent a mail: the results of SPF (RFC 7208), DKIM
// (RFC 6376) and DMARC (RFC 7489), such as pass, fail or none; empty when nobody
// checked. They are shown, and tell a forged sender; no mail is refused by them.
type Auth struct {
	SPF   string `json:"spf,omitempty"`
	DKIM  string `json:"dkim,omitempty"`
	DMARC string `json:"dmarc,omitempty"`
	By    string `json:"by,omitempty"` // who checked: the authserv-id of our mail server, or "escuta"

	aligned bool // a check that passed was for the domain of From
}

const (
	authPass = "pass"
	authFail = "fail"
	authNone = "none"
)

// verified reports whether From is who sent the mail.
func (a Auth) verified() bool { return a.DMARC == authPass || a.DMARC != authFail && a.aligned }

// forged reports whether the domain of From says that it did not send the mail.
func (a Auth) forged() bool { return a.DMARC == authFail }

// authentication takes the word of our own mail server, else checks itself what
// came straight to us, when that is wanted.
func (r *Mailroom) authentication(ctx context.Context, raw []byte, e email.Envelope, m *email.Mail) Auth {
	from, _ := m.Identity()
	if len(m.AuthResults) > 0 {
		return believed(m.AuthResults, from.Address, r.o.Authserv)
	}
	if r.o.Verify == nil || e.RemoteIP == "" {
		return Auth{}
	}
	return r.o.Verify.check(ctx, raw, e, from.Address)
}

// believed sums up what our mail server found. One DKIM signature that passes is
// enough, as for DMARC.
func believed(all []email.AuthResult, from, authserv string) Auth {
	a := Auth{By: authserv}
	for _, one := range all {
		value := strings.ToLower(one.Value)
		switch strings.ToLower(one.Method) {
		case "spf":
			a.SPF = better(a.SPF, value)
		case "dkim":
			a.DKIM = better(a.DKIM, value)
		case "dmarc":
			a.DMARC = value
			continue
		default:
			continue
		}
		a.aligned = a.aligned || value == authPass && sameOrganisation(one.Domain, from)
	}
	return a
}

// better keeps a pass; otherwise the first word counts.
func better(was, is string) string {
	if was == "" || is == authPass {
		return is
	}
	return was
}

// sameOrganisation is DMARC's relaxed alignment: both belong to one registered
// domain. Either may be an address.
func sameOrganisation(a, b string) bool {
	a, b = organisation(a), organisation(b)
	return a != "" && a == b
}

func organisation(address string) string {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	registered, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return domain
	}
	return registered
}
