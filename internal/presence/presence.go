// Package presence knows who is here now and what they are doing, on whatever
// node they are connected. Where people are is not stored: a node keeps what its
// own connections say, tells the other nodes by Redis, and forgets a node that has
// fallen silent. Without Redis each node knows its own people only.
//
// What keeps somebody from work is stored (Standings): a break that they have
// chosen, and calls. It outlives their windows and this server.
package presence

import (
	"cmp"
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// State is how somebody is here.
type State string

// The states. Online and Away are what a connection says, the others are stored.
const (
	OnCall    State = "call"
	AfterCall State = "after_call" // the call has ended and how is not written down yet
	Break     State = "break"
	Online    State = "online"
	Away      State = "away" // has not touched anything for a while
)

// Free reports whether somebody in this state can be given something to do.
func (s State) Free() bool { return s == Online }

// Doing is what somebody does on a ticket.
type Doing string

// What can be done, the most telling first.
const (
	Typing  Doing = "typing"
	Viewing Doing = "viewing"
	Idle    Doing = "idle"
)

var (
	// states is the order in which they count, of somebody of whom several hold.
	states = []State{OnCall, AfterCall, Break, Online, Away}
	doings = []Doing{Typing, Viewing, Idle}
)

// Said reports whether s is a state that a connection may say.
func (s State) Said() bool { return s == Online || s == Away }

// Valid reports whether d is one of the doings.
func (d Doing) Valid() bool { return slices.Contains(doings, d) }

// Here is what one connection says of its person.
type Here struct {
	Account int64  `json:"a"`
	Name    string `json:"n"`
	State   State  `json:"s"`
	Teams   Teams  `json:"te,omitempty"`
	// Ticket is the one that is open before them, 0 for none, with who may know of it.
	Ticket   int64           `json:"t,omitempty"`
	Audience access.Audience `json:"au,omitzero"`
	Doing    Doing           `json:"d,omitempty"`
}

// Standing is what keeps somebody from work: a call, its aftermath or a break.
// The zero value is nothing.
type Standing struct {
	State  State
	Reason Reason     // of a break
	Since  time.Time  // when it began
	Until  *time.Time // when somebody in a break means to be back
}

// same reports whether two standings are told alike.
func (s Standing) same(o Standing) bool {
	until := s.Until == o.Until || s.Until != nil && o.Until != nil && s.Until.Equal(*o.Until)
	return s.State == o.State && s.Reason == o.Reason && s.Since.Equal(o.Since) && until
}

// Person is somebody who is here, with what keeps them from work.
type Person struct {
	Account int64
	Name    string
	State   State // what counts: of the standing, or else of the connections
	Teams   Teams

	Standing Standing
}

// Sighting is somebody on a ticket.
type Sighting struct {
	Account  int64
	Name     string
	Doing    Doing
	Audience access.Audience // of the ticket, when they came to it
}

// person makes one person of somebody's connections, of which there is at least one.
func person(all map[string]Here, standing Standing) Person {
	var p Person
	for _, h := range all {
		if p.Account == 0 || slices.Index(states, h.State) < slices.Index(states, p.State) {
			p = Person{Account: h.Account, Name: h.Name, State: h.State, Teams: h.Teams}
		}
	}
	if standing.State != "" {
		p.State, p.Standing = standing.State, standing
	}
	return p
}

func byName(people []Person) []Person {
	slices.SortFunc(people, func(a, b Person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account)) })
	return people
}

// sightings makes one sighting of each person's connections on a ticket.
func sightings(all map[string]Here) []Sighting {
	found := map[int64]Sighting{}
	for _, h := range all {
		s, known := found[h.Account]
		if !known || slices.Index(doings, h.Doing) < slices.Index(doings, s.Doing) {
			found[h.Account] = Sighting{h.Account, h.Name, h.Doing, h.Audience}
		}
	}
	list := make([]Sighting, 0, len(found))
	for _, s := range found {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Sighting) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account)) })
	return list
}
