// Package account knows who works here: accounts with a role and teams, how
// they prove who they are, and what keeps them logged in (sessions for people,
// API tokens for programs). It answers one question for everybody above it: on
// whose behalf is this asked? What that actor may see is package access's.
//
// Secrets are stored only as hashes: passwords as argon2id, tokens, which are
// 256 random bits and need no slow hash, as SHA-256.
package account

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// The failures of this package. ErrInvalid always names its fields.
var (
	ErrInvalid     = fault.New(fault.Invalid, "account_invalid")
	ErrNotFound    = fault.New(fault.NotFound, "account_not_found")
	ErrEmailTaken  = fault.New(fault.Conflict, "account_email_taken")
	ErrExtension   = fault.New(fault.Conflict, "account_extension_taken")
	ErrLastAdmin   = fault.New(fault.Conflict, "last_admin")
	ErrTeamInvalid = fault.New(fault.Invalid, "team_invalid")
	ErrTeamUnknown = fault.New(fault.NotFound, "team_not_found")
	ErrTeamTaken   = fault.New(fault.Conflict, "team_name_taken")

	ErrCredentials = fault.New(fault.Unauthorized, "invalid_credentials") // unknown e-mail, wrong password, inactive: one answer
	ErrThrottled   = fault.New(fault.TooMany, "login_throttled")
	ErrBusy        = fault.New(fault.Unavailable, "login_busy")

	ErrSession         = fault.New(fault.Unauthorized, "session_ended")
	ErrSessionNotFound = fault.New(fault.NotFound, "session_not_found")
	ErrToken           = fault.New(fault.Unauthorized, "token_refused")
	ErrTokenInvalid    = fault.New(fault.Invalid, "token_invalid")
	ErrTokenNotFound   = fault.New(fault.NotFound, "token_not_found")
	ErrTokenLimit      = fault.New(fault.Conflict, "token_limit")
)

// Account is somebody who works here, or a program with an account of its own.
type Account struct {
	ID        int64
	Email     string // normalised, unique
	Name      string
	Role      access.Role
	Locale    string // one of i18n.Languages
	Active    bool
	TeamIDs   []int64 // sorted, never empty
	Extension string  // of the telephone on their desk, unique; empty without one
	CreatedAt time.Time
	UpdatedAt time.Time

	// Office is the account's place in the ombudsman's office; zero for others.
	Office Office

	// generation is what a session must have been opened under to be good.
	generation int
}

// Actor is the account as the rest of the program asks about it.
func (a Account) Actor() access.Actor {
	role := a.Role
	if a.Office.Pending {
		role = access.Agent
	}
	return access.Actor{AccountID: a.ID, Name: a.Name, Role: role, Teams: a.TeamIDs}
}

// Team is a group of accounts that shares a queue.
type Team struct {
	ID      int64
	Name    string
	Default bool // joined by whoever is given no team
}

// New is what an account is made of. An empty Locale is Portuguese; without
// teams it joins the default one.
type New struct {
	Email    string
	Name     string
	Role     access.Role
	Password string
	Locale   string
	TeamIDs  []int64
}

// Change is what to alter of an account; nil leaves a thing as it is. An empty
// list of teams means the default team.
type Change struct {
	Email    *string
	Name     *string
	Role     *access.Role
	Password *string
	Locale   *string
	Active   *bool
	TeamIDs  *[]int64

	Extension *string // empty takes it away
}

// maxName bounds names of people, teams and tokens, in characters.
const maxName = 200

// NormalEmail returns the one spelling under which an address is stored and
// looked up: no surrounding space, lower case, the domain in its ASCII form.
// A local part outside ASCII is refused: two programs lower-case it differently,
// and an account must not depend on which of them did.
func NormalEmail(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 254 || !utf8.ValidString(s) { // RFC 5321 4.5.3.1.3
		return "", false
	}
	local, domain, found := cutLast(s, '@')
	if !found || local == "" || strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' }) {
		return "", false
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || domain == "" {
		return "", false
	}
	s = strings.ToLower(local + "@" + domain)
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Name != "" || parsed.Address != s || len(s) > 254 {
		return "", false
	}
	return s, true
}

func cutLast(s string, sep byte) (before, after string, found bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// normalName returns the name as stored, or false when nobody could read it.
func normalName(s string) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	ok := s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxName &&
		!strings.ContainsFunc(s, unicode.IsControl)
	return s, ok
}

// normal checks what is wanted and puts it into its stored form. It collects
// every wrong field, so that a form is corrected in one go.
func (n New) normal() (New, error) {
	n, bad := n.fields()
	if code := refusePassword(n.Password, n.Email); code != "" {
		bad.add("body.password", code)
	}
	return n, bad.err()
}

// fields checks everything but the password.
func (n New) fields() (New, problems) {
	bad := problems{ErrInvalid}
	var ok bool
	if n.Email, ok = NormalEmail(n.Email); !ok {
		bad.add("body.email", "email")
	}
	if n.Name, ok = normalName(n.Name); !ok {
		bad.add("body.name", "account_name_invalid")
	}
	if !n.Role.Valid() {
		bad.add("body.role", "account_role_unknown")
	}
	if n.Locale == "" {
		n.Locale = i18n.Default
	}
	if !slices.Contains(i18n.Languages, n.Locale) {
		bad.add("body.locale", "account_locale_unknown")
	}
	n.TeamIDs = sortedIDs(n.TeamIDs)
	return n, bad
}

// normal does for a change what it does for a new account; email is the address
// the account will have if the change does not name one.
func (c Change) normal(email string) (Change, error) {
	bad := problems{ErrInvalid}
	if c.Email != nil {
		normal, ok := NormalEmail(*c.Email)
		if !ok {
			bad.add("body.email", "email")
		}
		c.Email, email = &normal, normal
	}
	if c.Name != nil {
		name, ok := normalName(*c.Name)
		if !ok {
			bad.add("body.name", "account_name_invalid")
		}
		c.Name = &name
	}
	if c.Role != nil && !c.Role.Valid() {
		bad.add("body.role", "account_role_unknown")
	}
	if c.Locale != nil && !slices.Contains(i18n.Languages, *c.Locale) {
		bad.add("body.locale", "account_locale_unknown")
	}
	if c.Password != nil {
		if code := refusePassword(*c.Password, email); code != "" {
			bad.add("body.password", code)
		}
	}
	if c.Extension != nil {
		extension := strings.TrimSpace(*c.Extension)
		if !isExtension(extension) {
			bad.add("body.extension", "account_extension_invalid")
		}
		c.Extension = &extension
	}
	if c.TeamIDs != nil {
		ids := sortedIDs(*c.TeamIDs)
		c.TeamIDs = &ids
	}
	return c, bad.err()
}

// maxExtension bounds a telephone's extension, in bytes.
const maxExtension = 40

// isExtension accepts none, and what exchanges use: digits, letters and a few signs.
func isExtension(s string) bool {
	return len(s) <= maxExtension && !strings.ContainsFunc(s, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("*#+-._/@", r)
	})
}

func sortedIDs(ids []int64) []int64 {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// problems gathers the wrong fields of one request.
type problems struct{ fault *fault.Error }

func (p *problems) add(field, code string) { p.fault = p.fault.Field(field, code) }

func (p *problems) err() error {
	if len(p.fault.Details) == 0 {
		return nil
	}
	return p.fault
}
