package imports

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/folding"
)

// maxKept is how many columns that are no field are kept beside a case.
const maxKept = 40

// plan turns rows of one import into what the intake takes.
type plan struct {
	source  Source
	target  Target
	columns []string
	at      map[Field]int // index of the field's column
	seen    map[uint64]uint32
}

func newPlan(i Import) *plan {
	p := &plan{source: i.Source, target: i.Target, columns: i.Shape.Columns, at: map[Field]int{}, seen: map[uint64]uint32{}}
	for f, column := range i.Mapping {
		if n := slices.Index(p.columns, column); n >= 0 {
			p.at[f] = n
		}
	}
	return p
}

// get reads a field; a cell that says there is none is empty.
func (p *plan) get(cells []string, f Field) string {
	i, ok := p.at[f]
	if !ok || i >= len(cells) {
		return ""
	}
	switch folding.Fold(cells[i]) {
	case "", "nulo", "null", "n a", "nao informado", "nao se aplica":
		return ""
	}
	return cells[i]
}

// arrival makes a row into what goes into the ledger. Problems are this row's
// alone; with any, nothing of it is taken in.
func (p *plan) arrival(cells []string) (channel.Arrival, []Problem) {
	if len(cells) < len(p.columns) {
		// A spreadsheet leaves empty cells at the end out, a list never does.
		cells = append(slices.Clone(cells), make([]string, len(p.columns)-len(cells))...)
	}
	if len(cells) > len(p.columns) && strings.Join(cells[len(p.columns):], "") != "" {
		return channel.Arrival{}, []Problem{{Code: "columns_too_many", Value: shown(strings.Join(cells[len(p.columns):], " "))}}
	}
	s, problems := p.submission(cells)
	if len(problems) > 0 {
		return channel.Arrival{}, problems
	}
	in, err := p.check(s)
	if err != nil {
		for _, d := range fault.From(err).Details {
			problems = append(problems, Problem{Column: p.columnOf(d.Field), Code: d.Code, Value: shown(p.get(cells, Field(d.Field)))})
		}
		if len(problems) == 0 {
			problems = []Problem{{Code: "row_unreadable"}}
		}
		return channel.Arrival{}, problems
	}
	a := channel.Arrival{Channel: in.Channel, SourceKey: p.key(cells, s.ExternalID), Raw: in.Raw, BodyHash: sha256.Sum256(in.Raw)}
	if p.target == ToSAC {
		a.Channel = Channel
	}
	return a, nil
}

// Channel is how the ledger calls rows for the SAC; those for the ombudsman are
// the ombudsman's from the first.
const Channel channel.Name = "import"

func (p *plan) check(s ombudsman.Submission) (channel.Inbound, error) {
	if p.target == ToOmbudsman {
		return ombudsman.Check(s)
	}
	return webform.Check(sacSubmission(s))
}

// sacSubmission is a complaint as the SAC takes it. Many lists have no column for
// a subject, which its tickets need.
func sacSubmission(s ombudsman.Submission) webform.Submission {
	if strings.TrimSpace(s.Subject) == "" {
		s.Subject = ombudsman.FirstWords(s.Body)
	}
	return webform.Submission{Name: s.Name, Email: s.Email, Phone: s.Phone, Document: s.Document, Kind: s.Kind,
		Subject: s.Subject, Body: s.Body, Fields: s.Fields, Form: s.Source}
}

// key makes a row recognisable for ever: by how its source calls it or, when it
// does not, by all that it says and how many such rows stood before it (lists
// without persons have rows that are equal and still are two complaints).
func (p *plan) key(cells []string, external string) string {
	if external != "" && utf8.RuneCountInString(external) <= 100 {
		return fmt.Sprintf("import:%s:%s:%s", p.source, p.target, external)
	}
	h := sha256.New()
	for _, c := range cells {
		fmt.Fprintf(h, "%d:%s", len(c), c)
	}
	sum := h.Sum(nil)
	short := uint64(0)
	for _, b := range sum[:8] {
		short = short<<8 | uint64(b)
	}
	p.seen[short]++
	return fmt.Sprintf("import:%s:%s:#%s:%d", p.source, p.target, hex.EncodeToString(sum[:16]), p.seen[short])
}

func (p *plan) columnOf(field string) string {
	if i, ok := p.at[Field(field)]; ok {
		return p.columns[i]
	}
	return ""
}

func (p *plan) submission(cells []string) (ombudsman.Submission, []Problem) {
	var problems []Problem
	bad := func(f Field, code string) {
		problems = append(problems, Problem{Column: p.columnOf(string(f)), Code: code, Value: shown(p.get(cells, f))})
	}
	s := ombudsman.Submission{
		Name: p.get(cells, Name), Subject: cut(p.get(cells, Subject), webform.MaxSubject), Body: p.get(cells, Body),
		SACProtocol: cut(p.get(cells, SACProtocol), ombudsman.MaxProtocol), ExternalID: p.get(cells, ExternalID),
		Kind: "reclamacao", Way: ombudsman.Import, Source: string(p.source), Fields: map[string]string{},
	}
	for i, c := range cells {
		if i < len(p.columns) && len(c) > maxCell {
			problems = append(problems, Problem{Column: p.columns[i], Code: "cell_too_long", Value: shown(c)})
		}
	}
	if at := p.get(cells, Opened); at != "" {
		if _, ok := parseDate(at); !ok {
			bad(Opened, "bad_date")
		}
	}
	if text := p.get(cells, Score); text != "" {
		if n, ok := parseScore(text); ok {
			s.Fields["Nota"] = strconv.FormatFloat(n, 'f', -1, 64)
		} else {
			bad(Score, "bad_score")
		}
	}
	p.identify(cells, &s)
	p.keep(cells, &s)
	if s.Body == "" {
		s.Body = p.told(cells)
	}
	if s.Body == "" {
		bad(Body, "required")
	}
	return s, problems
}

// identify takes over who complains. What is no address or document is kept as
// it is: a complaint is not lost over a telephone number.
func (p *plan) identify(cells []string, s *ombudsman.Submission) {
	if v := p.get(cells, Email); v != "" {
		if email, ok := channel.ParseEmail(v); ok {
			s.Email = email
		} else {
			s.Fields[p.columnOf(string(Email))] = v
		}
	}
	if v := p.get(cells, Phone); v != "" {
		if _, err := brazil.ParsePhone(v); err == nil {
			s.Phone = v
		} else {
			s.Fields[p.columnOf(string(Phone))] = v
		}
	}
	if v := p.get(cells, Document); v != "" {
		if _, _, err := brazil.ParseDocument(v); err == nil {
			s.Document = v
		} else {
			s.Fields[p.columnOf(string(Document))] = v
		}
	}
}

// keep stores the columns that are no field of ours beside the case. How the
// consumer sees it is one of three: a complaint that nobody rated is not one
// that was not solved.
func (p *plan) keep(cells []string, s *ombudsman.Submission) {
	used := map[int]bool{}
	for f, i := range p.at {
		used[i] = f != View && f != Opened
	}
	for i, column := range p.columns {
		if i < len(cells) && !used[i] && cells[i] != "" && column != "" && len(s.Fields) < maxKept && !strings.HasPrefix(column, "case.") {
			s.Fields[cut(column, webform.MaxFieldName)] = cut(cells[i], webform.MaxFieldValue)
		}
	}
	s.View = consumerView(p.get(cells, View))
}

// consumerView reads an evaluation.
func consumerView(text string) string {
	switch strings.Join(strings.Fields(folding.Fold(text)), " ") {
	case folding.Fold("resolvida"), folding.Fold("resolvido"), "sim", "s":
		return "solved"
	case folding.Fold("não resolvida"), folding.Fold("não resolvido"), "nao", "n":
		return "unsolved"
	}
	return ""
}

// told is a body for a list that has no text of the consumer's: what it says of
// the complaint, column by column.
func (p *plan) told(cells []string) string {
	var b strings.Builder
	for i, column := range p.columns {
		if i < len(cells) && cells[i] != "" {
			fmt.Fprintf(&b, "%s: %s\n", column, cells[i])
		}
	}
	return cut(strings.TrimSpace(b.String()), webform.MaxBody)
}

// parseDate reads a civil date as lists write it: dd/mm/aaaa, with or without a
// time, or ISO 8601.
func parseDate(text string) (time.Time, bool) {
	for _, layout := range []string{"02/01/2006", "2/1/2006", "02/01/2006 15:04", "02/01/2006 15:04:05", time.DateOnly, "2006-01-02 15:04:05",
		time.RFC3339, "02-01-2006", "01-02-06"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// parseScore reads a mark between 0 and 10, with a decimal comma or point.
func parseScore(text string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.Replace(text, ",", ".", 1), 64)
	return n, err == nil && n >= 0 && n <= 10
}

func cut(text string, max int) string {
	if utf8.RuneCountInString(text) <= max {
		return text
	}
	return string([]rune(text)[:max-1]) + "…"
}
