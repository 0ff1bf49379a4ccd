// Package event is how one part of the program learns what another has done.
//
// A change appends its event in its own transaction (Append), so the two share
// one fate. Ids are no positions: transactions commit in another order than
// they draw ids, and a reader that noted "last id 42" would never see 41. So
// the Sequencer gives the committed events positions without holes, and puts
// them on a Redis stream; a Log follows them from any position, in order, and
// takes from PostgreSQL whatever the stream does not have. Redis makes that
// fast and is never needed for it to be right.
package event

import (
	"encoding/json"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// The kinds of event. Each belongs to a ticket and raised its version by one.
const (
	TicketOpened       = "ticket.opened"
	TicketMessageIn    = "ticket.message_in"
	TicketAutomatic    = "ticket.automatic" // a machine wrote: nobody's turn changes
	TicketReplied      = "ticket.replied"
	TicketDelivered    = "ticket.delivered" // what became of a reply
	TicketUndone       = "ticket.undone"    // a reply was taken back before it went out
	TicketNoted        = "ticket.noted"
	TicketRead         = "ticket.read" // somebody whom it concerns has looked at what is new
	TicketClaimed      = "ticket.claimed"
	TicketReleased     = "ticket.released"
	TicketLeaseExpired = "ticket.lease_expired"
	TicketChanged      = "ticket.changed"
	TicketStatus       = "ticket.status"
	TicketReopened     = "ticket.reopened"
	CaseChanged        = "case.changed"       // what the ombudsman's office did with a case
	TicketCall         = "ticket.call"        // what a call did: how it ended, who it was, what it was about
	TicketCallBack     = "ticket.call_back"   // a call that is owed: promised, tried, done
	TicketRouted       = "ticket.routed"      // the desk gave it to somebody
	TicketUnrouted     = "ticket.unrouted"    // the desk took it off somebody who is gone
	TicketMerged       = "ticket.merged"      // became part of another, or took one in
	TicketIncident     = "ticket.incident"    // was put to an incident, or taken off
	TicketDuty         = "ticket.duty"        // a duty that takes effect at once was recorded as carried out
	TicketTransferred  = "ticket.transferred" // given to a person or a team, with a note how it stands
	TicketSkipped      = "ticket.skipped"     // given back by who was served it, with a reason
	TicketHelp         = "ticket.help"        // somebody on it asked for a supervisor, or one came
	TicketArea         = "ticket.area"        // an internal request: asked, answered, reminded of, ended
	TicketClock        = "ticket.clock"       // one of its deadlines was started, stopped, paused, went on, was extended or cancelled by somebody
	TicketPromise      = "ticket.promise"     // a promise to the customer was noted as kept, moved or withdrawn
	TicketPlanned      = "ticket.planned"     // its deadlines were planned anew: rules changed, or its customer's segment
	TicketHeld         = "ticket.held"        // put under a legal hold, or released from one
	TicketErased       = "ticket.erased"      // what is left of an event of a ticket that was purged
	ClockWarned        = "clock.warned"
	ClockBreached      = "clock.breached"
	ClockEscalated     = "clock.escalated"  // somebody was told of a deadline by its ladder
	TicketEscalated    = "ticket.escalated" // and more: it was made more urgent, or taken off who had it
	ClockMoved         = "clock.moved"      // its calendar was changed, and with it a deadline
)

// Event is one recorded change of one ticket.
type Event struct {
	ID       int64
	TicketID int64
	Version  int // the ticket's, after the change
	Kind     string
	// Audience may see the event. Before is the audience the ticket had until
	// this change moved it, nil when it stayed: whoever only belongs to Before
	// learns that the ticket is gone, and nothing else.
	Audience access.Audience
	Before   *access.Audience
	ActorID  *int64          // account that caused it; nil for customers and clocks
	Payload  json.RawMessage // {"row": the list row after the change, "data": what the kind adds}
	At       time.Time       // UTC
	Pos      int64           // 0 until the sequencer has been there
}

// Payload splits an event's payload without looking into its parts.
type Payload struct {
	Row  json.RawMessage `json:"row"`
	Data json.RawMessage `json:"data"`
}

// Poker wakes the sequencer. It is called after the commit, never blocks and
// never fails: a poke that gets lost costs a second, not an event.
type Poker interface{ Poke() }
