package ticket

import "testing"

// What a cursor says is what was asked for, or it is refused: no text makes a
// list start where no list was.
func FuzzCursor(f *testing.F) {
	for _, c := range []cursor{{SortDue, never, 1}, {SortWaiting, 0, 9}, {SortNewest, latest, 1 << 60}, {SortRelevance, -5, 3}} {
		f.Add(c.String(), string(c.sort))
	}
	f.Add("", "due")
	f.Add("ZHVlLi0wLjE", "due")
	f.Fuzz(func(t *testing.T, text, sort string) {
		c, err := parseCursor(text, Sort(sort))
		if err != nil {
			return
		}
		if c.String() != text || c.sort != Sort(sort) || c.id <= 0 {
			t.Errorf("%q by %q became %+v", text, sort, c)
		}
		if _, err := c.at().Value(); err != nil {
			t.Error(err)
		}
	})
}

func FuzzRef(f *testing.F) {
	for _, ref := range []string{"1", "20261122000000139", "-1", "9999999999999999", "00000000000000000"} {
		f.Add(ref)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		id, protocol := parseRef(ref)
		if id < 0 || id != 0 && protocol != "" || protocol != "" && protocol != ref {
			t.Errorf("%q became %d and %q", ref, id, protocol)
		}
	})
}
