// Package mailbox knows the addresses under which the company writes and is
// written to: whose they are (brand, team), how their mail is fetched and sent,
// and what they sign with. It hands the fetchers and whoever sends mail what they
// need to log in; to everybody else a mailbox has no secrets.
package mailbox

import (
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// The failures of this package. ErrInvalid always names its fields.
var (
	ErrInvalid  = fault.New(fault.Invalid, "mailbox_invalid")
	ErrNotFound = fault.New(fault.NotFound, "mailbox_not_found")
	// ErrTaken means that an address belongs to another mailbox already (argument "address").
	ErrTaken = fault.New(fault.Conflict, "mailbox_address_taken")
	// ErrDefault means that the default mailbox would be left without a successor.
	ErrDefault = fault.New(fault.Conflict, "mailbox_default_stays")
	// ErrLogin means that no token could be had for a mailbox that logs in by OAuth.
	ErrLogin = fault.New(fault.Unavailable, "mailbox_login")
)

// Security is how a connection to a mail server is protected.
type Security string

// The ways to protect a connection.
const (
	TLS      Security = "tls"      // from the first byte
	StartTLS Security = "starttls" // asked for in the clear, and insisted on
	Plain    Security = "none"     // for a server on a network of one's own
)

// Auth is how a mailbox logs in.
type Auth string

// The ways to log in.
const (
	Password Auth = "password"
	XOAuth2  Auth = "xoauth2" // with a token that a refresh token gets (RFC 6749, section 6)
)

// Server is one of a mailbox's two servers; without a host there is none.
type Server struct {
	Host     string
	Port     int
	Security Security
	User     string // empty is the mailbox's address
}

// Mailbox is an address of ours. Its secrets are not in it.
type Mailbox struct {
	ID      int64
	BrandID int64
	TeamID  int64    // 0 is the default team
	Address string   // canonical, see channel.ParseEmail; unique
	Aliases []string // other addresses of ours that end here

	DisplayName  string // beside the address in what is sent
	Signature    string // plain text under each reply
	Acknowledges bool   // a new ticket is answered with its protocol
	UndoSeconds  int    // how long a reply waits before it leaves
	Default      bool   // takes what no other claims, and answers what came by no mail
	Active       bool

	IMAP   Server
	Folder string
	Since  *time.Time // midnight UTC of the first day to fetch from; nil is everything
	SMTP   Server     // without a host the installation's own way out

	Auth            Auth
	HasSecret       bool
	TokenURL        string
	ClientID        string
	HasClientSecret bool

	DKIMDomain   string
	DKIMSelector string
	DKIMRecord   string // value of the TXT record at <selector>._domainkey.<domain>; empty without a key

	CreatedAt time.Time
	UpdatedAt time.Time

	sealed sealed
}

// sealed are the secrets, as they are stored.
type sealed struct{ secret, clientSecret, dkimKey []byte }

// Change is what to alter of a mailbox; nil leaves a thing as it is. A new
// mailbox is what its changes make of Blank.
type Change struct {
	BrandID *int64
	TeamID  *int64 // 0 is the default team
	Address *string
	Aliases *[]string

	DisplayName  *string
	Signature    *string
	Acknowledges *bool
	UndoSeconds  *int
	Default      *bool
	Active       *bool

	IMAP   *Server
	Folder *string
	Since  **time.Time
	SMTP   *Server

	Auth         *Auth
	Secret       *string // password or refresh token; empty forgets it
	TokenURL     *string
	ClientID     *string
	ClientSecret *string

	DKIMDomain   *string
	DKIMSelector *string
	DKIMNewKey   bool // makes a new key; mails are signed with it from then on
}

// Blank is a mailbox before anything is said about it.
func Blank() Mailbox {
	return Mailbox{
		Acknowledges: true, UndoSeconds: 10, Active: true, Folder: "INBOX", Auth: Password,
		IMAP: Server{Port: 993, Security: TLS}, SMTP: Server{Port: 587, Security: StartTLS},
	}
}

// Addresses are all under which mail for this mailbox comes, its own first.
func (m Mailbox) Addresses() []string { return append([]string{m.Address}, m.Aliases...) }
