package mailbox

import (
	"context"
	"fmt"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/imap"
)

// Accounts implements imap.Directory: the mailboxes in use that have a server to
// fetch from.
func (s *Service) Accounts() []imap.Account {
	var all []imap.Account
	for _, m := range s.Active() {
		if m.IMAP.Host != "" {
			all = append(all, s.account(m))
		}
	}
	return all
}

func (s *Service) account(m Mailbox) imap.Account {
	a := imap.Account{
		MailboxID: m.ID, Address: m.Address, Host: m.IMAP.Host, Port: m.IMAP.Port, Security: string(m.IMAP.Security),
		User: m.IMAP.User, Folder: m.Folder, Version: m.UpdatedAt.Format(time.RFC3339Nano),
		Login: func(ctx context.Context) (password, token string, err error) {
			l, err := s.Login(ctx, m, m.IMAP)
			return l.Password, l.Token, err
		},
	}
	if a.User == "" {
		a.User = m.Address
	}
	if m.Since != nil {
		a.Since = *m.Since
	}
	return a
}

// Fetching is how the fetching of a mailbox fares.
type Fetching struct {
	LastMail *time.Time // when the last mail was taken
	LastOK   *time.Time // when all that was there had been taken
	FailedAt *time.Time
	Failure  string // code of what is wrong now, see package imap; empty when nothing is
}

// Fetching returns how each mailbox fares that was ever fetched, by its id.
func (s *Service) Fetching(ctx context.Context) (map[int64]Fetching, error) {
	rows, err := s.db.Pool.Query(ctx, `SELECT mailbox_id, last_mail_at, last_ok_at, failed_at, failure FROM mailbox_cursors`)
	if err != nil {
		return nil, fmt.Errorf("read how mailboxes fare: %w", err)
	}
	defer rows.Close()
	all := map[int64]Fetching{}
	for rows.Next() {
		var id int64
		var f Fetching
		if err := rows.Scan(&id, &f.LastMail, &f.LastOK, &f.FailedAt, &f.Failure); err != nil {
			return nil, fmt.Errorf("read how a mailbox fares: %w", err)
		}
		all[id] = f
	}
	return all, rows.Err()
}
