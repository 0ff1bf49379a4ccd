package routing

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"
)

// Obstacle is why somebody is given nothing, or not this ticket.
type Obstacle string

// The obstacles. Whoever meets one of the first four is gone: what waits for
// them can be given to somebody else.
const (
	Inactive Obstacle = "inactive"  // the account is switched off
	Absent   Obstacle = "absent"    // an absence is noted
	OffShift Obstacle = "off_shift" // their shift is over, or has not begun
	Offline  Obstacle = "offline"   // not here for longer than Patience

	Left   Obstacle = "left"   // not here, since a moment ago
	Away   Obstacle = "away"   // here, and nothing was touched for a while
	Break  Obstacle = "break"  // in a break
	OnCall Obstacle = "call"   // on a call
	NoTeam Obstacle = "team"   // of other teams
	Unable Obstacle = "skills" // without a skill that the ticket demands
	Full   Obstacle = "full"   // as many in hand as they are given at once
	FullOf Obstacle = "full_channel"
	Spurns Obstacle = "gave_back" // they have just given it back
)

// Agent is somebody to whom tickets can be given.
type Agent struct {
	ID     int64
	Teams  []int64 // sorted
	Skills []int64 // sorted
	// Obstacle is why they are given nothing at all now; empty for nothing.
	Obstacle Obstacle
	// Capacity is how many tickets that wait for us they have in hand at most by
	// what the desk gives, Load how many they have; the maps are of channels, and
	// a channel without a bound is not in Bounds.
	Capacity int
	Load     int
	Bounds   map[string]int
	Loads    map[string]int
}

// Refuses is why this ticket cannot be given to the agent now; empty when it can.
func (a *Agent) Refuses(t Ticket) Obstacle {
	bound, bounded := a.Bounds[t.Channel]
	_, member := slices.BinarySearch(a.Teams, t.Team)
	switch {
	case a.Obstacle != "":
		return a.Obstacle
	case !member:
		return NoTeam
	case len(a.lacks(t)) > 0:
		return Unable
	case slices.Contains(t.GaveBack, a.ID):
		return Spurns
	case a.Load >= a.Capacity:
		return Full
	case bounded && a.Loads[t.Channel] >= bound:
		return FullOf
	}
	return ""
}

// lacks are the skills that the ticket demands and the agent does not have.
func (a *Agent) lacks(t Ticket) (skills []int64) {
	for _, skill := range t.Skills {
		if _, has := slices.BinarySearch(a.Skills, skill); !has {
			skills = append(skills, skill)
		}
	}
	return skills
}

// Bond is what ties a ticket to somebody.
type Bond string

// The bonds.
const (
	Answered Bond = "answered" // they answered last on this ticket
	Dealt    Bond = "customer" // they answered this customer lately, on another one
)

// Tie is a bond with when it came to be; of Account 0 for none.
type Tie struct {
	Account int64
	Bond    Bond
	At      time.Time
}

// Ticket is one that waits for us and that nobody is answering.
type Ticket struct {
	ID      int64
	Team    int64
	Channel string
	Due     *time.Time
	Legal   int
	Skills  []int64 // demanded, sorted
	Ties    []Tie   // the strongest first
	// GaveBack are those who had it and gave it back a while ago.
	GaveBack []int64

	// From is who has it and is gone, 0 for nobody; Gone is why.
	From int64
	Gone Obstacle
	// Stays is a ticket whose team does not have it given out: nobody gets it.
	Stays bool
}

// Decision gives a ticket to somebody, or takes it off who is gone.
type Decision struct {
	Ticket Ticket
	To     int64 // 0 for nobody
	Tie    Tie   // why to them of all; zero when anybody could have had it
	Load   int   // what they have in hand with it
	Of     int   // of what they are given at once
}

// Decide says who gets which ticket now: the most urgent first, in the order in
// which Next serves, each to whom it is tied if they can have it, and otherwise
// to who has the least in hand for what they are given at once. A ticket that
// nobody can have holds up no other. What is decided is counted into the agents.
func Decide(now time.Time, agents []*Agent, tickets []Ticket) []Decision {
	tickets = slices.Clone(tickets)
	slices.SortFunc(tickets, func(a, b Ticket) int { return urgency(now, a, b) })
	byID := map[int64]*Agent{}
	for _, a := range agents {
		byID[a.ID] = a
	}
	var all []Decision
	for _, t := range tickets {
		d := Decision{Ticket: t}
		if !t.Stays {
			if to, tie := choose(agents, byID, t); to != nil {
				to.Load++
				to.Loads[t.Channel]++
				d.To, d.Tie, d.Load, d.Of = to.ID, tie, to.Load, to.Capacity
			}
		}
		if d.To != 0 || t.From != 0 {
			all = append(all, d)
		}
	}
	return all
}

func choose(agents []*Agent, byID map[int64]*Agent, t Ticket) (*Agent, Tie) {
	for _, tie := range t.Ties {
		if a := byID[tie.Account]; a != nil && a.Refuses(t) == "" {
			return a, tie
		}
	}
	var best *Agent
	for _, a := range agents {
		if a.Refuses(t) == "" && (best == nil || lighter(a, best, t.ID)) {
			best = a
		}
	}
	return best, Tie{}
}

// lighter reports whether a has less in hand than b, for what each is given at
// once. Who comes first of equals is another with each ticket.
func lighter(a, b *Agent, ticket int64) bool {
	return cmp.Or(cmp.Compare(a.Load*b.Capacity, b.Load*a.Capacity), cmp.Compare(lot(a.ID, ticket), lot(b.ID, ticket))) < 0
}

func lot(agent, ticket int64) uint64 {
	h := fnv.New64a()
	_ = binary.Write(h, binary.LittleEndian, [2]int64{agent, ticket}) // a hash takes whatever comes
	return h.Sum64()
}

// urgency is the order in which package assign serves: overdue first, by the
// hour of the deadline, by legal priority, by the deadline itself.
func urgency(now time.Time, a, b Ticket) int {
	overdue := func(t Ticket) int {
		if t.Due != nil && t.Due.Before(now) {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(overdue(a), overdue(b)), hourOf(a).Compare(hourOf(b)), cmp.Compare(b.Legal, a.Legal),
		dueOf(a).Compare(dueOf(b)), cmp.Compare(a.ID, b.ID))
}

// never is the deadline of what has none.
var never = time.Unix(1<<40, 0)

func dueOf(t Ticket) time.Time {
	if t.Due == nil {
		return never
	}
	return *t.Due
}

func hourOf(t Ticket) time.Time { return dueOf(t).Truncate(time.Hour) }
