package imports

import (
	"context"
	"encoding/json"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
)

// Digester makes tickets of what waits in the ledger of the ombudsman's channel
// and of the imports': one way for rows of a list and for notices by mail.
type Digester struct{}

var _ intake.Digester = Digester{}

// Read implements intake.Digester.
func (Digester) Read(_ context.Context, s intake.Stored) (intake.Reading, error) {
	if s.Channel == channel.Ombudsman {
		in, err := ombudsman.Restore(s.Raw, s.SourceKey)
		return opening{in}, err
	}
	in, err := webform.Restore(s.Raw, s.SourceKey)
	return opening{in}, err
}

// opening is a row that becomes a ticket.
type opening struct{ in channel.Inbound }

// Decide implements intake.Reading.
func (o opening) Decide(context.Context, *gorm.DB) (intake.Verdict, error) {
	return intake.Verdict{Fate: intake.FateTicket, Inbound: o.in}, nil
}

// envelope is what an import tells the ledger beside a row.
type envelope struct {
	Import int64  `json:"import"`
	Row    int64  `json:"row"`
	Target Target `json:"target"`
}

func (e envelope) json() json.RawMessage { return json.RawMessage(encoded(e)) }
