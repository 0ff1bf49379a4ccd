package ticket

import (
	"slices"
	"time"
)

// View is one of the stock lists. What each holds is said twice, once here for
// a row in memory (live counters) and once in list.go for SQL; a test holds the
// two against each other.
type View string

// The stock views. All but ViewResolved hold open tickets only, unless the
// filter by status asks for those that are done.
const (
	ViewMine            View = "mine"             // I am the assignee
	ViewUnassigned      View = "unassigned"       // nobody is
	ViewTeam            View = "team"             // of the teams I belong to
	ViewAll             View = "all"              // everything I may see
	ViewDueToday        View = "due_today"        // due before tomorrow, not breached yet
	ViewBreached        View = "breached"         // ran out
	ViewWaitingCustomer View = "waiting_customer" // the customer's turn
	ViewPromised        View = "promised"         // we owe a call
	ViewReopened        View = "reopened"         // taken up again after it was resolved
	ViewMentions        View = "mentions"         // a note names me, and I have not looked
	ViewUnread          View = "unread"           // mine, and I have not looked since the customer's last message
	ViewResolved        View = "resolved"         // resolved and closed
)

// Views are the stock views, in the order they are shown.
var Views = []View{ViewMine, ViewUnassigned, ViewTeam, ViewAll, ViewDueToday, ViewBreached, ViewWaitingCustomer,
	ViewPromised, ViewReopened, ViewMentions, ViewUnread, ViewResolved}

// Valid reports whether v is a stock view.
func (v View) Valid() bool { return slices.Contains(Views, v) }

// Viewer is for whom a view is looked at, and when.
type Viewer struct {
	AccountID int64
	Teams     []int64   // sorted; the ones the account belongs to
	Now       time.Time // in the company's zone, whose midnight ends today
}

// Holds reports whether the row belongs into the view. It does not ask whether
// the viewer may see the ticket at all: access.Actor.MaySee does.
func (v View) Holds(s Snapshot, who Viewer) bool {
	if s.Status.IsOpen() == (v == ViewResolved) {
		return false
	}
	switch v {
	case ViewMine:
		return s.AssigneeID != nil && *s.AssigneeID == who.AccountID
	case ViewUnassigned:
		return s.AssigneeID == nil
	case ViewTeam:
		_, mine := slices.BinarySearch(who.Teams, s.TeamID)
		return mine && !s.Walled
	case ViewDueToday:
		return !s.Breached && s.NextDue != nil && s.NextDue.Before(Tomorrow(who.Now))
	case ViewBreached:
		return s.Breached
	case ViewWaitingCustomer:
		return s.Status == WaitingCustomer
	case ViewPromised:
		return s.PromisedAt != nil
	case ViewReopened:
		return s.ReopenedAt != nil
	case ViewMentions:
		return slices.Contains(s.Mentioned, who.AccountID)
	case ViewUnread:
		return s.Unread && s.AssigneeID != nil && *s.AssigneeID == who.AccountID
	}
	return true
}

// Tomorrow is the next midnight of now's own zone.
func Tomorrow(now time.Time) time.Time {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())
}
