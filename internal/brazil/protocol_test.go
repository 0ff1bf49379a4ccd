package brazil

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestProtocolVectors(t *testing.T) {
	for _, v := range []struct {
		day      Date
		sequence int
		want     Protocol
	}{
		{Date{2026, 11, 22}, 1, "20261122000000139"},
		{Date{2026, 11, 22}, 2, "20261122000000236"},
		{Date{2026, 12, 31}, 999_999, "20261231099999941"},
		{Date{2027, 2, 28}, 12_345, "20270228001234581"},
	} {
		got := NewProtocol(v.day, v.sequence)
		if got != v.want {
			t.Errorf("NewProtocol(%s, %d) = %s, want %s", v.day, v.sequence, got, v.want)
		}
		if got.Day() != v.day {
			t.Errorf("%s is of %s", got, got.Day())
		}
	}
}

func TestProtocolIsReadInShortGroups(t *testing.T) {
	if got := Protocol("20261122000000139").String(); got != "2026 1122 0000 001 39" {
		t.Errorf("String = %q", got)
	}
}

func TestParseProtocolRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":           "",
		"a wrong digit":     "20261122000000138",
		"a swap":            "20261122000001039",
		"short":             "2026112200000013",
		"letters":           "2026112200000O139",
		"sequence zero":     "202611220000000" + check("202611220000000"),
		"no such day":       "202602300000001" + check("202602300000001"),
		"month thirteen":    "202613010000001" + check("202613010000001"),
		"the other writing": "202611220000066" + "99",
	} {
		if p, err := ParseProtocol(in); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: ParseProtocol(%q) = %q, %v", name, in, p, err)
		}
	}
}

func check(body string) string { return string(checked(body)[15:]) }

// checked adds check digits to a body that NewProtocol would not make.
func checked(body string) Protocol {
	n := 98 - modulo97(body+"00")
	return Protocol(body + string([]byte{byte('0' + n/10), byte('0' + n%10)}))
}

func TestNewProtocolPanicsOverTheDaysNumbers(t *testing.T) {
	for _, n := range []int{0, -1, MaxSequence + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("sequence %d was accepted", n)
				}
			}()
			NewProtocol(Date{2026, 1, 1}, n)
		}()
	}
}

func TestEveryProtocolIsReadBackAndEverySlipIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := Date{2000, time.January, 1}.AddDays(rapid.IntRange(0, 36_500).Draw(t, "day"))
		p := NewProtocol(day, rapid.IntRange(1, MaxSequence).Draw(t, "sequence"))
		if got, err := ParseProtocol(p.String()); err != nil || got != p {
			t.Fatalf("ParseProtocol(%q) = %q, %v", p, got, err)
		}
		slip := []byte(p)
		i := rapid.IntRange(0, 15).Draw(t, "at")
		if rapid.Bool().Draw(t, "swap") {
			slip[i], slip[i+1] = slip[i+1], slip[i]
		} else {
			slip[i] = '0' + (slip[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		}
		if string(slip) == string(p) {
			return
		}
		if got, err := ParseProtocol(string(slip)); err == nil {
			t.Fatalf("%s accepted for %s", got, p)
		}
	})
}
