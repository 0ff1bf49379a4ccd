package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrInvalid means that the configuration cannot be right. Its details name each
// variable (Field) and what would be right (Code, with the value as an argument
// where that is no secret).
var ErrInvalid = fault.New(fault.Invalid, "config_invalid")

// Load reads and checks an environment, as os.Environ gives it.
func Load(environ []string) (Config, error) {
	given := env.ToMap(environ)
	for name, value := range given {
		given[name] = strings.TrimSpace(value) // an env file with CRLF leaves a \r
	}
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: given, FuncMap: parsers})
	wrong, err := unreadable(err)
	if err != nil {
		return Config{}, err
	}
	for _, name := range c.unfit() {
		if !slices.Contains(wrong, name) {
			wrong = append(wrong, name)
		}
	}
	if len(wrong) > 0 {
		return Config{}, invalid(&c, wrong, given)
	}
	if c.BaseURL == "" {
		_, port, _ := net.SplitHostPort(c.Addr)
		c.BaseURL = URL("http://localhost:" + port)
	}
	return c, nil
}

// Unknown lists what looks like ours and is not: a misspelled
// ESCUTA_DATABASE_URL would otherwise start a private engine without a word.
func Unknown(environ []string) []string {
	var unknown []string
	known := Table()
	for name, value := range env.ToMap(environ) {
		ours := slices.ContainsFunc(known, func(v Variable) bool { return v.Name == name })
		if strings.HasPrefix(name, "ESCUTA_") && value != "" && !ours {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

var errNotUnderstood = errors.New("not understood")

var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[time.Location](): func(s string) (any, error) {
		zone, err := time.LoadLocation(s)
		if err != nil || s == "Local" { // what Local is depends on the machine
			return nil, errNotUnderstood
		}
		return *zone, nil
	},
	reflect.TypeFor[[]netip.Prefix](): func(s string) (any, error) {
		var all []netip.Prefix
		for part := range strings.SplitSeq(s, ",") {
			part = strings.TrimSpace(part)
			p, err := netip.ParsePrefix(part)
			if err != nil {
				addr, err := netip.ParseAddr(part)
				if err != nil {
					return nil, errNotUnderstood
				}
				p = netip.PrefixFrom(addr, addr.BitLen())
			}
			all = append(all, p.Masked())
		}
		return all, nil
	},
	reflect.TypeFor[slog.Level](): func(s string) (any, error) {
		level, ok := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}[strings.ToLower(s)]
		if !ok {
			return nil, errNotUnderstood
		}
		return level, nil
	},
}

// unreadable names the variables whose values could not be parsed; any other
// error is a mistake in the struct, and comes back.
func unreadable(err error) (wrong []string, other error) {
	if err == nil {
		return nil, nil
	}
	var all env.AggregateError
	if !errors.As(err, &all) {
		return nil, fmt.Errorf("read the environment: %w", err)
	}
	for _, e := range all.Errors {
		var parse env.ParseError
		if !errors.As(e, &parse) {
			return nil, fmt.Errorf("read the environment: %w", e)
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
		wrong = append(wrong, field.Tag.Get("env"))
	}
	return wrong, nil
}

// unfit names the variables whose values could be read and cannot be right.
func (c *Config) unfit() (wrong []string) {
	check := func(name string, ok bool) {
		if !ok {
			wrong = append(wrong, name)
		}
	}
	check("ESCUTA_ADDR", isAddress(c.Addr))
	check("ESCUTA_ADMIN_LISTEN", c.AdminListen == "" || isAddress(c.AdminListen))
	check("ESCUTA_DATA_DIR", !isFile(c.DataDir))
	check("ESCUTA_DATABASE_URL", hasScheme(string(c.DatabaseURL), "postgres", "postgresql"))
	check("ESCUTA_REDIS_URL", hasScheme(string(c.RedisURL), "redis", "rediss", "unix", "redis+sentinel", "redis+cluster", "rediss+cluster"))
	check("ESCUTA_SMTP_RELAY", hasScheme(string(c.SMTPRelay), "smtp", "smtps"))
	check("ESCUTA_ADMIN_EMAIL", c.AdminEmail == "" && c.AdminPassword == "" || strings.Contains(strings.Trim(c.AdminEmail, "@"), "@"))
	check("ESCUTA_ADMIN_PASSWORD", (c.AdminEmail == "") == (c.AdminPassword == ""))
	check("ESCUTA_PUBLIC_LIMIT", c.PublicLimit >= 0)
	check("ESCUTA_MAX_UPLOAD", c.MaxUpload >= 1<<10 && c.MaxUpload <= 1<<30)
	check("ESCUTA_AUTHSERV_ID", !strings.ContainsAny(c.AuthservID, " ;\t"))
	check("ESCUTA_MAIL_FLOOD", c.MailFlood >= 0)
	check("ESCUTA_SKIPS_PER_HOUR", c.SkipsPerHour >= 0)
	check("ESCUTA_SMTP_ADDR", c.SMTPAddr == "" || isMailAddress(c.SMTPAddr))
	check("ESCUTA_SMTP_CERT", (c.SMTPCert == "") == (c.SMTPKey == "") && (c.SMTPCert == "" || isRegular(c.SMTPCert)))
	check("ESCUTA_SMTP_KEY", (c.SMTPCert == "") == (c.SMTPKey == "") && (c.SMTPKey == "" || isRegular(c.SMTPKey)))
	check("ESCUTA_MAX_MAIL", c.MaxMail >= 1<<16 && c.MaxMail <= 1<<30)
	check("ESCUTA_SECRET", c.Secret == "" || len(c.Secret) >= 32)
	check("ESCUTA_LOG_FORMAT", c.LogFormat == "text" || c.LogFormat == "json")
	return wrong
}

func invalid(c *Config, names []string, given map[string]string) *fault.Error {
	f := *ErrInvalid
	for _, v := range variables(c) {
		if !slices.Contains(names, v.name) {
			continue
		}
		shown := given[v.name]
		switch v.value.Interface().(type) {
		case Secret:
			shown = Secret(shown).String()
		case DSN:
			shown = DSN(shown).String()
		}
		f.Details = append(f.Details, fault.Detail{Field: v.name, Code: v.want, Args: map[string]any{"value": shown}})
	}
	return &f
}

func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	n, errPort := strconv.ParseUint(port, 10, 16)
	return err == nil && errPort == nil && (n > 0 || port == "0")
}

// isMailAddress accepts what the mail server can listen on.
func isMailAddress(s string) bool {
	at, lmtp := strings.CutPrefix(s, "lmtp://")
	return lmtp && strings.HasPrefix(at, "/") && len(at) > 1 || isAddress(at)
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

// hasScheme reports whether s is empty or a URL of one of the schemes.
func hasScheme(s string, schemes ...string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && slices.Contains(schemes, u.Scheme)
}
