package email

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Address is one mailbox that a header names.
type Address struct {
	Name string // one clean line, at most MaxName runes; whatever the sender chose
	// Address is the addr-spec in small letters. It may hold characters beyond
	// ASCII (RFC 6531).
	Address string
	// Plain says that Address passes channel.ParseEmail: it can be an identity,
	// and answered. Others are kept as they are, for people to see.
	Plain bool
	// Lookalike says that letters of several scripts stand in one part of the
	// address or its name, as in an imitation of another address.
	Lookalike bool
}

// addresses is what an address header was read as.
type addresses struct {
	list   []Address
	group  bool // there was a group, such as undisclosed-recipients:;
	broken bool // something was no address
	cut    bool // there were more than limit
}

// parseAddresses reads an address list (RFC 5322, 3.4) as senders write it:
// with commas or semicolons, names without quotes, encoded-words anywhere. The
// words are read after the list is cut up, so that nothing that is hidden in
// one becomes an address.
func parseAddresses(s string, limit int) addresses {
	var out addresses
	var phrase, angle strings.Builder
	hasAngle := false
	finish := func() {
		text, spec := strings.TrimSpace(phrase.String()), strings.TrimSpace(angle.String())
		if !hasAngle {
			spec, text = text, ""
		}
		phrase.Reset()
		angle.Reset()
		had := hasAngle
		hasAngle = false
		if spec == "" && text == "" && !had {
			return
		}
		if len(out.list) >= limit {
			out.cut = true
			return
		}
		if a, ok := oneAddress(text, spec); ok {
			out.list = append(out.list, a)
		} else {
			out.broken = true
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			text, next := quoted(s, i)
			phrase.WriteString(text)
			i = next
		case '(':
			i = comment(s, i)
			phrase.WriteByte(' ')
		case '<':
			if hasAngle {
				finish()
			}
			end := closing(s, i)
			angle.WriteString(s[i+1 : max(i+1, end)])
			hasAngle, i = true, end
		case ',', ';':
			finish()
		case ':':
			if !hasAngle && !strings.Contains(phrase.String(), "@") {
				out.group = true
				phrase.Reset()
			} else {
				phrase.WriteByte(c)
			}
		default:
			phrase.WriteByte(c)
		}
		if out.cut {
			return out
		}
	}
	finish()
	return out
}

// quoted reads the quoted string at s[i]; next is the index of its end. Quotes
// are kept when the string is the local part of an address.
func quoted(s string, i int) (text string, next int) {
	var b strings.Builder
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == '\\' && j+1 < len(s):
			j++
			b.WriteByte(s[j])
		case s[j] == '"':
			if j+1 < len(s) && s[j+1] == '@' {
				return s[i : j+1], j
			}
			return b.String(), j
		default:
			b.WriteByte(s[j])
		}
	}
	return b.String(), len(s)
}

// comment returns the index of the end of the comment at s[i].
func comment(s string, i int) int {
	depth := 0
	for ; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s)
}

// closing returns the index of the > that belongs to the < at s[i]; one within
// quotes is not it, unless the quotes are never closed.
func closing(s string, i int) int {
	quote := false
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == '\\' && quote:
			j++
		case s[j] == '"':
			quote = !quote
		case s[j] == '>' && !quote:
			return j
		case s[j] == '<' && !quote:
			return j - 1
		}
	}
	if j := strings.IndexByte(s[i:], '>'); j > 0 {
		return i + j
	}
	return len(s)
}

// oneAddress makes an Address of a phrase and an addr-spec. ok is false when the
// spec is none.
func oneAddress(phrase, spec string) (Address, bool) {
	spec = strings.TrimPrefix(spec, "mailto:")
	if strings.HasPrefix(spec, "@") { // a source route, obsolete
		if _, after, ok := strings.Cut(spec, ":"); ok {
			spec = after
		}
	}
	spec, _ = toUTF8([]byte(spec), "")
	spec = strings.ToLower(strings.TrimSpace(spec))
	local, domain := spec, ""
	if at := strings.LastIndexByte(spec, '@'); at >= 0 {
		local, domain = spec[:at], spec[at+1:]
	}
	if local == "" || domain == "" || len(spec) > 320 || !utf8.ValidString(spec) {
		return Address{}, false
	}
	inQuotes := strings.HasPrefix(local, `"`) && strings.HasSuffix(local, `"`) && len(local) > 1
	for _, r := range spec {
		if invisible(r) || r == '<' || r == '>' {
			return Address{}, false
		}
	}
	if strings.ContainsFunc(domain, odd) || !inQuotes && strings.ContainsFunc(local, odd) {
		return Address{}, false
	}
	a := Address{Name: cleanLine(decodeWords(phrase), MaxName), Address: spec}
	_, a.Plain = channel.ParseEmail(spec)
	a.Lookalike = mixedScripts(local) || mixedScripts(domain) || mixedScripts(a.Name)
	return a, true
}

// odd are the characters no addr-spec has outside of quotes.
func odd(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`@,;:()"`, r) }

// mixedScripts reports whether a word of s has letters of more than one of the
// scripts that share shapes: a Cyrillic е among Latin letters.
func mixedScripts(s string) bool {
	var latin, greek, cyrillic bool
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && !unicode.IsLetter(r) && r != '-':
			latin, greek, cyrillic = false, false, false
			continue
		case unicode.Is(unicode.Latin, r):
			latin = true
		case unicode.Is(unicode.Greek, r):
			greek = true
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic = true
		}
		if latin && (greek || cyrillic) || greek && cyrillic {
			return true
		}
	}
	return false
}

// posesAsAddress reports whether a display name holds an address that is not
// the one it belongs to.
func posesAsAddress(a Address) bool {
	for word := range strings.FieldsFuncSeq(strings.ToLower(a.Name), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]"',;:`, r)
	}) {
		if _, ok := channel.ParseEmail(word); ok && word != a.Address {
			return true
		}
	}
	return false
}
