// Package copies gives customers what the law lets them ask for: the history of
// a demand and the recording of a call, free, by mail or electronically as they
// choose (Decreto 11.034/2022, art. 12). A history holds what was said between
// the customer and us, and when; what only we see is another type, and cannot
// get into one.
package copies

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of asking for a copy.
var ErrNoMail = fault.New(fault.Conflict, "copy_no_mail") // no mail can be sent from here

// Days is how long the law gives, from the day after the request.
const Days = 5

// What is asked for.
type What string

// The copies.
const (
	History   What = "history"
	Recording What = "recording"
)

// Request is what a customer asks for. Email or Address says how they want it.
type Request struct {
	What    What
	Email   string
	Address []string
}

// Copy is a request and what became of it.
type Copy struct {
	ID        int64
	TicketID  int64
	What      What
	Way       reach.Way
	Recipient string
	AskedAt   time.Time
	DueOn     time.Time // a date
	State     outbox.State
	SettledAt *time.Time
}

// Blobs is where the pages of a history are kept until they have gone out.
type Blobs interface {
	Put(ctx context.Context, r io.Reader, limit int64) (blob.Ref, error)
}

// Service takes requests.
type Service struct {
	DB         *postgres.DB
	Post       *outbox.Post
	Blobs      Blobs
	Recordings Recordings
	Now        func() time.Time // PostgreSQL's
	Zone       *time.Location   // whose days are counted
}

// maxPages bounds the PDF of a history, in bytes.
const maxPages = 10 << 20

// Ask notes the request and orders what answers it. The caller has made sure that
// the actor may see the ticket.
func (s *Service) Ask(ctx context.Context, who access.Actor, ticketID int64, r Request) (Copy, error) {
	t, err := ticket.ByID(ctx, s.DB.Gorm, ticketID)
	if err != nil {
		return Copy{}, err
	}
	if r.Email != "" {
		email, ok := channel.ParseEmail(r.Email)
		if !ok {
			return Copy{}, ticket.Wrong("email", "email")
		}
		r.Email = email
	} else if r.Address, err = outbox.CheckAddress(r.Address); err != nil {
		return Copy{}, err
	}
	now := s.Now()
	files, text, err := s.prepare(ctx, t, r, now)
	if err != nil {
		return Copy{}, err
	}
	var c Copy
	err = s.DB.InTx(ctx, func(tx *gorm.DB) error {
		id, err := s.note(ctx, tx, who, t, r, now)
		if err != nil {
			return err
		}
		if r.What == Recording {
			if files, err = s.recordings(ctx, tx, t.ID, who.AccountID, r.Email != "", now); err != nil {
				return err
			}
		}
		out, err := s.order(ctx, tx, t, r, id, files, text, now)
		if err != nil {
			return err
		}
		if err := tx.Exec(`UPDATE copies SET out_id = ?, recipient = ? WHERE id = ?`, out.ID, out.Recipient, id).Error; err != nil {
			return fmt.Errorf("note what brings copy %d: %w", id, err)
		}
		all, err := of(ctx, tx, `c.id = ?`, id)
		if err == nil {
			c = all[0]
		}
		return err
	})
	return c, err
}

func (s *Service) note(ctx context.Context, tx *gorm.DB, who access.Actor, t ticket.Ticket, r Request, now time.Time) (id int64, err error) {
	way, recipient := reach.Email, r.Email
	if r.Email == "" {
		way, recipient = reach.Letter, strings.Join(r.Address, ", ")
	}
	due := now.In(s.Zone).AddDate(0, 0, Days).Format(time.DateOnly)
	err = tx.WithContext(ctx).Raw(`INSERT INTO copies (ticket_id, what, way, recipient, asked_at, due_on, by) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		t.ID, r.What, way, recipient, now, due, who.AccountID).Scan(&id).Error
	if err != nil {
		return 0, fmt.Errorf("note what was asked for about ticket %d: %w", t.ID, err)
	}
	return id, nil
}

// prepare makes what is sent, outside the transaction.
func (s *Service) prepare(ctx context.Context, t ticket.Ticket, r Request, now time.Time) (files []outbox.File, text string, err error) {
	if r.What == Recording {
		return nil, i18n.Text(i18n.Default, "copy.recording.letter", map[string]any{"protocol": t.Protocol}), nil
	}
	text, err = s.history(ctx, t)
	if err != nil || r.Email == "" {
		return nil, text, err
	}
	l, err := s.Post.Page(ctx, s.DB.Gorm, t, now)
	if err != nil {
		return nil, "", err
	}
	l.To, l.Subject, l.Text = []string{t.CustomerName}, subject(r.What, t), text
	var pdf bytes.Buffer
	if err := letter.Write(&pdf, outbox.Labels(i18n.Default), l.Page(s.Zone)); err != nil {
		return nil, "", err
	}
	ref, err := s.Blobs.Put(ctx, &pdf, maxPages)
	if err != nil {
		return nil, "", err
	}
	return []outbox.File{{Blob: ref.Hash, Name: "historico-" + t.Protocol + ".pdf", Mime: "application/pdf", Size: ref.Size}}, text, nil
}

func subject(w What, t ticket.Ticket) string {
	return i18n.Text(i18n.Default, "copy."+string(w)+".subject", map[string]any{"protocol": t.Protocol})
}

// order puts it into the outbox.
func (s *Service) order(ctx context.Context, tx *gorm.DB, t ticket.Ticket, r Request, id int64, files []outbox.File, text string, now time.Time) (outbox.Out, error) {
	key := "copy:" + strconv.FormatInt(id, 10)
	if r.Email != "" {
		say := "copy." + string(r.What) + ".mail"
		out, ok, err := s.Post.Copy(ctx, tx, t, r.Email, key, i18n.Text(i18n.Default, say, map[string]any{"protocol": t.Protocol}), files, now)
		if err == nil && !ok {
			err = ErrNoMail
		}
		return out, err
	}
	l, err := s.Post.Letter(ctx, tx, t, r.Address, now)
	if err != nil {
		return outbox.Out{}, err
	}
	l.Subject, l.Text = subject(r.What, t), text
	l.Closing = []string{i18n.Text(l.Lang, "letter.closing", nil), l.Brand.Name}
	return outbox.Insert(ctx, tx, l.Out(t, reach.History, key))
}

// history is all that was said, in its order.
func (s *Service) history(ctx context.Context, t ticket.Ticket) (string, error) {
	messages, err := ticket.Messages(ctx, s.DB.Gorm, t.ID, 0)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	say := func(key string, args map[string]any) {
		b.WriteString(i18n.Text(i18n.Default, "copy.history."+key, args))
	}
	at := func(moment time.Time) string { return moment.In(s.Zone).Format("02/01/2006 15:04") }
	say("head", map[string]any{"subject": t.Subject, "opened": at(t.OpenedAt), "kind": i18n.Text(i18n.Default, "portal.kind."+string(t.Kind), nil)})
	for _, m := range messages {
		if m.Automatic || m.Delivery == ticket.Undone {
			continue
		}
		from := "us"
		if m.Direction == ticket.In {
			from = "you"
		}
		b.WriteString("\n\n")
		say(from, map[string]any{"at": at(m.At), "name": m.AuthorName})
		b.WriteString("\n" + m.Body)
		for _, f := range m.Files {
			b.WriteString("\n")
			say("file", map[string]any{"name": f.Name})
		}
	}
	return b.String(), nil
}

// Of lists what was asked for about a ticket, newest first.
func (s *Service) Of(ctx context.Context, ticketID int64) ([]Copy, error) {
	return of(ctx, s.DB.Gorm, `c.ticket_id = ?`, ticketID)
}

func of(ctx context.Context, db *gorm.DB, where string, arg any) (all []Copy, err error) {
	err = db.WithContext(ctx).Raw(`SELECT c.id, c.ticket_id, c.what, c.way, c.recipient, c.asked_at, c.due_on,
		coalesce(o.state, '') AS state, o.settled_at
		FROM copies c LEFT JOIN outbox o ON o.id = c.out_id WHERE `+where+` ORDER BY c.id DESC LIMIT 100`, arg).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("list what was asked for: %w", err)
	}
	return all, nil
}
