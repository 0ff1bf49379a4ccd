package desk_test

import (
	"fmt"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func (w *world) reply(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	r := desk.Reply{Body: fmt.Sprintf("resposta %d de %s", l.out, who.Name), Resolve: rapid.IntRange(0, 5).Draw(rt, "resolve") == 0}
	if rapid.Bool().Draw(rt, "fenced") {
		r.Fence = ptr(l.someFence(rt, who.AccountID))
	}
	if rapid.Bool().Draw(rt, "seen") {
		r.SeenVersion = ptr(rapid.IntRange(max(1, l.version-3), l.version).Draw(rt, "version"))
	}
	var err error
	w.call(rt, func() { _, _, err = at.desk.Reply(w.t.Context(), who, id, r) })
	switch {
	case l.status == ticket.Closed:
		expect(rt, "reply to what is closed", err, ticket.ErrClosed)
		return
	case r.Fence != nil && *r.Fence != l.fence:
		expect(rt, "reply by an old fence", err, ticket.ErrLeaseLost)
		return
	case r.SeenVersion != nil && *r.SeenVersion < l.public:
		expect(rt, "reply past a message", err, desk.ErrStale)
		return
	case l.heldByAnother(who.AccountID):
		expect(rt, "reply to what another holds", err, ticket.ErrClaimed)
		return
	}
	expect(rt, "reply", err, nil)
	if l.holder != who.AccountID {
		fence := l.fence
		if r.Fence == nil {
			fence++
		}
		l.holds(who.AccountID, fence)
		if l.assignee == 0 {
			l.assignee = who.AccountID
		}
	}
	l.out++
	l.version++
	l.public = l.version
	l.status = ticket.WaitingCustomer
	if r.Resolve {
		l.status, l.holder, l.alive = ticket.Resolved, 0, false
	}
}

func (w *world) note(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	var err error
	w.call(rt, func() { _, _, err = at.desk.Note(w.t.Context(), who, id, "uma nota") })
	expect(rt, "note", err, nil)
	l.notes++
	l.version++
}

// customer is a message of the customer, as the channels bring it.
func (w *world) customer(rt *rapid.T) {
	id, l, _, at := w.some(rt)
	now := w.o.now()
	_, err := at.desk.Change(w.t.Context(), nil, id, ticket.Cause{Kind: event.TicketMessageIn, At: now}, func(tx *gorm.DB, t *ticket.Ticket) error {
		if _, err := t.Spoke(now); err != nil {
			return err
		}
		_, err := ticket.InsertMessage(w.t.Context(), tx, t, ticket.Message{Direction: ticket.In, AuthorName: "Cliente", Body: "E então?", At: now})
		return err
	})
	if l.status == ticket.Closed {
		expect(rt, "message to what is closed", err, ticket.ErrClosed)
		return
	}
	expect(rt, "message", err, nil)
	l.in++
	l.version++
	l.public = l.version
	if l.status != ticket.New {
		l.status = ticket.Open
	}
}

func (w *world) resolve(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	var err error
	w.call(rt, func() { _, err = at.desk.Resolve(w.t.Context(), who, id, "") })
	switch l.status {
	case ticket.Resolved:
		expect(rt, "resolve again", err, nil)
	case ticket.Closed:
		expect(rt, "resolve what is closed", err, ticket.ErrClosed)
	default:
		expect(rt, "resolve", err, nil)
		l.status, l.holder, l.alive = ticket.Resolved, 0, false
		l.version++
	}
}

func (w *world) reopen(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	var err error
	w.call(rt, func() { _, err = at.desk.Reopen(w.t.Context(), who, id, "voltou a falhar") })
	switch l.status {
	case ticket.Closed:
		expect(rt, "reopen what is closed", err, ticket.ErrClosed)
	case ticket.Resolved:
		expect(rt, "reopen", err, nil)
		l.status = ticket.Open
		l.version++
	default:
		expect(rt, "reopen what is open", err, nil)
	}
}

func (w *world) end(rt *rapid.T) {
	id, l, who, at := w.some(rt)
	_, err := at.desk.Patch(w.t.Context(), who, id, desk.Patch{Version: l.version, Status: ptr(ticket.Closed)})
	switch l.status {
	case ticket.Closed:
		expect(rt, "close again", err, ticket.ErrClosed)
	case ticket.Resolved:
		expect(rt, "close", err, nil)
		l.status = ticket.Closed
		l.version++
	default:
		expect(rt, "close what is not resolved", err, ticket.ErrMove)
	}
}
