package email

import (
	"encoding/json"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Envelope is what the carrier of a mail knew and the mail does not say. It is
// kept as JSON beside the raw mail (channel.Arrival.Envelope); SMTP fills the
// upper half, IMAP the lower.
type Envelope struct {
	MailFrom   string   `json:"mail_from"` // without angle brackets; empty is the null sender when Recipients has any
	Recipients []string `json:"recipients,omitempty"`
	RemoteIP   string   `json:"remote_ip,omitempty"`
	Helo       string   `json:"helo,omitempty"`

	MailboxID   int64  `json:"mailbox_id,omitempty"` // 0 when no mailbox is configured
	Folder      string `json:"folder,omitempty"`
	UIDValidity uint32 `json:"uid_validity,omitempty"`
	UID         uint32 `json:"uid,omitempty"`

	// Withheld says why the raw mail is at most a header: Oversized or Unfetchable,
	// also the reason for which it waits for a person. Empty is a whole mail.
	Withheld string `json:"withheld,omitempty"`
}

// Why a mail was left on its server.
const (
	Oversized   = "mail_oversized"   // over ESCUTA_MAX_MAIL
	Unfetchable = "mail_unfetchable" // the server failed to bring it, several times
)

// The same as faults, for whoever reads the mail.
var (
	ErrOversized   = fault.New(fault.Invalid, "mail_oversized")
	ErrUnfetchable = fault.New(fault.Invalid, "mail_unfetchable")
)

// Err says why the mail cannot be read, nil when it came whole.
func (e Envelope) Err() error {
	switch e.Withheld {
	case "":
		return nil
	case Oversized:
		return ErrOversized
	}
	return ErrUnfetchable
}

// NullSender reports whether the mail came by SMTP with MAIL FROM:<>.
func (e Envelope) NullSender() bool { return e.MailFrom == "" && len(e.Recipients) > 0 }

// JSON is the stored form.
func (e Envelope) JSON() json.RawMessage {
	// Strings and numbers only: it cannot fail.
	b, _ := json.Marshal(e)
	return b
}
