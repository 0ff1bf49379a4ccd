// Package channel holds what every way in has in common: the form in which a
// message reaches the intake, whatever medium it came by. Each medium has its
// own package below this one, which speaks its language and checks its input;
// none of them knows what happens to the result.
package channel

import (
	"encoding/json"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// Name is a way by which customers reach us.
type Name string

// The ways in.
const (
	Phone     Name = "phone"
	Webform   Name = "webform"
	Email     Name = "email"
	Ombudsman Name = "ombudsman"
)

// Inbound is one thing that came in, normalised and checked by its channel.
type Inbound struct {
	Channel    Name
	SourceKey  string   // what makes a repetition recognisable, unique for ever
	BodyHash   [32]byte // of the content: the same key with another content is refused
	Raw        []byte   // as received, or enough to make this Inbound again
	ReceivedAt time.Time

	// Who says to have sent it. None of it is proven. Empty means not given.
	Name     string
	Email    string // one addr-spec in small letters
	Phone    brazil.Phone
	Document Document

	Kind    string // of demand
	Subject string
	Body    string
	HTML    string            // as its sender laid it out, made harmless; empty when there was only text
	Folded  string            // what Body leaves out: quoted text, signature, disclaimer
	Origin  json.RawMessage   // how it came, for staff to see; nil when there is nothing to say
	Fields  map[string]string // answers to a form's own questions
	Form    string            // which form it was, empty for the standard one
	Files   []File

	TeamID  int64 // 0 is the default team
	BrandID int64 // 0 is the default brand
	// ReasonID is a leaf of the tree of reasons, 0 for none. One that is gone by
	// the time the thing is taken in is none.
	ReasonID int64

	// Keep asks for the thing to be kept for a person to look at when it cannot be
	// taken in: nobody is waiting for an answer to whom it could be refused.
	Keep bool
}

// Document is a CPF or a CNPJ in its canonical form.
type Document struct {
	Kind  brazil.DocumentKind
	Value string
}

// File is an attachment whose bytes already are in the blob store.
type File struct {
	Blob string // content address
	Name string // as the sender called it: shown, never used as a path
	Mime string // sniffed, not declared
	Size int64  // bytes
	// ContentID is how the message's HTML calls an image that it shows (RFC 2392);
	// empty for a file that only hangs on.
	ContentID string
}

// IdentityKind is what sort of identity a customer is recognised by. The values
// are those of the identities table.
type IdentityKind string

// The kinds of identity.
const (
	IdentityEmail IdentityKind = "email"
	IdentityPhone IdentityKind = "phone"
	IdentityCPF   IdentityKind = "cpf"
	IdentityCNPJ  IdentityKind = "cnpj"
)

// Identity is something by which a customer is recognised.
type Identity struct {
	Kind  IdentityKind
	Value string
}

// Identities are the sender's, the one that decides who it is first: the e-mail
// address, else the phone, else the document.
func (in *Inbound) Identities() []Identity {
	all := make([]Identity, 0, 3)
	if in.Email != "" {
		all = append(all, Identity{IdentityEmail, in.Email})
	}
	if in.Phone != "" {
		all = append(all, Identity{IdentityPhone, string(in.Phone)})
	}
	if in.Document.Value != "" {
		all = append(all, Identity{IdentityKind(in.Document.Kind), in.Document.Value})
	}
	return all
}
