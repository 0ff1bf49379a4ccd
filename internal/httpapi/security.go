package httpapi

import (
	"bytes"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// What a page of ours may load: its own files and nothing else. Styles may be
// inline because component libraries set them; scripts never.
const pagePolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// secure sets what every answer carries. A handler that serves something else
// than our pages (a customer's file) narrows it afterwards.
func (s *Server) secure(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentSecurityPolicy, pagePolicy)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderXFrameOptions, "DENY")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	c.Set("X-Robots-Tag", "noindex")
	if s.https() {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
	if strings.HasPrefix(c.Path(), "/api/") {
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	// Fiber would unpack a compressed body before any limit on its size applies:
	// a kilobyte could become a gigabyte.
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return errMediaType
	}
	if twoLengths(c) {
		c.Context().SetConnectionClose()
		return errBadRequest
	}
	return c.Next()
}

// twoLengths is a request that says its length twice, as chunks and as a number.
// We would read the chunks; a proxy in front may have read the number, and what
// it took for a body we would take for somebody's next request (RFC 9112 6.1).
func twoLengths(c *fiber.Ctx) bool {
	raw := bytes.ToLower(c.Request().Header.RawHeaders())
	return bytes.Contains(raw, []byte("transfer-encoding:")) && bytes.Contains(raw, []byte("content-length:"))
}

func (s *Server) https() bool { return s.options.BaseURL.Scheme == "https" }

// sameOrigin refuses what another site makes a browser send. Origin is compared
// with where we are reached: the configured address, or the host of this very
// request, which a browser does not let a page choose. A caller that sends
// neither header is no browser, and has no cookie that a page could borrow.
func (s *Server) sameOrigin(c *fiber.Ctx) error {
	switch c.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return errOrigin
	}
	if origin := c.Get(fiber.HeaderOrigin); origin != "" && !s.ours(origin, hostOf(c)) {
		return errOrigin
	}
	return nil
}

// hostOf is the host of this very request. Fiber's own way believes an
// X-Forwarded-Host from anybody.
func hostOf(c *fiber.Ctx) string { return string(c.Request().Host()) }

// ours is exact: no subdomain, no other port, and not "null".
func (s *Server) ours(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return false
	}
	base := s.options.BaseURL
	if strings.EqualFold(u.Host, base.Host) {
		return u.Scheme == base.Scheme
	}
	// Once we are reached by https, a page that came without it may be anybody's.
	return strings.EqualFold(u.Host, host) && (u.Scheme == "https" || !s.https())
}

func unsafe(method string) bool {
	return method != fiber.MethodGet && method != fiber.MethodHead && method != fiber.MethodOptions
}
