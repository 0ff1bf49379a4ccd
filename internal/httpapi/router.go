package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
)

// need is who may call a route at all. What a route then shows is decided
// further in: a ticket behind the wall is absent there, not forbidden here.
type need struct {
	anyone  bool
	browser bool // anyone, but not sent by another site's page
	secret  bool // its answer holds a secret, which is not kept for a repetition
	keyed   bool // it knows its repetitions by itself
	action  access.Action
}

var (
	anyone  = need{anyone: true}
	visitor = need{anyone: true, browser: true}
	staff   = need{} // whoever is logged in
	secret  = need{secret: true}
)

func may(do access.Action) need { return need{action: do} }

// secretly is the same need for a call whose answer holds a secret.
func secretly(n need) need {
	n.secret = true
	return n
}

// byItself is the same need for a call that knows its repetitions by their key
// without help (see RepetitionKey), also when the process died on the way.
func byItself(n need) need {
	n.keyed = true
	return n
}

// route is one line of the route table; the tests walk over them.
type route struct {
	Method, Path string
	Need         need
}

// reply is an answer whose body is O.
type reply[O any] struct {
	Body O
}

// on registers a call that answers with a body. The handler is given who asks
// as an argument: identity is never fished out of a context.
func on[I, O any](s *Server, method, path, summary string, who need, status int,
	h func(context.Context, access.Actor, *I) (O, error)) {
	register(s, method, path, summary, who, status,
		func(ctx context.Context, actor access.Actor, in *I) (*reply[O], error) {
			out, err := h(ctx, actor, in)
			return &reply[O]{out}, err
		})
}

// done registers a call that has nothing to say but that it worked.
func done[I any](s *Server, method, path, summary string, who need,
	h func(context.Context, access.Actor, *I) error) {
	register(s, method, path, summary, who, http.StatusNoContent,
		func(ctx context.Context, actor access.Actor, in *I) (*struct{}, error) {
			return &struct{}{}, h(ctx, actor, in)
		})
}

// register is the plain form, for calls that set cookies or choose a status.
func register[I, O any](s *Server, method, path, summary string, who need, status int,
	h func(context.Context, access.Actor, *I) (*O, error)) {
	s.routes = append(s.routes, route{method, path, who})
	op := huma.Operation{
		OperationID:   huma.GenerateOperationID(method, path, new(O)),
		Method:        method,
		Path:          path,
		Summary:       summary,
		DefaultStatus: status,
		Middlewares:   huma.Middlewares{s.admit(who)},
	}
	if !who.anyone {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	}
	if method == http.MethodPost && !who.anyone && !who.secret {
		if !who.keyed {
			op.Middlewares = append(op.Middlewares, s.once)
		}
		op.Parameters = append(op.Parameters, idempotencyParameter)
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, actorOf(ctx), in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
}

// native registers a handler that Huma does not carry (a socket, a file, a
// page), with what the documentation says about it.
func (s *Server) native(method, path string, who need, h fiber.Handler, op *huma.Operation) {
	s.routes = append(s.routes, route{method, path, who})
	s.fiber.Add(method, fiberPath(path), s.guard(who), h)
	if method == http.MethodGet {
		s.fiber.Add(http.MethodHead, fiberPath(path), s.guard(who), h)
	}
	if op != nil {
		documented := *op
		documented.Method, documented.Path = method, path
		documented.OperationID = huma.GenerateOperationID(method, path, new(struct{}))
		s.api.OpenAPI().AddOperation(&documented)
	}
}
