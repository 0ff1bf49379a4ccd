package event_test

import (
	"errors"
	"testing"

	"github.com/escuta-sac/escuta/internal/event"
)

func TestPositionsThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", ".", "abc", "abc.", ".1", "abc.-1", "abc.+1", "abc.01", "abc.1.2", "abc.1e3", "ABC.1", "a b.1", "abc.1 ",
		"abc.9223372036854775808", "é.1", "abc.١", "0123456789012345678901234567890123.1",
	} {
		if p, err := event.ParsePosition(text); !errors.Is(err, event.ErrBadPosition) {
			t.Errorf("%q was read as %v, %v", text, p, err)
		}
	}
}

func FuzzParsePosition(f *testing.F) {
	f.Add("0a1b2c3d4e5f.42")
	f.Add("x.0")
	f.Add("x.-0")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := event.ParsePosition(text)
		if err != nil {
			return
		}
		if p.Pos < 0 || p.String() != text {
			t.Errorf("%q was read as %v", text, p)
		}
	})
}
