package imports

import (
	"strings"
	"unicode/utf8"
)

// formulas begin what a spreadsheet takes for a formula, the full-width forms
// of East Asian keyboards among them.
const formulas = "=+-@\t\r\n＝＋－＠"

// Cell makes a text safe to stand in a spreadsheet: what would be taken for a
// formula gets an apostrophe before it, as spreadsheets themselves write text.
// Blanks before it do not help an attacker: some programs trim them.
func Cell(text string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \u00a0"))
	if text != "" && strings.ContainsRune(formulas, first) {
		return "'" + text
	}
	return text
}
