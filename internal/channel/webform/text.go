package webform

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line makes one line of what was typed into a one-line field: line breaks,
// tabs and runs of blanks become one space, control characters go. A name with
// a line break in it cannot become a second header of a mail.
func Line(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			gap = true
		case invisible(r):
		default:
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			gap = false
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Text keeps the lines of what was typed into a field of several, with one sort
// of line break; control characters go, and blank space around it.
func Text(s string) string {
	if strings.IndexFunc(s, rewritten) < 0 {
		return strings.TrimSpace(s)
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r == '\u2028', r == '\u2029', r == '\v', r == '\f', r == '\u0085':
			return '\n'
		case r != '\n' && r != '\t' && invisible(r):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

func rewritten(r rune) bool {
	return r != '\n' && r != '\t' && invisible(r) || r == '\u2028' || r == '\u2029'
}

// invisible are the characters that show nothing and change how the rest is
// shown or stored: controls, NUL among them, and the marks that turn the
// direction of writing for whatever follows.
func invisible(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r == '\ufeff'
}

// longer reports whether s has more than limit characters.
func longer(s string, limit int) bool {
	return len(s) > limit && utf8.RuneCountInString(s) > limit
}
