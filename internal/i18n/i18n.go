// Package i18n holds every text that the server itself shows to a person:
// errors, the customers' pages, the command line. Portuguese is the original,
// English and Spanish are complete (a test compares the keys).
//
// A catalogue is a flat object of key to text, one file per subject and
// language under locales/. A text names its values in braces: "até {due}".
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"golang.org/x/text/language"
)

// Default is the language of whoever does not say theirs.
const Default = "pt-BR"

// Languages are the ones every text exists in, the original first.
var Languages = []string{"pt-BR", "en", "es"}

//go:embed locales
var locales embed.FS

var (
	catalogues = load()
	matcher    = language.NewMatcher([]language.Tag{language.BrazilianPortuguese, language.English, language.Spanish})
)

// Match picks the language for an Accept-Language header or a locale name;
// whatever cannot be understood is Portuguese.
func Match(accept string) string {
	if accept == "" {
		return Default
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return Default
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Default
	}
	return Languages[i]
}

// Text returns the text of key in lang with its values filled in. With a value
// "n" the key's ".one" or ".other" form is taken where it exists (all three
// languages share the rule for whole numbers: one is singular). A key that no
// catalogue has comes back as itself: visible, and never an empty screen.
func Text(lang, key string, args map[string]any) string {
	text, ok := find(lang, plural(key, args))
	if !ok {
		if text, ok = find(lang, key); !ok {
			return key
		}
	}
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, "{"+name+"}", fmt.Sprint(value))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Has reports whether every language has a text for key.
func Has(key string) bool {
	for _, lang := range Languages {
		if _, ok := catalogues[lang][key]; !ok {
			return false
		}
	}
	return true
}

func find(lang, key string) (string, bool) {
	if text, ok := catalogues[lang][key]; ok {
		return text, true
	}
	text, ok := catalogues[Default][key]
	return text, ok
}

func plural(key string, args map[string]any) string {
	n, counted := args["n"]
	if !counted {
		return key
	}
	if fmt.Sprint(n) == "1" {
		return key + ".one"
	}
	return key + ".other"
}

// load reads the embedded catalogues. They are part of the program, so a broken
// one is a broken build: it panics, and every test sees it.
func load() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, lang := range Languages {
		all[lang] = map[string]string{}
		files, err := fs.Glob(locales, path.Join("locales", lang, "*.json"))
		if err != nil {
			panic(err)
		}
		for _, file := range files {
			text, err := locales.ReadFile(file)
			if err != nil {
				panic(err)
			}
			var part map[string]string
			if err := json.Unmarshal(text, &part); err != nil {
				panic(fmt.Sprintf("%s: %v", file, err))
			}
			for key, value := range part {
				if _, twice := all[lang][key]; twice {
					panic(fmt.Sprintf("%s: %q stands in two files", file, key))
				}
				all[lang][key] = value
			}
		}
	}
	return all
}
