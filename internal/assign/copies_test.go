package assign

import "testing"

// Whatever stands in Redis under a lease's key, it is a lease or refused.
func FuzzHeld(f *testing.F) {
	f.Add("7:12:3:true:Ana: a que atende")
	f.Add("7:12:3:true")
	f.Add(":::::")
	f.Add("-1:1:1:TRUE:")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHeld(text)
		if err != nil {
			return
		}
		again, err := parseHeld(h.String())
		if err != nil || again != h {
			t.Errorf("%q became %+v, then %+v, %v", text, h, again, err)
		}
	})
}
