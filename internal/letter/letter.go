// Package letter writes letters: PDF pages with a brand's letterhead, to be
// printed, folded into a window envelope and posted. What a letter says is given
// to it; it knows nothing of tickets.
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
)

// Brand is the head of the page.
type Brand struct {
	Name      string
	LegalName string
	CNPJ      string // formatted
	Color     string // #rrggbb
}

// Letter is one letter. Texts are plain; blank lines part the paragraphs.
type Letter struct {
	Brand   Brand
	To      []string  // name and address, a line each; shown in the envelope's window
	Date    time.Time // printed in its own zone
	Place   string    // before the date; may be empty
	Subject string
	Body    string
	Closing []string // who signs, a line each
	Foot    string   // at the foot of every page, such as the protocol
}

// Labels are the few words that the paper itself needs, in the reader's language.
type Labels struct {
	Page func(n int) string
	Date func(time.Time) string
}

// Millimetres of an A4 page. The window of a DL envelope shows what stands 45 to
// 80 from the top and 20 to 110 from the left of a page folded in three.
const (
	left, right, top = 20.0, 20.0, 14.0
	windowTop        = 48.0
	bodyTop          = 96.0
	bottom           = 24.0
	lineHeight       = 5.2
	font             = "go"
)

// Write writes the letters into one PDF, each on pages of its own, counted anew.
// The same letters give the same bytes.
func Write(w io.Writer, labels Labels, letters ...Letter) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes(font, "", goregular.TTF)
	pdf.AddUTF8FontFromBytes(font, "B", gobold.TTF)
	pdf.SetMargins(left, top, right)
	pdf.SetAutoPageBreak(true, bottom)
	pdf.SetCatalogSort(true)
	// The foot of a letter's last page is written when the next letter begins.
	var next, shown Letter
	page, begins := 0, false
	pdf.SetHeaderFunc(func() {
		if begins {
			shown, page, begins = next, 0, false
		}
		page++
		head(pdf, shown.Brand)
		if page > 1 {
			pdf.SetY(34)
		}
	})
	pdf.SetFooterFunc(func() { foot(pdf, shown, labels.Page(page)) })
	for i, l := range letters {
		next, begins = l.printable(), true
		if i == 0 {
			pdf.SetCreationDate(l.Date)
			pdf.SetModificationDate(l.Date)
			pdf.SetTitle(next.Subject, true)
		}
		pdf.AddPage()
		write(pdf, next, labels)
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("write %d letters: %w", len(letters), err)
	}
	return nil
}

func write(pdf *fpdf.Fpdf, l Letter, labels Labels) {
	pdf.SetY(windowTop)
	pdf.SetFont(font, "", 11)
	for _, line := range l.To {
		pdf.CellFormat(90, lineHeight, line, "", 1, "L", false, 0, "")
	}
	pdf.SetY(bodyTop)
	place := labels.Date(l.Date)
	if l.Place != "" {
		place = l.Place + ", " + place
	}
	pdf.CellFormat(0, lineHeight, place, "", 1, "R", false, 0, "")
	pdf.Ln(lineHeight)
	pdf.SetFont(font, "B", 11)
	pdf.MultiCell(0, lineHeight, l.Subject, "", "L", false)
	pdf.Ln(lineHeight)
	pdf.SetFont(font, "", 11)
	for paragraph := range strings.SplitSeq(l.Body, "\n\n") {
		pdf.MultiCell(0, lineHeight, strings.Trim(paragraph, "\n"), "", "L", false)
		pdf.Ln(lineHeight * 0.7)
	}
	pdf.Ln(lineHeight)
	for _, line := range l.Closing {
		pdf.CellFormat(0, lineHeight, line, "", 1, "L", false, 0, "")
	}
}

func head(pdf *fpdf.Fpdf, b Brand) {
	r, g, blue := rgb(b.Color)
	pdf.SetFillColor(r, g, blue)
	pdf.Rect(0, 0, 210, 4, "F")
	pdf.SetY(top)
	pdf.SetTextColor(r, g, blue)
	pdf.SetFont(font, "B", 15)
	pdf.CellFormat(0, 7, b.Name, "", 1, "L", false, 0, "")
	pdf.SetTextColor(90, 96, 104)
	pdf.SetFont(font, "", 8)
	legal := b.LegalName
	if b.CNPJ != "" {
		legal = strings.TrimPrefix(legal+" · CNPJ "+b.CNPJ, " · ")
	}
	pdf.CellFormat(0, 4, legal, "", 1, "L", false, 0, "")
	pdf.SetTextColor(0, 0, 0)
	pdf.SetFont(font, "", 11)
}

func foot(pdf *fpdf.Fpdf, l Letter, page string) {
	pdf.SetY(-16)
	pdf.SetTextColor(90, 96, 104)
	pdf.SetFont(font, "", 8)
	pdf.CellFormat(120, 4, l.Foot, "", 0, "L", false, 0, "")
	pdf.CellFormat(0, 4, page, "", 0, "R", false, 0, "")
	pdf.SetTextColor(0, 0, 0)
	pdf.SetFont(font, "", 11)
}

// printable leaves out what a printer cannot print and the font does not have:
// control characters, marks that turn the direction of writing, emoji.
func (l Letter) printable() Letter {
	l.Brand.Name, l.Brand.LegalName = clean(l.Brand.Name), clean(l.Brand.LegalName)
	l.Subject, l.Body, l.Foot, l.Place = clean(l.Subject), clean(l.Body), clean(l.Foot), clean(l.Place)
	l.To, l.Closing = cleanAll(l.To), cleanAll(l.Closing)
	return l
}

func cleanAll(lines []string) []string {
	all := make([]string, len(lines))
	for i, s := range lines {
		all[i] = strings.ReplaceAll(clean(s), "\n", " ")
	}
	return all
}

func clean(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\t", "    ")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\u00a0', r == '\u202f':
			return ' '
		case r > 0xffff, !unicode.IsPrint(r): // the font's tables end there
			return -1
		}
		return r
	}, s)
}

// rgb reads #rrggbb; what is none is a dark grey.
func rgb(color string) (r, g, b int) {
	n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
	if err != nil || len(color) != 7 {
		return 60, 66, 72
	}
	return int(n >> 16), int(n >> 8 & 255), int(n & 255)
}
