package brazil

// CPF is the number of a person in the tax register: eleven digits, leading
// zeros included, without punctuation.
type CPF string

// ParseCPF reads a CPF in any typed shape. The ten numbers made of one digit
// pass the arithmetic and are refused: they are what people type to get past a
// field.
func ParseCPF(s string) (CPF, error) {
	c, ok := compact(s)
	if !ok || len(c) != 11 || !digits(c) || repeated(c) {
		return "", ErrCPF
	}
	if c[9] != modulo11(c[:9], 10) || c[10] != modulo11(c[:10], 11) {
		return "", ErrCPF
	}
	return CPF(c), nil
}

// String is the CPF as people write it: 111.444.777-35.
func (c CPF) String() string {
	if len(c) != 11 {
		return string(c)
	}
	return string(c[:3] + "." + c[3:6] + "." + c[6:9] + "-" + c[9:])
}

// Mask shows the middle six digits only, as public lists in Brazil do:
// ***.444.777-**.
func (c CPF) Mask() string {
	if len(c) != 11 {
		return "***"
	}
	return string("***." + c[3:6] + "." + c[6:9] + "-**")
}
