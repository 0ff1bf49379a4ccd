package ticket

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of tags: how many a ticket has, and how long one is in runes.
const (
	MaxTags      = 20
	MaxTagLength = 40
)

// NormaliseTags brings tags into the one form in which they are stored and
// compared: small letters, composed, single hyphens for blanks, each once, in
// order. It fails with ErrInvalid when there are too many or one is too long or
// not text; what is blank is dropped. Normalising twice changes nothing.
func NormaliseTags(tags []string) ([]string, error) {
	// Far more than allowed is refused before work is spent on it.
	if len(tags) > 10*MaxTags {
		return nil, Wrong("tags", "too_many", MaxTags)
	}
	normal := make([]string, 0, len(tags))
	for _, tag := range tags {
		if !utf8.ValidString(tag) || len(tag) > 16*MaxTagLength {
			return nil, Wrong("tags", "not_text")
		}
		tag = strings.Join(strings.FieldsFunc(strings.ToLower(tag), func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == '-' || r == ','
		}), "-")
		tag = norm.NFC.String(tag)
		if utf8.RuneCountInString(tag) > MaxTagLength {
			return nil, Wrong("tags", "too_long", MaxTagLength)
		}
		if tag != "" {
			normal = append(normal, tag)
		}
	}
	slices.Sort(normal)
	normal = slices.Compact(normal)
	if len(normal) > MaxTags {
		return nil, Wrong("tags", "too_many", MaxTags)
	}
	return normal, nil
}
