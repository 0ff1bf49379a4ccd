package outbox

import "strings"

// toText makes what another server said fit for a text column: valid UTF-8, no
// NUL, on one line.
func toText(s string) string {
	s = strings.ToValidUTF8(s, "")
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < ' ' || r == ' ' || r == 0x7f }), " ")
}
