// Package access is the one decision about who may see and who may do what.
//
// HTTP, search, counters, exports, files and the live stream all ask here, so
// that none of them can be more generous than another. It is pure: it knows
// roles, teams and the wall, and no database. A store turns a Scope into SQL.
package access

import (
	"maps"
	"slices"
)

// Role is what an account is in the company.
type Role string

// The roles. The ombudsman's office stands behind a wall: neither supervisors
// nor admins see through it.
const (
	Agent      Role = "agent"
	Supervisor Role = "supervisor"
	Ombudsman  Role = "ombudsman"
	Admin      Role = "admin"
)

// Valid reports whether r is one of the known roles.
func (r Role) Valid() bool {
	return r == Agent || r == Supervisor || r == Ombudsman || r == Admin
}

// Audience is who a ticket, and everything told about it, is for.
type Audience struct {
	Team   int64  `json:"team"`
	Walled bool   `json:"walled"`
	Barred Barred `json:"barred,omitempty"` // whom a case behind the wall accuses
}

// Actor is somebody (or a program with a token) on whose behalf something is asked.
type Actor struct {
	AccountID int64
	Name      string
	Role      Role
	Teams     []int64 // sorted
}

// MaySee decides whether the actor may know that something with this audience exists.
func (a Actor) MaySee(au Audience) bool {
	if au.Walled {
		return a.Role == Ombudsman && !au.Barred.Bars(a)
	}
	if a.Role == Admin || a.Role == Ombudsman {
		return true
	}
	_, in := slices.BinarySearch(a.Teams, au.Team)
	return in
}

// Scope is MaySee for a whole list: the rows it lets through are exactly those
// that MaySee allows.
type Scope struct {
	AllTeams bool
	Teams    []int64
	Walled   bool
	// Keys are what of the actor can be barred: of what is walled, rows whose
	// Barred names one of them are left out. Empty unless Walled.
	Keys []string
}

// Scope returns what the actor sees, for a store to turn into a condition.
func (a Actor) Scope() Scope {
	s := Scope{
		AllTeams: a.Role == Admin || a.Role == Ombudsman,
		Teams:    a.Teams,
		Walled:   a.Role == Ombudsman,
	}
	if s.Walled {
		s.Keys = a.keys()
	}
	return s
}

// Action is something that not everybody may do, apart from seeing.
type Action string

// The actions. Whoever sees a ticket may work on it unless an action here says otherwise.
const (
	WorkTickets    Action = "tickets.work"      // claim, answer, note, change fields
	TakeOver       Action = "tickets.take_over" // take a ticket out of somebody's hands, with a reason
	SeeBreaches    Action = "breaches.see"
	SeeIntake      Action = "intake.see"
	EraseIntake    Action = "intake.erase" // for ever: what came in and became nothing
	ManageAccounts Action = "accounts.manage"
	ManageDesk     Action = "desk.manage"    // teams, reasons, brands, policies
	ManageForms    Action = "forms.manage"   // what customers are asked on the web
	KeepCustomers  Action = "customers.keep" // records of customers, as other systems have them
	WorkCases      Action = "cases.work"     // the ombudsman's office, behind the wall
	ManageRouting  Action = "routing.manage" // who is given what, and when, in one's own teams
	RunIncidents   Action = "incidents.run"  // open and change incidents, answer all of one
	ShareViews     Action = "views.share"    // saved views for a team or for all
	BulkMatching   Action = "bulk.matching"  // one act on all that a list holds, not only on what was chosen in it
	CorrectClocks  Action = "clocks.correct" // shorten a pause, take back a deadline that asks nothing
	RunImports     Action = "imports.run"    // bring in lists of complaints; which ones, their channel decides
	HoldRecords    Action = "retention.hold" // keep from being purged, and see what is held and what was purged
	KeepRecords    Action = "retention.keep" // say how long things are kept, and whether anything is purged
)

var allowed = map[Action][]Role{
	WorkTickets:    {Agent, Supervisor, Ombudsman, Admin},
	TakeOver:       {Supervisor, Ombudsman, Admin},
	SeeBreaches:    {Supervisor, Ombudsman, Admin},
	SeeIntake:      {Supervisor, Ombudsman, Admin},
	EraseIntake:    {Ombudsman, Admin},
	ManageAccounts: {Admin},
	ManageDesk:     {Admin},
	ManageForms:    {Supervisor, Admin},
	KeepCustomers:  {Supervisor, Admin},
	WorkCases:      {Ombudsman},
	ManageRouting:  {Supervisor, Admin},
	RunIncidents:   {Supervisor, Admin},
	ShareViews:     {Supervisor, Ombudsman, Admin},
	BulkMatching:   {Supervisor, Ombudsman, Admin},
	CorrectClocks:  {Supervisor, Ombudsman, Admin},
	RunImports:     {Supervisor, Ombudsman, Admin},
	HoldRecords:    {Supervisor, Ombudsman, Admin},
	KeepRecords:    {Admin},
}

// May decides whether the actor may do something of this sort at all. For an
// act on a ticket MaySee is asked first: what is hidden is absent, not forbidden.
func (a Actor) May(do Action) bool { return slices.Contains(allowed[do], a.Role) }

// Actions are all that the actor may do, sorted: what a screen offers them.
func (a Actor) Actions() []Action {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(allowed)), func(do Action) bool { return !a.May(do) })
}
