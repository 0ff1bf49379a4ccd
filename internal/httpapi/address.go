package httpapi

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// clientAddress is who is calling. Forwarding headers are believed only from a
// peer that is listed as a proxy, and there from the right: the leftmost
// entries are whatever the caller liked to write. All lines of the header are one
// list: some proxies add a line of their own below the caller's.
func (s *Server) clientAddress(c *fiber.Ctx) netip.Addr {
	peer := addressOf(c.Context().RemoteIP().String())
	if !s.trusted(peer) {
		return peer
	}
	lines := c.Request().Header.PeekAll(fiber.HeaderXForwardedFor)
	hops := strings.Split(string(bytes.Join(lines, []byte(","))), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return peer
		}
		if peer = hop.Unmap(); !s.trusted(peer) {
			return peer
		}
	}
	return peer
}

func (s *Server) trusted(peer netip.Addr) bool {
	for _, proxy := range s.options.TrustedProxies {
		if proxy.Contains(peer) {
			return true
		}
	}
	return false
}

// addressOf is invalid for a peer without an IP, such as a Unix socket.
func addressOf(text string) netip.Addr {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}
