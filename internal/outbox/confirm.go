package outbox

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Confirmation says that what a customer asked for was carried out.
type Confirmation struct {
	Duty        ticket.Duty
	EffectiveAt time.Time // since when it counts
	DoneAt      time.Time
	Email       string // by mail, when not empty; else
	Phone       string // by SMS to this mobile phone, in E.164
}

// Confirm orders a confirmation, once a ticket and duty. It says what was done, of
// which protocol and when: nothing in it is anybody's text. ok is false when
// nothing could bring it; the customer's page shows it in any case.
func (p *Post) Confirm(ctx context.Context, tx *gorm.DB, t ticket.Ticket, c Confirmation) (o Out, ok bool, err error) {
	key := strconv.FormatInt(t.ID, 10) + ":" + string(c.Duty)
	words := map[string]any{"protocol": t.Protocol}
	if p.Moment != nil {
		words["since"], words["done"] = p.Moment(i18n.Default, c.EffectiveAt), p.Moment(i18n.Default, c.DoneAt)
	}
	if c.Email == "" {
		if c.Phone == "" || !p.Texts {
			return Out{}, false, nil
		}
		if words["brand"], err = brandName(ctx, tx, t.BrandID); err != nil {
			return Out{}, false, err
		}
		m := TextMessage{Text: i18n.Text(i18n.Default, "confirmation."+string(c.Duty)+".sms", words)}
		o, err = Insert(ctx, tx, m.Out(t, reach.Confirmation, key, c.Phone))
		return o, err == nil, err
	}
	plan, ok, err := p.Plan(ctx, tx, t, c.Email)
	if err != nil || !ok {
		return Out{}, false, err
	}
	mail, err := p.letter(ctx, tx, t, plan, c.DoneAt)
	if err != nil {
		return Out{}, false, err
	}
	mail.MessageID = p.IDs.MessageID(t.ID, 0, domainOf(mail.From))
	mail.Automatic, mail.ToName = true, "" // the name is the sender's word
	mail.Subject = i18n.Text(mail.Lang, "confirmation."+string(c.Duty)+".subject", words)
	mail.Text = i18n.Text(mail.Lang, "confirmation."+string(c.Duty)+".mail", words)
	o, err = Insert(ctx, tx, p.out(t, reach.Confirmation, key, mail, plan))
	return o, err == nil, err
}

func brandName(ctx context.Context, tx *gorm.DB, id int64) (name string, err error) {
	if err := tx.WithContext(ctx).Raw("SELECT name FROM brands WHERE id = ?", id).Scan(&name).Error; err != nil {
		return "", fmt.Errorf("read brand %d: %w", id, err)
	}
	return name, nil
}
