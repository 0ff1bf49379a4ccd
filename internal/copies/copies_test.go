package copies_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/copies"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var home = []string{"Rita Prado", "Rua das Palmeiras, 120", "01310-100 São Paulo – SP"}

type shop struct {
	t     *testing.T
	db    *postgres.DB
	s     *copies.Service
	files *blob.Store
	who   access.Actor
}

func newShop(t *testing.T) *shop {
	t.Helper()
	d := &shop{t: t, db: pgtest.New(t)}
	var err error
	d.files, err = blob.New(t.TempDir())
	d.must(err)
	d.who = tickettest.Account(t, d.db, access.Agent, tickettest.DefaultTeam)
	post := &outbox.Post{IDs: email.NewSigner([]byte("a secret of this test that is long enough")), Fallback: "atendimento@aroeira.example"}
	d.s = &copies.Service{DB: d.db, Post: post, Blobs: d.files, Recordings: call.Copies{}, Zone: time.UTC,
		Now: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }}
	return d
}

func (d *shop) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *shop) count(sql string, args ...any) (n int64) {
	d.t.Helper()
	d.must(d.db.Gorm.Raw(sql, args...).Scan(&n).Error)
	return n
}

// talked is a ticket in which both have spoken, and somebody has left a note.
func (d *shop) talked() ticket.Ticket {
	d.t.Helper()
	tk := tickettest.Open(d.t, d.db, ticket.Ticket{Channel: "phone", CustomerName: "Rita Prado"})
	c := ticket.Cause{Kind: "ticket.replied", At: time.Now().UTC()}
	d.must(d.db.InTx(d.t.Context(), func(tx *gorm.DB) error {
		_, err := ticket.Change(d.t.Context(), tx, tk.ID, c, func(t *ticket.Ticket) error {
			for _, m := range []ticket.Message{
				{Direction: ticket.In, AuthorName: "Rita Prado", Body: "Onde está meu pedido?"},
				{Direction: ticket.Out, AuthorID: &d.who.AccountID, AuthorName: "Ana", Body: "Saiu hoje.", Delivery: ticket.Delivered},
				{Direction: ticket.Out, AuthorID: &d.who.AccountID, AuthorName: "Ana", Body: "TIRADA DE VOLTA", Delivery: ticket.Undone},
			} {
				m.At = c.At
				if _, err := ticket.InsertMessage(d.t.Context(), tx, t, m); err != nil {
					return err
				}
			}
			_, err := ticket.InsertNote(d.t.Context(), tx, t, ticket.Note{AuthorID: d.who.AccountID, AuthorName: "Ana", Body: "SÓ NOSSO", At: c.At})
			return err
		})
		return err
	}))
	return tk
}

// recorded is a recording of a call about a ticket: a file of ours, or another system's.
func (d *shop) recorded(tk ticket.Ticket, content, reference string) (id int64) {
	d.t.Helper()
	contact := d.count("INSERT INTO contacts (channel, direction) VALUES ('phone', 'in') RETURNING id")
	d.count("INSERT INTO calls (contact_id, ticket_id, opened_id, protocol, line, started_at) VALUES (?, ?, ?, ?, '0800', now()) RETURNING contact_id", contact, tk.ID, tk.ID, tk.Protocol)
	hash := ""
	if content != "" {
		ref, err := d.files.Put(context.Background(), strings.NewReader(content), 1<<20)
		d.must(err)
		hash = ref.Hash
	}
	return d.count(`INSERT INTO recordings (contact_id, reference, blob, name, mime, size, retain_until) VALUES (?, ?, ?, 'ligacao.ogg', 'audio/ogg', ?, now()) RETURNING id`,
		contact, reference, hash, len(content))
}

// brought reads into what is frozen of the row that brings a copy.
func (d *shop) brought(id int64, into any) {
	d.t.Helper()
	var text string
	d.must(d.db.Gorm.Raw("SELECT o.envelope FROM outbox o JOIN copies c ON c.out_id = o.id WHERE c.id = ?", id).Scan(&text).Error)
	d.must(json.Unmarshal([]byte(text), into))
}

// A history brings what was said and nothing that only we see.
func TestAttack100AHistoryHoldsNoNote(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	tk := d.talked()
	byLetter, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.History, Address: home})
	d.must(err)
	var letter outbox.Letter
	d.brought(byLetter.ID, &letter)
	for _, want := range []string{"Onde está meu pedido?", "Saiu hoje."} {
		if !strings.Contains(letter.Text, want) {
			t.Errorf("the letter lacks %q: %s", want, letter.Text)
		}
	}
	for _, no := range []string{"SÓ NOSSO", "TIRADA DE VOLTA"} {
		if strings.Contains(letter.Text, no) {
			t.Errorf("the letter tells %q", no)
		}
	}
	byMail, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.History, Email: "Rita@Cliente.example"})
	d.must(err)
	var mail outbox.Mail
	d.brought(byMail.ID, &mail)
	if byMail.Way != reach.Email || len(mail.Files) != 1 || mail.Files[0].Mime != "application/pdf" || len(mail.References) != 0 || mail.Link != "" {
		t.Errorf("asked %+v, mail %+v", byMail, mail)
	}
	pdf, err := d.files.Open(mail.Files[0].Blob)
	d.must(err)
	defer pdf.Close()
	if head := make([]byte, 5); func() bool { _, err := io.ReadFull(pdf, head); return err != nil || string(head) != "%PDF-" }() {
		t.Errorf("the file begins with %q", head)
	}
	if want := time.Now().UTC().AddDate(0, 0, copies.Days).Format(time.DateOnly); byMail.DueOn.Format(time.DateOnly) != want {
		t.Errorf("due on %s, want %s", byMail.DueOn, want)
	}
	if all, err := d.s.Of(t.Context(), tk.ID); err != nil || len(all) != 2 || all[0].ID != byMail.ID {
		t.Errorf("asked %+v, %v", all, err)
	}
}

// The recording of the ticket's call goes by mail, and is kept until it has gone.
func TestACopyOfARecordingComesFromTheCalls(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	tk := d.talked()
	if _, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.Recording, Email: "rita@cliente.example"}); !errors.Is(err, copies.ErrNoRecording) {
		t.Errorf("with none: %v", err)
	}
	recording := d.recorded(tk, "OggS…", "")
	d.recorded(tickettest.Open(t, d.db, ticket.Ticket{}), "OggS another's", "")
	c, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.Recording, Email: "rita@cliente.example"})
	d.must(err)
	var mail outbox.Mail
	d.brought(c.ID, &mail)
	if len(mail.Files) != 1 || mail.Files[0].Name != "ligacao.ogg" || mail.Files[0].Mime != "audio/ogg" {
		t.Errorf("the mail brings %+v", mail.Files)
	}
	open := "SELECT count(*) FROM recording_requests WHERE recording_id = ? AND answered_at IS NULL"
	d.must(d.s.Settle(t.Context()))
	if n := d.count(open, recording); n != 1 {
		t.Errorf("%d requests are open while it waits", n)
	}
	d.must(d.db.Gorm.Exec("UPDATE outbox SET state = 'sent', settled_at = now()").Error)
	d.must(d.s.Settle(t.Context()))
	if n := d.count(open, recording); n != 0 {
		t.Errorf("%d requests are open after it has gone", n)
	}
}

// What another system keeps goes on a medium with a letter, and is no attachment.
func TestARecordingElsewhereGoesWithALetter(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	tk := d.talked()
	recording := d.recorded(tk, "", "https://pabx.example/gravacoes/1")
	if _, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.Recording, Email: "rita@cliente.example"}); !errors.Is(err, copies.ErrElsewhere) {
		t.Errorf("by mail: %v", err)
	}
	if n := d.count("SELECT count(*) FROM recording_requests"); n != 0 {
		t.Errorf("a refused request has left %d behind", n)
	}
	c, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.Recording, Address: home})
	d.must(err)
	var letter outbox.Letter
	d.brought(c.ID, &letter)
	if c.Way != reach.Letter || !strings.Contains(letter.Text, tk.Protocol) || strings.Contains(letter.Text, "pabx.example") {
		t.Errorf("asked %+v, letter %+v", c, letter)
	}
	if n := d.count("SELECT count(*) FROM recording_requests WHERE recording_id = ? AND answered_at IS NULL", recording); n != 1 {
		t.Errorf("%d requests are open", n)
	}
}

func TestARecordingThatIsErasedOrTooLargeIsNotSent(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	large, erased := d.talked(), d.talked()
	d.must(d.db.Gorm.Exec("UPDATE recordings SET size = ? WHERE id = ?", 16<<20, d.recorded(large, "OggS", "")).Error)
	d.must(d.db.Gorm.Exec("UPDATE recordings SET erased_at = now(), blob = '' WHERE id = ?", d.recorded(erased, "OggS", "")).Error)
	for _, c := range []struct {
		of   ticket.Ticket
		want error
	}{{large, copies.ErrLarge}, {erased, copies.ErrNoRecording}} {
		if _, err := d.s.Ask(t.Context(), d.who, c.of.ID, copies.Request{What: copies.Recording, Email: "rita@cliente.example"}); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}

// One recipient, or none: an address that hides a second one is refused.
func TestAttack40ACopyGoesToOneAddress(t *testing.T) {
	t.Parallel()
	d := newShop(t)
	tk := d.talked()
	for _, to := range []string{"a@b.example,c@d.example", "a@b.example\r\nBcc: c@d.example", `"a b"@x.example`, "a@b.example; c@d.example", "sem arroba"} {
		if _, err := d.s.Ask(t.Context(), d.who, tk.ID, copies.Request{What: copies.History, Email: to}); !errors.Is(err, ticket.ErrInvalid) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	if n := d.count("SELECT count(*) FROM copies"); n != 0 {
		t.Errorf("%d copies are noted", n)
	}
}
