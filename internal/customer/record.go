package customer

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Bounds of a record that another system sends.
const (
	MaxSource     = 60
	MaxExternalID = 200
	MaxIdentities = 20
)

// Record is what another system of the company knows about a customer: little,
// and that system stays the owner of it. Source and ExternalID say which record
// it is there.
type Record struct {
	Source     string
	ExternalID string

	Name          string
	PreferredName string
	LegalPriority LegalPriority
	Contract      string
	Products      []string
	Identities    []Given
}

// Given is an identity in whatever spelling it was given. Verified says that the
// system has proof of it; without, it is what somebody once typed there.
type Given struct {
	Kind     channel.IdentityKind
	Value    string
	Verified bool
}

// Check returns the record as it is kept, or ErrInvalid naming everything that is
// wrong with it.
func (r Record) Check() (Record, error) {
	err := *ErrInvalid
	wrong := func(field, code string) {
		err.Details = append(err.Details, fault.Detail{Field: field, Code: code})
	}
	short := func(field, s string, limit int) string {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			wrong(field, "not_text")
			return ""
		}
		clean := oneLine(s)
		switch {
		case clean == "":
			wrong(field, "required")
		case utf8.RuneCountInString(clean) > limit:
			err.Details = append(err.Details, fault.Detail{Field: field, Code: "too_long", Args: map[string]any{"max": limit}})
		}
		return clean
	}
	r.Source = short("source", r.Source, MaxSource)
	r.ExternalID = short("external_id", r.ExternalID, MaxExternalID)
	r.Name = short("name", r.Name, MaxName)
	c, problems := Change{
		PreferredName: &r.PreferredName, LegalPriority: &r.LegalPriority, Contract: &r.Contract, Products: &r.Products,
	}.check()
	if problems != nil {
		err.Details = append(err.Details, fault.From(problems).Details...)
	} else {
		r.PreferredName, r.Contract, r.Products = *c.PreferredName, *c.Contract, *c.Products
	}
	if len(r.Identities) > MaxIdentities {
		err.Details = append(err.Details, fault.Detail{Field: "identities", Code: "too_many", Args: map[string]any{"max": MaxIdentities}})
		return r, &err
	}
	identities := make([]Given, 0, len(r.Identities))
	for i, g := range r.Identities {
		kind, value, ok := canonical(g)
		if !ok {
			wrong(fmt.Sprintf("identities[%d]", i), "identity")
			continue
		}
		identities = append(identities, Given{kind, value, g.Verified})
	}
	r.Identities = identities
	if len(err.Details) > 0 {
		return r, &err
	}
	return r, nil
}

// canonical reads an identity into the form in which identities are compared.
func canonical(g Given) (kind channel.IdentityKind, value string, ok bool) {
	switch g.Kind {
	case channel.IdentityEmail:
		value, ok = channel.ParseEmail(g.Value)
		return g.Kind, value, ok
	case channel.IdentityPhone:
		phone, err := brazil.ParsePhone(g.Value)
		return g.Kind, string(phone), err == nil
	case channel.IdentityCPF, channel.IdentityCNPJ:
		found, value, err := brazil.ParseDocument(g.Value)
		return g.Kind, value, err == nil && channel.IdentityKind(found) == g.Kind
	}
	return g.Kind, "", false
}
