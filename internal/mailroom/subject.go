package mailroom

import (
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// maxSubject is how long a ticket's subject may be, in runes.
const maxSubject = 200

// prefixes are what programs put before the subject of an answer or of something
// passed on, in the languages our customers' programs speak.
var prefixes = []string{"re", "res", "resp", "fw", "fwd", "enc", "encaminhada", "encaminhado", "rv", "aw", "wg", "r", "tr"}

// cleanSubject takes off what says only that it is an answer, in one pass over
// the subject: "Re: RES: Enc: Fatura" is about "Fatura".
func cleanSubject(s string) string {
	rest := strings.TrimSpace(s)
	for {
		word, after, found := strings.Cut(rest[:min(len(rest), 24)], ":")
		if !found || !isPrefix(word) {
			break
		}
		rest = strings.TrimSpace(rest[len(rest[:min(len(rest), 24)])-len(after):])
	}
	return cut(rest, maxSubject)
}

// isPrefix takes "Re", "RE[2]" and "Re (2)" for one.
func isPrefix(word string) bool {
	word = strings.ToLower(strings.TrimSpace(word))
	if i := strings.IndexAny(word, "[("); i >= 0 {
		number := strings.Trim(word[i:], "[]() ")
		if number == "" || strings.Trim(number, "0123456789") != "" {
			return false
		}
		word = strings.TrimSpace(word[:i])
	}
	for _, p := range prefixes {
		if word == p {
			return true
		}
	}
	return false
}

// cut shortens s to at most n runes.
func cut(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	return strings.TrimRight(string([]rune(s)[:n-1]), " ") + "…"
}

// protocolIn finds the first number in the subject that can be a protocol,
// written together or in groups. Its check digits tell it from other numbers.
func protocolIn(subject string) string {
	subject = subject[:min(len(subject), 2000)]
	for i := 0; i < len(subject); {
		if !isDigit(subject[i]) {
			i++
			continue
		}
		digits, end := number(subject, i)
		if p, err := brazil.ParseProtocol(digits); err == nil {
			return string(p)
		}
		i = end
	}
	return ""
}

// number reads the digits from i on, with at most one separator between two of
// them, as far as they go; end is after the first unbroken run of them, so that
// "2 2026…" is read again from its second number.
func number(s string, i int) (digits string, end int) {
	var b strings.Builder
	for j := i; j < len(s); j++ {
		switch {
		case isDigit(s[j]):
			b.WriteByte(s[j])
		case j+1 < len(s) && isDigit(s[j+1]) && strings.IndexByte(" .-/", s[j]) >= 0:
			if end == 0 {
				end = j
			}
			if b.Len() == protocolLength {
				return b.String(), j
			}
		default:
			if end == 0 {
				end = j
			}
			return b.String(), end
		}
		if b.Len() > protocolLength {
			break
		}
	}
	for end == 0 || end < len(s) && isDigit(s[end]) {
		if end == 0 {
			end = i
		}
		end++
	}
	return b.String(), end
}

const protocolLength = 17

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
