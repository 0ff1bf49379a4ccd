package ticket

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of a phrase that a rule looks for in a subject, in runes.
const (
	minPhrase = 2
	maxPhrase = 60
)

// isPhrase reports whether a rule may look for s: some letters or digits in one
// line, with single spaces between its words.
func isPhrase(s string) bool {
	if !utf8.ValidString(s) || s != strings.Join(strings.Fields(s), " ") || utf8.RuneCountInString(s) > maxPhrase {
		return false
	}
	named := 0
	for _, r := range s {
		switch {
		case unicode.IsControl(r):
			return false
		case unicode.IsLetter(r), unicode.IsNumber(r):
			named++
		}
	}
	return named >= minPhrase
}

// bare gives text as a rule compares it: letters without case and accents, as
// "PRÉ-PAGO" and "pre-pago" are the same to whoever looks for one of them. Words
// keep their endings, and all that is no letter stays: a rule asks for a part of
// the text itself, while package folding makes keys of words for the search.
func bare(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
		case !isMark(r):
			b.WriteRune(bareRune(r))
		}
	}
	return b.String()
}

// isMark reports whether r is an accent that stands apart from its letter.
func isMark(r rune) bool { return r >= firstMark && r <= lastMark }

const firstMark, lastMark = 0x300, 0x36f

// isAccented reports whether r is in one of the blocks of Latin letters whose
// composed ones are taken apart.
func isAccented(r rune) bool { return r >= 0xc0 && r <= 0x24f || r >= 0x1e00 && r <= 0x1eff }

// bareRune is one of them as bare has it. What small and capital share outside
// Latin is the first of them in the order of Unicode.
func bareRune(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r < utf8.RuneSelf:
		return r
	case isAccented(r):
		var spelled [utf8.UTFMax]byte
		base, _ := utf8.DecodeRune(norm.NFD.Append(nil, spelled[:utf8.EncodeRune(spelled[:], r)]...))
		if base < utf8.RuneSelf {
			return bareRune(base)
		}
		return unicode.ToLower(r)
	}
	first := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if other < utf8.RuneSelf || isAccented(other) {
			return r // such as the sign for kelvin: what it is taken for is no letter of its kind
		}
		first = min(first, other)
	}
	return first
}

// spellings are, of each Latin letter as bareRune has it, all that it has that for.
var spellings = sync.OnceValue(func() map[rune]string {
	all := map[rune]string{}
	add := func(from, to rune) {
		for r := from; r <= to; r++ {
			all[bareRune(r)] += string(r)
		}
	}
	add('A', 'Z')
	add('a', 'z')
	add(0xc0, 0x24f)
	add(0x1e00, 0x1eff)
	return all
})

// phrasePattern is a regular expression of PostgreSQL's that a text matches when
// bare of the text contains bare of the phrase. It names every spelling, so that
// no locale of the server has a say.
func phrasePattern(phrase string) string {
	var b strings.Builder
	for _, r := range bare(phrase) {
		all := spellings()[r]
		if !strings.ContainsRune(all, r) {
			all += string(r)
		}
		if !isAccented(r) {
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				if bareRune(other) == r && !strings.ContainsRune(all, other) {
					all += string(other)
				}
			}
		}
		switch {
		case utf8.RuneCountInString(all) > 1:
			b.WriteString("[" + all + "]")
		case r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsNumber(r):
			b.WriteString(`\` + all)
		default:
			b.WriteString(all)
		}
		b.WriteString(anyMarks)
	}
	return b.String()
}

// anyMarks is what bare leaves out.
var anyMarks = "[" + string(rune(firstMark)) + "-" + string(rune(lastMark)) + "]*"
