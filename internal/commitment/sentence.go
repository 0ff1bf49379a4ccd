package commitment

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one word or mark of a sentence.
type token struct {
	word     string // folded: small letters, no accents
	from, to int    // bytes of the sentence
	mark     bool
}

type sentence struct {
	text   string
	tokens []token
	asks   bool
}

// clause is a part of a sentence with at most one subject.
type clause struct {
	tokens []token
	at     int // of the first in its sentence
}

// sentences parts a text. A full stop ends one only before a space or the end,
// and not after an abbreviation; a new line always does.
func sentences(text string) []sentence {
	var all []sentence
	for _, line := range strings.Split(unquoted(text), "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), ">") {
			continue
		}
		start := 0
		for i := 0; i < len(line); i++ {
			switch line[i] {
			case '?', '!', ';':
			case '.':
				if i+1 < len(line) && line[i+1] != ' ' && line[i+1] != '\t' || abbreviated(line[start:i]) {
					continue
				}
			default:
				continue
			}
			all = add(all, line[start:i], line[i] == '?')
			start = i + 1
		}
		all = add(all, line[start:], false)
	}
	return all
}

func add(all []sentence, text string, asks bool) []sentence {
	s := sentence{text: strings.TrimSpace(text), asks: asks}
	if s.tokens = tokens(s.text); len(s.tokens) > 0 {
		all = append(all, s)
	}
	return all
}

// unquoted blanks what stands in quotation marks: words of somebody else. A mark
// that is not closed within its line opens nothing.
func unquoted(text string) string {
	if !strings.ContainsAny(text, "\"“«") {
		return text
	}
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		for _, pair := range []struct{ open, close string }{{"\"", "\""}, {"“", "”"}, {"«", "»"}} {
			var b strings.Builder
			rest := line
			for {
				before, inside, ok := strings.Cut(rest, pair.open)
				quoted, after, closed := strings.Cut(inside, pair.close)
				if !ok || !closed {
					b.WriteString(rest)
					break
				}
				b.WriteString(before + strings.Repeat(" ", len(pair.open)+len(quoted)+len(pair.close)))
				rest = after
			}
			line = b.String()
		}
		lines[n] = line
	}
	return strings.Join(lines, "\n")
}

var abbreviations = []string{"sr", "sra", "dr", "dra", "srta", "n", "nro", "art", "ref", "tel", "obs", "hrs", "seg", "ter", "qua", "qui", "sex", "sab", "dom",
	"jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez", "mr", "mrs", "ud", "uds", "a", "p", "m"}

func abbreviated(before string) bool {
	word := before[strings.LastIndexAny(before, " \t(")+1:]
	return slices.Contains(abbreviations, fold(word))
}

// tokens parts a sentence into words and marks. A run of letters and digits stays
// whole with the ":" "/" "." and "," between its digits and the apostrophe and
// hyphen between its letters: 15h30, 25/11, i'll; quinta-feira is two words.
func tokens(text string) []token {
	var all []token
	start := -1
	end := func(to int) {
		if start >= 0 {
			all = append(all, token{fold(text[start:to]), start, to, false})
			start = -1
		}
	}
	var before rune
	for i, r := range text {
		size := utf8.RuneLen(r)
		if size < 0 {
			size = 1
		}
		next, _ := utf8.DecodeRuneInString(text[min(i+size, len(text)):])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if start < 0 {
				start = i
			}
		case strings.ContainsRune(":/.,", r) && start >= 0 && unicode.IsDigit(before) && unicode.IsDigit(next):
		case (r == '\'' || r == '’') && start >= 0 && unicode.IsLetter(before) && unicode.IsLetter(next):
		case r == '-' && unicode.IsLetter(before) && unicode.IsLetter(next), r == 'º', r == 'ª', unicode.IsSpace(r):
			end(i)
		default:
			end(i)
			all = append(all, token{string(r), i, i + size, true})
		}
		before = r
	}
	end(len(text))
	return all
}

// accents are what folding takes off: the letters of the three languages.
var accents = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ã", "a", "ä", "a", "é", "e", "è", "e", "ê", "e", "ë", "e", "í", "i", "ì", "i", "î", "i", "ï", "i",
	"ó", "o", "ò", "o", "ô", "o", "õ", "o", "ö", "o", "ú", "u", "ù", "u", "û", "u", "ü", "u", "ç", "c", "ñ", "n", "’", "'",
	"\u0300", "", "\u0301", "", "\u0302", "", "\u0303", "", "\u0327", "")

func fold(word string) string { return accents.Replace(strings.ToLower(word)) }

// has reports whether one of some words, or of some pairs of words, stands in the
// sentence. A noun of the same letters ("no seu caso") does not count.
func (s sentence) has(list []string, w *language) bool { return holds(s.tokens, list, w) }

func holds(ts []token, list []string, w *language) bool {
	for i, t := range ts {
		for _, word := range list {
			first, rest, more := strings.Cut(word, " ")
			if t.word != first || more && !follows(ts, i+1, rest) {
				continue
			}
			if !more && i > 0 && w.nouns[word] && w.determiners[ts[i-1].word] {
				continue
			}
			return true
		}
	}
	return false
}

// follows reports whether some words stand at a place.
func follows(ts []token, at int, words string) bool {
	for word := range strings.SplitSeq(words, " ") {
		if at >= len(ts) || ts[at].word != word {
			return false
		}
		at++
	}
	return true
}

// clauses parts a sentence where a new subject may begin.
func (s sentence) clauses(w *language) []clause {
	var all []clause
	from := 0
	cut := func(to, next int) {
		if to > from {
			all = append(all, clause{s.tokens[from:to], from})
		}
		from = next
	}
	for i, t := range s.tokens {
		switch {
		case t.mark:
			cut(i, i+1)
		case t.word == w.and && s.counts(i, w):
		case w.joints[t.word] && !(i > 0 && w.determiners[s.tokens[i-1].word]) && !(t.word == "que" && i+1 < len(s.tokens) && s.tokens[i+1].word == "vem"):
			cut(i, i+1)
		}
	}
	cut(len(s.tokens), len(s.tokens))
	return all
}

// counts reports whether the "and" at i joins two times or the parts of a number:
// "entre 14h e 16h", "vinte e quatro".
func (s sentence) counts(i int, w *language) bool {
	next := at(s.tokens, i+1)
	_, day := w.weekdays[next]
	return day || next != "" && next[0] >= '0' && next[0] <= '9' || w.numbers[at(s.tokens, i-1)] >= 20 && w.numbers[next] > 0
}
