// Package customer is who we serve: a person or a company, recognised by
// identities such as an e-mail address, a phone or a CPF. Customers are made by
// the intake, in the transaction of their first ticket; here they are read and
// their data kept.
package customer

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of a customer.
var (
	ErrNotFound = fault.New(fault.NotFound, "customer_not_found")
	ErrInvalid  = fault.New(fault.Invalid, "customer_invalid") // details name the fields
)

// LegalPriority is whom the law puts first.
type LegalPriority int

// The priorities, the higher the sooner.
const (
	NoPriority LegalPriority = iota
	Priority                 // Lei 10.048/2000: disabled, pregnant, with a small child, and others
	Over60                   // Lei 10.741/2003, art. 3
	Over80                   // the same, par. 2: before all other elderly
)

// Bounds of what is kept about a customer, in characters or in number.
const (
	MaxName     = 200
	MaxContract = 100
	MaxProducts = 50
)

// Customer is a person or company we serve.
type Customer struct {
	ID            int64
	Name          string
	PreferredName string // how they want to be called, nome social included; empty means by Name
	LegalPriority LegalPriority
	Contract      string
	Products      []string
	Segment       string // one of Segments, empty for none
	Since         time.Time
	Identities    []Identity
}

// Identity is something by which the customer is recognised. One that is not
// verified is what somebody has typed.
type Identity struct {
	Kind     channel.IdentityKind
	Value    string
	Verified bool
}

// Mask shows enough of the value to recognise it by, and not enough to use it.
func (i Identity) Mask() string {
	switch i.Kind {
	case channel.IdentityCPF:
		return brazil.CPF(i.Value).Mask()
	case channel.IdentityCNPJ:
		return maskCNPJ(i.Value)
	case channel.IdentityEmail:
		return maskEmail(i.Value)
	}
	return maskTail(i.Value)
}

// maskEmail leaves the first letter of the mailbox and the domain.
func maskEmail(s string) string {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" {
		return "***"
	}
	_, first := utf8.DecodeRuneInString(local)
	return local[:first] + "***@" + domain
}

// maskCNPJ leaves the establishment, which most companies share with no secret.
func maskCNPJ(s string) string {
	if len(s) != 14 {
		return "***"
	}
	return "**." + s[2:5] + ".***/" + s[8:12] + "-**"
}

// maskTail leaves the last four characters of anything long enough to hide some.
func maskTail(s string) string {
	runes := []rune(s)
	if len(runes) < 8 {
		return "***"
	}
	return "***" + string(runes[len(runes)-4:])
}

// Change is what may be set of a customer; nil leaves a field as it is.
type Change struct {
	PreferredName *string
	LegalPriority *LegalPriority
	Contract      *string
	Products      *[]string
}

// check cleans a change and names everything that is wrong with it.
func (c Change) check() (Change, error) {
	err := *ErrInvalid
	text := func(field string, s *string, limit int) *string {
		if s == nil {
			return nil
		}
		if !utf8.ValidString(*s) {
			err = *err.Field(field, "not_text")
			return s
		}
		clean := oneLine(*s)
		if utf8.RuneCountInString(clean) > limit {
			err.Details = append(err.Details, fault.Detail{Field: field, Code: "too_long", Args: map[string]any{"max": limit}})
		}
		return &clean
	}
	c.PreferredName = text("preferred_name", c.PreferredName, MaxName)
	c.Contract = text("contract", c.Contract, MaxContract)
	if p := c.LegalPriority; p != nil && (*p < NoPriority || *p > Over80) {
		err = *err.Field("legal_priority", "legal_priority")
	}
	if c.Products != nil {
		if len(*c.Products) > MaxProducts {
			err.Details = append(err.Details, fault.Detail{Field: "products", Code: "too_many", Args: map[string]any{"max": MaxProducts}})
		} else {
			products := make([]string, 0, len(*c.Products))
			for _, p := range *c.Products {
				if p = *text("products", &p, MaxContract); p != "" {
					products = append(products, p)
				}
			}
			c.Products = &products
		}
	}
	if len(err.Details) > 0 {
		return c, &err
	}
	return c, nil
}

// oneLine makes blanks of line breaks and drops what shows nothing.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
