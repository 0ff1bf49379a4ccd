package outbox

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// The reasons for which an acknowledgement is not sent, beside the gate's.
const (
	TooMany   = "too_many"  // the address was told often enough lately
	Repeated  = "repeated"  // it says what it has said before
	Automatic = "automatic" // a machine's address
)

// How often an address is told that we have its mail. Two machines that answer
// each other end here, whatever they leave out of their headers.
const (
	perHour      = 5
	perDay       = 20
	sameWithin   = 24 * time.Hour
	ackLockSpace = 0x41434b // the advisory locks of this limit
)

// Acknowledge orders the mail that tells a sender the protocol of the ticket
// they opened with a message, once a ticket. It carries nothing that they wrote:
// whoever enters a stranger's address sends them no text of theirs. What is over
// the limits is kept as suppressed. ok is false when nothing is ordered: there
// is no address, or the mailbox does not acknowledge.
func (p *Post) Acknowledge(ctx context.Context, tx *gorm.DB, t ticket.Ticket, messageID int64) (o Out, ok bool, err error) {
	var asked struct {
		Email   string
		Subject string
		Body    string
	}
	err = tx.WithContext(ctx).Raw(`SELECT coalesce(c.data->'from'->>'email', '') AS email, coalesce(nullif(m.origin->>'subject', ''), ?) AS subject, m.body
		FROM messages m LEFT JOIN contacts c ON c.id = m.contact_id
		WHERE m.id = ? AND m.ticket_id = ? AND m.direction = 'in' AND NOT m.automatic`, t.Subject, messageID, t.ID).Scan(&asked).Error
	if err != nil {
		return Out{}, false, fmt.Errorf("read what ticket %d was opened with: %w", t.ID, err)
	}
	plan, ok, err := p.Plan(ctx, tx, t, asked.Email)
	if err != nil || !ok || !plan.Sender.Acknowledges {
		return Out{}, false, err
	}
	mail, err := p.letter(ctx, tx, t, plan, t.OpenedAt)
	if err != nil {
		return Out{}, false, err
	}
	mail.MessageID = p.IDs.MessageID(t.ID, messageID, domainOf(mail.From))
	mail.Automatic, mail.ToName = true, "" // the name is the sender's word, too
	mail.Subject = i18n.Text(mail.Lang, "mail.ack.subject", map[string]any{"protocol": t.Protocol})
	mail.Text = i18n.Text(mail.Lang, "mail.ack.text", map[string]any{"brand": plan.Sender.Brand.Name})
	if p.Day != nil && t.Deadline.Due != nil {
		mail.AnswerBy = p.Day(mail.Lang, *t.Deadline.Due)
	}
	o = p.out(t, reach.Acknowledgement, strconv.FormatInt(t.ID, 10), mail, plan)
	o.Digest = digest(asked.Subject, asked.Body)
	if o.Reason, err = limit(ctx, tx, o); err != nil {
		return Out{}, false, err
	}
	if o.Reason != "" {
		o.State = Suppressed
	}
	o, err = Insert(ctx, tx, o)
	return o, true, err
}

// limit says why an acknowledgement must not go out; empty when it may. Who asks
// about one address at once is asked one after the other.
func limit(ctx context.Context, tx *gorm.DB, o Out) (reason string, err error) {
	if machine(o.Recipient) {
		return Automatic, nil
	}
	if err := tx.WithContext(ctx).Exec("SELECT pg_advisory_xact_lock(?, hashtext(?))", ackLockSpace, o.Recipient).Error; err != nil {
		return "", fmt.Errorf("wait for the acknowledgements of an address: %w", err)
	}
	var told struct{ Hour, Day, Same int }
	err = tx.WithContext(ctx).Raw(`SELECT count(*) FILTER (WHERE created_at > now() - interval '1 hour') AS hour, count(*) AS day,
		count(*) FILTER (WHERE digest = ? AND created_at > now() - make_interval(secs => ?)) AS same
		FROM outbox WHERE purpose = 'acknowledgement' AND recipient = ? AND created_at > now() - interval '1 day'
		AND state <> 'suppressed' AND ticket_id <> ? AND key NOT LIKE 'confirmed:%'`, o.Digest, sameWithin.Seconds(), o.Recipient, *o.TicketID).Scan(&told).Error
	switch {
	case err != nil:
		return "", fmt.Errorf("count the acknowledgements of an address: %w", err)
	case told.Same > 0:
		return Repeated, nil
	case told.Hour >= perHour, told.Day >= perDay:
		return TooMany, nil
	}
	return "", nil
}

// machine reports whether an address is one behind which nobody reads.
func machine(address string) bool {
	local, _, _ := strings.Cut(address, "@")
	local = strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(local))
	for _, name := range []string{"mailerdaemon", "postmaster", "noreply", "donotreply", "naoresponda", "naoresponder", "nobody", "bounce", "bounces"} {
		if local == name {
			return true
		}
	}
	return false
}
