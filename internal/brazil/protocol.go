package brazil

import (
	"fmt"
	"strings"
)

// Protocol is the number a customer is given in the first second: AAAAMMDD of
// the local day, a sequence of seven digits within it, and two check digits.
// It is stored and compared as these seventeen digits.
type Protocol string

// MaxSequence is the last number of a day.
const MaxSequence = 9_999_999

// NewProtocol makes the number of the sequence-th demand of a day. It panics
// when the sequence is not between 1 and MaxSequence: who draws numbers checks
// that the day is not exhausted.
func NewProtocol(day Date, sequence int) Protocol {
	if sequence < 1 || sequence > MaxSequence {
		panic(fmt.Sprintf("brazil: protocol sequence %d", sequence))
	}
	body := fmt.Sprintf("%04d%02d%02d%07d", day.Year, day.Month, day.Day, sequence)
	return Protocol(fmt.Sprintf("%s%02d", body, 98-modulo97(body+"00")))
}

// ParseProtocol reads a number as typed or heard, with or without its groups.
// The check digits (ISO 7064 MOD 97-10) find every single wrong digit and every
// swapped pair of neighbours, before any table is asked.
func ParseProtocol(s string) (Protocol, error) {
	c, ok := compact(s)
	if !ok || len(c) != 17 || !digits(c) || modulo97(c) != 1 || c[8:15] == "0000000" {
		return "", ErrProtocol
	}
	// 98 and 01 are equal modulo 97; the standard gives 02 to 98, so that a
	// number has one writing only.
	if check := number(c[15:]); check < 2 || check > 98 {
		return "", ErrProtocol
	}
	if _, err := ParseDate(c[:4] + "-" + c[4:6] + "-" + c[6:8]); err != nil {
		return "", ErrProtocol
	}
	return Protocol(c), nil
}

// Day is the local day the number was given.
func (p Protocol) Day() Date {
	d, _ := ParseDate(string(p[:4] + "-" + p[4:6] + "-" + p[6:8]))
	return d
}

// String groups the number for reading aloud, none longer than four and each
// with a meaning: year, day, sequence in two, check digits: 2026 1122 0000 001 39.
func (p Protocol) String() string { return grouped(string(p), 4, 4, 4, 3) }

// modulo97 is the rest of a run of digits of any length.
func modulo97(s string) int {
	rest := 0
	for i := range len(s) {
		rest = (rest*10 + int(s[i]-'0')) % 97
	}
	return rest
}

// grouped cuts s into groups of the given sizes, the last taking what is left.
func grouped(s string, sizes ...int) string {
	var b strings.Builder
	for _, n := range sizes {
		if len(s) <= n {
			break
		}
		b.WriteString(s[:n])
		b.WriteByte(' ')
		s = s[n:]
	}
	b.WriteString(s)
	return b.String()
}
