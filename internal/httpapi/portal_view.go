package httpapi

import (
	"bytes"
	"embed"
	"fmt"
	"hash/fnv"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/i18n"
)

//go:embed portal
var portalFiles embed.FS

// portalPages are the customers' pages, one set of templates a language.
type portalPages struct {
	byLang map[string]*template.Template
	assets map[string]asset // by address
	tag    string           // changes with the assets' content
}

func newPortalPages(zone *time.Location) (*portalPages, error) {
	p := &portalPages{byLang: map[string]*template.Template{}, assets: map[string]asset{}}
	for _, lang := range i18n.Languages {
		parsed, err := template.New("").Funcs(portalWords{lang, zone}.functions()).ParseFS(portalFiles, "portal/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse the customers' pages: %w", err)
		}
		p.byLang[lang] = parsed
	}
	sum := fnv.New32a()
	for _, name := range []string{"portal.css", "portal.js", "form.js", "work.js", "widget.js"} {
		content, err := portalFiles.ReadFile("portal/" + name)
		if err != nil {
			return nil, err
		}
		sum.Write(content)
		p.assets["/portal/"+name] = asset{plain: content, mime: contentType(name), tag: `"` + strconv.FormatUint(uint64(sum.Sum32()), 36) + `"`, immutable: true}
	}
	p.tag = strconv.FormatUint(uint64(sum.Sum32()), 36)
	return p, nil
}

func (p *portalPages) render(lang, name string, view any) ([]byte, error) {
	var out bytes.Buffer
	if err := p.byLang[lang].ExecuteTemplate(&out, name, view); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// portalView is what every page shows; a page uses the parts it has.
type portalView struct {
	Lang, Page, Title string
	Version           string // of style and scripts, so that they can be cached for ever
	BrandStyle        string
	Brand             PortalBrand
	Problem           *portalProblem
	Key               string // makes sending twice harmless
	Form              *portalForm
	BrandID           int64 // 0 is the first one
	Bare              bool  // inside another page: without what leads elsewhere
	Values            portalValues
	Ticket            *portalTicket
	JustOpened        bool
	Address           string // ours, as people type it
	JustSent          bool
	Scores            []int
	Known             []PublicIncident // what we know is wrong and may concern the reader
	Demand            *demandView      // to the ombudsman
	Asked             *askedView       // of an area of the company
}

// PortalBrand is the name and colour under which customers know us.
type PortalBrand struct {
	ID    int64
	Name  string
	Color string // #rrggbb
}

type portalChoice struct{ Value, Label string }

// portalValues give back what was typed.
type portalValues struct {
	Body, Protocol string
}

type portalProblem struct {
	Title, Detail string
	Fields        []portalFieldProblem
}

type portalFieldProblem struct{ Name, Label, Text string }

// portalTicket is PublicTicket as the page words it.
type portalTicket struct {
	Protocol, Subject, Status, Next string
	Team, Brand                     string
	OpenedAt                        time.Time
	AnswerBy                        *time.Time
	Left                            string
	Late                            bool
	Answered                        bool // we have spoken: what is due is the solution
	UsedPercent                     int
	CanReply, CanReopen, CanRate    bool
	Steps                           []portalStep
	Messages                        []portalMessage
	Duties                          []PublicDuty
	Incident                        *PublicIncident
}

type portalMessage struct {
	From, Name, Body string
	At               time.Time
	Files            []portalFile
	Spoken           bool // on the phone
}

type portalFile struct{ Name, URL, Size, Scan string }

// portalField is one input with its label and what is wrong with it.
type portalField struct{ Label, Error string }

// portalWords are the functions of the templates in one language.
type portalWords struct {
	lang string
	zone *time.Location
}

func (w portalWords) functions() template.FuncMap {
	return template.FuncMap{
		"t": w.text, "when": w.when, "day": w.day, "field": w.field,
		"iso":        func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
		"grouped":    groupedProtocol,
		"initial":    func(name string) string { r, _ := utf8.DecodeRuneInString(name); return strings.ToUpper(string(r)) },
		"paragraphs": paragraphs,
	}
}

// text fills a message: t "key" "name" value …
func (w portalWords) text(key string, pairs ...any) string {
	args := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return i18n.Text(w.lang, key, args)
}

func (w portalWords) when(at time.Time) string {
	at = at.In(w.zone)
	return w.text("date.when", "day", at.Format("02"), "month", at.Format("01"), "year", at.Year(), "clock", at.Format("15:04"))
}

// day writes a deadline: the day, and the time when it is not the whole day.
func (w portalWords) day(at *time.Time) string {
	local := at.In(w.zone)
	name := func(key string, n int) string { return strings.Split(w.text(key), ",")[n] }
	day := w.text("date.day", "weekday", name("date.weekdays", int(local.Weekday())),
		"day", local.Day(), "month", name("date.months", int(local.Month())-1))
	if clock := local.Format("15:04"); clock != "23:59" { // a term in days ends with its day
		day += ", " + clock
	}
	return day
}

func (w portalWords) field(v portalView, name string) portalField {
	f := portalField{Label: w.text("portal.field." + name)}
	if v.Problem != nil {
		for _, p := range v.Problem.Fields {
			if p.Name == name {
				f.Error = p.Text
			}
		}
	}
	return f
}

// left says in words how much of a deadline remains.
func (w portalWords) left(due, now time.Time) string {
	switch d := due.Sub(now); {
	case d < 0:
		return w.text("portal.left.late")
	case d < time.Hour:
		return w.text("portal.left.soon")
	case d < 48*time.Hour:
		return w.text("portal.left.hours", "n", int(d.Hours()))
	default: // as people count them: from today's date to that one
		day := func(at time.Time) time.Time { return brazil.DateOf(at, w.zone).In(time.UTC) }
		return w.text("portal.left.days", "n", int(day(due).Sub(day(now)).Hours()/24))
	}
}

// groupedProtocol writes a protocol as it is read aloud: date, sequence, check.
func groupedProtocol(p string) string {
	if len(p) != 17 {
		return p
	}
	return p[:4] + " " + p[4:8] + " " + p[8:11] + " " + p[11:15] + " " + p[15:]
}

// paragraphs turns line breaks of plain text into HTML. The text itself is
// escaped by the template, as everything a customer writes.
func paragraphs(text string) (template.HTML, error) {
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		lines := strings.Split(strings.TrimSpace(part), "\n")
		for i, l := range lines {
			lines[i] = template.HTMLEscapeString(l)
		}
		b.WriteString("<p>" + strings.Join(lines, "<br>") + "</p>")
	}
	return template.HTML(b.String()), nil
}

func readableSize(n int64) string {
	const unit = 1024
	switch {
	case n < unit:
		return fmt.Sprintf("%d B", n)
	case n < unit*unit:
		return fmt.Sprintf("%.0f kB", float64(n)/unit)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/unit/unit)
}

// brandStyle makes the stylesheet of a brand: its colour, and what is readable
// on it. A colour that is none falls back to ours.
func brandStyle(color string) string {
	r, g, b, ok := rgb(color)
	if !ok {
		color, r, g, b = "#0f5c7a", 0x0f, 0x5c, 0x7a
	}
	on := "#ffffff"
	if luminance(r, g, b) > 0.179 { // where black and white are equally readable
		on = "#111111"
	}
	lighter := func(c uint8) int { return int(c) + (255-int(c))*55/100 }
	return fmt.Sprintf(":root{--brand:%s;--on-brand:%s}\n@media (prefers-color-scheme: dark){:root{--brand-line:#%02x%02x%02x}}\n",
		color, on, lighter(r), lighter(g), lighter(b))
}

func rgb(color string) (r, g, b uint8, ok bool) {
	if len(color) != 7 || color[0] != '#' {
		return 0, 0, 0, false
	}
	n, err := strconv.ParseUint(color[1:], 16, 32)
	return uint8(n >> 16), uint8(n >> 8), uint8(n), err == nil
}

// luminance is WCAG 2.2's relative luminance.
func luminance(r, g, b uint8) float64 {
	linear := func(c uint8) float64 {
		v := float64(c) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}
