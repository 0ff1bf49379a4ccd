package httpapi

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gofiber/fiber/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// statuses is the only place that knows which status a failure has.
var statuses = map[fault.Kind]int{
	fault.Internal:     http.StatusInternalServerError,
	fault.Invalid:      http.StatusUnprocessableEntity,
	fault.Unauthorized: http.StatusUnauthorized,
	fault.Forbidden:    http.StatusForbidden,
	fault.NotFound:     http.StatusNotFound,
	fault.Conflict:     http.StatusConflict,
	fault.TooLarge:     http.StatusRequestEntityTooLarge,
	fault.TooMany:      http.StatusTooManyRequests,
	fault.Unavailable:  http.StatusServiceUnavailable,
}

// Faults of the edge itself.
var (
	errNoRoute       = fault.New(fault.NotFound, "route_not_found")
	errMethod        = fault.New(fault.Invalid, "method_not_allowed")
	errTooLarge      = fault.New(fault.TooLarge, "body_too_large")
	errMediaType     = fault.New(fault.Invalid, "media_type")
	errBadRequest    = fault.New(fault.Invalid, "bad_request")
	errBadJSON       = fault.New(fault.Invalid, "bad_json")
	errInvalid       = fault.New(fault.Invalid, "invalid")
	errLogin         = fault.New(fault.Unauthorized, "login_required")
	errForbidden     = fault.New(fault.Forbidden, "forbidden")
	errOrigin        = fault.New(fault.Forbidden, "bad_origin")
	errCSRF          = fault.New(fault.Forbidden, "bad_csrf_token")
	errTooMany       = fault.New(fault.TooMany, "too_many_requests")
	errTimeout       = fault.New(fault.Unavailable, "timeout")
	errUpgrade       = fault.New(fault.Invalid, "upgrade_required")
	errNotAcceptable = fault.New(fault.Invalid, "not_acceptable")
)

// exact are the codes whose status says more than their kind does.
var exact = map[string]int{
	errMethod.Code:        http.StatusMethodNotAllowed,
	errMediaType.Code:     http.StatusUnsupportedMediaType,
	errBadRequest.Code:    http.StatusBadRequest,
	errBadJSON.Code:       http.StatusBadRequest,
	errTimeout.Code:       http.StatusRequestTimeout,
	errUpgrade.Code:       http.StatusUpgradeRequired,
	errNotAcceptable.Code: http.StatusNotAcceptable,

	// Part of an address, not of a body.
	ticket.ErrCursor.Code: http.StatusBadRequest,
	intake.ErrCursor.Code: http.StatusBadRequest,
}

// Problem is every failure on the wire (RFC 9457). Code is for programs and
// never changes; title and detail are in the reader's language.
type Problem struct {
	Type     string         `json:"type" example:"about:blank"`
	Title    string         `json:"title"`
	Status   int            `json:"status"`
	Detail   string         `json:"detail"`
	Code     string         `json:"code" example:"already_claimed"`
	Instance string         `json:"instance,omitempty" doc:"Names the request in the server's log"`
	Errors   []FieldProblem `json:"errors,omitempty" doc:"The fields that are wrong"`

	Holder   *Holder       `json:"holder,omitempty" doc:"With already_claimed: who has it"`
	Version  *int          `json:"version,omitempty" doc:"With version_conflict and stale: the ticket's version now"`
	Promises []OpenPromise `json:"promises,omitempty" doc:"With promises_open: what the customer was promised and what is not kept yet"`
	Messages []Message     `json:"messages,omitempty" doc:"With stale: what was said since the version that was seen"`

	Draft *Draft `json:"draft,omitempty" doc:"With draft_newer: what is stored"`

	Challenge *Challenge `json:"challenge,omitempty" doc:"With proof_required and proof_refused: the work that opens the way"`

	retryAfter time.Duration
}

// FieldProblem names one field and what is wrong with it.
type FieldProblem struct {
	Field  string `json:"field" example:"body.email"`
	Code   string `json:"code" example:"required"`
	Detail string `json:"detail"`
}

// Error makes a problem what Huma calls a status error.
func (p *Problem) Error() string { return p.Code }

// GetStatus is the status of the answer.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType says that a problem is not the JSON that was asked for.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells a client that was turned away when to come back.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter <= 0 {
		return nil
	}
	seconds := int64((p.retryAfter + time.Second - 1) / time.Second)
	return http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}}
}

// problem turns an error into what the caller is told, and logs what is ours.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	r := requestOf(ctx)
	f := fault.From(err)
	if f.Kind == fault.Internal && errors.Is(err, context.DeadlineExceeded) {
		f = errOverrun.Because(err)
	}
	if f.Kind == fault.Internal && engineGone(err) {
		f = errEngine.Because(err)
	}
	if f.Kind == fault.Internal || f.Code == errEngine.Code {
		s.options.Log.ErrorContext(ctx, "request failed", "request", r.id, "error", f.Err)
	}
	p := newProblem(s.language(ctx, r), r.locate(f))
	p.Instance = r.instance()
	p.extend(f.Args)
	return p
}

// extend shows the values of a conflict that a program can act on.
func (p *Problem) extend(args map[string]any) {
	if who, ok := args["holder"].(ticket.Person); ok {
		until, _ := args["until"].(*time.Time)
		p.Holder = &Holder{who.ID, who.Name, until}
	}
	if version, ok := args["version"].(int); ok {
		p.Version = &version
	}
	if asked, ok := args["challenge"].(*Challenge); ok {
		p.Challenge = asked
	}
	if stored, ok := args["draft"].(desk.Draft); ok {
		body := draftBody(stored)
		p.Draft = &body
	}
	if open, ok := args["promises"].([]ticket.Commitment); ok {
		p.Promises = itemsOf(open, func(c ticket.Commitment) OpenPromise { return OpenPromise{c.Text, c.Due, c.OwnerID} }).Items
	}
	if missed, ok := args["messages"].([]ticket.Message); ok {
		p.Messages = itemsOf(missed, messageBody).Items
	}
}

// locate writes the fields that a domain named as the caller knows them. A
// domain says "email"; which part of a request that came in is the edge's to say.
func (r *request) locate(f *fault.Error) *fault.Error {
	if f.Code == errInvalid.Code || f.Code == errBadJSON.Code || len(f.Details) == 0 {
		return f // the edge's own
	}
	c := *f
	c.Details = slices.Clone(f.Details)
	for i, d := range c.Details {
		switch part, _, inside := strings.Cut(d.Field, "."); {
		case d.Field == idempotencyHeader:
			c.Details[i].Field = "header." + d.Field
		case inside && (part == "body" || part == "query" || part == "path" || part == "header"):
		default:
			c.Details[i].Field = r.part + "." + d.Field
		}
	}
	return &c
}

// language is the account's for somebody who is logged in. It is asked for only
// when there is something to tell, which is seldom.
func (s *Server) language(ctx context.Context, r *request) string {
	if r.caller.AccountID == 0 {
		return r.lang
	}
	a, err := s.services.Accounts.Get(ctx, r.caller.AccountID)
	if err != nil {
		return r.lang
	}
	return a.Locale
}

var errEngine = fault.New(fault.Unavailable, "engine_away").After(2 * time.Second)

// engineGone tells a database that is away, stopping or starting from one that
// has answered with an error.
func engineGone(err error) bool {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return strings.HasPrefix(e.Code, "08") || strings.HasPrefix(e.Code, "57P") // SQLSTATE: connection, shutdown
	}
	connect, network := (*pgconn.ConnectError)(nil), net.Error(nil)
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) || strings.Contains(err.Error(), "conn closed")
}

var errOverrun = fault.New(fault.Unavailable, "took_too_long").After(5 * time.Second)

func newProblem(lang string, f *fault.Error) *Problem {
	p := &Problem{
		Type:       "about:blank",
		Status:     status(f),
		Code:       f.Code,
		Detail:     i18n.Text(lang, "error."+f.Code, f.Args),
		retryAfter: f.RetryAfter,
	}
	p.Title = i18n.Text(lang, "status."+strconv.Itoa(p.Status), nil)
	for _, d := range f.Details {
		p.Errors = append(p.Errors, FieldProblem{d.Field, d.Code, i18n.Text(lang, "field."+d.Code, d.Args)})
	}
	return p
}

// status is the table plus one rule: what is wrong with an address or a header
// is a bad request, what is wrong with a body cannot be processed.
func status(f *fault.Error) int {
	if code, ok := exact[f.Code]; ok {
		return code
	}
	if f.Kind == fault.Invalid && len(f.Details) > 0 {
		where, _, _ := strings.Cut(f.Details[0].Field, ".")
		if where == "query" || where == "path" || where == "header" {
			return http.StatusBadRequest
		}
	}
	return statuses[f.Kind]
}

// onError answers for whatever Fiber itself refuses and for native handlers.
func (s *Server) onError(c *fiber.Ctx, err error) error {
	if fe := (*fiber.Error)(nil); errors.As(err, &fe) {
		err = fromFiber(fe)
	}
	if requestOf(c.UserContext()).id == "" { // refused while it was being read, before begin
		s.identifyRequest(c)
	}
	p := s.problem(c.UserContext(), err)
	body, err := json.Marshal(p)
	if err != nil {
		return err
	}
	for name, values := range p.GetHeaders() {
		c.Set(name, values[0])
	}
	c.Set(fiber.HeaderContentType, p.ContentType(""))
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Status(p.Status).Send(body)
}

func fromFiber(err *fiber.Error) error {
	switch err.Code {
	case http.StatusNotFound:
		return errNoRoute
	case http.StatusMethodNotAllowed:
		return errMethod
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusRequestTimeout:
		return errTimeout
	case http.StatusUpgradeRequired:
		return errUpgrade
	}
	if err.Code < 500 {
		return errBadRequest.Because(err)
	}
	return err
}
