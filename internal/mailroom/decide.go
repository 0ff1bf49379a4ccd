package mailroom

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/reach"
)

// Reasons that the mailroom gives the ledger. Their texts are in the desk's
// catalogue, as ledger.reason.<code>. Classes of automatic mail are reasons, too.
const (
	ReasonLoop      = "loop"       // our own mail came back
	ReasonBounce    = "bounce"     // about a mail of ours
	ReasonSameMail  = "same_mail"  // came before by another way
	ReasonFlood     = "flood"      // its sender opens too many tickets
	ReasonAnother   = "another"    // joined its ticket as another sender's
	ReasonAutomatic = "auto_reply" // it says so only in its subject
)

// reading is a mail that was understood.
type reading struct {
	room     *Mailroom
	stored   intake.Stored
	mail     *email.Mail
	envelope email.Envelope
	files    []channel.File
	box      mailbox
	auth     Auth
}

// Decide gives the mail its fate. See evidence for which ticket it may join.
func (r *reading) Decide(ctx context.Context, tx *gorm.DB) (intake.Verdict, error) {
	if r.mail.Automatic.Class == email.ClassLoop {
		return r.loop(), nil
	}
	t := r.thread()
	if err := lock(ctx, tx, t.names, t.sender); err != nil {
		return intake.Verdict{}, err
	}
	if err := r.findOurs(ctx, tx, &t); err != nil {
		return intake.Verdict{}, err
	}
	if r.mail.Automatic.Class == email.ClassBounce {
		return r.bounce(ctx, tx, t)
	}
	if v, ok, err := r.area(ctx, tx, t); err != nil || ok {
		return v, err
	}
	p, err := t.find(ctx, tx)
	if err != nil {
		return intake.Verdict{}, err
	}
	if p.duplicate {
		return intake.Verdict{Fate: intake.FateDuplicate, Reason: ReasonSameMail, TicketID: p.ticketID}, nil
	}
	if in, ok := r.notice(); ok {
		return r.noticed(ctx, tx, t, in)
	}
	switch class := r.automatic(p); {
	case class != "":
		return r.aside(p, class), nil
	case p.ticketID != 0:
		return r.reply(t, p), nil
	}
	if flood, err := r.flood(ctx, tx, t.sender); err != nil || flood {
		return intake.Verdict{Fate: intake.FateQuarantined, Reason: ReasonFlood}, err
	}
	return r.open(t, p), nil
}

// thread is what there is to ask about the mail.
func (r *reading) thread() thread {
	m := r.mail
	return thread{
		names:    newNames(append([]string{m.MessageID}, m.ExtraMessageIDs...), m.InReplyTo, m.References),
		protocol: protocolIn(m.Subject),
		sender:   r.sender(),
		text:     hashText(m.Text),
		forged:   r.auth.forged(),
	}
}

// loop is a mail of our own that came back. It is kept, for somebody to see what
// sends it around, and nothing answers it.
func (r *reading) loop() intake.Verdict {
	return intake.Verdict{Fate: intake.FateAutomatic, Reason: ReasonLoop, Settled: r.countLoop}
}

func (r *reading) countLoop(ctx context.Context, _ *gorm.DB, _ intake.Receipt) error {
	r.room.loops.Inc()
	r.room.o.Log.WarnContext(ctx, "a mail of our own came back", "ledger_id", r.stored.LedgerID, "mailbox", r.box.Address, "why", r.mail.Automatic.Why)
	return nil
}

// bounce links a bounce to the mail of ours that it is about. By whom it claims
// to be does not matter, and neither does what address it names: it names our
// mail by a return path or an id that we signed, or it is about nothing we know.
func (r *reading) bounce(ctx context.Context, tx *gorm.DB, t thread) (intake.Verdict, error) {
	v := intake.Verdict{Fate: intake.FateAutomatic, Reason: ReasonBounce}
	out, found, err := r.bounced(ctx, tx)
	if err != nil || !found {
		return v, err
	}
	if out.TicketID != nil && out.Purpose != reach.Area {
		v.TicketID = *out.TicketID
		v.Inbound = r.inbound(place{ticketID: v.TicketID, by: bySignedID})
	}
	v.Settled = func(ctx context.Context, tx *gorm.DB, rc intake.Receipt) error {
		// A report that a mail is late, or has arrived, is about no failure.
		if b := r.mail.Bounce; b.Outcome == email.OutcomeFailed {
			err := outbox.Bounced(ctx, tx, outbox.Bounce{
				OutID: out.ID, Recipient: b.Recipient, Status: b.Status, Hard: b.Hard, Diagnostic: b.Diagnostic, At: r.room.o.Now(),
			})
			if err != nil {
				return err
			}
		}
		if v.TicketID == 0 {
			return nil
		}
		return learn(ctx, tx, t.names, t.sender, t.text, v.TicketID, rc.MessageID)
	}
	return v, nil
}

// aside is a mail that no person wrote: shown on its ticket when it has one, and
// otherwise only in the ledger. It is nobody's turn by it.
func (r *reading) aside(p place, class string) intake.Verdict {
	v := intake.Verdict{Fate: intake.FateAutomatic, Reason: class, TicketID: p.ticketID}
	if p.ticketID != 0 {
		v.Inbound = r.inbound(p)
	}
	return v
}

// reply joins the mail's ticket, or opens one that continues it when its time is
// over.
func (r *reading) reply(t thread, p place) intake.Verdict {
	v := intake.Verdict{Fate: intake.FateReply, TicketID: p.ticketID, Inbound: r.inbound(p)}
	if p.another {
		v.Reason = ReasonAnother
	}
	v.Settled = func(ctx context.Context, tx *gorm.DB, rc intake.Receipt) error {
		continued := rc.TicketID != p.ticketID
		if continued {
			if err := r.acknowledge(tx, rc, v.Inbound); err != nil {
				return err
			}
		}
		return r.takenIn(ctx, tx, t, rc, continued, p.another)
	}
	return v
}

// open makes it a ticket of its own.
func (r *reading) open(t thread, p place) intake.Verdict {
	v := intake.Verdict{Fate: intake.FateTicket, Inbound: r.inbound(p)}
	v.Settled = func(ctx context.Context, tx *gorm.DB, rc intake.Receipt) error {
		if err := suggest(ctx, tx, rc.TicketID, p.suggest); err != nil {
			return err
		}
		if err := r.acknowledge(tx, rc, v.Inbound); err != nil {
			return err
		}
		return r.takenIn(ctx, tx, t, rc, true, false)
	}
	return v
}

// takenIn remembers the mail, and its sender unless they are another one.
func (r *reading) takenIn(ctx context.Context, tx *gorm.DB, t thread, rc intake.Receipt, opened, another bool) error {
	if err := learn(ctx, tx, t.names, t.sender, t.text, rc.TicketID, rc.MessageID); err != nil {
		return err
	}
	if another {
		return nil
	}
	if err := joins(ctx, tx, rc.TicketID, t.sender, opened); err != nil || t.sender == "" || t.forged {
		return err
	}
	return reach.HeardFrom(ctx, tx, t.sender)
}

// acknowledge orders the answer that tells the protocol, to a person whose
// mailbox answers so. How often one address gets it is the sender's business.
func (r *reading) acknowledge(tx *gorm.DB, rc intake.Receipt, in channel.Inbound) error {
	if !r.box.Acknowledges || in.Email == "" || r.mail.Automatic.Class != email.ClassNone ||
		r.envelope.NullSender() || isRobot(in.Email) || r.auth.forged() {
		return nil
	}
	return jobs.Insert(tx, jobs.Acknowledge{TicketID: rc.TicketID, MessageID: rc.MessageID}, time.Time{})
}

// flood reports whether the sender has opened as many tickets by mail as one
// address may in an hour. It is counted where the tickets are, under the lock of
// the sender's address: two nodes cannot both let the last one in, and nothing
// depends on Redis. Mails without a sender are counted as one sender's. Whatever
// a person lets in from the drawer is let in.
func (r *reading) flood(ctx context.Context, tx *gorm.DB, sender string) (bool, error) {
	limit := r.room.o.Flood
	if limit == 0 || r.stored.ByHand {
		return false, nil
	}
	var opened int
	err := tx.WithContext(ctx).Raw(`SELECT count(*) FROM (SELECT FROM mail_senders
		WHERE address = ? AND opened AND at > now() - interval '1 hour' LIMIT ?) s`, sender, limit).Scan(&opened).Error
	if err != nil {
		return false, fmt.Errorf("count what the sender has opened: %w", err)
	}
	return opened >= limit, nil
}

// joins puts the sender on the ticket.
func joins(ctx context.Context, tx *gorm.DB, ticketID int64, sender string, opened bool) error {
	err := tx.WithContext(ctx).Exec(`INSERT INTO mail_senders (ticket_id, address, opened) VALUES (?, ?, ?)
		ON CONFLICT DO NOTHING`, ticketID, sender, opened).Error
	if err != nil {
		return fmt.Errorf("put the sender of a mail on ticket %d: %w", ticketID, err)
	}
	return nil
}

// suggest tells the agent what the ticket may be about.
func suggest(ctx context.Context, tx *gorm.DB, ticketID int64, all []suggestion) error {
	for _, s := range all {
		err := tx.WithContext(ctx).Exec(`INSERT INTO mail_suggestions (ticket_id, about_id, reason) VALUES (?, ?, ?)
			ON CONFLICT DO NOTHING`, ticketID, s.ticketID, s.by).Error
		if err != nil {
			return fmt.Errorf("suggest what ticket %d is about: %w", ticketID, err)
		}
	}
	return nil
}

// isRobot reports whether an address says of itself that nobody reads what is
// sent to it.
func isRobot(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	local, _, _ = strings.Cut(local, "+")
	local = strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	for _, robot := range []string{"mailerdaemon", "postmaster", "noreply", "donotreply", "naoresponda", "naoresponder", "noresponder", "nepasrepondre", "bounce", "bounces"} {
		if local == robot || strings.HasPrefix(local, robot) && robot != "postmaster" {
			return true
		}
	}
	return false
}
