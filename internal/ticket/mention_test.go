package ticket_test

import (
	"slices"
	"testing"

	"github.com/escuta-sac/escuta/internal/ticket"
)

var people = []ticket.Named{{1, "Ana"}, {2, "Ana Lima"}, {3, "João Prado"}, {4, "Ana Lima"}, {5, "Bia Ó"}, {6, ""}}

func TestANoteNamesPeopleByTheirWholeName(t *testing.T) {
	for text, want := range map[string][]int64{
		"@Ana veja":                     {1},
		"@Ana Lima, veja":               {2, 4},
		"pergunte a @joão prado.":       {3},
		"(@JOÃO PRADO)":                 {3},
		"@Joao Prado":                   nil,
		"@Anabela":                      nil,
		"@Ana Limão":                    {1},
		"ana@Ana.example":               nil,
		"@ Ana":                         nil,
		"@Ana e @João Prado e @Ana":     {1, 3},
		"@Bia Ó":                        {5},
		"@":                             nil,
		"sem ninguém":                   nil,
		"@@Ana":                         {1},
		"linha\n@Ana Lima\n@João Prado": {2, 3, 4},
	} {
		if got := ticket.NamesIn(text, people); !slices.Equal(got, want) {
			t.Errorf("%q names %v, want %v", text, got, want)
		}
	}
}

func FuzzNamesIn(f *testing.F) {
	f.Add("@Ana Lima", "Ana")
	f.Add("@\xff\xfe", "\xff")
	f.Fuzz(func(t *testing.T, text, name string) {
		got := ticket.NamesIn(text, append(slices.Clone(people), ticket.Named{ID: 7, Name: name}))
		if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) || slices.Contains(got, 6) {
			t.Errorf("%q names %v", text, got)
		}
	})
}
