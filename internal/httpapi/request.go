package httpapi

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/i18n"
)

// request is what the edge knows about the call in hand. It travels in the
// context so that a problem can be told in the reader's language.
type request struct {
	id      string
	lang    string
	part    string // where its input stands: query or body
	address netip.Addr
	caller  caller
}

func (r *request) instance() string {
	if r.id == "" {
		return ""
	}
	return "urn:escuta:request:" + r.id
}

type requestKey struct{}

// requestOf is never nil: outside a request it is an anonymous Portuguese one.
func requestOf(ctx context.Context) *request {
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{lang: i18n.Default}
}

// begin is the outermost handler: it names the request, bounds its time, turns
// whatever comes back into an answer, and counts and logs it once.
func (s *Server) begin(c *fiber.Ctx) error {
	start := time.Now()
	r := s.identifyRequest(c)
	ctx, cancel := context.WithTimeout(c.UserContext(), callTimeout)
	defer cancel()
	c.SetUserContext(ctx)

	if err := s.next(c); err != nil {
		if err := s.onError(c, err); err != nil {
			return err
		}
	}
	s.record(c, r, time.Since(start))
	return nil
}

// identifyRequest gives the request its name and puts it into its context.
func (s *Server) identifyRequest(c *fiber.Ctx) *request {
	r := &request{
		id: newRequestID(), lang: i18n.Match(c.Get(fiber.HeaderAcceptLanguage)),
		part: "query", address: s.clientAddress(c),
	}
	if unsafe(c.Method()) {
		r.part = "body"
	}
	c.SetUserContext(context.WithValue(context.Background(), requestKey{}, r))
	c.Set(fiber.HeaderXRequestID, r.id)
	return r
}

// next keeps a panic from taking the other requests with it.
func (s *Server) next(c *fiber.Ctx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.Next()
}

// record counts every request and logs those that did not go well. A log line
// for each good one would cost more than it tells; the metrics have them. The
// route is the pattern: addresses hold protocols.
func (s *Server) record(c *fiber.Ctx, r *request, took time.Duration) {
	status, route := c.Response().StatusCode(), c.Route().Path
	s.metrics.observe(c.Method(), route, status, took)
	if status < 400 && took < time.Second {
		return
	}
	s.options.Log.InfoContext(c.UserContext(), "request",
		"request", r.id, "method", c.Method(), "route", route, "status", status, "took", took)
}

func newRequestID() string {
	var id [8]byte
	for i, n := 0, rand.Uint64(); i < len(id); i, n = i+1, n>>8 {
		id[i] = byte(n)
	}
	return hex.EncodeToString(id[:])
}

// pathID reads an id out of an address. What is no id names nothing, so it is
// absent rather than wrong: an attacker learns nothing from the difference.
func pathID(text string, absent error) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, absent
	}
	return id, nil
}
