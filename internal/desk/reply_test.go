package desk_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

func TestAReplyIsOneActWithItsClocksItsJobAndItsNews(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{Kind: "elogio"}) // its resolution clock may pause
	sent, done, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: " Bom dia!\r\nJá vamos ver. ", SeenVersion: ptr(1),
		Files: []ticket.File{{Blob: "abc", Name: "foto.png", Mime: "image/png", Size: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	if sent.Body != "Bom dia!\nJá vamos ver." || sent.Delivery != ticket.Queued || sent.Version != 2 || len(sent.Files[0].Token) < 22 {
		t.Errorf("sent %+v", sent)
	}
	if done.Status != ticket.WaitingCustomer || done.WaitingSince != nil || done.PublicVersion != 2 || done.Preview != "Bom dia! Já vamos ver." {
		t.Errorf("the ticket %+v", done)
	}
	if *done.HolderID != o.ana.AccountID || *done.AssigneeID != o.ana.AccountID || done.Fence != tk.Fence+1 {
		t.Errorf("answering did not claim: %+v", done)
	}
	if got := o.states(t, tk.ID); got[sla.FirstResponse] != sla.Met || got[sla.Resolution] != sla.Standing {
		t.Errorf("clocks %v", got)
	}
	if done.Deadline.Paused != sla.WaitingCustomer || done.Deadline.Clocks != 1 {
		t.Errorf("the row shows %+v", done.Deadline)
	}
	if n := o.count(t, "SELECT count(*) FROM river_job WHERE kind = 'deliver_reply' AND (args->>'message_id')::bigint = ?", sent.ID); n != 1 {
		t.Errorf("%d jobs", n)
	}
	if n := o.count(t, "SELECT count(*) FROM ticket_contacts WHERE ticket_id = ? AND contact_id = ?", tk.ID, *sent.ContactID); n != 1 {
		t.Errorf("%d contacts", n)
	}
	var frozen struct{ Subject string }
	if err := json.Unmarshal(sent.Envelope, &frozen); err != nil || frozen.Subject != tk.Subject {
		t.Errorf("envelope %s, %v", sent.Envelope, err)
	}
	if o.pokes.n.Load() != 1 {
		t.Errorf("%d pokes", o.pokes.n.Load())
	}
}

func TestAReplyGoesToTheAddressThatWasKnownWhenItWasSent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	customer := o.count(t, "INSERT INTO customers (name) VALUES ('Rita') RETURNING id")
	identity := o.count(t, "INSERT INTO identities (customer_id, kind, value) VALUES (?, 'email', 'rita@example.com') RETURNING id", customer)
	to := func(id int64) string {
		t.Helper()
		sent, _, err := o.s.Reply(t.Context(), o.ana, id, desk.Reply{Body: "Oi"})
		if err != nil {
			t.Fatal(err)
		}
		var frozen struct{ To string }
		if err := json.Unmarshal(sent.Envelope, &frozen); err != nil {
			t.Fatal(err)
		}
		return frozen.To
	}
	// Somebody typed Rita's document, and an address of their own, into another ticket.
	other := o.open(t, ticket.Ticket{CustomerID: &customer})
	if got := to(other.ID); got != "" {
		t.Errorf("an address that nobody verified or gave here was answered: %q", got)
	}
	given := o.open(t, ticket.Ticket{CustomerID: &customer})
	o.count(t, `WITH c AS (INSERT INTO contacts (channel, direction, customer_id, data)
			VALUES ('webform', 'in', ?, '{"from": {"email": "rita@example.com"}}') RETURNING id)
		INSERT INTO ticket_contacts (ticket_id, contact_id) SELECT ?, id FROM c RETURNING contact_id`, customer, given.ID)
	if got := to(given.ID); got != "rita@example.com" {
		t.Errorf("answered %q", got)
	}
	o.count(t, "UPDATE identities SET verified_at = now() WHERE id = ? RETURNING id", identity)
	if got := to(other.ID); got != "rita@example.com" {
		t.Errorf("once verified, answered %q", got)
	}
}

func TestAReplyThatResolvesStopsEveryClockAndLetsGo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Um momento."}); err != nil {
		t.Fatal(err)
	}
	_, done, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Resolvido.", Resolve: true})
	if err != nil {
		t.Fatal(err)
	}
	if done.Status != ticket.Resolved || done.ResolvedAt == nil || done.HolderID != nil || done.Deadline.Clocks != 0 || done.Deadline.Due != nil {
		t.Errorf("%+v", done)
	}
	if got := o.states(t, tk.ID); got[sla.Legal] != sla.Met {
		t.Errorf("clocks %v", got)
	}
	if o.leases.n.Load() != 1 {
		t.Errorf("the copy of the lease was dropped %d times", o.leases.n.Load())
	}
}

func TestRefusedRepliesLeaveNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	held := func(tk ticket.Ticket) ticket.Ticket {
		tk.HolderID, tk.AssigneeID, tk.Fence, tk.LeaseUntil = &o.bruno.AccountID, &o.bruno.AccountID, 5, ptr(time.Now().Add(time.Minute))
		return tk
	}
	old := time.Now().Add(-ticket.Grace)
	tests := []struct {
		name  string
		of    ticket.Ticket
		reply desk.Reply
		want  error
	}{
		{"blank", ticket.Ticket{}, desk.Reply{Body: " \n\t"}, ticket.ErrInvalid},
		{"too long", ticket.Ticket{}, desk.Reply{Body: strings.Repeat("a", ticket.MaxBody+1)}, ticket.ErrInvalid},
		{"not text", ticket.Ticket{}, desk.Reply{Body: "a\x00b"}, ticket.ErrInvalid},
		{"not UTF-8", ticket.Ticket{}, desk.Reply{Body: "a\xff"}, ticket.ErrInvalid},
		{"too many files", ticket.Ticket{}, desk.Reply{Body: "a", Files: make([]ticket.File, ticket.MaxFiles+1)}, ticket.ErrInvalid},
		{"a version to come", ticket.Ticket{}, desk.Reply{Body: "a", SeenVersion: ptr(2)}, ticket.ErrInvalid},
		{"a version below all", ticket.Ticket{}, desk.Reply{Body: "a", SeenVersion: ptr(-1)}, ticket.ErrInvalid},
		{"stale", ticket.Ticket{}, desk.Reply{Body: "a", SeenVersion: ptr(0)}, desk.ErrStale},
		{"somebody holds it", held(ticket.Ticket{}), desk.Reply{Body: "a"}, ticket.ErrClaimed},
		{"somebody holds it, with their fence", held(ticket.Ticket{}), desk.Reply{Body: "a", Fence: ptr(int64(5))}, ticket.ErrClaimed},
		{"an old fence", held(ticket.Ticket{}), desk.Reply{Body: "a", Fence: ptr(int64(4))}, ticket.ErrLeaseLost},
		{"closed", ticket.Ticket{Status: ticket.Closed, ResolvedAt: &old, ClosedAt: &old}, desk.Reply{Body: "a"}, ticket.ErrClosed},
		{"resolved and past the grace", ticket.Ticket{Status: ticket.Resolved, ResolvedAt: &old}, desk.Reply{Body: "a"}, ticket.ErrClosed},
		{"hidden", ticket.Ticket{TeamID: o.away.Teams[0]}, desk.Reply{Body: "a"}, ticket.ErrNotFound},
		{"behind the wall", ticket.Ticket{Walled: true}, desk.Reply{Body: "a"}, ticket.ErrNotFound},
	}
	for _, tt := range tests {
		tk := o.open(t, tt.of)
		told := tickettest.Replay(t, o.db, func() {
			if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, tt.reply); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
			}
		})
		if n := o.count(t, "SELECT count(*) FROM messages WHERE ticket_id = ?", tk.ID); n != 1 || len(told) != 0 {
			t.Errorf("%s left %d messages and %d events", tt.name, n, len(told))
		}
	}
	if n := o.count(t, "SELECT count(*) FROM river_job"); n != 0 {
		t.Errorf("%d jobs are left", n)
	}
}

func TestAReplyWhoseJobCannotBeInsertedIsNotSent(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	broken := errors.New("no jobs today")
	s := desk.New(o.db, o.policies, failing{broken}, o.leases, o.post, o.pokes, o.now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if _, _, err := s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi"}); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if got := tickettest.Fresh(t, o.db, tk.ID); got.Version != tk.Version {
		t.Errorf("half a reply: %+v", got)
	}
}

func TestStaleTellsWhatTheAuthorHadNotSeenAndNotesDoNotCount(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Note(t.Context(), o.bruno, tk.ID, "Cuidado com este."); err != nil {
		t.Fatal(err)
	}
	// The note is version 2; who has seen version 1 has seen all that is public.
	if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Primeira", SeenVersion: ptr(1)}); err != nil {
		t.Fatal(err)
	}
	_, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Segunda", SeenVersion: ptr(2)})
	missed, ok := fault.From(err).Args["messages"].([]ticket.Message)
	if !errors.Is(err, desk.ErrStale) || !ok || len(missed) != 1 || missed[0].Body != "Primeira" {
		t.Errorf("%v, missed %+v", err, missed)
	}
}

func TestALeaseThatRanOutWithoutARivalStillAnswers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	past := time.Now().Add(-time.Minute)
	for name, tk := range map[string]ticket.Ticket{
		"not cleared yet": {HolderID: &o.ana.AccountID, AssigneeID: &o.ana.AccountID, Fence: 5, LeaseUntil: &past},
		"cleared":         {AssigneeID: &o.ana.AccountID, Fence: 5},
	} {
		tk := o.open(t, tk)
		_, done, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi", Fence: ptr(int64(5))})
		if err != nil || *done.HolderID != o.ana.AccountID || done.Fence != 5 {
			t.Errorf("%s: %+v, %v", name, done, err)
		}
	}
}

// attacks.md row 102: two agents answer in the same second. One answer is sent;
// the other author is warned with the first one's text, and theirs goes out once
// they have seen it and hold the ticket.
func TestAttack102TwoAgentsAnswerAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 10 {
		tk := o.open(t, ticket.Ticket{})
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, who := range []int{0, 1} {
			actor := o.ana
			if who == 1 {
				actor = o.bruno
			}
			wg.Go(func() {
				_, _, errs[i] = o.s.Reply(t.Context(), actor, tk.ID, desk.Reply{Body: "De " + actor.Name, SeenVersion: ptr(1)})
			})
		}
		wg.Wait()
		lost := errs[0]
		if lost == nil {
			lost = errs[1]
		}
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(lost, desk.ErrStale) {
			t.Fatalf("errors %v", errs)
		}
		if n := o.count(t, "SELECT count(*) FROM messages WHERE ticket_id = ? AND direction = 'out'", tk.ID); n != 1 {
			t.Errorf("%d answers", n)
		}
	}
}

// attacks.md row 102: an answer and a closing at once. Whichever comes first,
// nothing is lost in silence: the patch of a version gone by is a conflict.
func TestAttack102AnswerAndResolutionAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range 10 {
		tk := o.open(t, ticket.Ticket{})
		var wg sync.WaitGroup
		var replied, patched error
		wg.Go(func() {
			_, _, replied = o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi", SeenVersion: ptr(1)})
		})
		wg.Go(func() {
			_, patched = o.s.Patch(t.Context(), o.bruno, tk.ID, desk.Patch{Version: 1, Status: ptr(ticket.Resolved)})
		})
		wg.Wait()
		events := tickettest.Events(t, o.db, tk.ID)
		if replied != nil || len(events) != 2 && len(events) != 3 || (len(events) == 2) != errors.Is(patched, ticket.ErrVersion) {
			t.Fatalf("reply %v, patch %v, %d events", replied, patched, len(events))
		}
		if got := tickettest.Fresh(t, o.db, tk.ID); events[len(events)-1].Kind != event.TicketReplied || got.Status != ticket.WaitingCustomer {
			t.Errorf("last %s, the ticket is %s", events[len(events)-1].Kind, got.Status)
		}
	}
}
