package mailroom

import (
	"context"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/area"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Reasons of mails that answer an internal request.
const (
	ReasonAreaAnswer   = "area_answer"   // it joined the request
	ReasonAreaStranger = "area_stranger" // its sender is none of those who were asked
)

// Answers is what the mailroom asks of package area.
type Answers interface {
	AnswerByMail(ctx context.Context, tx *gorm.DB, m area.Mail) error
}

// area gives a mail its fate that refers to one of ours to an area of the company.
// Such a mail never becomes a message of a ticket nor a ticket of its own: whose
// address was asked answers the request, a machine's is set aside, and anybody
// else's, or a forged one, waits for a person to look at it. ok is false for a mail
// that is about nothing of the kind.
func (r *reading) area(ctx context.Context, tx *gorm.DB, t thread) (v intake.Verdict, ok bool, err error) {
	var ids []string
	for _, id := range t.names.refs {
		if _, _, signed := r.room.o.Signer.Verify(id); signed {
			ids = append(ids, strings.ToLower(id))
		}
	}
	if len(ids) == 0 || r.room.o.Areas == nil {
		return v, false, nil
	}
	var asked struct {
		ID        string
		TicketID  int64
		Recipient string
	}
	err = tx.WithContext(ctx).Raw(`SELECT q.id, q.ticket_id, o.recipient FROM outbox o JOIN area_requests q ON q.id = split_part(o.key, ':', 1)
		WHERE o.mail_id IN ? AND o.purpose = 'area' ORDER BY o.recipient = ? DESC, o.id DESC LIMIT 1`, ids, t.sender).Scan(&asked).Error
	if err != nil {
		return v, false, fmt.Errorf("find the request that a mail answers: %w", err)
	}
	if asked.ID == "" {
		return v, false, nil
	}
	v = intake.Verdict{Fate: intake.FateAutomatic, TicketID: asked.TicketID, Apart: true}
	if class := r.automatic(place{}); class != "" {
		v.Reason = class
		return v, true, nil
	}
	if r.mail.Automatic.Class != email.ClassNone || t.forged || t.sender == "" || t.sender != strings.ToLower(asked.Recipient) {
		return intake.Verdict{Fate: intake.FateQuarantined, Reason: ReasonAreaStranger, TicketID: asked.TicketID}, true, nil
	}
	m := area.Mail{Request: asked.ID, Sender: t.sender, ID: r.stored.SourceKey}
	if len(t.names.own) > 0 {
		m.ID = t.names.own[0]
	}
	if a, known := r.mail.Identity(); known {
		m.Name = displayName(a)
	}
	var folded string
	if m.Text, folded = r.text(); strings.TrimSpace(m.Text) == "" {
		m.Text = folded
	}
	for _, f := range r.files {
		m.Files = append(m.Files, ticket.File{Blob: f.Blob, Name: f.Name, Mime: f.Mime, Size: f.Size})
	}
	v.Reason = ReasonAreaAnswer
	v.Settled = func(ctx context.Context, tx *gorm.DB, _ intake.Receipt) error {
		return r.room.o.Areas.AnswerByMail(ctx, tx, m)
	}
	return v, true, nil
}
