// Package realtime tells everybody who is connected what has just happened, as
// far as they may see it, and keeps the counters of the views.
//
// A Hub follows the event log. Each event is encoded once; the connections
// whose actors see the same things form an audience, and what an audience may
// see of a batch is worked out once for all of them. A connection gets a JSON
// array at once, and the next at the earliest 100 ms later with all that has
// happened since. One that cannot keep up is let go: it comes back and continues
// from its position, so nobody else waits for it and nothing is lost in silence.
package realtime

import (
	"context"
	"io"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/view"
)

// Socket is one WebSocket connection, as much of it as the hub uses. Reading is
// one goroutine's, writing another's; WriteControl and Close are anybody's.
type Socket interface {
	NextReader() (kind int, r io.Reader, err error)
	SetReadLimit(bytes int64)
	SetReadDeadline(t time.Time) error
	SetPingHandler(func(data string) error)
	SetPongHandler(func(data string) error)
	WriteMessage(kind int, data []byte) error
	SetWriteDeadline(t time.Time) error
	WriteControl(kind int, data []byte, deadline time.Time) error
	Close() error
}

// The kinds of frame, as RFC 6455 section 11.8 numbers them.
const (
	textFrame   = 1
	binaryFrame = 2
	closeFrame  = 8
	pingFrame   = 9
	pongFrame   = 10
)

// What a connection is closed with. The first ones are RFC 6455's.
const (
	CloseUnsupported = 1003 // binary data
	CloseNotText     = 1007 // no UTF-8
	ClosePolicy      = 1008 // a flood of messages, pings or fragments
	CloseRestart     = 1012 // the server stops: connect again, to whoever answers
	CloseTooMany     = 1013 // too many connections: try again later
	CloseRevoked     = 4401 // the session has ended: log in again
	CloseSlow        = 4408 // could not keep up: connect again and continue
)

// Visitor is who has connected.
type Visitor struct {
	Actor access.Actor
	IP    string
	// Since is the position to continue from, as the program gave it out; empty
	// means from now on.
	Since string
	// Still tells whether the connection may go on, and as whom; it is asked every
	// two seconds. A fault of kind Unauthorized ends the connection, other errors
	// leave everything as it is until the next time.
	Still func(context.Context) (access.Actor, error)
}

// Options bounds a hub. Zero values mean the defaults; negative ones no bound.
type Options struct {
	PerAccount int            // connections of one account; default 100
	PerIP      int            // connections from one address; default 2,000 (an office behind one)
	Total      int            // connections of this node; default 20,000
	Zone       *time.Location // whose midnight ends "due today"; default UTC
	Now        func() time.Time
	Views      Views // whose counters are kept besides those of the stock views; nil is none
}

// Views knows the saved views that stand in somebody's rail.
type Views interface {
	Refresh(ctx context.Context) (changed bool, err error)
	Pinned(a access.Actor) []view.Pinned
}

const (
	frameGap     = 100 * time.Millisecond // between two frames to one connection
	countsGap    = time.Second            // between two counts to one connection
	maxTickets   = 64                     // in one frame; more become "many"
	maxItems     = 128                    // the same for events of few tickets
	maxPending   = 256 << 10              // bytes that wait for one connection
	maxReplay    = 2000                   // events somebody may be behind; further back is a resync
	maxMessage   = 4 << 10                // bytes of one message from a browser
	maxPerSecond = 50                     // messages and control frames from one browser
	writeTime    = 5 * time.Second        // a browser that takes no byte for so long is gone
	messageTime  = 2 * time.Second        // from a message's first frame to its last
	silence      = 60 * time.Second       // without a pong or message
	pingEvery    = 25                     // seconds
	askEvery     = 2                      // seconds between two questions whether a visitor still may
)

func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.PerAccount, 100)
	def(&o.PerIP, 2000)
	def(&o.Total, 20_000)
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
