// Package bulk is one act on many tickets: its effect is shown before it is done,
// it is done ticket by ticket (each a change of its own, which names the bulk),
// and it can be taken back for a while.
//
// A bulk is a row, and so is each of its tickets. A ticket's row leaves "pending"
// in the transaction of its change: whatever dies on the way, and however many
// nodes go on with it, each ticket is done once.
package bulk

import (
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of a bulk.
var (
	ErrNotFound = fault.New(fault.NotFound, "bulk_not_found") // absent, or somebody else's
	ErrEffect   = fault.New(fault.Conflict, "bulk_changed")   // args: changes; it would now do something else than was shown
	ErrTooMany  = fault.New(fault.Invalid, "bulk_too_many")   // args: max
	ErrUndoOver = fault.New(fault.Conflict, "bulk_undo_over") // too late, or taken back already
	ErrMatching = fault.New(fault.Forbidden, "bulk_matching") // all that match is a supervisor's to change
)

// Bounds.
const (
	MaxChosen   = 1000             // tickets chosen one by one
	MaxMatching = 5000             // tickets of a list
	UndoFor     = 15 * time.Minute // since it was begun
	atOnce      = 50               // tickets that the call itself does; the rest goes on behind it
	atOnceFor   = 3 * time.Second
	examples    = 5                // of each outcome
	round       = 10 * time.Second // looks for what a node left undone
)

// State is what became of one ticket.
type State string

// The states.
const (
	Pending State = "pending"
	Changed State = "changed"
	Same    State = "same"     // it was so already
	Held    State = "held"     // somebody is answering it
	Refused State = "refused"  // not allowed, or not possible
	Gone    State = "gone"     // not to be seen any more
	MovedOn State = "moved_on" // not taken back: somebody has changed the same since
)

// Selection is on which tickets: those chosen, or all that a list holds, its
// actor's sight included.
type Selection struct {
	IDs      []int64
	Matching *ticket.Query
}

// Effect is what an act would do, or has done, as of now.
type Effect struct {
	Total    int
	By       map[State]int
	Examples []Example
	// Asking is how many of the tickets that it would resolve still ask something of
	// areas, and Asked what they ask in all: resolving withdraws it.
	Asking, Asked int
}

// Example is one of the tickets with an outcome.
type Example struct {
	Ticket ticket.Snapshot
	State  State
	Reason string // code of why not
}

// Bulk is an act on many tickets.
type Bulk struct {
	ID        int64
	AccountID int64
	Undoes    *int64
	Action    desk.Amendment
	Effect    Effect
	CreatedAt time.Time
	EndedAt   *time.Time
	UndoUntil *time.Time // nil when it cannot be taken back (any more)
}

// Check refuses an action that does nothing or names what cannot be.
func Check(a desk.Amendment) (desk.Amendment, error) {
	if a.Status == nil && a.Priority == nil && a.TeamID == nil && a.Assignee == nil && a.ReasonID == nil && a.IncidentID == nil && len(a.AddTags)+len(a.RemoveTags) == 0 {
		return a, ticket.Wrong("action", "required")
	}
	if a.Status != nil && (!a.Status.Valid() || *a.Status == ticket.New || *a.Status == ticket.Closed) {
		return a, ticket.Wrong("action.status", "unknown_choice")
	}
	if a.Priority != nil && (*a.Priority < ticket.MostUrgent || *a.Priority > ticket.LeastUrgent) {
		return a, ticket.Wrong("action.priority", "unknown_choice")
	}
	var err error
	if a.AddTags, err = ticket.NormaliseTags(a.AddTags); err != nil {
		return a, err
	}
	if a.RemoveTags, err = ticket.NormaliseTags(a.RemoveTags); err != nil {
		return a, err
	}
	if slices.ContainsFunc(a.AddTags, func(tag string) bool { return slices.Contains(a.RemoveTags, tag) }) {
		return a, ticket.Wrong("action.remove_tags", "unknown_choice")
	}
	return a, nil
}

// outcome says what an error makes of a ticket.
func outcome(err error) (State, string) {
	f := fault.From(err)
	switch f.Code {
	case ticket.ErrClaimed.Code:
		return Held, f.Code
	case ticket.ErrNotFound.Code:
		return Gone, f.Code
	case desk.ErrMovedOn.Code:
		return MovedOn, f.Code
	}
	return Refused, f.Code
}
