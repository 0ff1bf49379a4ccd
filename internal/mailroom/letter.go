package mailroom

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Codes of Origin.Warnings beside those of package email.
const (
	WarnNoSender      = "no_sender"      // nobody, or several, say to have sent it
	WarnCannotAnswer  = "cannot_answer"  // the address cannot be written to from here
	WarnForged        = "sender_forged"  // our own mail server says so
	WarnAnotherSender = "another_sender" // not proven to be the customer
	WarnOtherSubject  = "other_subject"  // it continues the ticket under another subject
)

// Origin is how a mail came, for staff to see on its message. Nothing of it is
// proven but Auth.
type Origin struct {
	From      []Person   `json:"from,omitempty"`
	ReplyTo   []Person   `json:"reply_to,omitempty"`
	To        []Person   `json:"to,omitempty"`
	Cc        []Person   `json:"cc,omitempty"`
	Subject   string     `json:"subject"`
	MessageID string     `json:"message_id,omitempty"`
	Date      *time.Time `json:"date,omitempty"` // by the sender's clock
	Mailbox   string     `json:"mailbox,omitempty"`

	Auth     Auth     `json:"auth"`
	Verified bool     `json:"verified"`          // From is who sent it
	Another  bool     `json:"another,omitempty"` // another sender than the ticket's customer, as far as anybody can tell
	Joined   evidence `json:"joined,omitempty"`  // why it is in this ticket

	Automatic    string   `json:"automatic,omitempty"` // class of automatic mail
	Why          string   `json:"why,omitempty"`
	RemoteImages int      `json:"remote_images,omitempty"`
	Warnings     []string `json:"warnings,omitempty"`
}

// Person is somebody whom a header names.
type Person struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address"`
}

func people(all []email.Address) []Person {
	persons := make([]Person, len(all))
	for i, a := range all {
		persons[i] = Person{Name: a.Name, Address: a.Address}
	}
	return persons
}

// sender is the address by which a mail's sender is known, which is empty when
// nobody or several say to be it. It may be one that cannot be an identity.
func (r *reading) sender() string {
	a, ok := r.mail.Identity()
	if !ok {
		return ""
	}
	return a.Address
}

// inbound is the mail as the intake takes it.
func (r *reading) inbound(p place) channel.Inbound {
	m := r.mail
	in := channel.Inbound{
		Channel: channel.Email, SourceKey: r.stored.SourceKey, BodyHash: r.stored.BodyHash, Raw: r.stored.Raw,
		ReceivedAt: r.stored.ReceivedAt,
		Kind:       "solicitacao",
		Subject:    orText(cleanSubject(m.Subject), "mail.no_subject"),
		HTML:       m.HTML, Files: r.files,
		TeamID: r.box.TeamID, BrandID: r.box.BrandID, Keep: true,
	}
	in.Body, in.Folded = r.text()
	o := r.origin(p)
	a, ok := m.Identity()
	switch {
	case !ok:
		in.Name = i18n.Text(i18n.Default, "mail.no_sender", nil)
		o.Warnings = append(o.Warnings, WarnNoSender)
	case a.Plain:
		in.Name, in.Email = displayName(a), a.Address
	default: // kept as it is, for people to see; it is nobody's identity
		in.Name = displayName(a)
		if in.Name == "" {
			in.Name = cut(a.Address, email.MaxName)
		}
		o.Warnings = append(o.Warnings, WarnCannotAnswer)
	}
	if p.ticketID != 0 && in.Name == "" {
		in.Name = cut(a.Address, email.MaxName)
	}
	in.Origin = o.json()
	return in
}

// displayName is what the sender calls themselves. One that poses as an address
// is not shown as a name.
func displayName(a email.Address) string {
	if strings.ContainsRune(a.Name, '@') {
		return ""
	}
	return a.Name
}

// text is what is shown of the mail and what is folded away. What is over the
// bound of a message is folded, not lost.
func (r *reading) text() (body, folded string) {
	body, folded = strings.TrimSpace(r.mail.Text), r.mail.Folded
	for _, p := range r.mail.Parts {
		if p.Note != "" {
			body = strings.TrimSpace(body + "\n\n" + p.Note)
		}
	}
	if utf8.RuneCountInString(body) > ticket.MaxBody {
		runes := []rune(body)
		body, folded = string(runes[:ticket.MaxBody]), string(runes[ticket.MaxBody:])+"\n\n"+folded
	}
	return orText(body, "mail.no_text"), strings.TrimSpace(folded)
}

func orText(s, key string) string {
	if s != "" {
		return s
	}
	return i18n.Text(i18n.Default, key, nil)
}

func (r *reading) origin(p place) Origin {
	m := r.mail
	o := Origin{
		From: people(m.From), ReplyTo: people(m.ReplyTo), To: people(m.To), Cc: people(m.Cc),
		Subject: m.Subject, MessageID: cut(m.MessageID, 500), Mailbox: r.box.Address,
		Auth: r.auth, Verified: r.auth.verified(), Another: p.another, Joined: p.by,
		Automatic: string(m.Automatic.Class), Why: m.Automatic.Why, RemoteImages: m.RemoteImages,
		Warnings: slices.Clone(m.Warnings),
	}
	if !m.Date.IsZero() {
		o.Date = &m.Date
	}
	if r.auth.forged() {
		o.Warnings = append(o.Warnings, WarnForged)
	}
	if p.another {
		o.Warnings = append(o.Warnings, WarnAnotherSender)
	}
	if subject := cleanSubject(m.Subject); p.subject != "" && subject != "" && subject != p.subject {
		o.Warnings = append(o.Warnings, WarnOtherSubject)
	}
	return o
}

// json is the stored form. Strings, numbers and times only: it cannot fail but
// for a year beyond 9999, which a sender's clock may have.
func (o Origin) json() json.RawMessage {
	if o.Date != nil && (o.Date.Year() < 0 || o.Date.Year() > 9999) {
		o.Date = nil
	}
	text, err := json.Marshal(o)
	if err != nil {
		panic("mailroom: " + err.Error())
	}
	return text
}

func containsFold(all []string, s string) bool {
	return slices.ContainsFunc(all, func(one string) bool { return strings.EqualFold(one, s) })
}

// OriginOf reads what is stored of how a message came; ok is false for what did
// not come by mail.
func OriginOf(stored json.RawMessage) (o Origin, ok bool) {
	var read struct {
		Origin
		Auth *Auth `json:"auth"`
	}
	if json.Unmarshal(stored, &read) != nil || read.Auth == nil {
		return Origin{}, false
	}
	o = read.Origin
	o.Auth = *read.Auth
	return o, true
}
