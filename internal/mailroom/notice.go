package mailroom

import (
	"context"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

// Noticer reads a mail by which a complaint site or a public body tells of a
// complaint; ok is false for every other mail. The key of what it returns is that
// of the complaint, however often and by whatever way it is told of.
type Noticer func(from, subject, text string) (in channel.Inbound, ok bool)

// notice is the mail as a case for the ombudsman, when it is a notice and comes
// from who it says: a forged one opens nothing behind the wall, and what nobody
// has checked is an ordinary mail.
func (r *reading) notice() (channel.Inbound, bool) {
	if r.room.o.Notice == nil || !r.auth.verified() || r.auth.forged() {
		return channel.Inbound{}, false
	}
	return r.room.o.Notice(r.sender(), r.mail.Subject, strings.TrimSpace(r.mail.Text+"\n\n"+r.mail.Folded))
}

// noticed opens the case of a complaint that was not known. What tells of it
// again, or says what has become of it, is shown on the case and is nobody's
// turn: sites write at every step.
func (r *reading) noticed(ctx context.Context, tx *gorm.DB, t thread, in channel.Inbound) (intake.Verdict, error) {
	ticketID, known, err := intake.KnownAs(ctx, tx, r.stored, in)
	if err != nil {
		return intake.Verdict{}, err
	}
	remember := func(ctx context.Context, tx *gorm.DB, rc intake.Receipt) error {
		if rc.TicketID == 0 || rc.MessageID == 0 {
			return nil
		}
		return learn(ctx, tx, t.names, t.sender, t.text, rc.TicketID, rc.MessageID)
	}
	whole := r.inbound(place{ticketID: ticketID})
	if known {
		v := intake.Verdict{Fate: intake.FateAutomatic, Reason: intake.ReasonNotice, TicketID: ticketID, Inbound: whole, Settled: remember}
		v.Inbound.Channel = in.Channel
		return v, nil
	}
	key := in.SourceKey
	in.Folded, in.HTML, in.Origin, in.Files, in.BrandID, in.Keep = whole.Body, whole.HTML, whole.Origin, whole.Files, whole.BrandID, true
	return intake.Verdict{Fate: intake.FateTicket, Reason: intake.ReasonNotice, Inbound: in,
		Settled: func(ctx context.Context, tx *gorm.DB, rc intake.Receipt) error {
			if err := intake.Belongs(ctx, tx, key, rc.TicketID); err != nil {
				return err
			}
			return remember(ctx, tx, rc)
		}}, nil
}
