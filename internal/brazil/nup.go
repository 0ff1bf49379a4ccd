package brazil

// NUP is the protocol number of a public body (SEI, Fala.BR, e-SIC): seventeen
// digits, written NNNNN.NNNNNN/AAAA-DV. A customer who has been to a regulator
// quotes it.
type NUP string

// ParseNUP reads a NUP in any typed shape.
func ParseNUP(s string) (NUP, error) {
	c, ok := compact(s)
	if !ok || len(c) != 17 || !digits(c) || repeated(c) {
		return "", ErrNUP
	}
	if c[15] != nupDigit(c[:15]) || c[16] != nupDigit(c[:16]) {
		return "", ErrNUP
	}
	return NUP(c), nil
}

// nupDigit differs from the tax world's: weights never start over, and a ten
// becomes 0, an eleven 1.
func nupDigit(s string) byte {
	sum := 0
	for i := range len(s) {
		sum += int(s[i]-'0') * (len(s) + 1 - i)
	}
	return byte('0' + (11-sum%11)%10)
}

// String is the NUP as public bodies write it.
func (n NUP) String() string {
	if len(n) != 17 {
		return string(n)
	}
	return string(n[:5] + "." + n[5:11] + "/" + n[11:15] + "-" + n[15:])
}
