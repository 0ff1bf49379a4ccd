package channel

import (
	"context"
	"encoding/json"
	"time"
)

// Arrival is one thing as it came, before anybody has understood it.
type Arrival struct {
	Channel    Name
	SourceKey  string   // what makes a repetition recognisable, unique for ever
	BodyHash   [32]byte // of the content: the same key with another content is refused
	Raw        []byte   // as received, byte for byte
	ReceivedAt time.Time
	// Envelope is what the carrier knew and Raw does not say: for a mail, the
	// recipients and the mailbox. JSON, nil when there is nothing.
	Envelope json.RawMessage
}

// Acceptance is the answer to an Arrival that is safe.
type Acceptance struct {
	LedgerID int64
	Replayed bool // it had been accepted before: nothing was stored
}

// Acceptor keeps what arrives. It returns after the commit; whoever carried the
// thing may forget it then, and not before. An error says that it was not kept,
// or that nobody knows: bringing it again is always right.
type Acceptor interface {
	Accept(ctx context.Context, a Arrival) (Acceptance, error)
}
