package letter

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// Sheet is a document that sets out facts: headings, facts with their names,
// tables and remarks, one below the other, over as many pages as it takes.
type Sheet struct {
	Brand    Brand
	Title    string
	Subtitle string
	Date     time.Time // of the file, not printed
	Parts    []Part
	Foot     string // at the foot of every page
	// Page says which page of how many it is.
	Page func(n, of int) string
}

// Part is one of Heading, Facts, Table and Remark.
type Part interface{ lay(p *press) }

// Heading begins a chapter. Mark is shown at its right, such as a state; Bad
// marks it as what must not be overlooked.
type Heading struct {
	Text, Mark string
	Bad        bool
}

// Facts are pairs of a name and what is known.
type Facts []Fact

// Fact is one of them. An empty Value leaves it out.
type Fact struct {
	Name, Value string
	Strong      bool
}

// Table has a row of heads, repeated on every page, and rows that may run over
// several lines. Widths are parts of the page's width.
type Table struct {
	Heads  []string
	Widths []float64
	Rows   []Row
}

// Row is one of a table. Pale ones stand back, such as a day that does not count.
type Row struct {
	Cells []string
	Pale  bool
}

// Remark is a sentence set apart, in a frame of alarm when it warns.
type Remark struct {
	Text string
	Warn bool
}

// Millimetres and points of a sheet.
const (
	sheetWidth  = 210 - left - right
	factName    = 46.0
	sheetTop    = 30.0 // of the second page on
	small, tiny = 9.0, 8.0
	tight       = 4.3 // height of a line of small text
	cellPad     = 1.2
)

// WriteSheet writes a sheet as a PDF. The same sheet gives the same bytes.
func WriteSheet(w io.Writer, s Sheet) error {
	pages := s.print(0)
	pdf := s.print(pages.PageCount())
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write the sheet %q: %w", s.Title, err)
	}
	return nil
}

// press is a sheet while it is being printed.
type press struct {
	*fpdf.Fpdf
	r, g, b int // the brand's colour
}

// print lays the sheet out, knowing of how many pages it will be.
func (s Sheet) print(of int) *fpdf.Fpdf {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes(font, "", goregular.TTF)
	pdf.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	pdf.SetMargins(left, top, right)
	pdf.SetAutoPageBreak(false, bottom)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(s.Date)
	pdf.SetModificationDate(s.Date)
	pdf.SetTitle(Legible(s.Title), true)
	p := &press{Fpdf: pdf}
	p.r, p.g, p.b = rgb(s.Brand.Color)
	brand := s.Brand
	brand.Name, brand.LegalName = Legible(brand.Name), Legible(brand.LegalName)
	pdf.SetHeaderFunc(func() {
		head(pdf, brand)
		pdf.SetY(sheetTop)
	})
	pdf.SetFooterFunc(func() {
		p.rule(297-19, 0.2)
		pdf.SetY(-17)
		pdf.SetTextColor(90, 96, 104)
		pdf.SetFont(font, "", 7)
		pdf.CellFormat(sheetWidth-30, 4, Legible(s.Foot), "", 0, "L", false, 0, "")
		pdf.SetFont(font, "", tiny)
		pdf.CellFormat(30, 4, s.Page(pdf.PageNo(), of), "", 0, "R", false, 0, "")
		pdf.SetTextColor(0, 0, 0)
	})
	pdf.AddPage()
	pdf.SetY(sheetTop + 4)
	pdf.SetFont(font, "B", 17)
	pdf.MultiCell(0, 8, Legible(s.Title), "", "L", false)
	if s.Subtitle != "" {
		pdf.SetFont(font, "", 10)
		pdf.SetTextColor(90, 96, 104)
		pdf.MultiCell(0, 5, Legible(s.Subtitle), "", "L", false)
		pdf.SetTextColor(0, 0, 0)
	}
	pdf.Ln(3)
	for _, part := range s.Parts {
		part.lay(p)
	}
	return pdf
}

// room begins a new page unless there is so much of this one left.
func (p *press) room(height float64) (begun bool) {
	if p.GetY()+height <= 297-bottom {
		return false
	}
	p.AddPage()
	return true
}

// rule draws a thin line across the page.
func (p *press) rule(y, width float64) {
	p.SetDrawColor(205, 209, 214)
	p.SetLineWidth(width)
	p.Line(left, y, 210-right, y)
}

func (h Heading) lay(p *press) {
	p.Ln(2.5)
	p.room(24)
	y := p.GetY()
	p.SetFillColor(p.r, p.g, p.b)
	p.Rect(left, y+0.6, 1.2, 5.4, "F")
	mark := Legible(h.Mark)
	p.SetFont(font, "B", small)
	wide := 0.0
	if mark != "" {
		wide = p.GetStringWidth(mark) + 5
	}
	p.SetFont(font, "B", 12)
	p.SetX(left + 3.5)
	p.MultiCell(sheetWidth-3.5-wide-2, 6.4, Legible(h.Text), "", "L", false)
	end := p.GetY()
	if mark != "" {
		p.SetXY(210-right-wide, y+0.7)
		p.SetFont(font, "B", small)
		p.SetTextColor(255, 255, 255)
		if h.Bad {
			p.SetFillColor(176, 32, 37)
		} else {
			p.SetFillColor(72, 80, 88)
		}
		p.CellFormat(wide, 5.4, mark, "", 0, "C", true, 0, "")
		p.SetTextColor(0, 0, 0)
	}
	p.SetY(end + 1.6)
}

func (f Facts) lay(p *press) {
	for _, one := range f {
		if one.Value == "" {
			continue
		}
		p.SetFont(font, "", small)
		names := p.SplitText(Legible(one.Name), factName-3)
		style := ""
		if one.Strong {
			style = "B"
		}
		p.SetFont(font, style, small+0.5)
		var values []string
		for paragraph := range strings.SplitSeq(Legible(one.Value), "\n") {
			values = append(values, p.SplitText(paragraph, sheetWidth-factName)...)
		}
		p.room(min(float64(len(values)), 4) * tight)
		for i := range max(len(names), len(values)) {
			p.room(tight)
			p.SetX(left)
			p.SetFont(font, "", small)
			p.SetTextColor(90, 96, 104)
			p.CellFormat(factName, tight+0.3, at(names, i), "", 0, "L", false, 0, "")
			p.SetTextColor(0, 0, 0)
			p.SetFont(font, style, small+0.5)
			p.CellFormat(sheetWidth-factName, tight+0.3, at(values, i), "", 1, "L", false, 0, "")
		}
		p.Ln(0.5)
	}
	p.Ln(1.5)
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func (t Table) lay(p *press) {
	widths := make([]float64, len(t.Widths))
	sum := 0.0
	for _, w := range t.Widths {
		sum += w
	}
	for i, w := range t.Widths {
		widths[i] = w / sum * sheetWidth
	}
	p.room(6 + 2*tight)
	t.heads(p, widths)
	for _, row := range t.Rows {
		p.SetFont(font, "", small)
		cells := make([][]string, len(row.Cells))
		high := 1
		for i, text := range row.Cells {
			cells[i] = p.SplitText(Legible(text), widths[i]-2*cellPad)
			high = max(high, len(cells[i]))
		}
		if p.room(min(float64(high), 8)*tight + 1.6) {
			t.heads(p, widths)
		}
		p.Ln(0.8)
		for line := range high {
			if p.room(tight) {
				t.heads(p, widths)
			}
			p.SetFont(font, "", small)
			if row.Pale {
				p.SetTextColor(96, 102, 110)
			}
			p.SetX(left)
			for i, lines := range cells {
				p.CellFormat(widths[i], tight, at(lines, line), "", 0, "L", false, 0, "")
			}
			p.SetTextColor(0, 0, 0)
			p.Ln(tight)
		}
		p.Ln(0.8)
		p.rule(p.GetY(), 0.15)
	}
	p.Ln(3)
}

func (t Table) heads(p *press, widths []float64) {
	p.SetX(left)
	p.SetFont(font, "B", tiny)
	p.SetFillColor(238, 240, 243)
	p.SetTextColor(60, 66, 72)
	for i, head := range t.Heads {
		p.CellFormat(widths[i], 5.6, Legible(head), "", 0, "L", true, 0, "")
	}
	p.SetTextColor(0, 0, 0)
	p.Ln(5.6)
}

func (r Remark) lay(p *press) {
	p.SetFont(font, "", small)
	lines := p.SplitText(Legible(r.Text), sheetWidth-9)
	high := float64(len(lines))*tight + 3.4
	p.room(high + 2)
	y := p.GetY()
	p.SetFillColor(244, 245, 247)
	edge := [3]int{120, 128, 136}
	if r.Warn {
		p.SetFillColor(255, 244, 226)
		edge = [3]int{196, 106, 0}
	}
	p.Rect(left, y, sheetWidth, high, "F")
	p.SetFillColor(edge[0], edge[1], edge[2])
	p.Rect(left, y, 1.2, high, "F")
	p.SetY(y + 1.7)
	for _, line := range lines {
		p.SetX(left + 4)
		p.CellFormat(sheetWidth-8, tight, line, "", 1, "L", false, 0, "")
	}
	p.SetY(y + high + 2.5)
}

// face is the font's table of characters.
var face = func() *sfnt.Font {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic("letter: the font cannot be read: " + err.Error())
	}
	return f
}()

// Legible makes text what the font can print, and loses nothing that has a
// meaning: characters that the font does not have are given by their numbers, as
// in "[U+674E U+5C0F]". Marks that turn the direction of writing, and controls,
// are left out; a line's end stays one.
func Legible(s string) string {
	s = norm.NFC.String(strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\ufffd"))
	var b strings.Builder
	var buffer sfnt.Buffer
	strange := false
	for _, r := range s {
		switch {
		case r == '\t', r == '\u00a0', r == '\u202f', r == '\u2009':
			r = ' '
		case r == '\n':
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			continue
		default:
			if glyph, err := face.GlyphIndex(&buffer, r); r > 0xffff || err != nil || glyph == 0 {
				if strange {
					b.WriteByte(' ')
				} else {
					b.WriteByte('[')
				}
				strange = true
				b.WriteString("U+" + strings.ToUpper(strconv.FormatInt(int64(r), 16)))
				continue
			}
		}
		if strange {
			b.WriteByte(']')
			strange = false
		}
		b.WriteRune(r)
	}
	if strange {
		b.WriteByte(']')
	}
	return b.String()
}
