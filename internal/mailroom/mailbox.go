package mailroom

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/channel/email"
)

// mailbox is what the mailroom needs to know of one of our addresses.
type mailbox struct {
	ID           int64
	BrandID      int64
	TeamID       int64 // 0 is the default team
	Address      string
	Aliases      []string
	Acknowledges bool
	IsDefault    bool
	Active       bool
}

// mailboxes are all of ours, the oldest first. One that is out of use still is
// our address: mail from it is a loop.
type mailboxes []mailbox

func loadMailboxes(ctx context.Context, pool *pgxpool.Pool) (mailboxes, error) {
	rows, err := pool.Query(ctx, `SELECT id, brand_id, coalesce(team_id, 0), address, aliases, acknowledges, is_default, active
		FROM mailboxes ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read the mailboxes: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[mailbox])
	if err != nil {
		return nil, fmt.Errorf("read the mailboxes: %w", err)
	}
	return all, nil
}

// has reports whether the address, or what it is without its +part, is this mailbox's.
func (m mailbox) has(address string) bool {
	if address == m.Address || slices.Contains(m.Aliases, address) {
		return true
	}
	local, domain, _ := strings.Cut(address, "@")
	if base, _, plus := strings.Cut(local, "+"); plus {
		return m.has(base + "@" + domain)
	}
	return false
}

// own reports whether an address is one of ours.
func (all mailboxes) own(address string) bool {
	return slices.ContainsFunc(all, func(m mailbox) bool { return m.has(address) })
}

// of is the mailbox that a mail was meant for: the one it was fetched from; else
// the one whose address the carrier was given; else the one it is addressed to;
// else the default one. With none of them it goes to the default team and brand,
// and is acknowledged.
func (all mailboxes) of(e email.Envelope, m *email.Mail) mailbox {
	active := func(fits func(mailbox) bool) (mailbox, bool) {
		i := slices.IndexFunc(all, func(m mailbox) bool { return m.Active && fits(m) })
		if i < 0 {
			return mailbox{}, false
		}
		return all[i], true
	}
	if e.MailboxID != 0 {
		if box, ok := active(func(m mailbox) bool { return m.ID == e.MailboxID }); ok {
			return box
		}
	}
	for _, addresses := range [][]string{e.Recipients, m.DeliveredTo, plain(m.To), plain(m.Cc)} {
		for _, address := range addresses {
			if box, ok := active(func(m mailbox) bool { return m.has(strings.ToLower(address)) }); ok {
				return box
			}
		}
	}
	if box, ok := active(func(m mailbox) bool { return m.IsDefault }); ok {
		return box
	}
	return mailbox{Acknowledges: true}
}

func plain(all []email.Address) []string {
	addresses := make([]string, len(all))
	for i, a := range all {
		addresses[i] = a.Address
	}
	return addresses
}
