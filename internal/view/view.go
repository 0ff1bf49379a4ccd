// Package view owns the lists that people put together and keep: a name, a rule
// (package ticket says what rules mean), an order, and for whom it is. A saved
// view never shows anybody a ticket that they may not see: it narrows what the
// list would hold, and is asked after that.
package view

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of a saved view.
var (
	ErrNotFound = fault.New(fault.NotFound, "view_not_found")   // absent, or somebody else's
	ErrVersion  = fault.New(fault.Conflict, "version_conflict") // args: version, the current one
	ErrNotYours = fault.New(fault.Forbidden, "view_not_yours")  // it is for others, too: a supervisor's to change
	ErrTooMany  = fault.New(fault.Conflict, "too_many_views")   // args: max
)

// Scope is for whom a view is.
type Scope string

// The scopes.
const (
	Own  Scope = "own"
	Team Scope = "team" // whoever belongs to the team
	All  Scope = "all"
)

// Bounds. A counter in the rail costs something with every change of a ticket.
const (
	maxName   = 60  // runes
	MaxPinned = 20  // that stand in one person's rail; those after them have no counter
	maxOwn    = 40  // of one person
	maxShared = 100 // for teams and all, together
)

// Saved is a view that somebody has put together.
type Saved struct {
	ID       int64
	OwnerID  int64
	Scope    Scope
	TeamID   *int64 // of scope Team
	Name     string
	Rule     ticket.Rule
	Sort     ticket.Sort
	Pinned   bool // stands in the rail, with its counter
	Position int  // smaller ones come first
	Version  int

	UpdatedAt time.Time
}

// For reports whether the view is one of the actor's.
func (s Saved) For(a access.Actor) bool {
	switch s.Scope {
	case All:
		return true
	case Team:
		return s.TeamID != nil && (a.Role == access.Admin || contains(a.Teams, *s.TeamID))
	case Own:
	}
	return s.OwnerID == a.AccountID
}

// Change reports whether the actor may change the view, or make it.
func (s Saved) mayChange(a access.Actor) bool {
	switch s.Scope {
	case All:
		return a.May(access.ShareViews)
	case Team:
		return a.May(access.ShareViews) && s.For(a)
	case Own:
	}
	return s.OwnerID == a.AccountID
}

func contains(ids []int64, id int64) bool {
	for _, one := range ids {
		if one == id {
			return true
		}
	}
	return false
}

// check brings a view into the form in which it is stored.
func (s *Saved) check() error {
	s.Name = strings.Join(strings.Fields(s.Name), " ")
	switch {
	case !utf8.ValidString(s.Name) || strings.ContainsRune(s.Name, 0):
		return ticket.Wrong("name", "not_text")
	case s.Name == "":
		return ticket.Wrong("name", "required")
	case utf8.RuneCountInString(s.Name) > maxName:
		return ticket.Wrong("name", "too_long", maxName)
	case s.Scope != Own && s.Scope != Team && s.Scope != All:
		return ticket.Wrong("scope", "unknown_choice")
	case (s.Scope == Team) != (s.TeamID != nil):
		return ticket.Wrong("team_id", "unknown_choice")
	case s.Sort != ticket.SortDue && s.Sort != ticket.SortWaiting && s.Sort != ticket.SortNewest:
		return ticket.Wrong("sort", "unknown_choice")
	case s.Position < 0 || s.Position > 1000:
		return ticket.Wrong("position", "unknown_choice")
	}
	return s.Rule.Check()
}
