package outbox

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// AreaMail is a mail about an internal request. Nothing of the ticket gets into it
// but what is given here: not its subject, its protocol or its number.
type AreaMail struct {
	Key        string // with the purpose: ordered again, it is the same
	Thread     string // Key of the mail that it follows
	To, ToName string
	Subject    string
	Text       string
	Link       string
	LinkText   string
	Foot       string
	At         time.Time
}

// Area orders a mail to an area, from where the ticket's customer would be
// answered. It waits for none of the customer's mails, and none waits for it. ok
// is false when no mail can be sent from here.
func (p *Post) Area(ctx context.Context, tx *gorm.DB, t ticket.Ticket, m AreaMail) (o Out, ok bool, err error) {
	plan, ok, err := p.Plan(ctx, tx, t, m.To)
	if err != nil || !ok {
		return Out{}, false, err
	}
	var first *string
	err = tx.WithContext(ctx).Raw(`SELECT mail_id FROM outbox WHERE purpose = 'area' AND key = ? AND key <> ?`, m.Thread, m.Key).Scan(&first).Error
	if err != nil {
		return Out{}, false, fmt.Errorf("find the mail that asked: %w", err)
	}
	s := plan.Sender
	mail := Mail{
		MessageID: p.IDs.MessageID(0, 0, domainOf(s.Address)), At: m.At, From: s.Address, FromName: line(s.Name, maxName), To: m.To,
		ToName: line(m.ToName, maxName), Subject: line(m.Subject, maxSubject), Lang: i18n.Default, Text: m.Text,
		Link: m.Link, LinkText: m.LinkText, Foot: m.Foot, Brand: s.Brand,
	}
	if first != nil {
		mail.InReplyTo, mail.References = *first, []string{*first}
	}
	o = p.out(t, reach.Area, m.Key, mail, plan)
	o.CustomerID = nil
	o, err = Insert(ctx, tx, o)
	return o, err == nil, err
}
