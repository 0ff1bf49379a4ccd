package i18n

import (
	"regexp"
	"slices"
	"testing"
)

func TestEveryLanguageHasEveryTextWithTheSameValues(t *testing.T) {
	values := regexp.MustCompile(`\{[a-z_]+\}`)
	named := func(text string) []string {
		found := values.FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	if len(catalogues[Default]) == 0 {
		t.Fatal("no texts at all")
	}
	for _, lang := range Languages {
		for key, original := range catalogues[Default] {
			text, ok := catalogues[lang][key]
			if !ok {
				t.Errorf("%s lacks %q", lang, key)
			} else if !slices.Equal(named(original), named(text)) {
				t.Errorf("%s %q names %v, the original %v", lang, key, named(text), named(original))
			}
		}
		for key := range catalogues[lang] {
			if _, ok := catalogues[Default][key]; !ok {
				t.Errorf("%s has %q, the original does not", lang, key)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	for accept, want := range map[string]string{
		"":                        "pt-BR",
		"pt":                      "pt-BR",
		"pt-PT,en;q=0.5":          "pt-BR",
		"en-GB,en;q=0.9":          "en",
		"es-AR":                   "es",
		"de":                      "pt-BR",
		"zz;;;q=":                 "pt-BR",
		"fr-FR,es;q=0.8,en;q=0.7": "es",
	} {
		if got := Match(accept); got != want {
			t.Errorf("Match(%q) = %q, want %q", accept, got, want)
		}
	}
}

func TestTextFillsValuesAndPlurals(t *testing.T) {
	if got := Text("en", "error.internal", nil); got == "error.internal" {
		t.Error("error.internal has no text")
	}
	if got := Text("en", "no.such.key", nil); got != "no.such.key" {
		t.Errorf("unknown key gave %q", got)
	}
}
