package app

import (
	"context"
	"crypto"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/escuta-sac/escuta/internal/config"
	"github.com/escuta-sac/escuta/internal/delivery"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/mailbox"
	"github.com/escuta-sac/escuta/internal/outbox"
)

// relay is the installation's own way out; nil when none is configured.
func relay(cfg config.Config) (*delivery.Relay, error) {
	if cfg.SMTPRelay == "" {
		return nil, nil
	}
	r, err := delivery.ParseRelay(cfg.SMTPRelay.Reveal())
	return &r, err
}

// post orders mails. Without a mailbox they come from an address at our own
// host, if there is a relay to take them.
func post(ids outbox.IDs, r *delivery.Relay, base *url.URL, tokens *intake.Tokens, zone *time.Location, texts bool) *outbox.Post {
	p := &outbox.Post{
		IDs: ids, Texts: texts,
		Day:    func(lang string, at time.Time) string { return day(lang, at.In(zone)) },
		Moment: func(lang string, at time.Time) string { return moment(lang, at.In(zone)) },
	}
	p.Link = func(ticketID int64, protocol string) string {
		return strings.TrimSuffix(base.String(), "/") + "/acompanhar/" + protocol + "?token=" + tokens.Permanent(ticketID, protocol)
	}
	if r != nil {
		p.Fallback = "atendimento@" + mailHost(base)
	}
	return p
}

// mailHost is the domain by which we are known to mail servers.
func mailHost(base *url.URL) string {
	host := strings.ToLower(base.Hostname())
	if _, err := netip.ParseAddr(host); err != nil && strings.Contains(host, ".") {
		return host
	}
	return "escuta.localhost" // reserved for this machine (RFC 6761)
}

// day words a deadline as the customers' pages do: the day, and the time when it
// is not the whole day.
func day(lang string, at time.Time) string {
	name := func(key string, n int) string { return strings.Split(i18n.Text(lang, key, nil), ",")[n] }
	text := i18n.Text(lang, "date.day", map[string]any{
		"weekday": name("date.weekdays", int(at.Weekday())), "day": strconv.Itoa(at.Day()), "month": name("date.months", int(at.Month())-1),
	})
	if clock := at.Format("15:04"); clock != "23:59" {
		text += ", " + clock
	}
	return text
}

// moment words an instant as the customers' pages do.
func moment(lang string, at time.Time) string {
	return i18n.Text(lang, "date.when", map[string]any{
		"day": at.Format("02"), "month": at.Format("01"), "year": at.Year(), "clock": at.Format("15:04"),
	})
}

// boxes is what the way out asks of package mailbox.
type boxes interface {
	ByID(id int64) (mailbox.Mailbox, bool)
	Login(ctx context.Context, m mailbox.Mailbox, at mailbox.Server) (mailbox.Login, error)
	DKIM(m mailbox.Mailbox) (crypto.Signer, error)
}

// ways is how mail goes out: by its mailbox's own server, else by the
// installation's relay, signed with the mailbox's key.
type ways struct {
	relay *delivery.Relay
	boxes boxes
}

// Way implements delivery.Ways.
func (w ways) Way(ctx context.Context, mailboxID *int64) (way delivery.Way, ok bool, err error) {
	if w.relay != nil {
		way.Relay, ok = *w.relay, true
	}
	if mailboxID == nil {
		return way, ok, nil
	}
	m, known := w.boxes.ByID(*mailboxID)
	if !known {
		return way, ok, nil
	}
	if m.SMTP.Host != "" {
		l, err := w.boxes.Login(ctx, m, m.SMTP)
		if err != nil {
			return delivery.Way{}, false, err
		}
		way.Relay, ok = delivery.Relay{Host: m.SMTP.Host, Port: m.SMTP.Port, Security: delivery.Security(m.SMTP.Security)}, true
		if l.Password != "" || l.Token != "" {
			way.Relay.User, way.Relay.Password, way.Relay.Token = l.User, l.Password, l.Token
		}
	}
	if m.DKIMDomain != "" && m.DKIMSelector != "" {
		way.Domain, way.Selector = m.DKIMDomain, m.DKIMSelector
		way.Key, err = w.boxes.DKIM(m)
	}
	return way, ok, err
}

// journalDir is where a node notes what it has sent.
func journalDir(cfg config.Config) string { return filepath.Join(cfg.DataDir, "outgoing") }

// trusted dials what the configuration itself names, wherever that is.
var trusted = &net.Dialer{Timeout: 10 * time.Second}
