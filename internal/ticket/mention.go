package ticket

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"gorm.io/gorm"
)

// maxMentions bounds how many @ of a note are looked at: it names people, it is
// no list of addresses.
const maxMentions = 50

// Named is somebody whom a note can name.
type Named struct {
	ID   int64
	Name string
}

// NamesIn gives the ids of those whom a text names as @ and their whole name, in
// any case, sorted. The longest name wins ("@Ana Lima" is not Ana), and people
// of one name are all meant. A name goes no further than its last letter: after
// it comes no letter or digit, and before the @ none either, so that an address
// names nobody.
func NamesIn(text string, people []Named) []int64 {
	byLength := slices.Clone(people)
	slices.SortStableFunc(byLength, func(a, b Named) int {
		return cmp.Compare(utf8.RuneCountInString(b.Name), utf8.RuneCountInString(a.Name))
	})
	var named []int64
	before := ' '
	for at, looked := 0, 0; at < len(text) && looked < maxMentions; {
		r, size := utf8.DecodeRuneInString(text[at:])
		at += size
		if r == '@' && !isWord(before) {
			looked++
			named = append(named, namedBy(text[at:], byLength)...)
		}
		before = r
	}
	slices.Sort(named)
	return slices.Compact(named)
}

// namedBy gives those whose name a text begins with.
func namedBy(text string, byLength []Named) (ids []int64) {
	length := 0
	for _, p := range byLength {
		n := utf8.RuneCountInString(p.Name)
		if n == 0 || length > n {
			break
		}
		head, tail := cut(text, n)
		next, _ := utf8.DecodeRuneInString(tail)
		if strings.EqualFold(head, p.Name) && (tail == "" || !isWord(next)) {
			ids, length = append(ids, p.ID), n
		}
	}
	return ids
}

// cut parts a text after n runes.
func cut(text string, n int) (head, tail string) {
	for i := range text {
		if n == 0 {
			return text[:i], text[i:]
		}
		n--
	}
	return text, ""
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Mention notes whom a note names, as part of the change that writes it: it waits
// for them until they look. Nobody is told of what they wrote themselves.
func (t *Ticket) Mention(ctx context.Context, tx *gorm.DB, n Note, accounts []int64) ([]int64, error) {
	accounts = slices.DeleteFunc(slices.Clone(accounts), func(id int64) bool { return id == n.AuthorID })
	for _, id := range accounts {
		err := tx.WithContext(ctx).Exec("INSERT INTO note_mentions (note_id, account_id) VALUES (?, ?) ON CONFLICT DO NOTHING", n.ID, id).Error
		if err != nil {
			return nil, fmt.Errorf("note that note %d names account %d: %w", n.ID, id, err)
		}
	}
	all := append(slices.Clone(t.Mentioned), accounts...)
	slices.Sort(all)
	t.Mentioned = slices.Compact(all)
	return accounts, nil
}
