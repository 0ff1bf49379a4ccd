package app_test

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// act is something that somebody does to a ticket.
type act struct {
	what   string // claim, take_over, release, renew, reply, expire
	ticket int64
	who    int64
	super  bool // may take over and release what is others'
	fence  int64
	seen   int
}

// outcome is what somebody was told about it.
type outcome struct {
	code    string // "" is yes; "unknown" is no answer
	fence   int64
	version int
	holder  int64 // whom a refusal names
}

// desk is a ticket as the model knows it. It is what DESIGN.md says of claims and
// nothing else: if the answers of three servers, in whatever order they came,
// could have been those of this one ticket, then nobody was told a lie.
type desk struct {
	assignee, holder int64
	fence            int64
	public           int    // version of the last public message; -1 when it was never told
	ended            bool   // the lease was let run out, and may have been renewed since or not
	former           uint64 // who has held it, a bit for each
}

var deskModel = porcupine.NondeterministicModel{
	Init: func() []any { return []any{desk{public: 1}} },
	Step: func(state, input, output any) []any { return state.(desk).step(input.(act), output.(outcome)) },
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[int64][]porcupine.Operation{}
		for _, op := range history {
			id := op.Input.(act).ticket
			by[id] = append(by[id], op)
		}
		var all [][]porcupine.Operation
		for _, ops := range by {
			all = append(all, ops)
		}
		return all
	},
	Equal:             func(a, b any) bool { return a == b },
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
	DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
}

// step gives the states that the ticket may be in after an act that was answered
// so; none when that answer was not possible.
func (d desk) step(a act, got outcome) []any {
	switch a.what {
	case "expire":
		next := d
		next.ended = d.holder != 0
		return []any{next}
	case "claim":
		free := d.holder == 0 || d.holder == a.who || d.ended
		open := free && (d.assignee == 0 || d.assignee == a.who)
		// Of an ended lease nobody can tell who has renewed it just before. And a
		// copy in Redis that was not brought up to date refuses what is free; it
		// names who has held it.
		refused := !open || d.ended && d.holder != a.who || d.former&bit(got.holder) != 0
		return d.outcomes(a, got, open, refused, "already_claimed")
	case "take_over":
		return d.outcomes(a, got, true, false, "")
	case "release":
		yours := a.super || d.assignee == a.who || d.holder == a.who || d.assignee == 0 && d.holder == 0
		return d.outcomes(a, got, yours, !yours || d.ended, "not_your_ticket")
	case "renew":
		mine := d.holder == a.who && d.fence == a.fence
		return d.outcomes(a, got, mine, !mine || d.ended, "lease_lost")
	case "reply":
		return d.reply(a, got)
	}
	panic(a.what)
}

func bit(account int64) uint64 { return min(1, uint64(account)) << (account % 64) }

// outcomes are the states after an act that may be done, may be refused, or of
// which nobody knows.
func (d desk) outcomes(a act, got outcome, may, refused bool, code string) []any {
	switch got.code {
	case "":
		if next, ok := d.done(a, got); may && ok {
			return []any{next}
		}
	case "unknown":
		if !may {
			return []any{d}
		}
		next, _ := d.done(a, got)
		return []any{next}
	case code:
		if refused {
			return []any{d}
		}
	}
	return nil
}

// done is the ticket after an act, and whether its answer fits.
func (d desk) done(a act, got outcome) (desk, bool) {
	next, known := d, got.code == ""
	switch a.what {
	case "claim", "take_over":
		next.former |= bit(a.who)
		next.assignee, next.holder, next.fence, next.ended = a.who, a.who, d.fence+1, false
		return next, !known || got.fence == next.fence
	case "release":
		next.assignee, next.holder, next.ended = 0, 0, false
	}
	return next, true
}

func (d desk) reply(a act, got outcome) []any {
	stale := a.seen < d.public
	fenced := a.fence != d.fence
	taken := d.holder != 0 && d.holder != a.who
	next := d
	next.public = -1
	if d.holder != a.who && !fenced {
		// Whoever answers what nobody holds, or no longer, holds it by that.
		next.holder, next.ended, next.former = a.who, false, d.former|bit(a.who)
		if d.assignee == 0 {
			next.assignee = a.who
		}
	}
	switch got.code {
	case "":
		next.public = got.version
		if !fenced && !stale && (!taken || d.ended) && got.version > d.public {
			return []any{next}
		}
	case "unknown":
		if fenced || stale && d.public >= 0 || taken && !d.ended {
			return []any{d}
		}
		return []any{next, d}
	case "lease_lost":
		if fenced {
			return []any{d}
		}
	case "stale":
		if stale || d.public < 0 {
			return []any{d}
		}
	case "already_claimed":
		if taken {
			return []any{d}
		}
	}
	return nil
}
