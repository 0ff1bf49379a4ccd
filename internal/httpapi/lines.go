package httpapi

import (
	"context"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
)

// PhoneLine is a number that customers dial.
type PhoneLine struct {
	ID        int64      `json:"id"`
	Number    string     `json:"number"`
	Name      string     `json:"name"`
	BrandID   int64      `json:"brand_id"`
	TeamID    *int64     `json:"team_id" doc:"Null is the default team"`
	Active    bool       `json:"active"`
	CreatedAt time.Time  `json:"created_at"`
	Hook      string     `json:"hook" doc:"Where its telephone exchange sends events"`
	HeardAt   *time.Time `json:"heard_at" doc:"When its exchange told of something last"`
	Secret    string     `json:"secret,omitempty" doc:"Signs the events; told only when it was just made"`
}

func (h callRoutes) lineBody(l call.Line) PhoneLine {
	return PhoneLine{ID: l.ID, Number: l.Number, Name: l.Name, BrandID: l.BrandID, TeamID: l.TeamID, Active: l.Active, CreatedAt: l.CreatedAt, HeardAt: l.HeardAt,
		Hook: h.options.BaseURL.JoinPath("/api/hooks/pbx", strconv.FormatInt(l.ID, 10)).String()}
}

// lines handles GET /api/lines.
func (h callRoutes) lines(ctx context.Context, _ access.Actor, _ *none) (Items[PhoneLine], error) {
	all, err := h.calls.Lines(ctx)
	return itemsOf(all, h.lineBody), err
}

type newLine struct {
	Body struct {
		Number  string `json:"number" minLength:"1" maxLength:"100"`
		Name    string `json:"name" minLength:"1" maxLength:"100"`
		BrandID *int64 `json:"brand_id,omitempty" minimum:"1"`
		TeamID  *int64 `json:"team_id,omitempty" minimum:"0"`
	}
}

// addLine handles POST /api/lines.
func (h callRoutes) addLine(ctx context.Context, _ access.Actor, in *newLine) (*reply[PhoneLine], error) {
	b := in.Body
	l, secret, err := h.calls.AddLine(ctx, call.LineChange{Number: &b.Number, Name: &b.Name, BrandID: b.BrandID, TeamID: b.TeamID})
	return h.told(l, secret, err)
}

type patchLine struct {
	ByID
	Body struct {
		Number    *string `json:"number,omitempty" minLength:"1" maxLength:"100"`
		Name      *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
		BrandID   *int64  `json:"brand_id,omitempty" minimum:"1"`
		TeamID    *int64  `json:"team_id,omitempty" minimum:"0" doc:"0 is the default team"`
		Active    *bool   `json:"active,omitempty"`
		NewSecret bool    `json:"new_secret,omitempty" doc:"The old one signs nothing any more"`
	}
}

// changeLine handles PATCH /api/lines/{id}.
func (h callRoutes) changeLine(ctx context.Context, _ access.Actor, in *patchLine) (*reply[PhoneLine], error) {
	id, err := pathID(in.ID, call.ErrNoLine)
	if err != nil {
		return nil, err
	}
	b := in.Body
	l, secret, err := h.calls.ChangeLine(ctx, id, call.LineChange{Number: b.Number, Name: b.Name, BrandID: b.BrandID, TeamID: b.TeamID,
		Active: b.Active, NewSecret: b.NewSecret})
	return h.told(l, secret, err)
}

func (h callRoutes) told(l call.Line, secret string, err error) (*reply[PhoneLine], error) {
	if err != nil {
		return nil, err
	}
	b := h.lineBody(l)
	b.Secret = secret
	return &reply[PhoneLine]{b}, nil
}

// hookRoutes take the events of telephone exchanges.
type hookRoutes struct {
	calls  *call.Service
	accept channel.Acceptor
}

const signatureHeader = "X-Escuta-Signature"

// HookReceipt answers an event that is safe. A repetition gets the same answer.
type HookReceipt struct {
	Accepted bool `json:"accepted"`
}

var hookOperation = huma.Operation{
	Summary: "An event of a telephone exchange",
	Parameters: []*huma.Param{
		{Name: "line", In: "path", Required: true, Description: "Id or number", Schema: &huma.Schema{Type: huma.TypeString}},
		{Name: signatureHeader, In: "header", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			Description: "t=<unix>,v1=<hex of HMAC-SHA256 of t, a dot and the body under the line's secret>; five minutes off at most"},
	},
	RequestBody: &huma.RequestBody{Required: true, Content: jsonContent(&huma.Schema{
		Type: huma.TypeObject, Required: []string{"event", "call"},
		Properties: map[string]*huma.Schema{
			"id":        {Type: huma.TypeString, Description: "Unique on the line; the same one again is acknowledged and does nothing"},
			"event":     {Type: huma.TypeString, Enum: []any{"queued", "ringing", "answered", "transferred", "hung_up", "abandoned", "recording_ready"}},
			"call":      {Type: huma.TypeString, Description: "The exchange's id of the call"},
			"at":        {Type: huma.TypeString, Description: "RFC 3339, or seconds or milliseconds since 1970"},
			"caller":    {Type: huma.TypeString},
			"extension": {Type: huma.TypeString, Description: "Who rings, answers or takes over"},
			"recording": {Type: huma.TypeString, Description: "Where the recording is"},
		},
	})},
	Responses: map[string]*huma.Response{"202": {Description: "It is safe"}, "401": {Description: "Nobody who knows the secret has signed it just now"}},
}

// pbx handles POST /api/hooks/pbx/{line}: the event is a row of the ledger when
// this answers, and is made sense of afterwards.
func (h hookRoutes) pbx(c *fiber.Ctx) error {
	ctx := c.UserContext()
	a, err := h.calls.Arrival(ctx, c.Params("line"), c.Get(signatureHeader), c.Body())
	if err != nil {
		return err
	}
	if _, err := h.accept.Accept(ctx, a); err != nil {
		return err
	}
	return send(c, fiber.StatusAccepted, HookReceipt{true})
}
