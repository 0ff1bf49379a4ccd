package httpapi

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/url"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

// A search for what PostgreSQL cannot hold finds nothing, and breaks nothing.
func TestAttack91SearchesForNoText(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	for _, q := range []string{"\x00", "a\x00@b", "ana\x00souza", "\xff@\xfe", "2026\x001122", strings.Repeat("%", 400), "((((a+)+)+)+$", "& | !"} {
		agent.get("/api/tickets?q=" + url.QueryEscape(q)).want(200)
	}
}

// A form of a thousand parts is answered in a few words, and a text of megabytes
// is not given back.
func TestAttack63FormsOfManyParts(t *testing.T) {
	t.Parallel()
	w := start(t)
	form := func(fill func(*multipart.Writer)) (kind string, body []byte) {
		var b bytes.Buffer
		m := multipart.NewWriter(&b)
		fill(m)
		w.must(m.Close())
		return m.FormDataContentType(), b.Bytes()
	}
	many := func(m *multipart.Writer) {
		for i := range 900 {
			part, err := m.CreateFormFile(fmt.Sprintf("f%d", i), "a.txt")
			w.must(err)
			_, err = part.Write([]byte("x"))
			w.must(err)
		}
	}
	kind, body := form(many)
	if p := w.somebody().call("POST", "/api/public/tickets", kind, body).want(422).problem("invalid"); len(p.Errors) > maxDetails {
		t.Errorf("%d fields are named", len(p.Errors))
	}
	kind, body = form(func(m *multipart.Writer) { w.must(m.WriteField("body", strings.Repeat(`"`, 2<<20))) })
	w.somebody().call("POST", "/api/public/tickets", kind, body).want(413).problem("body_too_large")
	if a := w.somebody().call("POST", "/abrir", kind, body).want(413); len(a.body) > 64<<10 {
		t.Errorf("the page has %d bytes", len(a.body))
	}
}
