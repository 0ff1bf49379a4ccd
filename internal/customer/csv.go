package customer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrHeader is a file whose first line does not name the columns that are needed.
var ErrHeader = fault.New(fault.Invalid, "customer_csv_header")

// Line is one line of a CSV file: a record, or what is wrong with it.
type Line struct {
	Number int // of the line in the file, from 1
	Record Record
	Err    error // ErrInvalid
}

// columns of the file. external_id and name must be there; the identities are
// taken as proven when the column verified says so.
var fileColumns = []string{"external_id", "name", "preferred_name", "legal_priority", "contract", "products",
	"email", "phone", "cpf", "cnpj", "verified"}

// maxHead is how much of a file is looked at to find out how it is written.
const maxHead = 64 << 10

// ReadCSV reads the records of one source, one line at a time: comma or
// semicolon, UTF-8 with or without a mark, or Windows-1252, as spreadsheets in
// Brazil write them. Products are parted by "|". A bad line is told and left out.
func ReadCSV(r io.Reader, source string) (iter.Seq[Line], error) {
	in := bufio.NewReaderSize(r, maxHead)
	head, err := in.Peek(maxHead)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("read the file of customers: %w", err)
	}
	var text io.Reader = in
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	} else if !validStart(head) {
		text = transform.NewReader(in, charmap.Windows1252.NewDecoder())
	}
	lines := csv.NewReader(text)
	lines.Comma = separator(head)
	lines.FieldsPerRecord = -1
	lines.LazyQuotes = true
	lines.ReuseRecord = true
	first, err := lines.Read()
	if err != nil {
		return nil, ErrHeader.Because(err)
	}
	at := map[string]int{}
	for i, name := range first {
		at[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, needed := range fileColumns[:2] {
		if _, ok := at[needed]; !ok {
			return nil, ErrHeader.With("column", needed)
		}
	}
	return func(yield func(Line) bool) {
		for {
			fields, err := lines.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			number, _ := lines.FieldPos(0)
			l := Line{Number: number}
			if err != nil {
				var bad *csv.ParseError
				if errors.As(err, &bad) {
					l.Number = bad.StartLine
				}
				l.Err = ErrInvalid.Because(err)
				if !yield(l) || bad == nil {
					return // the rest cannot be read
				}
				continue
			}
			r := record(fields, at, source)
			if l.Record, l.Err = r.Check(); l.Err != nil {
				l.Err = byColumn(l.Err, r)
			}
			if !yield(l) {
				return
			}
		}
	}, nil
}

func record(fields []string, at map[string]int, source string) Record {
	cell := func(name string) string {
		if i, ok := at[name]; ok && i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	r := Record{Source: source, ExternalID: cell("external_id"), Name: cell("name"),
		PreferredName: cell("preferred_name"), Contract: cell("contract")}
	if p := cell("legal_priority"); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil {
			n = -1 // which Check names
		}
		r.LegalPriority = LegalPriority(n)
	}
	if p := cell("products"); p != "" {
		r.Products = strings.Split(p, "|")
	}
	verified := yes(cell("verified"))
	for _, kind := range []channel.IdentityKind{channel.IdentityEmail, channel.IdentityPhone, channel.IdentityCPF, channel.IdentityCNPJ} {
		if v := cell(string(kind)); v != "" {
			r.Identities = append(r.Identities, Given{kind, v, verified})
		}
	}
	return r
}

// byColumn names what is wrong with an identity by its column, as the file has it.
func byColumn(err error, r Record) error {
	named := *fault.From(err)
	named.Details = slices.Clone(named.Details)
	for i, d := range named.Details {
		for n, given := range r.Identities {
			if d.Field == fmt.Sprintf("identities[%d]", n) {
				named.Details[i].Field = string(given.Kind)
			}
		}
	}
	return &named
}

func yes(s string) bool {
	switch strings.ToLower(s) {
	case "1", "s", "sim", "y", "yes", "true", "verdadeiro":
		return true
	}
	return false
}

// separator is whichever of the two the first line has more of.
func separator(head []byte) rune {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		return ';'
	}
	return ','
}

// validStart allows for a character that the end of what was read has cut.
func validStart(head []byte) bool {
	for cut := range utf8.UTFMax {
		if len(head) >= cut && utf8.Valid(head[:len(head)-cut]) {
			return true
		}
	}
	return false
}
