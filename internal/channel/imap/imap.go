// Package imap fetches mail from mailboxes on other servers. For each mailbox one
// fetcher works among all nodes: the one that holds the lease on its cursor.
//
// A mail counts as fetched when the cursor (UIDVALIDITY and UID) has passed it,
// and the cursor passes only what a channel.Acceptor has committed. Nothing on
// the server is changed: folders are opened read-only, and whether somebody has
// read a mail means nothing. What is fetched again, after a crash or because the
// server renumbered its mails, is recognised by its source key.
//
// A server may say anything. What comes from it is bounded in size and time, only
// what is needed is asked for, and a mail that cannot be brought, or is too large,
// becomes an arrival that says so, so that those behind it go on.
package imap

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// What may be wrong with a mailbox, in as few words as an outsider may know.
var (
	ErrConnect = fault.New(fault.Unavailable, "imap_connect") // not reached, or no agreement on TLS
	ErrLogin   = fault.New(fault.Unavailable, "imap_login")   // it does not let us in
	ErrFolder  = fault.New(fault.Unavailable, "imap_folder")  // the folder cannot be opened
	ErrBroken  = fault.New(fault.Unavailable, "imap_broken")  // it stopped making sense
	ErrAccept  = fault.New(fault.Unavailable, "imap_accept")  // ours: what was fetched could not be kept
)

// Ways to protect the connection, as mailboxes.imap_tls has them.
const (
	TLS      = "tls"
	StartTLS = "starttls"
	Plain    = "none"
)

// Account is a mailbox to fetch from.
type Account struct {
	MailboxID int64
	Address   string // names it to people
	Host      string
	Port      int
	Security  string
	User      string
	Folder    string
	Since     time.Time // mail that came before this day is left alone; zero is none
	// Login returns the password, or an access token.
	Login func(ctx context.Context) (password, token string, err error)
	// Version differs when anything above does.
	Version string
}

// source names what a position is one of. Another one starts from the beginning.
func (a Account) source() string { return fmt.Sprintf("%s@%s/%s", a.User, a.Host, a.Folder) }

// Directory knows the mailboxes.
type Directory interface {
	Accounts() []Account
	// Changed is closed when Accounts would answer something else.
	Changed() <-chan struct{}
}

// Sources hears how a source fares ("imap:sac@empresa.example").
type Sources interface {
	Alive(ctx context.Context, source string)
	Arrived(ctx context.Context, source string)
	Failed(ctx context.Context, source, code string)
	// Only says which there are now: of another one nothing is to be expected.
	Only(ctx context.Context, sources []string)
}

// Dialer opens connections; *dial.Dialer is one.
type Dialer interface {
	DialContext(ctx context.Context, network, addr string) (net.Conn, error)
}

// Options is what Fetchers are made of.
type Options struct {
	DB        *postgres.DB
	Directory Directory
	Dialer    Dialer
	Acceptor  channel.Acceptor
	Spool     *spool.Pool // bounds the size of a mail, and the memory of all
	Sources   Sources     // nil when nobody wants to hear
	Log       *slog.Logger

	times times
}

// times are how long things take; the zero value means those of production.
type times struct {
	lease   time.Duration // how long a node that vanished keeps others from fetching
	poll    time.Duration // between looks, whatever IDLE says
	retry   time.Duration // before the first new try after a failure; doubles
	longest time.Duration // between two tries
	command time.Duration // for an answer to one command, without its mails
	mail    time.Duration // for the bytes of a batch
}

func (t times) orUsual() times {
	if t.lease == 0 {
		t = times{lease: 30 * time.Second, poll: time.Minute, retry: time.Second, longest: 5 * time.Minute, command: time.Minute, mail: 10 * time.Minute}
	}
	return t
}
