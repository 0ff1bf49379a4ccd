package presence

import (
	"strconv"
	"strings"
)

// Teams are the teams of somebody, as ids between spaces, so that what a
// connection says can be compared.
type Teams string

// TeamsOf gives the form of sorted ids.
func TeamsOf(ids []int64) Teams {
	if len(ids) == 0 {
		return ""
	}
	b := []byte{' '}
	for _, id := range ids {
		b = append(strconv.AppendInt(b, id, 10), ' ')
	}
	return Teams(b)
}

// Meets reports whether one of the ids is among them.
func (t Teams) Meets(ids []int64) bool {
	for _, id := range ids {
		if strings.Contains(string(t), " "+strconv.FormatInt(id, 10)+" ") {
			return true
		}
	}
	return false
}

// crowd is all connections of all nodes, found by who and by where they are: with
// thousands of people nobody is looked for among all of them.
type crowd struct {
	accounts map[int64]map[string]Here
	tickets  map[int64]map[string]Here
}

func newCrowd() crowd {
	return crowd{accounts: map[int64]map[string]Here{}, tickets: map[int64]map[string]Here{}}
}

// move replaces what a connection of a node said by what it says now; the zero
// Here is nothing.
func (c crowd) move(node, conn string, was, is Here) {
	key := node + "/" + conn
	take := func(of map[int64]map[string]Here, id int64) {
		delete(of[id], key)
		if len(of[id]) == 0 {
			delete(of, id)
		}
	}
	put := func(of map[int64]map[string]Here, id int64) {
		if id == 0 {
			return
		}
		if of[id] == nil {
			of[id] = map[string]Here{}
		}
		of[id][key] = is
	}
	take(c.accounts, was.Account)
	take(c.tickets, was.Ticket)
	put(c.accounts, is.Account)
	put(c.tickets, is.Ticket)
}
