package mailroom

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"blitiri.com.ar/go/spf"
	"github.com/emersion/go-msgauth/dkim"
	"github.com/emersion/go-msgauth/dmarc"

	"github.com/escuta-sac/escuta/internal/channel/email"
)

const (
	verifyTime    = 5 * time.Second // for all questions to the DNS about one mail
	maxSignatures = 5               // of DKIM that are checked
)

// Resolver asks the DNS. *net.Resolver is one.
type Resolver = spf.DNSResolver

// Verifier checks who sent a mail that came straight to us.
type Verifier struct{ dns Resolver }

// NewVerifier makes one that asks dns.
func NewVerifier(dns Resolver) *Verifier { return &Verifier{dns: dns} }

// check asks the DNS of the sender's domains. What cannot be found out in time
// is said to be so ("temperror"), and holds nothing up.
func (v *Verifier) check(ctx context.Context, raw []byte, e email.Envelope, from string) Auth {
	ctx, cancel := context.WithTimeout(ctx, verifyTime)
	defer cancel()
	txt := func(domain string) ([]string, error) { return v.dns.LookupTXT(ctx, domain) }
	a := Auth{By: "escuta", DKIM: authNone}

	result, _ := spf.CheckHostWithSender(net.ParseIP(e.RemoteIP), e.Helo, e.MailFrom, spf.WithContext(ctx), spf.WithResolver(v.dns))
	a.SPF = string(result)
	spfDomain := e.MailFrom
	if spfDomain == "" {
		spfDomain = e.Helo
	}
	strictSPF := result == spf.Pass && domainOf(spfDomain) == domainOf(from)
	relaxedSPF := result == spf.Pass && sameOrganisation(spfDomain, from)

	var strictDKIM, relaxedDKIM bool
	signatures, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: txt, MaxVerifications: maxSignatures})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		a.DKIM = "permerror"
	}
	for _, s := range signatures {
		switch {
		case s.Err == nil:
			a.DKIM = authPass
			strictDKIM = strictDKIM || strings.EqualFold(s.Domain, domainOf(from))
			relaxedDKIM = relaxedDKIM || sameOrganisation(s.Domain, from)
		case a.DKIM == authPass:
		case dkim.IsTempFail(s.Err):
			a.DKIM = "temperror"
		default:
			a.DKIM = authFail
		}
	}
	a.aligned = relaxedSPF || relaxedDKIM

	switch policy, err := policyOf(from, txt); {
	case from == "" || errors.Is(err, dmarc.ErrNoPolicy):
		a.DMARC = authNone
	case err != nil:
		a.DMARC = "temperror"
	case relaxedSPF && (policy.SPFAlignment != dmarc.AlignmentStrict || strictSPF),
		relaxedDKIM && (policy.DKIMAlignment != dmarc.AlignmentStrict || strictDKIM):
		a.DMARC = authPass
	case a.SPF == string(spf.TempError) || a.DKIM == "temperror":
		a.DMARC = "temperror"
	default:
		a.DMARC = authFail
	}
	return a
}

// policyOf finds the policy of the domain, else of the domain it was registered
// under (RFC 7489, 6.6.3).
func policyOf(from string, txt func(string) ([]string, error)) (*dmarc.Record, error) {
	options := &dmarc.LookupOptions{LookupTXT: txt}
	policy, err := dmarc.LookupWithOptions(domainOf(from), options)
	if errors.Is(err, dmarc.ErrNoPolicy) && organisation(from) != domainOf(from) {
		return dmarc.LookupWithOptions(organisation(from), options)
	}
	return policy, err
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}
