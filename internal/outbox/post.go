package outbox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// IDs makes the ids of mails (email.Signer).
type IDs interface {
	MessageID(ticketID, messageID int64, domain string) string
}

// Post orders mails. The zero Post orders none.
type Post struct {
	IDs IDs
	// Fallback is the address that mails come from when no mailbox is configured;
	// empty when nothing could be sent then.
	Fallback string
	// Link makes the address of a customer's page, empty when it has none.
	Link func(ticketID int64, protocol string) string
	// Day words the day by which an answer is due, in the company's time zone.
	Day func(lang string, at time.Time) string
	// Moment words an instant in the company's time zone.
	Moment func(lang string, at time.Time) string
	// Texts says whether a gateway takes text messages.
	Texts bool
}

// maxAttached bounds the files of a mail, in bytes: over it they are read on
// the page. Base64 makes four of three, and most servers take 25 MB.
const maxAttached = 15 << 20

// Plan is an answer that can go out by mail.
type Plan struct {
	Sender Sender
	To     string
}

// Plan says whether and as whom an answer to this address goes out by mail. ok
// is false when the customer's page is the only way.
func (p *Post) Plan(ctx context.Context, tx *gorm.DB, t ticket.Ticket, to string) (plan Plan, ok bool, err error) {
	if to == "" || p.IDs == nil {
		return Plan{}, false, nil
	}
	s, ok, err := p.sender(ctx, tx, t)
	return Plan{Sender: s, To: to}, ok, err
}

// Reply orders the mail that brings a message of ours to its customer. It is
// frozen here: m never changes, and nothing else of the ticket is read again.
func (p *Post) Reply(ctx context.Context, tx *gorm.DB, t ticket.Ticket, m ticket.Message, plan Plan) (Out, error) {
	mail, err := p.letter(ctx, tx, t, plan, m.At)
	if err != nil {
		return Out{}, err
	}
	mail.MessageID = p.IDs.MessageID(t.ID, m.ID, domainOf(mail.From))
	mail.Text, mail.Author = m.Body, m.AuthorName
	var size int64
	for _, f := range m.Files {
		if size+f.Size > maxAttached {
			mail.Left++
			continue
		}
		size += f.Size
		mail.Files = append(mail.Files, File{f.Blob, f.Name, f.Mime, f.Size})
	}
	o := p.out(t, reach.Reply, strconv.FormatInt(m.ID, 10), mail, plan)
	o.MessageID = &m.ID
	if m.HeldUntil != nil {
		o.NotBefore = *m.HeldUntil
	}
	return Insert(ctx, tx, o)
}

func (p *Post) letter(ctx context.Context, tx *gorm.DB, t ticket.Ticket, plan Plan, at time.Time) (Mail, error) {
	inReplyTo, references, err := thread(ctx, tx, t.ID)
	if err != nil {
		return Mail{}, err
	}
	s := plan.Sender
	mail := Mail{
		At: at, From: s.Address, FromName: line(s.Name, maxName), To: plan.To, ToName: line(t.CustomerName, maxName),
		Subject: "Re: " + line(baseSubject(t.Subject), maxSubject) + " [" + t.Protocol + "]", InReplyTo: inReplyTo, References: references,
		Lang: i18n.Default, Protocol: t.Protocol, Signature: s.Signature, Brand: s.Brand,
	}
	if strings.ContainsAny(mail.ToName, "@<>,;:") { // a name that poses as an address is none
		mail.ToName = ""
	}
	if p.Link != nil {
		mail.Link = p.Link(t.ID, t.Protocol)
	}
	return mail, nil
}

func (p *Post) out(t ticket.Ticket, purpose reach.Purpose, key string, mail Mail, plan Plan) Out {
	return Out{
		Way: reach.Email, Purpose: purpose, Key: key, TicketID: &t.ID, CustomerID: t.CustomerID, Recipient: plan.To,
		MailboxID: plan.Sender.MailboxID, MailID: mail.MessageID, Envelope: mail.envelope(),
	}
}

// Bounds of what a header shows, in runes.
const (
	maxName    = 100
	maxSubject = 200
)

// line makes of a text one line that a header can carry: whatever breaks a line
// or hides is gone, so that nothing in it can become a header of its own.
func line(s string, most int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f && r <= 0xa0 || r == '\u2028' || r == '\u2029' || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
	}), " ")
	if runes := []rune(s); len(runes) > most {
		s = strings.TrimRight(string(runes[:most-1]), " ") + "…"
	}
	return s
}

// baseSubject takes off what answering has put before a subject (RFC 5256, 2.1).
func baseSubject(s string) string {
	s = strings.TrimSpace(s)
	for {
		prefix, rest, found := strings.Cut(s, ":")
		switch strings.ToLower(strings.TrimSpace(prefix)) {
		case "re", "res", "resp", "fw", "fwd", "enc", "encam":
		default:
			return s
		}
		if !found || strings.TrimSpace(rest) == "" {
			return s
		}
		s = strings.TrimSpace(rest)
	}
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// digest sums up what somebody wrote, but for the numbers in it: two machines
// that answer each other say the same each time under another number.
func digest(subject, body string) []byte {
	sum := sha256.New()
	for word := range strings.FieldsFuncSeq(strings.ToLower(baseSubject(subject)+"\n"+body), func(r rune) bool {
		return r <= ' ' || r >= '0' && r <= '9'
	}) {
		if strings.Contains(word, "://") { // a link carries a token
			continue
		}
		fmt.Fprintf(sum, "%s ", word)
	}
	return sum.Sum(nil)[:16]
}
