package desk_test

import (
	"errors"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/assign"
	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func (w *world) claim(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, lease, err := at.claims.Claim(w.t.Context(), who, id, nil)
	switch {
	case w.doubts.since(w.began) && errors.Is(err, ticket.ErrClaimed):
		return
	case l.ended():
		expect(rt, "claim of what has ended", err, ticket.ErrClosed)
		return
	case l.heldByAnother(who.AccountID), l.assignee != 0 && l.assignee != who.AccountID:
		expect(rt, "claim", err, ticket.ErrClaimed)
		return
	}
	expect(rt, "claim", err, nil)
	l.taken(rt, who.AccountID, lease)
}

func (l *life) taken(rt *rapid.T, who int64, lease assign.Lease) {
	if lease.Fence != l.fence+1 {
		rt.Fatalf("fence %d after %d", lease.Fence, l.fence)
	}
	l.holds(who, lease.Fence)
	l.assignee = who
	l.version++
	if l.status == ticket.New {
		l.status = ticket.Open
	}
}

func (w *world) takeOver(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, lease, err := at.claims.Claim(w.t.Context(), who, id, &assign.TakeOver{Reason: "parou"})
	switch {
	case who.Role != access.Supervisor:
		expect(rt, "an agent's take-over", err, assign.ErrTakeOver)
	case l.ended():
		expect(rt, "take-over of what has ended", err, ticket.ErrClosed)
	default:
		expect(rt, "take-over", err, nil)
		l.taken(rt, who.AccountID, lease)
	}
}

func (w *world) release(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	var err error
	w.call(rt, func() { _, err = at.claims.Release(w.t.Context(), who, id) })
	switch {
	case l.assignee == 0 && l.holder == 0:
		expect(rt, "release of what is nobody's", err, nil)
	case who.Role != access.Supervisor && l.assignee != who.AccountID && l.holder != who.AccountID:
		expect(rt, "release of another's", err, ticket.ErrNotYours)
	default:
		expect(rt, "release", err, nil)
		l.assignee, l.holder, l.alive = 0, 0, false
		l.version++
	}
}

func (w *world) renew(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	fence := l.someFence(rt, who.AccountID)
	_, err := at.claims.Renew(w.t.Context(), who, id, fence)
	if l.holder == who.AccountID && l.fence == fence {
		expect(rt, "renewal", err, nil)
		l.alive = true
		return
	}
	if w.doubts.since(w.began) && err == nil {
		return // by a copy that is behind; whatever is written under it asks PostgreSQL
	}
	expect(rt, "renewal of another lease", err, ticket.ErrLeaseLost)
}

// someFence draws one of the fences that somebody was given, the last one mostly.
func (l *life) someFence(rt *rapid.T, who int64) int64 {
	mine := l.given[who]
	if len(mine) == 0 {
		return 1
	}
	if rapid.IntRange(0, 3).Draw(rt, "late") > 0 {
		return mine[len(mine)-1]
	}
	return rapid.SampledFrom(mine).Draw(rt, "fence")
}

func (w *world) handOver(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	to := w.people[rapid.IntRange(0, len(w.people)-1).Draw(rt, "to")].AccountID
	_, err := at.desk.Patch(w.t.Context(), who, id, desk.Patch{Version: l.version, Assignee: &to})
	others := l.assignee != 0 && l.assignee != who.AccountID || l.holder != 0 && l.holder != who.AccountID
	switch {
	case l.status == ticket.Closed:
		expect(rt, "hand over what is closed", err, ticket.ErrClosed)
	case l.assignee == to:
		expect(rt, "hand over to whose it is", err, nil)
	case others && who.Role != access.Supervisor:
		expect(rt, "hand over another's", err, ticket.ErrNotYours)
	default:
		expect(rt, "hand over", err, nil)
		l.assignee = to
		l.version++
		if l.holder != to {
			l.holder, l.alive = 0, false
		}
	}
}

// transfer hands over with a note, by the lease of whoever says that they have one.
func (w *world) transfer(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	to := w.people[rapid.IntRange(0, len(w.people)-1).Draw(rt, "to")].AccountID
	x := desk.Transfer{To: to, Note: "falta confirmar o endereço"}
	if rapid.Bool().Draw(rt, "fenced") {
		x.Fence = ptr(l.someFence(rt, who.AccountID))
	}
	var err error
	w.call(rt, func() { _, err = at.desk.Transfer(w.t.Context(), who, id, x) })
	others := l.assignee != 0 && l.assignee != who.AccountID || l.holder != 0 && l.holder != who.AccountID
	switch {
	case l.ended():
		expect(rt, "transfer of what has ended", err, ticket.ErrClosed)
	case x.Fence != nil && *x.Fence != l.fence:
		expect(rt, "transfer by an old fence", err, ticket.ErrLeaseLost)
	case l.assignee == to:
		expect(rt, "transfer to whose it is", err, desk.ErrThere)
	case others && who.Role != access.Supervisor:
		expect(rt, "transfer of another's", err, ticket.ErrNotYours)
	default:
		expect(rt, "transfer", err, nil)
		l.assignee, l.holder, l.alive = to, 0, false
		l.notes++
		l.version++
		w.handedOver(rt, id, who, to)
	}
}

// handedOver holds what the next one is shown against the transfer just made.
func (w *world) handedOver(rt *rapid.T, id int64, from access.Actor, to int64) {
	h, ok, err := desk.HandedOver(w.t.Context(), w.o.db.Gorm, id)
	if err != nil || !ok || h.FromID != from.AccountID || value(h.ToID) != to || h.Note == "" {
		rt.Fatalf("ticket %d was handed over by %d to %d, and %+v is told, %v", id, from.AccountID, to, h, err)
	}
}
