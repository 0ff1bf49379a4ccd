package brazil

import "strings"

// CNPJ is the number of a company in the tax register: fourteen characters,
// the first twelve digits or (since July 2026, IN RFB 2.229/2024) capital
// letters, the last two always digits. It is text for ever, never a number.
type CNPJ string

// ParseCNPJ reads a CNPJ, old or alphanumeric, in any typed shape, small
// letters included.
//
// The check digits cannot tell characters apart that are equal modulo 11, such
// as A, 6 and L; so a valid CNPJ may still be a mistyped one, and only looking
// its name up confirms it.
func ParseCNPJ(s string) (CNPJ, error) {
	c, ok := compact(s)
	if !ok || len(c) != 14 || !digits(c[12:]) {
		return "", ErrCNPJ
	}
	if c[12] != modulo11(c[:12], 9) || c[13] != modulo11(c[:13], 9) {
		return "", ErrCNPJ
	}
	if repeated(c) { // only the zeros get here
		return "", ErrCNPJ
	}
	return CNPJ(c), nil
}

// Root is what all establishments of one company share.
func (c CNPJ) Root() string { return string(c[:8]) }

// Alphanumeric reports whether it is of the new kind.
func (c CNPJ) Alphanumeric() bool { return !digits(string(c)) }

// Doubtful reports whether it holds a letter that the register is said not to
// issue because it is misread. Enough for a warning, not for a refusal: the
// rule does not forbid them.
func (c CNPJ) Doubtful() bool { return strings.ContainsAny(string(c), "IOUQF") }

// String is the CNPJ as people write it: 12.ABC.345/01DE-35.
func (c CNPJ) String() string {
	if len(c) != 14 {
		return string(c)
	}
	return string(c[:2] + "." + c[2:5] + "." + c[5:8] + "/" + c[8:12] + "-" + c[12:])
}

// DocumentKind tells a person's number from a company's.
type DocumentKind string

// The kinds of document. The values are those of a customer's identity.
const (
	DocumentCPF  DocumentKind = "cpf"
	DocumentCNPJ DocumentKind = "cnpj"
)

// ParseDocument reads a field into which people type either number, and
// returns its kind and its canonical form.
func ParseDocument(s string) (DocumentKind, string, error) {
	if c, err := ParseCPF(s); err == nil {
		return DocumentCPF, string(c), nil
	}
	if c, err := ParseCNPJ(s); err == nil {
		return DocumentCNPJ, string(c), nil
	}
	return "", "", ErrDocument
}
