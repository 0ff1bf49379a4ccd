package ticket

import (
	"slices"
	"time"
)

// Status is where a ticket stands in its life.
type Status string

// The statuses. Whose turn it is can be read from them: ours in New and Open,
// the customer's in WaitingCustomer, somebody else's in WaitingThird.
const (
	New             Status = "new"
	Open            Status = "open"
	WaitingCustomer Status = "waiting_customer"
	WaitingThird    Status = "waiting_third"
	Resolved        Status = "resolved"
	Closed          Status = "closed"
)

// Statuses are all of them, in the order of a life.
var Statuses = []Status{New, Open, WaitingCustomer, WaitingThird, Resolved, Closed}

// moves says what may follow what. Nothing returns to New, nothing leaves Closed.
var moves = map[Status][]Status{
	New:             {Open, WaitingCustomer, WaitingThird, Resolved},
	Open:            {WaitingCustomer, WaitingThird, Resolved},
	WaitingCustomer: {Open, WaitingThird, Resolved},
	WaitingThird:    {Open, WaitingCustomer, Resolved},
	Resolved:        {Open, WaitingCustomer, WaitingThird, Closed},
}

// IsOpen reports whether there is still something to do; "status=open" of the
// API means this, not the status of that name.
func (s Status) IsOpen() bool { return s != Resolved && s != Closed }

// Valid reports whether s is one of the known statuses.
func (s Status) Valid() bool { return slices.Contains(Statuses, s) }

// Move is the only place that changes a status. Moving to where the ticket
// already stands does nothing. Out of Resolved it leads back only within the
// grace, and fails with ErrMove afterwards. To Closed it always leads: the grace
// ends by itself, or somebody ends it.
func (t *Ticket) Move(to Status, now time.Time) error {
	from := t.Status
	if from == to {
		return nil
	}
	if !slices.Contains(moves[from], to) || from == Resolved && to != Closed && t.graceOver(now) {
		return ErrMove.With("from", from).With("to", to)
	}
	if from == Resolved && to.IsOpen() {
		t.ReopenedAt = &now
	}
	t.Status = to
	switch {
	case to == Closed:
		t.ClosedAt = &now
	case to == Resolved:
		t.ResolvedAt, t.WaitingSince, t.AreaAnsweredAt = &now, nil, nil
		t.HolderID, t.LeaseUntil = nil, nil // nobody is answering what is answered
	case to == WaitingCustomer:
		t.ResolvedAt, t.WaitingSince = nil, nil
	default: // the customer waits for us, directly or by way of somebody else
		t.ResolvedAt = nil
		if t.WaitingSince == nil {
			t.WaitingSince = &now
		}
	}
	return nil
}

// Reopenable reports whether the ticket is resolved and still within its grace.
func (t Ticket) Reopenable(now time.Time) bool {
	return t.Status == Resolved && !t.graceOver(now)
}

func (t Ticket) graceOver(now time.Time) bool {
	return t.ResolvedAt != nil && !now.Before(t.ResolvedAt.Add(Grace))
}

// Answered is what our answer does: it is the customer's turn now, or the
// matter is settled when the answer settles it.
func (t *Ticket) Answered(resolves bool, now time.Time) error {
	to := WaitingCustomer
	if resolves {
		to = Resolved
	}
	if t.Status == Closed || t.Status == Resolved && t.graceOver(now) {
		return ErrClosed
	}
	t.WaitingSince, t.AreaAnsweredAt = nil, nil
	if resolves {
		t.HolderID, t.LeaseUntil = nil, nil // also of what was resolved before
	}
	return t.Move(to, now)
}

// Informed is what news of ours does that asks the customer nothing: a new ticket
// is no longer new, and whose turn it is does not change.
func (t *Ticket) Informed(now time.Time) error {
	switch {
	case !t.Status.IsOpen():
		return ErrClosed
	case t.Status == New:
		return t.Move(Open, now)
	}
	return nil
}

// Spoke is what a message of the customer does: it is our turn. A new ticket
// stays new, a resolved one is reopened; after the grace it fails with
// ErrClosed, and the message belongs into a linked ticket.
func (t *Ticket) Spoke(now time.Time) (reopened bool, err error) {
	if t.WaitingSince == nil && t.Status.IsOpen() {
		t.WaitingSince = &now
	}
	switch {
	case t.Status == New:
		return false, nil
	case t.Status == Closed, t.Status == Resolved && t.graceOver(now):
		return false, ErrClosed
	}
	reopened = t.Status == Resolved
	return reopened, t.Move(Open, now)
}
