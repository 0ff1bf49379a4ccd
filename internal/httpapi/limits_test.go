package httpapi

import (
	"fmt"
	"net/http"
	"net/netip"
	"testing"
)

// Guesses about one ticket are one count, whatever stands beside its protocol and
// however that is written; and there are few of them in a day.
func TestAttack58GuessesAreCountedByWhatTheyAreAbout(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) {
		o.PublicLimit = 1000
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	receipt := w.opened(validTicket)
	grouped := groupedProtocol(receipt.Protocol)
	answered := 0
	for i := range 60 {
		claim := map[string]string{"protocol": receipt.Protocol, "identity": fmt.Sprint(i), "proof": fmt.Sprintf("%04d", i)}
		if i%2 == 0 {
			claim["protocol"] = grouped
		}
		body := encoded(t, claim)
		a := w.somebody().call("POST", "/api/public/access", "application/json", body, "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		if a.status == http.StatusTooManyRequests {
			a.problem("too_many_requests")
			continue
		}
		a.want(403).problem("access_denied")
		answered++
	}
	if answered > guesses.n+1 {
		t.Errorf("%d guesses about one ticket were answered, %d are meant to be", answered, guesses.n)
	}
}

// What the caller wrote into the header is not believed when the proxy adds a
// line of its own instead of lengthening the caller's.
func TestAttack68ForwardedAddressesInTwoLines(t *testing.T) {
	t.Parallel()
	w := start(t, func(o *Options) {
		o.PublicLimit = 3
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	refused := 0
	for i := range 10 {
		s := w.somebody()
		s.header["X-Forwarded-For"] = []string{fmt.Sprintf("198.51.100.%d", i), "203.0.113.7"}
		if s.get("/api/public/tickets/1").status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < 5 {
		t.Errorf("%d of 10 refused: the caller's line was believed", refused)
	}
}
