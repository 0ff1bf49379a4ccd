// Package folding reduces Portuguese text to the words by which it is found:
// small letters, no accents, one form for singular and plural. What is stored
// for the search and what is searched for go through the same function, so that
// "cartão", "CARTOES" and "cartões" meet.
//
// PostgreSQL's own way (unaccent, then its Portuguese stemmer) is not used: the
// stemmer's rules need the accents, and without them it parts cartão from cartões.
package folding

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longest bounds a word in bytes: what is longer is no word but an encoded
// something, and nobody finds it by typing it whole.
const longest = 64

// Fold returns the words of s, folded, with one space between them. Anything
// that is neither letter nor digit parts words. Folding what is folded changes
// nothing.
func Fold(s string) string {
	s = plain(s)
	var b strings.Builder
	b.Grow(len(s))
	for word := range strings.FieldsSeq(s) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		stem, ending := singular(cut(word))
		b.WriteString(stem)
		b.WriteString(ending)
	}
	return b.String()
}

// plain gives small letters without accents, with a space for whatever is
// neither letter nor digit.
//
// Nearly all text is ASCII and the composed letters of Portuguese; the tables of
// Unicode cost ten times as much and are asked from the first other letter on.
func plain(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteByte(byte(r))
		case r >= 'A' && r <= 'Z':
			b.WriteByte(byte(r + 'a' - 'A'))
		case r < utf8.RuneSelf:
			b.WriteByte(' ')
		case r >= 'À' && r <= 'ÿ' && latin[r-'À'] != 0:
			b.WriteByte(latin[r-'À'])
		default:
			decomposed(&b, s[i:])
			return b.String()
		}
	}
	return b.String()
}

// latin is what the letters from À to ÿ are without their accents; 0 sends one
// the long way.
var latin = [64]byte{
	'a', 'a', 'a', 'a', 'a', 'a', 0, 'c', 'e', 'e', 'e', 'e', 'i', 'i', 'i', 'i',
	0, 'n', 'o', 'o', 'o', 'o', 'o', ' ', 0, 'u', 'u', 'u', 'u', 'y', 0, 0,
	'a', 'a', 'a', 'a', 'a', 'a', 0, 'c', 'e', 'e', 'e', 'e', 'i', 'i', 'i', 'i',
	0, 'n', 'o', 'o', 'o', 'o', 'o', ' ', 0, 'u', 'u', 'u', 'u', 'y', 0, 'y',
}

// spelled are letters that carry no accent and are written otherwise by whoever
// has no key for them.
var spelled = map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ı': "i"}

// decomposed is plain for any text. A letter that has no small form and one that
// gets an accent by becoming small both occur, hence the second decomposition.
func decomposed(b *strings.Builder, s string) {
	for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKD.String(s))) {
		switch text, ok := spelled[r]; {
		case ok:
			b.WriteString(text)
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Mc, r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
}

func cut(word string) string {
	if len(word) <= longest {
		return word
	}
	end := longest
	for !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}

// singular takes a plain word to the form its plural shares, as a beginning and
// an ending. The rules go on until none applies, which makes folding stable:
// each one shortens the word or leaves it final. Words of three letters are left
// alone, and what is no word of Portuguese letters too.
//
// The result is a key, not Portuguese: "fácil" and "fáceis" meet in facel,
// "livre" and "livres" in livr. Two words that share a key by accident cost one
// wrong hit; two forms of one word that do not would hide a message.
func singular(w string) (stem, ending string) {
	for i := range len(w) {
		if w[i] < 'a' || w[i] > 'z' {
			return w, ""
		}
	}
	for len(w) > 3 {
		stem, last3, last2 := w[:len(w)-1], w[len(w)-3:], w[len(w)-2:]
		switch {
		case last3 == "oes", last3 == "aes", last3 == "aos": // cartões, pães, mãos
			return w[:len(w)-3], "ao"
		case len(w) > 4 && (last3 == "ais" || last3 == "eis" || last3 == "ois" || last3 == "uis"): // canais
			return w[:len(w)-2], "l"
		case last2 == "il": // fácil, whose plural ends like that of papel
			return w[:len(w)-2], "el"
		case last2 == "ns": // ordens
			return w[:len(w)-2], "m"
		case last2 == "re", last2 == "ze", last2 == "se": // livre, and what flores, vezes and meses leave behind
			w = stem
		case w[len(w)-1] == 's' && last2 != "ss":
			w = stem
		default:
			return w, ""
		}
	}
	return w, ""
}
