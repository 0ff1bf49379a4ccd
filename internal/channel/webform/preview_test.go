package webform

import (
	"strings"
	"testing"
)

func TestASubmissionIsPreviewedAsItSaysOfItself(t *testing.T) {
	t.Parallel()
	told := Preview([]byte(`{"name":"Ana\nSouza","email":"ana@cliente.example","subject":"Pedido\u0000 4411","body":"` + strings.Repeat("á", 700) +
		`","files":[{"name":"nota.pdf"},{"name":"foto.png"}]}`))
	for name, want := range map[string]string{
		"from": "Ana Souza <ana@cliente.example>", "subject": "Pedido 4411", "parts": "nota.pdf\nfoto.png", "body": strings.Repeat("á", 600) + "…",
	} {
		if told[name] != want {
			t.Errorf("%s is %q", name, told[name])
		}
	}
	for _, raw := range []string{"", "x", `{"name":1}`, "[]"} {
		if told := Preview([]byte(raw)); told != nil {
			t.Errorf("%q tells %v", raw, told)
		}
	}
}
