package jobs

import (
	"time"

	"github.com/riverqueue/river"
)

// Acknowledge asks for a new ticket's sender to be told its protocol. Ordering
// it more than once, or for somebody who is told too often, sends nothing.
type Acknowledge struct {
	TicketID  int64 `json:"ticket_id"`
	MessageID int64 `json:"message_id"` // the customer's, which is answered
}

// Kind names the job in the table.
func (Acknowledge) Kind() string { return "acknowledge" }

// InsertOpts makes the same order, given twice, one job.
func (Acknowledge) InsertOpts() river.InsertOpts {
	return river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}
}

// SendOut hints that a row of the outbox can be sent now. The row is the truth:
// without this job it only goes out later.
type SendOut struct {
	OutID int64 `json:"out_id"`
}

// Kind names the job in the table.
func (SendOut) Kind() string { return "send_out" }

// CustomerTold asks for the clocks to be ended that a customer waits for to be told
// by a row of the outbox, or to go on when it came back.
type CustomerTold struct {
	OutID    int64     `json:"out_id"`
	At       time.Time `json:"at"` // when it was handed over, also of what came back
	CameBack bool      `json:"came_back,omitempty"`
}

// Kind names the job in the table.
func (CustomerTold) Kind() string { return "customer_told" }
