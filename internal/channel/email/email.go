// Package email reads mails and makes what we put into ours: pure functions
// without network, database or clock. Everything that is read here was written
// by a stranger, so every step is bounded in bytes, count, depth and time, what
// is broken is read as well as it can be, and what is left out is said in
// Mail.Warnings. The mail as it came stays with the caller.
package email

import (
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Limits of one mail. What is beyond them is left out with a warning.
const (
	MaxBytes      = 64 << 20 // of the mail as it came
	MaxParts      = 200      // attachments and texts
	MaxDepth      = 20       // of parts within parts
	MaxRecipients = 40       // of each of To, Cc, Reply-To…
	MaxText       = 200_000  // runes of Text and Folded together
	MaxHTML       = 2 << 20  // bytes of HTML before it is made harmless
	MaxSubject    = 500      // runes
	MaxName       = 200      // runes of a person's or a file's name

	firstReferences, lastReferences = 5, 45
)

// Why a mail cannot be read at all. Anything else becomes a Mail.
var (
	ErrUnreadable = fault.New(fault.Invalid, "mail_unreadable")
	ErrTooLarge   = fault.New(fault.TooLarge, "mail_too_large")
)

// Codes of Mail.Warnings, for staff to see why something is missing or odd.
const (
	WarnHeadersCut    = "headers_cut"
	WarnRecipientsCut = "recipients_cut"
	WarnReferencesCut = "references_cut"
	WarnPartsCut      = "parts_cut"
	WarnTextCut       = "text_cut"
	WarnHTMLCut       = "html_cut"
	WarnStructure     = "structure_broken"    // read with a fallback, or parts end early
	WarnCharset       = "charset_guessed"     // the declared one was unknown or wrong
	WarnEncoding      = "encoding_broken"     // quoted-printable or base64 with errors
	WarnEncrypted     = "encrypted"           // S/MIME or PGP: kept as a file
	WarnSigned        = "signed"              // with a signature that is not checked here
	WarnTNEF          = "tnef_unreadable"     // winmail.dat, kept as a file
	WarnSenderFault   = "sender_unclear"      // see Mail.SenderFault
	WarnLookalike     = "sender_lookalike"    // letters of several scripts in the address
	WarnNameIsAddress = "sender_name_address" // a display name that poses as an address
	WarnForgedThread  = "thread_forged"       // names an id that looks like ours and is not
	WarnRemoteImages  = "remote_images"       // blocked until asked for
	WarnDate          = "date_unreadable"
)

// Mail is what one mail says. All texts are valid UTF-8 without NUL; names and
// the subject are one line. Nothing in it is proven: whoever sent the mail wrote
// it, except what AuthResults says.
type Mail struct {
	// Message-IDs here and below are without angle brackets.
	MessageID       string
	ExtraMessageIDs []string // a mail with several is broken, or bait
	InReplyTo       []string
	References      []string // the first 5 and the last 45, each once
	// Forged are ids and addresses of the mail that have the form of ours without
	// our signature (Options.Signer). Whoever names one is not to be believed.
	Forged []string

	// From holds every address of every From header. Use Identity for the sender.
	From        []Address
	SenderFault SenderFault
	Sender      []Address
	ReplyTo     []Address
	To, Cc      []Address
	DeliveredTo []string // Delivered-To, X-Original-To, Envelope-To: small letters

	Subject string
	Date    time.Time // as the sender's clock had it, UTC; zero when unreadable

	Text   string // only what is new
	Folded string // what Text leaves out: quoted text, signature, disclaimer
	HTML   string // the whole, made harmless; empty when there was only text
	// RemoteImages counts the images of HTML that would have been fetched.
	RemoteImages int
	Parts        []Part

	Automatic   Automatic
	Bounce      *Bounce      // nil when the mail reports about no other
	AuthResults []AuthResult // of Options.Authserv only
	Warnings    []string     // each code once
}

// SenderFault says why a mail has no usable sender; empty when it has one.
type SenderFault string

// Faults of the From header.
const (
	SenderNone       SenderFault = "none"
	SenderSeveral    SenderFault = "several"
	SenderGroup      SenderFault = "group"
	SenderUnreadable SenderFault = "unreadable"
)

// Identity is the address of the one addr-spec of the one From header. Without
// exactly one there is none (RFC 5322 allows several; which of them wrote
// cannot be known, and two From headers are a way to show one and be another).
func (m *Mail) Identity() (Address, bool) {
	if m.SenderFault != "" || len(m.From) != 1 {
		return Address{}, false
	}
	return m.From[0], true
}

// Part is a file that came with the mail.
type Part struct {
	Name      string // cleaned for showing, never empty, never a path
	Mime      string // as declared, small letters, without parameters; do not trust it
	ContentID string // without angle brackets
	Inline    bool   // the HTML shows it, or the sender meant it to
	Note      string // a readable line about it (a meeting's title, time and place), or empty
	Data      []byte
}

// Class is a sort of mail that no person wrote to us.
type Class string

// Classes of automatic mail, the strongest first when several apply.
const (
	ClassNone          Class = ""
	ClassLoop          Class = "loop"           // our own mail came back
	ClassBounce        Class = "bounce"         // about the delivery of another mail
	ClassAutoReplied   Class = "auto_replied"   // out of office and the like
	ClassList          Class = "list"           // a mailing list
	ClassBulk          Class = "bulk"           // a newsletter
	ClassAutoGenerated Class = "auto_generated" // a program; also many web forms and ERPs
)

// Automatic says that no person wrote the mail, and by what that was seen. It
// is a finding, not a verdict: web forms and ERPs that carry a customer's demand
// call themselves auto_generated too.
type Automatic struct {
	Class Class
	Why   string // the header or mark, such as "Auto-Submitted: auto-replied"
}

// Options tell Parse what the mail itself does not say.
type Options struct {
	// NullSender says that the carrier saw MAIL FROM:<>.
	NullSender bool
	// Recipients are the addresses the carrier was given (RCPT TO), where known.
	Recipients []string
	// Own reports whether an address, in small letters, is one of our mailboxes.
	// Nil means that none is known.
	Own func(address string) bool
	// Signer checks ids that look like ours. Its zero value trusts none.
	Signer Signer
	// Authserv are the authserv-ids of our own mail servers, whose
	// Authentication-Results count (RFC 8601). Empty believes none.
	Authserv []string
}
