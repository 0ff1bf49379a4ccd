package imports

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

const (
	// maxLine bounds a line of the file in bytes, and a record, which may have
	// several: what is longer is no row of a list.
	maxLine = 128 << 10
	// maxSpan bounds the lines of one record. A quote that is not closed by then
	// was no quote.
	maxSpan = 50
)

// badRow is a row that cannot be read. The rows after it can.
type badRow struct{ code, value string }

func (b badRow) Error() string { return b.code }

// rows gives one row after the other. A badRow is that row's alone; io.EOF ends.
type rows interface {
	next() (cells []string, err error)
	offset() int64 // bytes read of the file, 0 when unknown
}

// csvReader reads separated values as people's programs write them (RFC 4180
// and its relatives), and goes on after whatever is broken.
//
// encoding/csv is not used: with a quote that is never closed it takes the rest
// of the file for one cell, in memory. Here such a row is bad, and the next line
// is read as a row again.
type csvReader struct {
	in     *bufio.Reader
	comma  byte
	width  int      // cells of the heading, once known
	back   [][]byte // lines to be read again
	read   int64
	latin  bool // some line was not UTF-8
	inited bool
}

func newCSV(r io.Reader, comma byte) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(r, 64<<10), comma: comma}
}

func (c *csvReader) offset() int64 { return c.read }

// line gives the next line without its end. A line over maxLine is skipped whole
// and reported.
func (c *csvReader) line() ([]byte, error) {
	if n := len(c.back); n > 0 {
		l := c.back[0]
		c.back = c.back[1:]
		return l, nil
	}
	var line []byte
	tooLong := false
	for {
		part, err := c.in.ReadSlice('\n')
		c.read += int64(len(part))
		if len(line)+len(part) > maxLine {
			tooLong, line = true, line[:0]
		} else if !tooLong {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !tooLong):
			return nil, err
		case tooLong:
			return nil, badRow{code: "row_too_long"}
		}
		break
	}
	line = bytes.TrimRight(line, "\r\n")
	if !c.inited {
		c.inited = true
		line = bytes.TrimPrefix(line, []byte("\ufeff"))
	}
	return line, nil
}

// next reads a record. Lines without anything are passed over.
func (c *csvReader) next() ([]string, error) {
	for {
		first, err := c.line()
		if err != nil {
			return nil, err
		}
		if len(bytes.TrimSpace(first)) == 0 {
			continue
		}
		return c.record(first)
	}
}

// record takes a line apart, with those that a quoted cell continues on.
func (c *csvReader) record(first []byte) ([]string, error) {
	whole := first
	var more [][]byte
	for {
		cells, state := split(whole, c.comma)
		// A record of several lines that is none by its width began with a stray quote.
		if state == complete && (len(more) == 0 || c.width == 0 || len(cells) == c.width) {
			return c.decoded(cells)
		}
		if state == broken || state == complete || len(more) >= maxSpan {
			break
		}
		next, err := c.line()
		if err != nil || len(whole)+len(next) > maxLine {
			if err == nil {
				more = append(more, next)
			} else if !errors.Is(err, io.EOF) && !errors.As(err, new(badRow)) {
				return nil, err
			}
			break
		}
		more = append(more, next)
		whole = append(append(bytes.Clone(whole), '\n'), next...)
	}
	c.back = append(more, c.back...)
	return nil, badRow{"quotes_broken", shown(c.text(first))}
}

func (c *csvReader) decoded(cells [][]byte) ([]string, error) {
	if len(cells) > maxColumns {
		return nil, badRow{code: "columns_too_many"}
	}
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = strings.TrimSpace(c.text(cell))
	}
	return out, nil
}

// text decodes what is not UTF-8 as Windows-1252, which has Latin-1 in it: files
// that were put together from two sources are both.
func (c *csvReader) text(b []byte) string {
	if utf8.Valid(b) {
		return strings.ReplaceAll(string(b), "\x00", "")
	}
	c.latin = true
	text, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return strings.ReplaceAll(string(text), "\x00", "")
}

type splitState int

const (
	complete splitState = iota
	unclosed            // a quote is open at the end
	broken              // something stands between a closing quote and the separator
)

// split parts a record. A quote inside of an unquoted cell is just a quote.
func split(line []byte, comma byte) (cells [][]byte, state splitState) {
	for {
		if len(line) > 0 && line[0] == '"' {
			cell, rest, st := quoted(line[1:], comma)
			if st != complete {
				return nil, st
			}
			cells = append(cells, cell)
			if rest == nil {
				return cells, complete
			}
			line = rest
		} else {
			i := bytes.IndexByte(line, comma)
			if i < 0 {
				return append(cells, line), complete
			}
			cells, line = append(cells, line[:i]), line[i+1:]
		}
		if len(cells) > maxColumns {
			return cells, complete
		}
	}
}

// quoted reads a cell after its opening quote. rest is nil when it was the last.
func quoted(line []byte, comma byte) (cell, rest []byte, state splitState) {
	for {
		i := bytes.IndexByte(line, '"')
		if i < 0 {
			return nil, nil, unclosed
		}
		cell = append(cell, line[:i]...)
		line = line[i+1:]
		switch {
		case len(line) == 0:
			return cell, nil, complete
		case line[0] == '"':
			cell, line = append(cell, '"'), line[1:]
		case line[0] == comma:
			return cell, line[1:], complete
		default:
			return nil, nil, broken
		}
	}
}

// separators are what is looked for in a heading, in the order of preference.
var separators = []byte{';', ',', '\t', '|'}

// separator finds what parts the columns of a heading: what stands in it most
// often outside of quotes.
func separator(heading []byte) byte {
	best, most := separators[0], 0
	for _, s := range separators {
		n, in := 0, false
		for _, b := range heading {
			switch {
			case b == '"':
				in = !in
			case b == s && !in:
				n++
			}
		}
		if n > most {
			best, most = s, n
		}
	}
	return best
}

// shown cuts a value for a list of problems.
func shown(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if utf8.RuneCountInString(text) > 120 {
		return string([]rune(text)[:119]) + "…"
	}
	return text
}
