package outbox_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var home = []string{"Rita Prado", "Rua das Palmeiras, 120", "01310-100 São Paulo – SP"}

// desk is a database with somebody who writes letters.
type desk struct {
	t    *testing.T
	db   *postgres.DB
	post *outbox.Post
	who  access.Actor
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, db: pgtest.New(t), post: &outbox.Post{}}
	d.who = tickettest.Account(t, d.db, access.Agent, tickettest.DefaultTeam)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// letter orders one that brings a message of a new ticket.
func (d *desk) letter(tk ticket.Ticket) (o outbox.Out) {
	d.t.Helper()
	tk = tickettest.Open(d.t, d.db, tk)
	c := ticket.Cause{Kind: "ticket.replied", At: time.Now().UTC()}
	d.must(d.db.InTx(d.t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(d.t.Context(), tx, tk.ID, c, func(t *ticket.Ticket) error {
			m, err := ticket.InsertMessage(d.t.Context(), tx, t, ticket.Message{Direction: ticket.Out, AuthorID: &d.who.AccountID,
				AuthorName: d.who.Name, Body: "Segue a segunda via.", Delivery: ticket.Queued, At: c.At})
			if err == nil {
				o, err = d.post.WriteReply(d.t.Context(), tx, *t, m, home)
			}
			return err
		})
		return err
	}))
	return o
}

// row is how an order and its message stand.
func (d *desk) row(o outbox.Out) (state outbox.State, delivery, reason string) {
	d.t.Helper()
	var r struct {
		State                    outbox.State
		Delivery, DeliveryReason string
	}
	d.must(d.db.Gorm.Raw("SELECT o.state, m.delivery, m.delivery_reason FROM outbox o JOIN messages m ON m.id = o.message_id WHERE o.id = ?", o.ID).Scan(&r).Error)
	return r.State, r.Delivery, r.DeliveryReason
}

func TestLettersArePrintedTogetherAndSentOnTheDayTheyWerePosted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b := d.letter(ticket.Ticket{}), d.letter(ticket.Ticket{})
	waiting, err := outbox.Letters(t.Context(), d.db.Gorm, d.who)
	d.must(err)
	if len(waiting) != 2 || waiting[0].ID != a.ID || waiting[0].BatchID != nil {
		t.Fatalf("waiting %+v", waiting)
	}
	batch, n, err := outbox.Gather(t.Context(), d.db, d.who, []int64{a.ID, b.ID, 999})
	d.must(err)
	if n != 2 {
		t.Errorf("%d letters gathered", n)
	}
	if _, _, err := outbox.Gather(t.Context(), d.db, d.who, []int64{a.ID, b.ID}); !errors.Is(err, outbox.ErrNoLetters) {
		t.Errorf("gathered twice: %v", err)
	}
	var first, again bytes.Buffer
	d.must(outbox.Print(t.Context(), d.db.Gorm, d.who, batch, time.UTC, &first))
	d.must(outbox.Print(t.Context(), d.db.Gorm, d.who, batch, time.UTC, &again))
	if !bytes.HasPrefix(first.Bytes(), []byte("%PDF-")) || !bytes.Equal(first.Bytes(), again.Bytes()) {
		t.Errorf("%d bytes, then %d", first.Len(), again.Len())
	}
	now := time.Now().UTC()
	for name, day := range map[string]time.Time{"before it was printed": now.AddDate(0, 0, -1), "in the future": now.AddDate(0, 0, 1)} {
		if err := outbox.Posted(t.Context(), d.db, d.who, batch, day, now); !errors.Is(err, outbox.ErrPostedWhen) {
			t.Errorf("posted %s: %v", name, err)
		}
	}
	d.must(outbox.Posted(t.Context(), d.db, d.who, batch, now, now))
	if state, delivery, _ := d.row(a); state != outbox.Sent || delivery != "sent" {
		t.Errorf("posted, it is %s and its message %s", state, delivery)
	}
	if err := outbox.Posted(t.Context(), d.db, d.who, batch, now, now); !errors.Is(err, outbox.ErrPosted) {
		t.Errorf("posted twice: %v", err)
	}
	if waiting, err := outbox.Letters(t.Context(), d.db.Gorm, d.who); err != nil || len(waiting) != 0 {
		t.Errorf("still waiting: %+v, %v", waiting, err)
	}
}

// However many print at once, a letter is in one batch.
func TestALetterIsPrintedInOneBatch(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var ids []int64
	for range 10 {
		ids = append(ids, d.letter(ticket.Ticket{}).ID)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var gathered int64
	for range 6 {
		all.Go(func() {
			_, n, err := outbox.Gather(t.Context(), d.db, d.who, ids)
			if err != nil && !errors.Is(err, outbox.ErrNoLetters) {
				t.Error(err)
			}
			mu.Lock()
			gathered += n
			mu.Unlock()
		})
	}
	all.Wait()
	if gathered != int64(len(ids)) {
		t.Errorf("%d letters in batches, of %d", gathered, len(ids))
	}
}

// What the actor does not see is not printed, not listed and not there.
func TestAttack50LettersOfHiddenTicketsAreNobodys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.letter(ticket.Ticket{Walled: true})
	batch, _, err := outbox.Gather(t.Context(), d.db, tickettest.Account(t, d.db, access.Ombudsman), []int64{o.ID})
	d.must(err)
	for _, who := range []access.Actor{d.who, tickettest.Account(t, d.db, access.Admin)} {
		if waiting, err := outbox.Letters(t.Context(), d.db.Gorm, who); err != nil || len(waiting) != 0 {
			t.Errorf("%s is shown %+v, %v", who.Role, waiting, err)
		}
		if _, _, err := outbox.Gather(t.Context(), d.db, who, []int64{o.ID}); !errors.Is(err, outbox.ErrNoLetters) {
			t.Errorf("%s gathers: %v", who.Role, err)
		}
		if err := outbox.Print(t.Context(), d.db.Gorm, who, batch, time.UTC, &bytes.Buffer{}); !errors.Is(err, outbox.ErrNoBatch) {
			t.Errorf("%s prints: %v", who.Role, err)
		}
		if err := outbox.Posted(t.Context(), d.db, who, batch, time.Now(), time.Now()); !errors.Is(err, outbox.ErrNoBatch) {
			t.Errorf("%s posts: %v", who.Role, err)
		}
		if pending, err := outbox.Pending(t.Context(), d.db.Gorm, who.Scope()); err != nil || len(pending) != 0 {
			t.Errorf("%s is told of %+v, %v", who.Role, pending, err)
		}
	}
}

// A customer who says no after the letter was ordered gets none.
func TestTheGateIsAskedAgainBeforeALetterIsPrinted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var customer int64
	d.must(d.db.Gorm.Raw("INSERT INTO customers (name) VALUES ('Rita') RETURNING id").Scan(&customer).Error)
	o := d.letter(ticket.Ticket{CustomerID: &customer})
	d.must(reach.Want(t.Context(), d.db.Gorm, customer, reach.Wish{Way: reach.Letter, At: time.Now()}))
	if _, _, err := outbox.Gather(t.Context(), d.db, d.who, []int64{o.ID}); !errors.Is(err, outbox.ErrNoLetters) {
		t.Errorf("printed: %v", err)
	}
	if state, delivery, reason := d.row(o); state != outbox.Suppressed || delivery != "failed" || reason != reach.Preference {
		t.Errorf("it is %s, its message %s, %s", state, delivery, reason)
	}
	// The customer changes their mind, and somebody tries again: it is printed anew.
	d.must(reach.Want(t.Context(), d.db.Gorm, customer, reach.Wish{Way: reach.Letter, Allowed: true, At: time.Now()}))
	d.must(outbox.Again(t.Context(), d.db, access.Scope{AllTeams: true}, o.ID))
	if _, n, err := outbox.Gather(t.Context(), d.db, d.who, []int64{o.ID}); err != nil || n != 1 {
		t.Errorf("%d printed, %v", n, err)
	}
}

// A letter that was cancelled after it was printed is not lost when it is wanted again.
func TestALetterThatIsWantedAgainIsPrintedAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	a, b := d.letter(ticket.Ticket{}), d.letter(ticket.Ticket{})
	batch, _, err := outbox.Gather(t.Context(), d.db, d.who, []int64{a.ID, b.ID})
	d.must(err)
	scope := access.Scope{AllTeams: true}
	d.must(outbox.Cancel(t.Context(), d.db, scope, a.ID))
	now := time.Now().UTC()
	d.must(outbox.Posted(t.Context(), d.db, d.who, batch, now, now))
	if state, _, reason := d.row(a); state != outbox.Failed || reason != outbox.Cancelled {
		t.Errorf("cancelled, it is %s, %s", state, reason)
	}
	d.must(outbox.Again(t.Context(), d.db, scope, a.ID))
	if _, n, err := outbox.Gather(t.Context(), d.db, d.who, []int64{a.ID}); err != nil || n != 1 {
		t.Errorf("%d printed anew, %v", n, err)
	}
}

// While sending is held after a restore, paper waits, too: it may have been posted before.
func TestAHeldDeskPrintsNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	o := d.letter(ticket.Ticket{})
	d.must(d.db.Gorm.Exec("UPDATE installation SET outgoing_held_at = now(), outgoing_held_why = 'restored'").Error)
	if _, _, err := outbox.Gather(t.Context(), d.db, d.who, []int64{o.ID}); !errors.Is(err, outbox.ErrHeld) {
		t.Errorf("printed: %v", err)
	}
	pending, err := outbox.Pending(t.Context(), d.db.Gorm, d.who.Scope())
	d.must(err)
	if len(pending) != 1 || pending[0].Way != reach.Letter || pending[0].N != 1 {
		t.Errorf("pending %+v", pending)
	}
	d.must(outbox.Release(t.Context(), d.db.Gorm))
	if _, n, err := outbox.Gather(t.Context(), d.db, d.who, []int64{o.ID}); err != nil || n != 1 {
		t.Errorf("%d printed after the release, %v", n, err)
	}
}

// A page of the outbox shows its rows, newest first, and goes on where it ended.
func TestTheOutboxIsReadPageByPage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var want []int64
	for range 5 {
		want = append([]int64{d.letter(ticket.Ticket{}).ID}, want...)
	}
	var got []int64
	for cursor := ""; ; {
		page, next, err := outbox.List(t.Context(), d.db.Gorm, d.who.Scope(), outbox.Queued, cursor, 2)
		d.must(err)
		for _, l := range page {
			if l.Protocol == "" || l.Way != reach.Letter || l.Purpose != reach.Reply || l.Recipient == "" {
				t.Errorf("a row is %+v", l)
			}
			got = append(got, l.ID)
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	if len(got) != len(want) {
		t.Fatalf("read %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("read %v, want %v", got, want)
		}
	}
}
