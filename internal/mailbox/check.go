package mailbox

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Bounds of what a mailbox holds; texts in characters.
const (
	MaxAliases   = 50
	MaxName      = 200
	MaxSignature = 5000
	MaxSecret    = 8000 // refresh tokens are long
	maxUser      = 320
	maxURL       = 2000
	maxUndo      = 120 // seconds
)

// with applies c. It checks everything and names every field that is wrong, so
// that a form is corrected in one go. Secrets are the caller's to seal.
func (m Mailbox) with(c Change) (Mailbox, error) {
	var bad complaints
	assign(&m.BrandID, c.BrandID)
	assign(&m.TeamID, c.TeamID)
	assign(&m.Acknowledges, c.Acknowledges)
	assign(&m.UndoSeconds, c.UndoSeconds)
	assign(&m.Default, c.Default)
	assign(&m.Active, c.Active)
	assign(&m.Auth, c.Auth)
	m.address(c, &bad)
	m.words(c, &bad)
	m.servers(c, &bad)
	m.oauth(c, &bad)
	m.dkim(c, &bad)
	bad.unless(m.BrandID > 0, "body.brand_id", "required")
	bad.unless(m.TeamID >= 0, "body.team_id", "mailbox_team")
	bad.unless(m.UndoSeconds >= 0 && m.UndoSeconds <= maxUndo, "body.undo_seconds", "mailbox_undo", "max", maxUndo)
	bad.unless(m.Auth == Password || m.Auth == XOAuth2, "body.auth", "not_one_of", "value", "password, xoauth2")
	return m, bad.err()
}

func (m *Mailbox) address(c Change, bad *complaints) {
	if c.Address != nil {
		address, ok := channel.ParseEmail(*c.Address)
		bad.unless(ok, "body.address", "email")
		m.Address = address
	}
	bad.unless(m.Address != "" || c.Address != nil, "body.address", "required")
	if c.Aliases == nil {
		return
	}
	m.Aliases = nil
	for i, given := range *c.Aliases {
		alias, ok := channel.ParseEmail(given)
		bad.unless(ok, "body.aliases."+strconv.Itoa(i), "email")
		if ok && alias != m.Address {
			m.Aliases = append(m.Aliases, alias)
		}
	}
	slices.Sort(m.Aliases)
	m.Aliases = slices.Compact(m.Aliases)
	bad.unless(len(m.Aliases) <= MaxAliases, "body.aliases", "too_many", "max", MaxAliases)
}

func (m *Mailbox) words(c Change, bad *complaints) {
	if c.DisplayName != nil {
		m.DisplayName = strings.Join(strings.Fields(*c.DisplayName), " ")
		bad.unless(line(m.DisplayName, MaxName), "body.display_name", "not_text")
	}
	if c.Signature != nil {
		m.Signature = strings.TrimSpace(strings.ReplaceAll(*c.Signature, "\r\n", "\n"))
		bad.unless(text(m.Signature), "body.signature", "not_text")
		bad.unless(utf8.RuneCountInString(m.Signature) <= MaxSignature, "body.signature", "too_long", "max", MaxSignature)
	}
	for _, secret := range []struct {
		given *string
		field string
	}{{c.Secret, "body.secret"}, {c.ClientSecret, "body.client_secret"}} {
		if secret.given != nil {
			bad.unless(line(*secret.given, MaxSecret), secret.field, "not_text")
		}
	}
}

func (m *Mailbox) servers(c Change, bad *complaints) {
	assign(&m.IMAP, c.IMAP)
	assign(&m.SMTP, c.SMTP)
	assign(&m.Since, c.Since)
	if c.Folder != nil {
		m.Folder = strings.TrimSpace(*c.Folder)
	}
	if m.Since != nil {
		day := m.Since.UTC().Truncate(24 * time.Hour)
		m.Since = &day
	}
	m.IMAP.check("body.imap", bad)
	m.SMTP.check("body.smtp", bad)
	bad.unless(m.Folder != "" && line(m.Folder, MaxName), "body.folder", "not_text")
}

func (s *Server) check(field string, bad *complaints) {
	s.Host = strings.ToLower(strings.TrimSpace(s.Host))
	s.User = strings.TrimSpace(s.User)
	bad.unless(s.Host == "" || isHost(s.Host), field+".host", "mailbox_host")
	bad.unless(s.Port > 0 && s.Port < 1<<16, field+".port", "mailbox_port")
	bad.unless(s.Security == TLS || s.Security == StartTLS || s.Security == Plain, field+".security", "not_one_of", "value", "tls, starttls, none")
	bad.unless(line(s.User, maxUser), field+".user", "not_text")
}

func (m *Mailbox) oauth(c Change, bad *complaints) {
	assign(&m.TokenURL, c.TokenURL)
	assign(&m.ClientID, c.ClientID)
	m.TokenURL, m.ClientID = strings.TrimSpace(m.TokenURL), strings.TrimSpace(m.ClientID)
	bad.unless(line(m.ClientID, MaxName), "body.client_id", "not_text")
	if m.TokenURL != "" || m.Auth == XOAuth2 {
		bad.unless(isTokenURL(m.TokenURL), "body.token_url", "mailbox_token_url")
	}
}

func (m *Mailbox) dkim(c Change, bad *complaints) {
	assign(&m.DKIMDomain, c.DKIMDomain)
	assign(&m.DKIMSelector, c.DKIMSelector)
	m.DKIMDomain = strings.ToLower(strings.TrimSpace(m.DKIMDomain))
	m.DKIMSelector = strings.ToLower(strings.TrimSpace(m.DKIMSelector))
	asked := m.DKIMDomain != "" || m.DKIMSelector != "" || c.DKIMNewKey
	bad.unless(!asked || isDomain(m.DKIMDomain), "body.dkim_domain", "mailbox_domain")
	bad.unless(!asked || isDomain("x."+m.DKIMSelector) && len(m.DKIMSelector) <= 63, "body.dkim_selector", "mailbox_selector")
}

// complaints gathers what is wrong, one for each field.
type complaints []fault.Detail

// unless complains of a field; args are a name and a value for the text, or nothing.
func (c *complaints) unless(ok bool, field, code string, args ...any) {
	if ok || slices.ContainsFunc(*c, func(d fault.Detail) bool { return d.Field == field }) {
		return
	}
	d := fault.Detail{Field: field, Code: code}
	if len(args) == 2 {
		d.Args = map[string]any{args[0].(string): args[1]}
	}
	*c = append(*c, d)
}

func (c complaints) err() error {
	if len(c) == 0 {
		return nil
	}
	f := *ErrInvalid
	f.Details = c
	return &f
}

func assign[V any](to *V, given *V) {
	if given != nil {
		*to = *given
	}
}

// line reports whether s is one line of readable text.
func line(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

// text reports whether s is readable text of any number of lines.
func text(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' })
}

// isHost reports whether s is a name or an address, and no more than that.
func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return !strings.Contains(s, "%")
	}
	s = strings.TrimSuffix(s, ".")
	return s == "localhost" || isDomain(s) || isDomain(s+".local") // a name of one label, on one's own network
}

// isDomain reports whether s is a domain of at least two labels (RFC 1035).
func isDomain(s string) bool {
	_, ok := channel.ParseEmail("x@" + s)
	return ok
}

// isTokenURL reports whether a refresh token may be sent there.
func isTokenURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	// Nobody listens on the way to this machine itself.
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && err == nil && ip.IsLoopback()
}
