// Package ticket owns the life of a ticket: what it is, which changes are
// allowed, what its list row shows, and where it is stored. Every change goes
// through Change, which tells the rest of the program by an event; this package
// knows nobody downstream.
package ticket

import (
	"encoding/json"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of a ticket.
var (
	ErrNotFound = fault.New(fault.NotFound, "ticket_not_found") // absent, or hidden from the asker
	ErrClosed   = fault.New(fault.Conflict, "ticket_closed")    // resolved or closed: reopen it first, or open a linked one
	ErrMove     = fault.New(fault.Conflict, "bad_transition")   // args: from, to
	ErrVersion  = fault.New(fault.Conflict, "version_conflict") // args: version, the current one
	ErrInvalid  = fault.New(fault.Invalid, "ticket_invalid")    // details name the fields
)

// Wrong is ErrInvalid with one field that is wrong and why; max, when given, is
// the bound that the text names.
func Wrong(field, code string, max ...int) *fault.Error {
	e := *ErrInvalid
	d := fault.Detail{Field: field, Code: code}
	if len(max) > 0 {
		d.Args = map[string]any{"max": max[0]}
	}
	e.Details = []fault.Detail{d}
	return &e
}

// Grace is how long a resolved ticket may be reopened. Afterwards it is closed
// for good, and whoever comes back gets a linked ticket.
const Grace = 7 * 24 * time.Hour

// Priorities run from 1, the most urgent, to 4.
const (
	MostUrgent  = 1
	LeastUrgent = 4
)

// Kind is what the law and people call the demand. It drives rules.
type Kind string

// Kinds are the known kinds of demand, in the order people are offered them.
var Kinds = []Kind{"informacao", "duvida", "reclamacao", "contestacao", "suspensao",
	"cancelamento", "solicitacao", "elogio", "sugestao", "denuncia"}

// Ticket is one demand of one customer.
//
// Times are UTC with microseconds, which is what PostgreSQL keeps; a nil time
// means "none" (stored as infinity where a list is sorted by it).
type Ticket struct {
	ID            int64
	Protocol      string // the one told to the customer first; aliases are in protocols
	BrandID       int64
	CustomerID    *int64 // nil while nobody knows who it is, or for ever when anonymous
	CustomerName  string
	Channel       string
	Kind          Kind
	Subject       string
	Preview       string // the first words of the newest public message
	Status        Status
	Priority      int // MostUrgent to LeastUrgent
	LegalPriority int // 0 to 3, of the customer
	TeamID        int64
	Walled        bool          // behind the ombudsman's wall
	Barred        access.Barred // of those who see through it, who does not see this

	AssigneeID *int64     // whose it is, until released or transferred
	HolderID   *int64     // who is answering now
	Fence      int64      // number of the newest claim
	LeaseUntil *time.Time // until when the holder holds, unless renewed

	ReasonID   *int64
	Tags       []string
	IncidentID *int64 // the cause that it shares with others, see package incident; never of a case

	Version       int // raised by one by every change
	PublicVersion int // the version that last brought a message the customer sees

	// AskedArea is the name of the area that owes us an answer, the one asked first
	// when there are several; empty when none does. AreaAnsweredAt is since when an
	// area's answer waits for somebody here to act on it.
	AskedArea      string
	AreaAnsweredAt *time.Time

	Deadline     Deadline
	WaitingSince *time.Time // since when the customer waits for us
	ReopenedAt   *time.Time // when it was last taken up again after it was resolved
	PromisedAt   *time.Time // until when we owe its customer a call

	Unread    bool    // its assignee has not looked since the customer's last message
	Mentioned []int64 // sorted; the accounts that have not looked since a note named them

	Fields     json.RawMessage // answers to the form's own questions
	LinkedFrom *int64          // the closed ticket this one continues

	OpenedAt   time.Time
	UpdatedAt  time.Time
	ResolvedAt *time.Time
	ClosedAt   *time.Time
}

// Deadline is what a list row shows of the ticket's clocks: the next one to
// fall, and how many there are. Package sla computes it.
type Deadline struct {
	Due      *time.Time // nil when no clock runs
	Clock    string     // kind of the clock that falls next
	From     *time.Time // when it started
	Warn     *time.Time // when three quarters of it are used up
	Clocks   int        // running or paused
	Paused   string     // why the next clock stands still
	Breached bool       // a clock that still matters ran out
}

// Audience is who may see this ticket and everything told about it.
func (t Ticket) Audience() access.Audience {
	return access.Audience{Team: t.TeamID, Walled: t.Walled, Barred: t.Barred}
}

// HeldBy reports whether the account holds the ticket at this instant.
func (t Ticket) HeldBy(account int64, now time.Time) bool {
	return t.HolderID != nil && *t.HolderID == account && t.leaseLives(now)
}

// HeldByAnother tells who else holds the ticket at this instant, if somebody does.
func (t Ticket) HeldByAnother(account int64, now time.Time) (holder int64, held bool) {
	if t.HolderID == nil || *t.HolderID == account || !t.leaseLives(now) {
		return 0, false
	}
	return *t.HolderID, true
}

func (t Ticket) leaseLives(now time.Time) bool {
	return t.LeaseUntil != nil && !t.LeaseUntil.Before(now)
}
