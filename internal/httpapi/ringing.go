package httpapi

import (
	"context"

	"github.com/escuta-sac/escuta/internal/access"
)

// Ringing is a call at the asker's telephone.
type Ringing struct {
	LineID    int64         `json:"line_id"`
	Line      string        `json:"line"`
	Call      string        `json:"call" doc:"The exchange's id of the call"`
	Caller    string        `json:"caller" doc:"As it was told; show it as text"`
	Phone     string        `json:"phone" doc:"E.164, empty when the caller showed no number"`
	Told      string        `json:"told" doc:"The caller as it was told, to open a note with"`
	State     string        `json:"state" enum:"queued,ringing,talking,ended,missed"`
	Mine      bool          `json:"mine" doc:"False when somebody else has answered"`
	Waited    int           `json:"waited" doc:"Seconds in the queue; 0 when the exchange did not say"`
	ContactID *int64        `json:"contact_id" doc:"Its note, once there is one"`
	Maybe     []MaybeCaller `json:"maybe" doc:"Whom the caller may be"`
}

type ringingInput struct {
	Line int64  `query:"line" minimum:"1" required:"true"`
	Call string `query:"call" minLength:"1" maxLength:"200" required:"true"`
}

// ringing handles GET /api/calls/ringing: what a frame "phone" of the live
// stream tells of.
func (h callRoutes) ringing(ctx context.Context, who access.Actor, in *ringingInput) (Ringing, error) {
	r, err := h.calls.Ringing(ctx, who, in.Line, in.Call)
	if err != nil {
		return Ringing{}, err
	}
	b := Ringing{LineID: r.Line.ID, Line: r.Line.Name, Call: r.Call, Caller: r.Caller.Display(), Phone: string(r.Caller.Phone), Told: r.Caller.Raw,
		State: string(r.State), Mine: r.Mine, Waited: int(r.Waited.Seconds()), Maybe: itemsOf(r.Maybe, maybeBody).Items}
	if r.ContactID != 0 {
		b.ContactID = &r.ContactID
	}
	return b, nil
}
