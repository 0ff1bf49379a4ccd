package desk_test

import (
	"errors"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/desk"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// promises are the promises of a ticket, oldest first.
func (o office) promises(t *testing.T, id int64) []ticket.Commitment {
	t.Helper()
	all, err := ticket.Commitments(t.Context(), o.db.Gorm, id)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// promised is the newest promise of a ticket.
func (o office) promised(t *testing.T, id int64) int64 {
	t.Helper()
	return o.count(t, "SELECT max(id) FROM commitments WHERE ticket_id = ?", id)
}

func (o office) say(t *testing.T, id int64, body string, given desk.Pledges) (ticket.Message, ticket.Ticket) {
	t.Helper()
	m, tk, err := o.s.Reply(t.Context(), o.ana, id, desk.Reply{Body: body, Promises: given})
	if err != nil {
		t.Fatal(err)
	}
	return m, tk
}

// A promise begins with the message that makes it, has a clock of its own and is
// kept by the next answer, not by itself.
func TestAPromiseIsKeptByTheNextAnswer(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	m, told := o.say(t, tk.ID, "Verifico com a loja e retorno em até 48 horas.", nil)
	all := o.promises(t, tk.ID)
	if len(all) != 1 || all[0].State != ticket.CommitmentOpen || all[0].OwnerID != o.ana.AccountID || *all[0].MessageID != m.ID {
		t.Fatalf("promises %+v", all)
	}
	if told.PromisedAt == nil || !told.PromisedAt.Equal(all[0].Due) || o.states(t, tk.ID)[sla.Commitment] != sla.Running {
		t.Errorf("promised %v, due %s, clocks %v", told.PromisedAt, all[0].Due, o.states(t, tk.ID))
	}
	if told.Deadline.Clock != string(sla.Commitment) && told.Deadline.Due == nil {
		t.Errorf("next due %+v", told.Deadline)
	}
	m, told = o.say(t, tk.ID, "A loja confirmou a entrega.", nil)
	if all = o.promises(t, tk.ID); all[0].State != ticket.CommitmentKept || *all[0].KeptBy != m.ID || all[0].BrokenAt != nil {
		t.Errorf("afterwards %+v", all[0])
	}
	if told.PromisedAt != nil || o.states(t, tk.ID)[sla.Commitment] != sla.Met {
		t.Errorf("still promised %v, %v", told.PromisedAt, o.states(t, tk.ID))
	}
}

// What its author confirms is what is promised, and nothing else.
func TestAnAuthorSaysWhatIsPromised(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	o.say(t, tk.ID, "Retorno amanhã às 10h.", desk.Pledges{})
	if all := o.promises(t, tk.ID); len(all) != 0 {
		t.Errorf("promised although denied: %+v", all)
	}
	due := o.now().Add(5 * time.Hour)
	if _, _, err := o.s.Note(t.Context(), o.bruno, tk.ID, "Combinei na loja.", desk.Pledges{{Text: " Passo na  loja ", Due: due}}); err != nil {
		t.Fatal(err)
	}
	all := o.promises(t, tk.ID)
	if len(all) != 1 || all[0].Text != "Passo na loja" || !all[0].Due.Equal(due.Truncate(time.Minute)) || all[0].NoteID == nil || all[0].OwnerID != o.bruno.AccountID {
		t.Errorf("promises %+v", all)
	}
	for name, g := range map[string]desk.Pledges{
		"past": {{Text: "x", Due: o.now().Add(-time.Hour)}}, "far": {{Text: "x", Due: o.now().AddDate(1, 0, 0)}}, "blank": {{Text: " ", Due: due}},
		"many": {{Text: "x", Due: due}, {Text: "x", Due: due}, {Text: "x", Due: due}, {Text: "x", Due: due}, {Text: "x", Due: due}, {Text: "x", Due: due}},
	} {
		if _, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, desk.Reply{Body: "Oi", Promises: g}); !errors.Is(err, ticket.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One that runs out is recorded as any deadline; moved, it counts as broken for good.
func TestABrokenPromiseStaysCounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	o.say(t, tk.ID, "Ligo em 2 horas.", nil)
	c := o.promises(t, tk.ID)[0]
	if _, err := o.s.MovePromise(t.Context(), o.ana, tk.ID, c.ID, c.Due.Add(time.Hour), ""); !errors.Is(err, ticket.ErrInvalid) {
		t.Errorf("moved without a reason: %v", err)
	}
	o.ahead.Store(int64(3 * time.Hour))
	later := o.now().Add(2 * time.Hour).Truncate(time.Minute)
	if _, err := o.s.MovePromise(t.Context(), o.ana, tk.ID, c.ID, later, "a loja não atendeu"); err != nil {
		t.Fatal(err)
	}
	c = o.promises(t, tk.ID)[0]
	if c.State != ticket.CommitmentOpen || c.BrokenAt == nil || !c.Due.Equal(later) || len(c.Moves) != 1 || c.Moves[0].Reason != "a loja não atendeu" {
		t.Fatalf("moved %+v", c)
	}
	if _, err := o.s.KeepPromise(t.Context(), o.bruno, tk.ID, c.ID, "liguei do meu telefone"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.WithdrawPromise(t.Context(), o.ana, tk.ID, c.ID, "x"); !errors.Is(err, ticket.ErrCommitmentOver) {
		t.Errorf("withdrawn although kept: %v", err)
	}
	counts, err := ticket.CountPromises(t.Context(), o.db.Gorm, o.sup.Scope(), o.now().AddDate(0, 0, -30))
	if err != nil || len(counts) != 1 || counts[0].Owner != o.ana.AccountID || counts[0].Broken != 1 || counts[0].Kept != 1 || counts[0].Open != 0 {
		t.Errorf("counted %+v, %v", counts, err)
	}
	if n := o.count(t, "SELECT count(*) FROM clocks WHERE ticket_id = ? AND kind = 'commitment' AND state = 'missed'", tk.ID); n != 1 {
		t.Errorf("%d missed clocks", n)
	}
}

// Who takes a ticket over takes its promises over; those of others stay theirs.
func TestPromisesFollowTheTicket(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	o.say(t, tk.ID, "Ligo em 2 horas.", nil)
	if _, _, err := o.s.Note(t.Context(), o.sup, tk.ID, "Retorno em 3 horas."); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.Transfer(t.Context(), o.ana, tk.ID, desk.Transfer{To: o.bruno.AccountID, Note: "Segue com você"}); err != nil {
		t.Fatal(err)
	}
	if all := o.promises(t, tk.ID); all[0].OwnerID != o.bruno.AccountID || all[0].AuthorID != o.ana.AccountID || all[1].OwnerID != o.sup.AccountID {
		t.Errorf("owners %+v", all)
	}
}

// An answer that is taken back takes its promises back, and what it kept is open.
func TestUndoTakesPromisesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.withMail(t, 60)
	tk := o.written(t, ticket.Ticket{}, "rita@example.com")
	o.say(t, tk.ID, "Ligo em 2 horas.", nil)
	o.ahead.Store(int64(time.Minute))
	m, _ := o.say(t, tk.ID, "Na verdade, ligo em 4 horas.", nil)
	if all := o.promises(t, tk.ID); len(all) != 2 || all[0].State != ticket.CommitmentKept {
		t.Fatalf("promises %+v", all)
	}
	_, told, err := o.s.Undo(t.Context(), o.ana, tk.ID, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	all := o.promises(t, tk.ID)
	if len(all) != 1 || all[0].State != ticket.CommitmentOpen || all[0].KeptBy != nil || !told.PromisedAt.Equal(all[0].Due) {
		t.Errorf("afterwards %+v, promised at %v", all, told.PromisedAt)
	}
	if n := o.count(t, "SELECT count(*) FROM clocks WHERE ticket_id = ? AND kind = 'commitment' AND state = 'running'", tk.ID); n != 1 {
		t.Errorf("%d running clocks", n)
	}
}

// Settled without a word, a promise runs on: nothing makes it vanish.
func TestResolvingDoesNotLoseAPromise(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	o.say(t, tk.ID, "Ligo em 2 horas.", nil)
	if _, err := o.s.Resolve(t.Context(), o.ana, tk.ID, ""); err != nil {
		t.Fatal(err)
	}
	if all := o.promises(t, tk.ID); all[0].State != ticket.CommitmentOpen || o.states(t, tk.ID)[sla.Commitment] != sla.Running {
		t.Errorf("after resolving %+v, %v", all, o.states(t, tk.ID))
	}
	clock := *o.promises(t, tk.ID)[0].ClockID
	if _, err := o.s.CancelClock(t.Context(), o.sup, tk.ID, clock, "spam"); !errors.Is(err, sla.ErrIsPromise) {
		t.Errorf("its clock was cancelled: %v", err)
	}
}

// What becomes part of another ticket takes its promises along.
func TestAMergeMovesPromises(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	small, big := o.open(t, ticket.Ticket{}), o.open(t, ticket.Ticket{})
	if _, _, err := o.s.Note(t.Context(), o.ana, small.ID, "Ligo em 2 horas."); err != nil {
		t.Fatal(err)
	}
	contact := o.count(t, "INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id")
	merged, err := o.s.Absorb(t.Context(), o.ana, small.ID, big.ID, contact, func(*gorm.DB) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	all := o.promises(t, big.ID)
	if len(all) != 1 || all[0].State != ticket.CommitmentOpen || merged.PromisedAt == nil || o.states(t, big.ID)[sla.Commitment] != sla.Running {
		t.Errorf("merged %+v, promised at %v, clocks %v", all, merged.PromisedAt, o.states(t, big.ID))
	}
	if left := o.promises(t, small.ID); len(left) != 0 {
		t.Errorf("left behind %+v", left)
	}
}

// Whoever asks to be told cannot end a ticket over an open promise without a word:
// neither by hand nor with an answer that promises something itself.
func TestATicketIsNotEndedOverAPromiseThatNobodySaw(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tk := o.open(t, ticket.Ticket{})
	resolve := func(ask bool) error {
		_, err := o.s.Patch(t.Context(), o.ana, tk.ID, desk.Patch{Version: tickettest.Fresh(t, o.db, tk.ID).Version, Status: ptr(ticket.Resolved), AskPromises: ask})
		return err
	}
	promise := desk.Reply{Body: "Retorno em até 48 horas.", Resolve: true, AskPromises: true}
	_, _, err := o.s.Reply(t.Context(), o.ana, tk.ID, promise)
	if open, _ := fault.From(err).Args["promises"].([]ticket.Commitment); !errors.Is(err, desk.ErrPromisesOpen) || len(open) != 1 || open[0].OwnerID != o.ana.AccountID {
		t.Fatalf("resolving with a promise: %v, %+v", err, open)
	}
	if n := o.count(t, "SELECT count(*) FROM commitments") + o.count(t, "SELECT count(*) FROM messages WHERE direction = 'out'"); n != 0 {
		t.Errorf("%d rows of what was refused", n)
	}
	o.say(t, tk.ID, "Retorno em até 48 horas.", nil)
	if err := resolve(true); !errors.Is(err, desk.ErrPromisesOpen) || tickettest.Fresh(t, o.db, tk.ID).Status == ticket.Resolved {
		t.Errorf("resolved by hand: %v", err)
	}
	if err := resolve(false); err != nil {
		t.Error(err)
	}
	if all := o.promises(t, tk.ID); all[0].State != ticket.CommitmentOpen || o.states(t, tk.ID)[sla.Commitment] != sla.Running {
		t.Errorf("left open, it is %+v", all[0])
	}
	if _, err := o.s.Reopen(t.Context(), o.ana, tk.ID, "o cliente ligou"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.s.KeepPromise(t.Context(), o.ana, tk.ID, o.promised(t, tk.ID), "liguei"); err != nil {
		t.Fatal(err)
	}
	if err := resolve(true); err != nil {
		t.Errorf("with nothing open: %v", err)
	}
}

// What its author denied is not made, however the text has grown since they did.
func TestADeniedPromiseIsNotMadeOfATextThatHasGrown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const was = "Segue o boleto. Retorno em até 48 horas."
	found, err := o.s.ReadPromises(was)
	if err != nil || len(found) != 1 {
		t.Fatalf("%+v %v", found, err)
	}
	for _, c := range []struct {
		name, text string
		said       []desk.Meant
		want       int
	}{
		{"nothing said", was + " Até logo!", nil, 1},
		{"denied", was + " Até logo!", []desk.Meant{{Text: found[0].Text, Due: found[0].Due}}, 0},
		{"denied a minute ago", was, []desk.Meant{{Text: found[0].Text, Due: found[0].Due.Add(-time.Minute)}}, 0},
		{"another one denied", was, []desk.Meant{{Text: "Ligo amanhã.", Due: found[0].Due.Add(time.Hour)}}, 1},
		{"for the same instant, in a sentence of its own", was, []desk.Meant{{Text: "Verifico.", Due: found[0].Due}, {Text: found[0].Text, Due: found[0].Due, Meant: true}}, 1},
		{"meant after all", was, []desk.Meant{{Text: found[0].Text, Due: found[0].Due, Meant: true}}, 1},
	} {
		now, err := o.s.ReadPromises(c.text)
		if err != nil {
			t.Fatal(err)
		}
		given := desk.Promising(now, c.said)
		tk := o.open(t, ticket.Ticket{})
		if o.say(t, tk.ID, c.text, given); given == nil || len(o.promises(t, tk.ID)) != c.want {
			t.Errorf("%s: %+v, promised %+v", c.name, given, o.promises(t, tk.ID))
		}
	}
}
