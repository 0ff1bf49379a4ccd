package email

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"unicode/utf8"
)

// decodedLeaf is a leaf with its content as it was before it was made fit for
// transport, and its headers read.
type decodedLeaf struct {
	leaf
	kind, disposition mediaType
	data              []byte
}

var mimeType = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}$`)

// section is a stretch of the body: the pieces of one multipart/alternative, or
// one text by itself.
type section struct {
	alternative int
	text, html  []string
}

// content gathers the body of a mail while its leaves are gone through.
type content struct {
	leaves   []decodedLeaf
	sections []*section
	fallback string // a body found within a TNEF file
}

// assemble turns the leaves into texts and parts.
func (m *Mail) assemble(cut *leaves, body []byte) *content {
	c := &content{}
	for i := range cut.list {
		d := m.decode(cut.list[i])
		c.leaves = append(c.leaves, d)
		m.place(c, &d)
	}
	text, markup := c.body()
	if strings.TrimSpace(text) == "" && markup == "" {
		text = c.fallback
	}
	// A mail whose structure hides everything still has a body to look at.
	if strings.TrimSpace(text) == "" && markup == "" && len(m.Parts) == 0 && len(bytes.TrimSpace(body)) > 0 && len(cut.list) == 0 || cut.hidden(m, text, markup) {
		raw, _ := toUTF8(body[:min(len(body), 4*MaxText)], "")
		text = raw
		m.warn(WarnStructure)
	}
	text = cleanText(text)
	if short, cut := cutRunes(text, MaxText); cut {
		text = short
		m.warn(WarnTextCut)
	}
	if strings.Contains(text, "-----BEGIN PGP MESSAGE-----") {
		m.warn(WarnEncrypted)
	}
	m.Text, m.Folded = Fold(text)
	if markup != "" {
		if len(markup) > MaxHTML {
			m.warn(WarnHTMLCut)
		}
		m.HTML, m.RemoteImages = SanitizeHTML(markup)
		if m.RemoteImages > 0 {
			m.warn(WarnRemoteImages)
		}
	}
	return c
}

// hidden reports whether the mail had parts that were all left out.
func (l *leaves) hidden(m *Mail, text, markup string) bool {
	return l.cut && len(m.Parts) == 0 && strings.TrimSpace(text) == "" && markup == ""
}

// decode undoes the transfer encoding of a leaf and reads its headers.
func (m *Mail) decode(l leaf) decodedLeaf {
	d := decodedLeaf{leaf: l,
		kind:        parseMediaType(l.header.Get("Content-Type")),
		disposition: parseMediaType(l.header.Get("Content-Disposition")),
		data:        l.content,
	}
	if d.kind.value == "" {
		d.kind.value = "text/plain"
	}
	clean := true
	switch enc := parseMediaType(l.header.Get("Content-Transfer-Encoding")).value; {
	case strings.HasPrefix(d.kind.value, "multipart/"), strings.HasPrefix(d.kind.value, "message/") && enc != "base64":
	case enc == "base64":
		d.data, clean = decodeBase64(l.content)
	case enc == "quoted-printable":
		d.data, clean = decodeQuotedPrintable(l.content)
	}
	if !clean {
		m.warn(WarnEncoding)
	}
	return d
}

// name is what the sender called the file, "" when nothing.
func (d *decodedLeaf) name() string {
	for _, s := range []string{d.disposition.params["filename"], d.kind.params["name"], d.disposition.params["name"], d.kind.params["file"]} {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// contentID is without angle brackets.
func (d *decodedLeaf) contentID() string {
	id := cleanLine(decodeWords(d.header.Get("Content-Id")), 200)
	return strings.Trim(id, "<> ")
}

// place puts a leaf where it belongs: the body or the files.
func (m *Mail) place(c *content, d *decodedLeaf) {
	kind := d.kind.value
	isText := kind == "text/plain" || kind == "text/html" || strings.HasPrefix(kind, "multipart/")
	named := d.name() != ""
	switch {
	case isText && d.disposition.value != "attachment" && (!named || d.alternative > 0 || d.disposition.value == "inline" && kind != "text/html" || len(c.leaves) == 1):
		c.put(d, m.text(d))
		return
	case m.placeTNEF(c, d):
		return
	}
	switch {
	case kind == "application/pkcs7-mime" || kind == "application/x-pkcs7-mime":
		if d.kind.params["smime-type"] == "signed-data" {
			m.warn(WarnSigned)
		} else {
			m.warn(WarnEncrypted)
		}
	case kind == "application/pgp-encrypted":
		m.warn(WarnEncrypted)
	case strings.HasSuffix(kind, "-signature"):
		m.warn(WarnSigned)
	}
	p := Part{Name: fileName(d.name(), kind), Mime: kind, ContentID: d.contentID(), Data: d.data}
	if !mimeType.MatchString(kind) {
		p.Mime = "application/octet-stream"
	}
	p.Inline = d.disposition.value == "inline" || d.disposition.value == "" && d.related && p.ContentID != ""
	if kind == "text/calendar" || strings.HasSuffix(strings.ToLower(p.Name), ".ics") {
		p.Note = calendarNote(m.text(d))
	}
	m.addPart(p)
}

// addPart keeps a file, within the limit.
func (m *Mail) addPart(p Part) {
	if len(m.Parts) >= MaxParts {
		m.warn(WarnPartsCut)
		return
	}
	m.Parts = append(m.Parts, p)
}

// text reads the bytes of a text.
func (m *Mail) text(d *decodedLeaf) string {
	data := d.data
	limit := 4 * (MaxText + 1)
	if d.kind.value == "text/html" {
		limit = MaxHTML + 4
	}
	if len(data) > limit {
		if d.kind.value == "text/html" {
			m.warn(WarnHTMLCut)
		} else {
			m.warn(WarnTextCut)
		}
		data = data[:limit]
		// A character that is cut in the middle would make the rest look like no UTF-8.
		for i := 0; i < 3 && len(data) > 0 && !utf8.RuneStart(data[len(data)-1]); i++ {
			data = data[:len(data)-1]
		}
		if len(data) > 0 && data[len(data)-1] >= 0xc0 {
			data = data[:len(data)-1]
		}
	}
	charset := d.kind.params["charset"]
	if charset == "" && d.kind.value == "text/html" {
		charset = metaCharset(data)
	}
	s, guessed := toUTF8(data, charset)
	if guessed {
		m.warn(WarnCharset)
	}
	if d.kind.value == "text/plain" && strings.EqualFold(d.kind.params["format"], "flowed") {
		s = unflow(s, strings.EqualFold(d.kind.params["delsp"], "yes"))
	}
	return s
}

// metaCharset is the charset an HTML text gives itself.
func metaCharset(b []byte) string {
	head := bytes.ToLower(b[:min(len(b), 2048)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return ""
	}
	name := strings.TrimLeft(string(head[i+len("charset="):]), "\"' ")
	if end := strings.IndexAny(name, "\"'; />\r\n"); end >= 0 {
		name = name[:end]
	}
	return name
}

// put adds a text to its section.
func (c *content) put(d *decodedLeaf, text string) {
	var s *section
	for _, known := range c.sections {
		if d.alternative > 0 && known.alternative == d.alternative {
			s = known
		}
	}
	if s == nil {
		s = &section{alternative: d.alternative}
		c.sections = append(c.sections, s)
	}
	if d.kind.value == "text/html" {
		s.html = append(s.html, text)
	} else {
		s.text = append(s.text, text)
	}
}

// body joins the sections: as text, with the text of the HTML where there is no
// other; and as HTML, empty when no section has any.
func (c *content) body() (text, markup string) {
	var texts, markups []string
	anyHTML := false
	for _, s := range c.sections {
		t, h := strings.Join(s.text, "\n"), strings.Join(s.html, "\n")
		if strings.TrimSpace(t) == "" && h != "" {
			t = htmlText(h)
		} else {
			t = dropMarks(t)
		}
		if h != "" {
			anyHTML = true
		} else {
			h = `<div style="white-space:pre-wrap">` + html.EscapeString(t) + "</div>"
		}
		if strings.TrimSpace(t) != "" {
			texts = append(texts, strings.Trim(t, "\r\n"))
		}
		markups = append(markups, h)
	}
	if anyHTML {
		markup = strings.Join(markups, "\n")
	}
	return strings.Join(texts, "\n\n"), markup
}

// cutRunes shortens s to limit runes.
func cutRunes(s string, limit int) (string, bool) {
	if len(s) <= limit {
		return s, false
	}
	n := 0
	for i := range s {
		if n == limit {
			return s[:i], true
		}
		n++
	}
	return s, false
}

// unflow joins the lines that a sender's program broke for transport (RFC 3676).
func unflow(s string, delsp bool) string {
	var b strings.Builder
	joining := -1 // depth of quotation of a line that goes on, -1 for none
	for line := range strings.SplitSeq(strings.ReplaceAll(s, "\r\n", "\n"), "\n") {
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		text := strings.TrimPrefix(line[depth:], " ")
		soft := strings.HasSuffix(text, " ") && text != "-- "
		if soft && delsp {
			text = text[:len(text)-1]
		}
		if joining == depth {
			b.WriteString(text)
		} else {
			if joining >= 0 || b.Len() > 0 {
				b.WriteByte('\n')
			}
			if depth > 0 {
				b.WriteString(line[:depth] + " ")
			}
			b.WriteString(text)
		}
		joining = -1
		if soft {
			joining = depth
		}
	}
	return b.String()
}
