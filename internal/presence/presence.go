// Package presence knows who is here now and what they are doing, on whatever
// node they are connected. Nothing of it is stored: a node keeps what its own
// connections say, tells the other nodes by Redis, and forgets a node that has
// fallen silent. Without Redis each node knows its own people only.
package presence

import (
	"cmp"
	"slices"

	"github.com/escuta-sac/escuta/internal/access"
)

// State is how somebody is here.
type State string

// The states. Of somebody with several
// connections the one counts that stands first in states.
const (
	OnCall State = "call"
	Online State = "online"
	Away   State = "away" // has not touched anything for a while
	Break  State = "break"
)

// Doing is what somebody does on a ticket.
type Doing string

// What can be done, the most telling first.
const (
	Typing  Doing = "typing"
	Viewing Doing = "viewing"
	Idle    Doing = "idle"
)

var (
	states = []State{OnCall, Break, Online, Away}
	doings = []Doing{Typing, Viewing, Idle}
)

// Valid reports whether s is one of the states.
func (s State) Valid() bool { return slices.Contains(states, s) }

// Valid reports whether d is one of the doings.
func (d Doing) Valid() bool { return slices.Contains(doings, d) }

// Here is what one connection says of its person.
type Here struct {
	Account int64  `json:"a"`
	Name    string `json:"n"`
	State   State  `json:"s"`
	// Ticket is the one that is open before them, 0 for none, with who may know of it.
	Ticket   int64           `json:"t,omitempty"`
	Audience access.Audience `json:"au,omitzero"`
	Doing    Doing           `json:"d,omitempty"`
}

// Person is somebody who is here.
type Person struct {
	Account int64
	Name    string
	State   State
}

// Sighting is somebody on a ticket.
type Sighting struct {
	Account  int64
	Name     string
	Doing    Doing
	Audience access.Audience // of the ticket, when they came to it
}

// people makes one person of each one's connections.
func people(all []Here) []Person {
	found := map[int64]Person{}
	for _, h := range all {
		p, known := found[h.Account]
		if !known || slices.Index(states, h.State) < slices.Index(states, p.State) {
			found[h.Account] = Person{h.Account, h.Name, h.State}
		}
	}
	list := make([]Person, 0, len(found))
	for _, p := range found {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Person) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Account, b.Account)) })
	return list
}

// sightings makes one sighting of each person's connections on a ticket.
func sightings(all []Here) []Sighting {
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
