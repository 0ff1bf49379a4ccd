package brazil

// CEP is a postal code: eight digits, without the dash. It has no check digit.
type CEP string

// ParseCEP reads a CEP in any typed shape. The lowest one issued is 01000-000.
func ParseCEP(s string) (CEP, error) {
	c, ok := compact(s)
	if !ok || len(c) != 8 || !digits(c) || c[:2] == "00" {
		return "", ErrCEP
	}
	return CEP(c), nil
}

// String is the CEP as people write it: 01310-100.
func (c CEP) String() string {
	if len(c) != 8 {
		return string(c)
	}
	return string(c[:5] + "-" + c[5:])
}
