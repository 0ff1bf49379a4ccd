package email

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/emersion/go-message/textproto"
	"github.com/jhillyerd/enmime/v2"
)

// leaf is a part that holds no parts, with its content still encoded.
type leaf struct {
	header      textHeader
	content     []byte
	alternative int  // which multipart/alternative it stands in, 0 for none
	related     bool // within a multipart/related
	report      bool // within a multipart/report
}

// textHeader gives the first value of a field; both libraries' headers do.
type textHeader interface{ Get(name string) string }

// leaves is a mail cut up.
type leaves struct {
	list   []leaf
	cut    bool // there were more than MaxParts, or deeper than MaxDepth
	broken bool // not all of the structure could be read
}

// Beyond these a mail is not shown to enmime. It takes twice the time for each
// multipart that is not closed: at depth 50, minutes.
const (
	guardMultiparts = 16
	guardParts      = 1000
)

// cutUp finds the leaves of a mail: with enmime, which mends most, where that is
// safe; else with go-message, part by part and bounded; and when both fail, the
// body as it stands is the one leaf. A panic of a library is a failure.
func cutUp(raw []byte, h *header, body []byte) leaves {
	if !strings.Contains(strings.ToLower(h.get("content-type")), "multipart/") {
		return leaves{list: []leaf{{header: fields{h}, content: body}}}
	}
	readers := []reader{byEnmime, byGoMessage}
	if countFold(raw, "multipart", guardMultiparts+1) > guardMultiparts ||
		countFold(raw, "content-type:", guardParts+1) > guardParts {
		readers = readers[1:]
	}
	for i, read := range readers {
		if l, err := guarded(read, raw, h, body); err == nil && len(l.list) > 0 {
			l.broken = l.broken || i > 0
			return l
		}
	}
	return leaves{list: []leaf{{header: plainText{}, content: body}}, broken: true}
}

type reader func(raw []byte, h *header, body []byte) (leaves, error)

// guarded turns a panic into an error.
func guarded(read reader, raw []byte, h *header, body []byte) (l leaves, err error) {
	defer func() {
		if p := recover(); p != nil {
			l, err = leaves{}, fmt.Errorf("panic: %v", p)
		}
	}()
	return read(raw, h, body)
}

func byEnmime(raw []byte, _ *header, _ []byte) (leaves, error) {
	// Contents are left encoded: enmime believes charsets and padding more than we do.
	parser := enmime.NewParser(enmime.RawContent(true), enmime.SkipMalformedParts(true), enmime.MaxStoredPartErrors(20),
		enmime.SetReadPartErrorPolicy(func(*enmime.Part, error) bool { return true }))
	root, err := parser.ReadParts(bytes.NewReader(raw))
	if err != nil {
		return leaves{}, err
	}
	var out leaves
	var walk func(p *enmime.Part, within leaf, depth int)
	walk = func(p *enmime.Part, within leaf, depth int) {
		within = within.inside(p.ContentType, len(out.list)+1)
		if p.FirstChild == nil {
			if !strings.HasPrefix(p.ContentType, "multipart/") || len(p.Content) > 0 {
				out.add(within, p.Header, p.Content, depth)
			}
			return
		}
		for c := p.FirstChild; c != nil; c = c.NextSibling {
			walk(c, within, depth+1)
		}
	}
	walk(root, leaf{}, 0)
	for _, e := range root.Errors {
		out.broken = out.broken || e.Severe
	}
	return out, nil
}

func byGoMessage(_ []byte, h *header, body []byte) (leaves, error) {
	var out leaves
	var walk func(h textHeader, body io.Reader, within leaf, depth int)
	walk = func(h textHeader, body io.Reader, within leaf, depth int) {
		kind := parseMediaType(h.Get("Content-Type"))
		within = within.inside(kind.value, len(out.list)+1)
		if !strings.HasPrefix(kind.value, "multipart/") || kind.params["boundary"] == "" {
			content, err := io.ReadAll(body)
			out.broken = out.broken || err != nil
			out.add(within, h, content, depth)
			return
		}
		if depth >= MaxDepth {
			out.cut = true
			return
		}
		parts := textproto.NewMultipartReader(body, kind.params["boundary"])
		for !out.cut {
			p, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				out.broken = true
				return
			}
			walk(&p.Header, p, within, depth+1)
		}
	}
	walk(fields{h}, bytes.NewReader(body), leaf{}, 0)
	return out, nil
}

// inside is w for what stands in a part of this kind.
func (w leaf) inside(kind string, id int) leaf {
	switch kind {
	case "multipart/alternative":
		w.alternative = id
	case "multipart/related":
		w.related = true
	case "multipart/report":
		w.report = true
	}
	return w
}

func (l *leaves) add(within leaf, h textHeader, content []byte, depth int) {
	if len(l.list) >= MaxParts || depth > MaxDepth {
		l.cut = true
		return
	}
	within.header, within.content = h, content
	l.list = append(l.list, within)
}

// countFold counts word (small letters) in b, whatever its case, up to limit.
func countFold(b []byte, word string, limit int) int {
	n := 0
	first := []byte(word[:1] + strings.ToUpper(word[:1]))
	for n < limit {
		i := bytes.IndexAny(b, string(first))
		if i < 0 || len(b)-i < len(word) {
			break
		}
		if strings.EqualFold(string(b[i:i+len(word)]), word) {
			n++
		}
		b = b[i+1:]
	}
	return n
}

// fieldsOf and plainText are the headers of mails that are one leaf.
type fields struct{ h *header }

func (f fields) Get(name string) string { return f.h.get(strings.ToLower(name)) }

type plainText struct{}

func (plainText) Get(string) string { return "" }
