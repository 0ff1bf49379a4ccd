// Package dial opens the connections that leave this machine because somebody
// asked for it: to a mail server or a gateway that an admin named, to an image
// that a mail points to. None of them reaches what only this machine or its
// network should reach.
//
// The decision is made on the address that is being connected to, after names
// were resolved and redirects followed, so that neither a name that resolves to
// a private address, nor one that does so the second time it is asked, nor an
// unusual way to write a number gets through.
package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

var (
	// ErrRefused means that the address is none that may be reached. It does not say
	// which it was: whoever asked may not be allowed to know.
	ErrRefused = fault.New(fault.Forbidden, "destination_refused")
	// ErrTooLarge means that an answer goes on beyond what was asked for.
	ErrTooLarge = fault.New(fault.TooLarge, "answer_too_large")
)

// connectTimeout bounds resolving a name and connecting.
const connectTimeout = 10 * time.Second

// Dialer connects to public addresses, and to those of the allowed networks. It
// may be used by several goroutines at once.
type Dialer struct {
	allowed []netip.Prefix
	net     net.Dialer
}

// New makes a dialer. allowed are networks that may be reached although they are
// not public (ESCUTA_OUTBOUND_NETWORKS): a mail server in the company's own.
func New(allowed []netip.Prefix) *Dialer {
	d := &Dialer{allowed: allowed}
	d.net = net.Dialer{Timeout: connectTimeout, KeepAlive: 30 * time.Second, Control: d.control}
	return d
}

// DialContext connects to addr (host:port) over TCP. The fault is ErrRefused
// when all that the name resolves to is out of bounds.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, addr)
	if errors.Is(err, ErrRefused) {
		return nil, ErrRefused.Because(err)
	}
	return conn, err
}

// control is asked for each address, right before the connection is made to it.
func (d *Dialer) control(network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return ErrRefused
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil || !d.May(to.Addr()) {
		return ErrRefused
	}
	return nil
}

// May reports whether the address may be connected to.
func (d *Dialer) May(to netip.Addr) bool {
	to = to.Unmap().WithZone("")
	for _, p := range d.allowed {
		if p.Contains(to) {
			return true
		}
	}
	return public(to)
}

// public reports whether an address is one of the Internet's hosts. What the
// IANA registries of special-purpose addresses keep for anything else is not,
// nor are addresses that carry an IPv4 address in them, which a translator on
// the way would connect to.
func public(a netip.Addr) bool {
	if a.Is4() {
		return !within(special4, a)
	}
	return global6.Contains(a) && !within(special6, a)
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// global6 is what is given to hosts at all (RFC 4291): loopback, link-local,
// unique local, multicast, IPv4-mapped and the NAT64 prefixes lie outside of it.
var global6 = netip.MustParsePrefix("2000::/3")

var (
	special4 = prefixes(
		"0.0.0.0/8",       // this network (RFC 791)
		"10.0.0.0/8",      // private (RFC 1918)
		"100.64.0.0/10",   // carrier-grade NAT (RFC 6598)
		"127.0.0.0/8",     // loopback (RFC 1122)
		"169.254.0.0/16",  // link-local (RFC 3927), where clouds keep their metadata
		"172.16.0.0/12",   // private (RFC 1918)
		"192.0.0.0/24",    // protocol assignments (RFC 6890)
		"192.0.2.0/24",    // documentation (RFC 5737)
		"192.88.99.0/24",  // 6to4 relays (RFC 7526)
		"192.168.0.0/16",  // private (RFC 1918)
		"198.18.0.0/15",   // benchmarks (RFC 2544)
		"198.51.100.0/24", // documentation (RFC 5737)
		"203.0.113.0/24",  // documentation (RFC 5737)
		"224.0.0.0/4",     // multicast (RFC 5771)
		"240.0.0.0/4",     // reserved, and the broadcast address (RFC 1112, 919)
	)
	special6 = prefixes(
		"2001::/23",     // protocol assignments, Teredo among them (RFC 2928, 4380)
		"2001:db8::/32", // documentation (RFC 3849)
		"2002::/16",     // 6to4: an IPv4 address in disguise (RFC 3056)
		"3fff::/20",     // documentation (RFC 9637)
	)
)

func prefixes(all ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(all))
	for i, s := range all {
		parsed[i] = netip.MustParsePrefix(s)
	}
	return parsed
}
