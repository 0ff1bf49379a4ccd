package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/realtime"
)

// hub is what the live stream needs from package realtime, and no more.
type hub interface {
	Serve(ctx context.Context, conn realtime.Socket, v realtime.Visitor)
}

// standing tells whether somebody connected still may be.
type standing interface {
	Still(ctx context.Context, sessionToken string) (access.Actor, error)
	ResolveToken(ctx context.Context, secret string) (access.Actor, account.Token, error)
}

type liveRoutes struct {
	*Server
	hub      hub
	standing standing
}

// connect prepares GET /api/live. A browser sends its cookie with a handshake
// that any page asks for, and no page can be kept from asking; so a cookie
// counts only with an Origin of ours. Nothing secret is taken from the address.
func (h liveRoutes) connect(c *fiber.Ctx) (func(realtime.Socket), error) {
	from, err := h.identify(c)
	if err != nil {
		return nil, err
	}
	v := realtime.Visitor{
		Actor: from.Actor,
		IP:    requestOf(c.UserContext()).address.String(),
		Since: c.Query("since"),
	}
	if secret, ok := bearer(c); ok {
		v.Still = func(ctx context.Context) (access.Actor, error) {
			actor, _, err := h.standing.ResolveToken(ctx, secret)
			return actor, err
		}
	} else {
		if !h.ours(c.Get(fiber.HeaderOrigin), hostOf(c)) {
			return nil, errOrigin
		}
		session := c.Cookies(sessionCookie)
		v.Still = func(ctx context.Context) (access.Actor, error) { return h.standing.Still(ctx, session) }
	}
	// The request ends with the handshake; the connection lives on, until the hub
	// or the browser ends it.
	return func(conn realtime.Socket) { h.hub.Serve(context.Background(), conn, v) }, nil
}

var liveOperation = huma.Operation{
	Summary:     "Follow what happens (WebSocket)",
	Description: "Text frames, each an array of events, gone, many, counts, resync, hello and pong.",
	Parameters: []*huma.Param{{Name: "since", In: "query", Description: "Position to continue from",
		Schema: &huma.Schema{Type: "string"}}},
	Responses: map[string]*huma.Response{"101": {Description: "Switching protocols"}},
}
