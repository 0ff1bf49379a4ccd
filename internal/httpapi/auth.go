package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
)

// Names that browsers and programs keep for us.
const (
	sessionCookie = "escuta_session"
	csrfCookie    = "csrf_token"
	csrfHeader    = "X-CSRF-Token"
)

// caller is whoever a request turned out to come from; its AccountID is 0 for
// somebody who is not logged in.
type caller struct {
	access.Actor
	session int64  // 0 with an API token
	csrf    string // "" with an API token
}

// admit stands before a Huma route. It runs before the body is read: nobody
// makes us parse a megabyte without a right to be here.
func (s *Server) admit(who need) func(huma.Context, func(huma.Context)) {
	return func(c huma.Context, next func(huma.Context)) {
		if err := s.pass(humafiber.Unwrap(c), who); err != nil {
			s.refuse(c, err)
			return
		}
		next(adding{c})
	}
}

// adding keeps headers that come twice apart. The adapter would write two
// cookies into one line, of which browsers read the first.
type adding struct{ adapted }

// adapted has a name that does not hide the method Context.
type adapted = huma.Context

// Unwrap gives the adapter's own context.
func (a adding) Unwrap() huma.Context { return a.adapted }

// AppendHeader adds a header without touching those that are there.
func (a adding) AppendHeader(name, value string) {
	humafiber.Unwrap(a.adapted).Response().Header.Add(name, value)
}

// guard does the same for a route that Fiber serves alone.
func (s *Server) guard(who need) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := s.pass(c, who); err != nil {
			return err
		}
		return c.Next()
	}
}

// pass decides whether the request may reach its handler, and notes who it is from.
func (s *Server) pass(c *fiber.Ctx, who need) error {
	r := requestOf(c.UserContext())
	if who.anyone {
		if who.browser {
			return s.sameOrigin(c)
		}
		return nil
	}
	from, err := s.identify(c)
	if err != nil {
		return err
	}
	r.caller = from
	if who.action != "" && !from.May(who.action) {
		return errForbidden
	}
	return nil
}

// identify resolves the credentials of a request. A program's token wins over a
// cookie, and needs no CSRF token: no page can make a browser send one.
func (s *Server) identify(c *fiber.Ctx) (caller, error) {
	if token, ok := bearer(c); ok {
		actor, _, err := s.services.Accounts.ResolveToken(c.UserContext(), token)
		return caller{Actor: actor}, err
	}
	token := c.Cookies(sessionCookie)
	if token == "" {
		return caller{}, errLogin
	}
	if unsafe(c.Method()) {
		if err := s.sameOrigin(c); err != nil {
			return caller{}, err
		}
		if !account.CheckCSRF(token, c.Get(csrfHeader)) {
			return caller{}, errCSRF
		}
	}
	actor, session, err := s.services.Accounts.Resolve(c.UserContext(), token)
	return caller{actor, session.ID, account.CSRFToken(token)}, err
}

func bearer(c *fiber.Ctx) (string, bool) {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "bearer")
}

// refuse answers in place of a Huma handler.
func (s *Server) refuse(c huma.Context, err error) {
	fc := humafiber.Unwrap(c)
	if err := s.onError(fc, err); err != nil {
		s.options.Log.ErrorContext(c.Context(), "write a problem", "error", err)
	}
}

func actorOf(ctx context.Context) access.Actor { return requestOf(ctx).caller.Actor }

// cookies of a session. The session's is out of reach of scripts; the other is
// there for scripts to read and send back.
func (s *Server) cookies(token, csrf string, life time.Duration) []http.Cookie {
	one := func(name, value string, hidden bool) http.Cookie {
		return http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
			HttpOnly: hidden, Secure: s.https(), SameSite: http.SameSiteLaxMode}
	}
	return []http.Cookie{one(sessionCookie, token, true), one(csrfCookie, csrf, false)}
}

// noCookies takes them back.
func (s *Server) noCookies() []http.Cookie { return s.cookies("", "", -time.Second) }
