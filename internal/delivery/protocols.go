package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/outbox"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// When a caller is told the protocol in writing. Who calls is often known only
// later in the call; an hour is what we promise, a day after that is no news.
const (
	tellAfter   = 10 * time.Minute
	tellWithin  = 24 * time.Hour
	tellEach    = time.Minute
	tellAtOnce  = 200
	followPlace = "/acompanhar"
)

// Protocols tells callers the protocol of their call by SMS, or by mail when
// there is no gateway or no mobile phone.
type Protocols struct {
	DB    *postgres.DB
	Post  *outbox.Post
	Texts bool   // whether a gateway is configured
	Base  string // address of the customers' pages
	Now   func() time.Time
	Log   *slog.Logger
}

// Run looks every minute for calls whose protocol nobody has been told, until ctx
// ends. Nodes may do it at once: what is ordered twice is one order.
func (p *Protocols) Run(ctx context.Context) error {
	tick := time.NewTicker(tellEach)
	defer tick.Stop()
	for {
		if err := p.Tell(ctx); err != nil && ctx.Err() == nil {
			p.Log.WarnContext(ctx, "callers are told their protocol later", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// called is a call whose protocol is to be told, and to whom. The phone is the
// one that was called from, never another of the customer's.
type called struct {
	ID    int64
	Phone string
	Email string
	Brand string
}

// Tell does one round. Whoever cannot be told is not looked at, and one who makes
// trouble keeps nobody else from being told.
func (p *Protocols) Tell(ctx context.Context) error {
	now := p.Now()
	mails, err := p.Post.Sends(ctx, p.DB.Gorm)
	if err != nil {
		return err
	}
	var calls []called
	err = p.DB.Gorm.WithContext(ctx).Raw(`SELECT t.id, coalesce(s.phone, '') AS phone, coalesce(s.email, '') AS email, b.name AS brand
		FROM tickets t JOIN brands b ON b.id = t.brand_id
		CROSS JOIN LATERAL (SELECT (array_agg(c.data->'from'->>'phone' ORDER BY c.id) FILTER (WHERE c.data->'from'->>'phone' <> ''))[1] AS phone,
				(array_agg(c.data->'from'->>'email' ORDER BY c.id) FILTER (WHERE c.data->'from'->>'email' <> ''))[1] AS email
			FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id WHERE l.ticket_id = t.id AND c.direction = 'in') s
		WHERE t.channel = 'phone' AND t.opened_at BETWEEN @since AND @until AND (@texts AND s.phone ~ @mobile OR @mails AND s.email <> '')
		  AND NOT EXISTS (SELECT FROM outbox o WHERE o.purpose = 'protocol' AND o.key = t.id::text)
		ORDER BY t.opened_at LIMIT @most`, map[string]any{"since": now.Add(-tellWithin), "until": now.Add(-tellAfter), "most": tellAtOnce,
		"texts": p.Texts, "mails": mails, "mobile": mobile.String()}).Scan(&calls).Error
	if err != nil {
		return fmt.Errorf("look for callers who wait for their protocol: %w", err)
	}
	for _, c := range calls {
		err = errors.Join(err, p.tell(ctx, c, now))
	}
	return err
}

func (p *Protocols) tell(ctx context.Context, c called, now time.Time) error {
	return p.DB.InTx(ctx, func(tx *gorm.DB) error {
		t, err := ticket.ByID(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		key := strconv.FormatInt(c.ID, 10)
		words := map[string]any{"brand": c.Brand, "protocol": t.Protocol, "link": p.Base + followPlace}
		if p.Texts && mobile.MatchString(c.Phone) {
			m := outbox.TextMessage{Text: i18n.Text(i18n.Default, "sms.protocol", words)}
			_, err := outbox.Insert(ctx, tx, m.Out(t, reach.Protocol, key, c.Phone))
			return err
		}
		if c.Email == "" {
			return nil
		}
		_, _, err = p.Post.Tell(ctx, tx, t, c.Email, key, i18n.Text(i18n.Default, "mail.call_protocol", words), now)
		return err
	})
}

// mobile is a Brazilian mobile phone in E.164: area code and nine digits that
// begin with 9 (Anatel, Resolução 749/2022).
var mobile = regexp.MustCompile(`^\+55[1-9][0-9]9[0-9]{8}$`)
