package httpapi

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

func with(texts map[string]string, name, value string) map[string]string {
	texts = maps.Clone(texts)
	texts[name] = value
	return texts
}

func TestAFormBringsTheAnswersToItsOwnQuestions(t *testing.T) {
	t.Parallel()
	w := start(t)
	kind, body := formBody(t, with(formTexts, "fields", `{"pedido":"4432-1"}`), "", "", nil)
	var receipt PublicReceipt
	w.somebody().call("POST", "/api/public/tickets", kind, body).want(201).into(&receipt)
	var d TicketDetail
	w.as(access.Agent).get("/api/tickets/" + receipt.Protocol).want(200).into(&d)
	if d.Fields["pedido"] != "4432-1" {
		t.Errorf("fields %v", d.Fields)
	}
	for _, wrong := range []string{`[]`, `"x"`, `{"a":{}}`, `{"a":"1","a":"2"}`, `{`} {
		kind, body := formBody(t, with(formTexts, "fields", wrong), "", "", nil)
		w.somebody().call("POST", "/api/public/tickets", kind, body).want(422).problem("invalid", "body.fields")
	}
}

func TestWhatIsRefusedSaysHowMuchIsAllowed(t *testing.T) {
	t.Parallel()
	w := start(t)
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range formTexts {
		if err := m.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxFiles + 1 {
		part, err := m.CreateFormFile("files", fmt.Sprintf("%d.txt", i))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(part, "x")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	p := w.somebody().call("POST", "/api/public/tickets", m.FormDataContentType(), b.Bytes()).want(422).problem("invalid", "body.files")
	if !strings.Contains(p.Errors[0].Detail, "10") {
		t.Errorf("%q", p.Errors[0].Detail)
	}
	deep := `{"fields":` + strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+2)
	p = w.somebody().call("POST", "/api/public/tickets", "application/json", []byte(deep)).want(422).problem("invalid", "body")
	if p.Errors[0].Code != "too_nested" {
		t.Errorf("%+v", p.Errors)
	}
}
