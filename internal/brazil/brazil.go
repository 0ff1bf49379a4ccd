// Package brazil holds the facts of the country that a support desk lives by:
// documents with check digits, access keys of invoices, postal codes, phones,
// protocol numbers, and the holidays that stop a clock. It is pure functions
// and data: no database, no network, no clock of its own.
//
// Every parser takes what a person types or pastes and returns one canonical
// form, or an error that says only which kind of thing it is not. None of them
// corrects a digit: a corrected document is somebody else's.
package brazil

import (
	"errors"
	"strings"
	"unicode"
)

// What a text is not. The parsers return exactly these, so that the caller can
// name its own field.
var (
	ErrCPF       = errors.New("brazil: not a CPF")
	ErrCNPJ      = errors.New("brazil: not a CNPJ")
	ErrDocument  = errors.New("brazil: neither a CPF nor a CNPJ")
	ErrAccessKey = errors.New("brazil: not an access key of an electronic invoice")
	ErrCEP       = errors.New("brazil: not a CEP")
	ErrPhone     = errors.New("brazil: not a phone number")
	ErrProtocol  = errors.New("brazil: not a protocol number")
	ErrNUP       = errors.New("brazil: not a NUP")
	ErrDate      = errors.New("brazil: not a date")
)

// longest bounds what a parser looks at: nothing it accepts is longer, however
// it is spaced, and a megabyte pasted into a field costs nothing.
const longest = 128

// compact drops what people and programs put between the digits (blanks, dots,
// dashes of any script, slashes, invisible marks that come with a paste) and
// turns the full-width digits and letters of some keyboards into plain ones.
// It reports false when anything else is left, or the text is absurdly long.
func compact(s string) (string, bool) {
	if len(s) > longest {
		return "", false
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		if r >= '０' && r <= 'ｚ' {
			r -= '０' - '0'
		}
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z':
			b.WriteRune(r)
		case r >= 'a' && r <= 'z':
			b.WriteRune(r - 'a' + 'A')
		case r == '.', r == '/', r == '\u2212', unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf):
		default:
			return "", false
		}
	}
	return b.String(), true
}

// digits reports whether s is digits only.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// number reads a run of digits that is known to be one and short.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// modulo11 is the check digit of the Brazilian tax world: weights from 2 up to
// highest, cyclic, from the right; a rest below 2 gives 0. A character is worth
// its ASCII code minus 48, which leaves the digits what they are and makes A 17
// (IN RFB 2.229/2024).
func modulo11(s string, highest int) byte {
	sum, weight := 0, 2
	for i := len(s) - 1; i >= 0; i-- {
		sum += int(s[i]-'0') * weight
		if weight++; weight > highest {
			weight = 2
		}
	}
	if r := sum % 11; r >= 2 {
		return byte('0' + 11 - r)
	}
	return '0'
}

// repeated reports whether s is one character over and over.
func repeated(s string) bool { return strings.Count(s, s[:1]) == len(s) }
