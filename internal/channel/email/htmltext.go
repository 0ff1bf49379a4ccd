package email

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Marks that htmlText leaves on a line of their own where the markup says what
// the words don't. Fold reads them and takes them out.
const (
	markQuote     = '\ue000' // from here on, the mail that is answered
	markSignature = '\ue001' // from here on, a signature
)

// dropMarks takes the marks out of what a sender wrote.
func dropMarks(s string) string {
	if !strings.ContainsRune(s, markQuote) && !strings.ContainsRune(s, markSignature) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r == markQuote || r == markSignature {
			return -1
		}
		return r
	}, s)
}

// Bounds of what is built up while reading.
const (
	maxQuoteDepth = 10
	maxListDepth  = 10
	maxLinkText   = 2000
)

// htmlText makes a plain text of markup: paragraphs, lists, tables by line,
// links with their address, quotes with ">". It reads tags one after another,
// without a tree, so no nesting costs it anything.
func htmlText(markup string) string {
	w := textWriter{}
	z := html.NewTokenizer(strings.NewReader(markup))
	z.SetMaxBuf(MaxHTML + 8)
	skip := atom.Atom(0) // the element whose content is left out
	for w.b.Len() < 4*MaxText {
		switch z.Next() {
		case html.ErrorToken:
			return w.b.String()
		case html.TextToken:
			if skip == 0 {
				w.text(dropMarks(string(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			switch {
			case skip != 0:
			case hidden[t.DataAtom]:
				skip = t.DataAtom
			default:
				w.open(t)
			}
		case html.EndTagToken:
			t := z.Token()
			if skip != 0 {
				if t.DataAtom == skip {
					skip = 0
				}
			} else {
				w.close(t.DataAtom)
			}
		}
	}
	return w.b.String()
}

// hidden are the elements whose content no reader of a mail sees.
var hidden = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Title: true,
	atom.Iframe: true, atom.Noframes: true, atom.Noembed: true}

// blocks begin and end a line.
var blocks = map[atom.Atom]bool{atom.Div: true, atom.Tr: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Li: true,
	atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true, atom.Center: true, atom.Dl: true, atom.Dt: true,
	atom.Dd: true, atom.Form: true, atom.Fieldset: true, atom.Address: true, atom.Body: true, atom.Caption: true, atom.Figure: true}

// spaced have an empty line around them.
var spaced = map[atom.Atom]bool{atom.P: true, atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true,
	atom.H6: true, atom.Blockquote: true, atom.Pre: true, atom.Hr: true}

type textWriter struct {
	b       strings.Builder
	breaks  int  // line breaks due before the next word
	gap     bool // a blank is due before the next word
	pre     int
	quote   int
	lists   []int // for each open list the number of its next item, -1 without numbers
	href    string
	anchor  strings.Builder
	started bool
}

// word writes s after the breaks and blanks that are due.
func (w *textWriter) word(s string) {
	switch {
	case !w.started:
		w.b.WriteString(strings.Repeat("> ", w.quote))
	case w.breaks > 0:
		for range min(w.breaks, 2) {
			w.b.WriteByte('\n')
			w.b.WriteString(strings.TrimRight(strings.Repeat("> ", w.quote), " "))
		}
		if w.quote > 0 {
			w.b.WriteByte(' ')
		}
	case w.gap:
		w.b.WriteByte(' ')
	}
	w.started, w.breaks, w.gap = true, 0, false
	w.b.WriteString(s)
}

func (w *textWriter) text(s string) {
	if w.href != "" && w.anchor.Len() < maxLinkText {
		w.anchor.WriteString(s)
	}
	if w.pre > 0 {
		for i, line := range strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
			if i > 0 {
				w.breaks++
			}
			if line != "" {
				w.word(line)
			}
		}
		return
	}
	// A no-break space is layout here, like the rest.
	for s != "" {
		i := strings.IndexAny(s, " \t\r\n\f\u00a0")
		if i < 0 {
			w.word(s)
			return
		}
		if i > 0 {
			w.word(s[:i])
		}
		w.gap = true
		s = strings.TrimLeft(s[i:], " \t\r\n\f\u00a0")
	}
}

// line asks for at least n line breaks before the next word.
func (w *textWriter) line(n int) { w.breaks = max(w.breaks, n) }

func (w *textWriter) open(t html.Token) {
	attr := func(name string) string {
		for _, a := range t.Attr {
			if a.Key == name {
				return a.Val
			}
		}
		return ""
	}
	if m := mark(t.DataAtom, attr); m != 0 {
		w.line(1)
		w.word(string(m))
		w.line(1)
	}
	switch {
	case spaced[t.DataAtom]:
		w.line(2)
	case blocks[t.DataAtom]:
		w.line(1)
	}
	switch t.DataAtom {
	case atom.Br:
		w.breaks++
		w.gap = false
	case atom.Blockquote:
		w.quote = min(w.quote+1, maxQuoteDepth)
	case atom.Pre:
		w.pre++
	case atom.Ul:
		w.push(-1)
	case atom.Ol:
		w.push(1)
	case atom.Li:
		w.item()
	case atom.Td, atom.Th:
		w.gap = true
	case atom.Img:
		if alt := cleanLine(attr("alt"), 200); alt != "" {
			w.word("[" + dropMarks(alt) + "]")
		}
	case atom.A:
		w.href = ""
		href := strings.TrimSpace(attr("href"))
		if small := strings.ToLower(href); strings.HasPrefix(small, "http://") || strings.HasPrefix(small, "https://") || strings.HasPrefix(small, "mailto:") {
			w.href = dropMarks(cleanLine(href, maxLinkText))
			w.anchor.Reset()
		}
	}
}

func (w *textWriter) push(n int) {
	if len(w.lists) < maxListDepth {
		w.lists = append(w.lists, n)
	}
}

func (w *textWriter) item() {
	mark := "-"
	if n := len(w.lists); n > 0 && w.lists[n-1] > 0 {
		mark = strconv.Itoa(w.lists[n-1]) + "."
		w.lists[n-1]++
	}
	w.word(strings.Repeat("  ", max(0, len(w.lists)-1)) + mark)
	w.gap = true
}

func (w *textWriter) close(a atom.Atom) {
	switch {
	case spaced[a]:
		w.line(2)
	case blocks[a]:
		w.line(1)
	}
	switch a {
	case atom.Blockquote:
		w.quote = max(0, w.quote-1)
	case atom.Pre:
		w.pre = max(0, w.pre-1)
	case atom.Ul, atom.Ol:
		if n := len(w.lists); n > 0 {
			w.lists = w.lists[:n-1]
		}
	case atom.A:
		if said := strings.Join(strings.Fields(w.anchor.String()), " "); w.href != "" && !sameLink(said, w.href) {
			w.gap = w.gap || said != ""
			w.word("(" + strings.TrimPrefix(w.href, "mailto:") + ")")
		}
		w.href = ""
	}
}

// sameLink reports whether the words of a link already show where it leads.
func sameLink(said, href string) bool {
	bare := func(s string) string {
		s = strings.ToLower(s)
		for _, prefix := range []string{"mailto:", "https://", "http://", "www."} {
			s = strings.TrimPrefix(s, prefix)
		}
		return strings.TrimRight(s, "/")
	}
	return bare(said) == bare(href)
}

// mark says whether an element begins a quotation or a signature, by the marks
// that mail programs leave.
func mark(a atom.Atom, attr func(string) string) rune {
	if a != atom.Div && a != atom.Span && a != atom.Table && a != atom.P && a != atom.Hr && a != atom.Blockquote && a != atom.Pre {
		return 0
	}
	id, class := strings.ToLower(attr("id")), strings.ToLower(attr("class"))
	switch {
	case strings.HasSuffix(id, "divrplyfwdmsg"), strings.HasSuffix(id, "appendonsend"), id == "olk_src_body_section",
		id == "mail-editor-reference-message-container", strings.Contains(class, "yahoo_quoted"):
		return markQuote
	case a == atom.Div && outlookRule(attr("style")):
		return markQuote
	case strings.Contains(class, "gmail_signature"), strings.Contains(class, "moz-signature"),
		id == "ms-outlook-mobile-signature", id == "signature" && a == atom.Div, id == "applemailsignature":
		return markSignature
	}
	return 0
}

// outlookRule recognises the line that Outlook draws above the mail it answers.
func outlookRule(style string) bool {
	s := strings.ToLower(strings.ReplaceAll(style, " ", ""))
	return strings.Contains(s, "border-top:solid#e1e1e1") || strings.Contains(s, "border-top:solid#b5c4df")
}
