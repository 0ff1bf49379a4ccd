package calendar

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
)

// Bounds of a file of days.
const (
	MaxFile  = 1 << 20 // bytes
	maxLines = 20_000
	longest  = 8 << 10 // bytes of a line, unfolded
)

// Faults of a file as a whole.
var (
	ErrFileLarge = fault.New(fault.TooLarge, "calendar_file_large") // args: max, in KiB
	ErrFileLines = fault.New(fault.Invalid, "calendar_file_lines")  // args: max
	ErrFileNone  = fault.New(fault.Invalid, "calendar_file_none")   // neither ICS nor CSV, or empty
)

// Found is one day that a file names.
type Found struct {
	Line  int // of the file, from 1, on which what names it begins
	Day   brazil.Date
	Hours []sla.Interval // none: closed
	Name  string
}

// Bad is a line that could not be taken, and why: Code is the key of
// "calendar.file.<code>".
type Bad struct {
	Line int
	Code string
	Text string // what stands there, shortened
}

// Read reads the days of an ICS or a CSV file that lie between two days, both
// included. What cannot be read is named in bad, line by line: each line that
// means a day is in one of the two lists. The error is of the file as a whole.
func Read(file []byte, from, to brazil.Date) (found []Found, bad []Bad, err error) {
	if len(file) > MaxFile {
		return nil, nil, ErrFileLarge.With("max", MaxFile>>10)
	}
	text := string(decoded(file))
	lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
	if len(lines) > maxLines {
		return nil, nil, ErrFileLines.With("max", maxLines)
	}
	switch {
	case strings.TrimSpace(text) == "" || strings.ContainsRune(text, 0):
		return nil, nil, ErrFileNone
	case isICS(lines):
		found, bad = readICS(lines, from, to)
	default:
		found, bad = readCSV(lines, from, to)
		if len(found) == 0 && len(bad) > 0 && !slices.ContainsFunc(bad, func(b Bad) bool { return b.Code != badDate && b.Code != badLine }) {
			return nil, nil, ErrFileNone
		}
	}
	slices.SortStableFunc(bad, func(a, b Bad) int { return a.Line - b.Line })
	return found, bad, nil
}

// decoded gives UTF-8 without a byte order mark; what is not UTF-8 is taken for
// Latin-1, in which older Brazilian spreadsheets save.
func decoded(file []byte) []byte {
	file = bytes.TrimPrefix(file, []byte("\xef\xbb\xbf"))
	if utf8.Valid(file) {
		return file
	}
	out := make([]rune, len(file))
	for i, b := range file {
		out[i] = rune(b)
	}
	return []byte(string(out))
}

func isICS(lines []string) bool {
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			return strings.HasPrefix(strings.ToUpper(l), "BEGIN:")
		}
	}
	return false
}

// Codes of what is wrong with a line.
const (
	badDate      = "date"      // no date, or one that does not exist
	badLine      = "line"      // not of the form that is read
	badName      = "name"      // no name, or too long a one
	badHours     = "hours"     // opening hours that cannot be
	badTimed     = "timed"     // an event of hours, not of days
	badLong      = "long"      // more days than a holiday has
	badRepeat    = "repeat"    // repeats in a way that is not read
	badCancelled = "cancelled" // the file itself says that it is off
	badOutside   = "outside"   // not in the years that are read
	badTwice     = "twice"     // the same day once more
	badOpen      = "open"      // an event without its end
)

const maxName = 120 // runes, as of a special day

func named(text string) (string, bool) {
	text = strings.Join(strings.Fields(text), " ")
	return text, text != "" && utf8.RuneCountInString(text) <= maxName && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

func shortened(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return text
}

func within(d, from, to brazil.Date) bool { return !d.Before(from) && !to.Before(d) }
