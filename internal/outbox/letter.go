package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Letter is a letter as it was ordered: what will be printed, whatever changes
// until then. It is stored as the envelope of its row.
type Letter struct {
	At       time.Time    `json:"at"`
	To       []string     `json:"to"` // name and address, a line each
	Subject  string       `json:"subject"`
	Text     string       `json:"text"`
	Closing  []string     `json:"closing"`
	Protocol string       `json:"protocol"`
	Lang     string       `json:"lang"`
	Brand    letter.Brand `json:"brand"`
}

// Bounds of an address on paper.
const (
	MaxAddressLines = 6
	maxAddressLine  = 80 // runes
)

// CheckAddress returns the lines of an address as they will be printed, or
// ticket.ErrInvalid: at least a name, a street and a place.
func CheckAddress(lines []string) ([]string, error) {
	clean := make([]string, 0, len(lines))
	for _, l := range lines {
		if l = line(l, maxAddressLine); l != "" {
			clean = append(clean, l)
		}
	}
	switch {
	case len(clean) < 3:
		return nil, ticket.Wrong("address", "address_lines")
	case len(clean) > MaxAddressLines:
		return nil, ticket.Wrong("address", "too_many", MaxAddressLines)
	}
	return clean, nil
}

// WriteReply orders the letter that brings a message of ours to its customer.
func (p *Post) WriteReply(ctx context.Context, tx *gorm.DB, t ticket.Ticket, m ticket.Message, to []string) (Out, error) {
	l, err := p.Letter(ctx, tx, t, to, m.At)
	if err != nil {
		return Out{}, err
	}
	l.Subject = i18n.Text(l.Lang, "letter.reply.subject", map[string]any{"protocol": l.Protocol})
	l.Text = m.Body
	l.Closing = []string{i18n.Text(l.Lang, "letter.closing", nil), m.AuthorName, l.Brand.Name}
	o := l.Out(t, reach.Reply, strconv.FormatInt(m.ID, 10))
	o.MessageID = &m.ID
	return Insert(ctx, tx, o)
}

// Letter begins a letter about a ticket: its head, its date and its foot.
func (p *Post) Letter(ctx context.Context, tx *gorm.DB, t ticket.Ticket, to []string, at time.Time) (Letter, error) {
	to, err := CheckAddress(to)
	if err != nil {
		return Letter{}, err
	}
	l, err := p.Page(ctx, tx, t, at)
	l.To = to
	return l, err
}

// Page begins what looks like a letter and goes to no address on paper.
func (p *Post) Page(ctx context.Context, tx *gorm.DB, t ticket.Ticket, at time.Time) (Letter, error) {
	var b struct{ Name, LegalName, Cnpj, Color string }
	err := tx.WithContext(ctx).Raw(`SELECT name, legal_name, cnpj, color FROM brands WHERE id = ?`, t.BrandID).Scan(&b).Error
	if err != nil {
		return Letter{}, fmt.Errorf("read the letterhead for ticket %d: %w", t.ID, err)
	}
	if cnpj, err := brazil.ParseCNPJ(b.Cnpj); err == nil {
		b.Cnpj = cnpj.String()
	}
	return Letter{
		At: at, Protocol: t.Protocol, Lang: i18n.Default,
		Brand: letter.Brand{Name: b.Name, LegalName: b.LegalName, CNPJ: b.Cnpj, Color: b.Color},
	}, nil
}

// Out makes the order of a letter.
func (l Letter) Out(t ticket.Ticket, purpose reach.Purpose, key string) Out {
	return Out{
		Way: reach.Letter, Purpose: purpose, Key: key, TicketID: &t.ID, CustomerID: t.CustomerID,
		Recipient: strings.Join(l.To, ", "), Envelope: l.envelope(),
	}
}

func (l Letter) envelope() json.RawMessage {
	text, err := json.Marshal(l)
	if err != nil { // a time of this century and strings: it cannot
		panic("outbox: " + err.Error())
	}
	return text
}

// LetterOf reads the letter that a row has frozen.
func LetterOf(o Out) (Letter, error) {
	var l Letter
	if err := json.Unmarshal(o.Envelope, &l); err != nil {
		return Letter{}, fmt.Errorf("read the frozen letter %d: %w", o.ID, err)
	}
	return l, nil
}

// Page is the letter as it goes to the printer, dated in the company's zone.
func (l Letter) Page(zone *time.Location) letter.Letter {
	number := l.Protocol
	if p, err := brazil.ParseProtocol(number); err == nil {
		number = p.String()
	}
	return letter.Letter{
		Brand: l.Brand, To: l.To, Date: l.At.In(zone), Subject: l.Subject, Body: l.Text, Closing: l.Closing,
		Foot: i18n.Text(l.Lang, "letter.foot", map[string]any{"protocol": number}),
	}
}

// Labels are the words of the paper in a language.
func Labels(lang string) letter.Labels {
	return letter.Labels{
		Page: func(n int) string { return i18n.Text(lang, "letter.page", map[string]any{"n": n}) },
		Date: func(at time.Time) string {
			return i18n.Text(lang, "letter.date", map[string]any{
				"day": at.Day(), "month": i18n.Text(lang, "letter.month."+strconv.Itoa(int(at.Month())), nil), "year": at.Year(),
			})
		},
	}
}
