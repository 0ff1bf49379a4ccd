package config

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
)

const struckOut = "[redacted]"

// Secret never prints itself, whichever way it is printed.
type Secret string

// Reveal is the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return struckOut
}

// GoString keeps it out of %#v.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps it out of JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps it out of the log.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// DSN is the address of an engine. It prints without its password.
type DSN string

// Reveal is the address with its password.
func (d DSN) Reveal() string { return string(d) }

func (d DSN) String() string {
	if d == "" {
		return ""
	}
	u, err := url.Parse(string(d))
	if err != nil || u.Scheme == "" {
		return struckOut // where the password stands in it, nobody knows
	}
	q := u.Query()
	for name := range q {
		if strings.Contains(strings.ToLower(name), "password") {
			q.Set(name, struckOut)
		}
	}
	u.RawQuery = q.Encode()
	return u.Redacted()
}

// GoString keeps the password out of %#v.
func (d DSN) GoString() string { return d.String() }

// MarshalText keeps the password out of JSON.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LogValue keeps the password out of the log.
func (d DSN) LogValue() slog.Value { return slog.StringValue(d.String()) }

// URL is the base of the links that people get: scheme, host, perhaps a path,
// and no slash at its end.
type URL string

var errNoBase = errors.New("not an http or https address")

// UnmarshalText reads and checks it.
func (u *URL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(strings.TrimRight(string(text), "/"))
	if err != nil {
		return errNoBase
	}
	web := parsed.Scheme == "http" || parsed.Scheme == "https"
	if !web || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return errNoBase
	}
	*u = URL(parsed.String())
	return nil
}

// Secure reports whether people reach us over TLS, which cookies have to know.
func (u URL) Secure() bool { return strings.HasPrefix(string(u), "https://") }
