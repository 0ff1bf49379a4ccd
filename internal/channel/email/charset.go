package email

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// toUTF8 reads b in the charset it is said to be in, and in the one it is
// evidently in when those differ: mails in Portuguese lie in both directions,
// Latin-1 under the name of UTF-8 and the reverse. guessed says that the
// declared one was not believed. The result is valid UTF-8.
func toUTF8(b []byte, charset string) (s string, guessed bool) {
	switch {
	case bytes.HasPrefix(b, []byte("\xef\xbb\xbf")):
		return strings.ToValidUTF8(string(b[3:]), "\ufffd"), false
	case bytes.HasPrefix(b, []byte("\xff\xfe")) && len(b)%2 == 0:
		return decoded(b, "utf-16le"), false
	case bytes.HasPrefix(b, []byte("\xfe\xff")) && len(b)%2 == 0:
		return decoded(b, "utf-16be"), false
	}
	charset = charsetName(charset)
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii", "unicode-1-1-utf-8":
		if utf8.Valid(b) {
			return string(b), false
		}
		return latinOrBroken(b), true
	}
	if isASCII(b) && !shifting(charset) {
		return string(b), false
	}
	// Text of one byte a letter hardly ever happens to be UTF-8 with letters beyond ASCII.
	if utf8.Valid(b) && !shifting(charset) {
		return string(b), true
	}
	if s := decoded(b, charset); s != "" {
		return s, false
	}
	return latinOrBroken(b), true
}

// charsetName peels what senders wrap around a charset.
func charsetName(s string) string {
	s = strings.ToLower(strings.Trim(s, " \t\"'"))
	s = strings.TrimPrefix(s, "charset=")
	s, _, _ = strings.Cut(s, "*") // RFC 2231 language
	return s
}

// shifting charsets give bytes below 128 another meaning.
func shifting(charset string) bool {
	return strings.HasPrefix(charset, "utf-16") || strings.HasPrefix(charset, "iso-2022") ||
		strings.HasPrefix(charset, "utf-32") || strings.HasPrefix(charset, "hz-")
}

// decoded is empty when the charset is unknown.
func decoded(b []byte, charset string) string {
	var enc encoding.Encoding
	if e, err := htmlindex.Get(charset); err == nil {
		enc = e
	} else if e, err := ianaindex.MIME.Encoding(charset); err == nil && e != nil {
		enc = e
	} else {
		return ""
	}
	out, err := enc.NewDecoder().Bytes(b)
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(string(out), "\ufffd")
}

// latinOrBroken reads bytes that are no UTF-8: as Windows-1252, the usual
// encoding of the West, unless most of what lies beyond ASCII is UTF-8 after
// all and only some characters are damaged.
func latinOrBroken(b []byte) string {
	good, bad := 0, 0
	for rest := b; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		rest = rest[n:]
	}
	if good > bad {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	// Every byte has a meaning in Windows-1252 as it is decoded here.
	out, _ := charmap.Windows1252.NewDecoder().Bytes(b)
	return string(out)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cleanText keeps the lines of a text with one sort of line break. Control
// characters and the marks that turn the direction of writing go.
func cleanText(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\u2028', r == '\u2029', r == '\v', r == '\f', r == '\u0085':
			return '\n'
		case r != '\n' && r != '\t' && invisible(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// cleanLine makes one line of s, of at most limit runes: line breaks and runs of
// blanks become one space, control characters go.
func cleanLine(s string, limit int) string {
	var b strings.Builder
	gap, n := false, 0
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case unicode.IsSpace(r):
			gap = n > 0
			continue
		case invisible(r):
			continue
		}
		if gap {
			n++
		}
		if n+1 >= limit {
			b.WriteString("…")
			break
		}
		if gap {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// invisible are the characters that show nothing and change how the rest is
// shown or stored: controls, NUL among them, and the marks that turn the
// direction of writing for whatever follows.
func invisible(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
}
