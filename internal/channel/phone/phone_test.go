package phone

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

// Whatever a telephone shows is E.164 or is kept as it was told.
func TestAttack96CallersOfAllShapes(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]Caller{
		"":                          {},
		"anonymous":                 {Raw: "anonymous"},
		"<script>alert(1)</script>": {Raw: "<script>alert(1)</script>"},
		"+55 (11) 9 9999-9999":      {"+55 (11) 9 9999-9999", "+5511999999999"},
		"551199999999":              {"551199999999", "+5511999999999"}, // without the ninth digit
		strings.Repeat("9", 30):     {Raw: strings.Repeat("9", 30)},
		"sip:+551133334444@pbx.example;user=phone": {"sip:+551133334444@pbx.example;user=phone", "+551133334444"},
		"sip:ana2001@pbx.example":                  {Raw: "sip:ana2001@pbx.example"},
		"a\u202eb\x00c":                            {Raw: "abc"},
	} {
		if got := ReadCaller(told); got != want {
			t.Errorf("%q is read as %+v", told, got)
		}
	}
}

// Without the secret, with another body, or ten minutes off, an event is refused.
func TestAttack95SignaturesAreOfThisBodyAndOfNow(t *testing.T) {
	t.Parallel()
	secret, body := []byte("segredo"), []byte(`{"event":"queued","call":"1"}`)
	good := Sign(secret, body, noon)
	if err := Verify(secret, good, body, noon.Add(4*time.Minute)); err != nil {
		t.Errorf("a right one: %v", err)
	}
	for name, c := range map[string]struct {
		secret, body []byte
		header       string
	}{
		"another secret":         {[]byte("outro"), body, good},
		"no secret":              {nil, body, Sign(nil, body, noon)},
		"another body":           {secret, []byte(`{"event":"queued","call":"2"}`), good},
		"ten minutes late":       {secret, body, Sign(secret, body, noon.Add(-10*time.Minute))},
		"ten minutes early":      {secret, body, Sign(secret, body, noon.Add(10*time.Minute))},
		"nothing":                {secret, body, ""},
		"another time":           {secret, body, strings.Replace(good, "t=1", "t=2", 1)},
		"no hex":                 {secret, body, good[:len(good)-1] + "z"},
		"a header of a megabyte": {secret, body, good + strings.Repeat(",x=y", 1<<18)},
	} {
		if err := Verify(c.secret, c.header, c.body, noon); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The same events in any order, each as often as it likes, give the same facts.
func TestAttack94TheOrderOfEventsDoesNotMatter(t *testing.T) {
	t.Parallel()
	kinds := []EventKind{Queued, Ringing, Answered, Transferred, HungUp, Abandoned, RecordingReady, "dancing"}
	event := rapid.Custom(func(t *rapid.T) Event {
		return Event{
			ID: rapid.StringMatching("[a-f]{1,3}").Draw(t, "id"), Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Call: "1",
			At:        noon.Add(time.Duration(rapid.IntRange(-4000, 4000).Draw(t, "at")) * time.Second),
			Caller:    rapid.SampledFrom([]string{"", "+5511999999999", "anonymous"}).Draw(t, "caller"),
			Extension: rapid.SampledFrom([]string{"", "2001", "2002"}).Draw(t, "extension"),
			Recording: rapid.SampledFrom([]string{"", "a.wav", "b.wav"}).Draw(t, "recording"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(event, 1, 12).Draw(t, "events")
		var straight Facts
		for _, e := range events {
			straight = straight.With(e)
		}
		again := append(rapid.Permutation(events).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "repeated")...)
		var crooked Facts
		for _, e := range again {
			crooked = crooked.With(e)
		}
		if !reflect.DeepEqual(straight, crooked) {
			t.Fatalf("%+v\n%+v", straight, crooked)
		}
		if !reflect.DeepEqual(straight.Join(straight), straight) {
			t.Fatalf("joined with itself it is another: %+v", straight.Join(straight))
		}
	})
}

func TestTheStateOfACall(t *testing.T) {
	t.Parallel()
	at := func(kind EventKind, second int, extension string) Event {
		return Event{ID: fmt.Sprint(kind, second), Kind: kind, Call: "1", At: noon.Add(time.Duration(second) * time.Second), Extension: extension}
	}
	for name, c := range map[string]struct {
		events   []Event
		state    State
		at       string
		duration time.Duration
	}{
		"hung up before it rang": {[]Event{at(HungUp, 9, ""), at(Ringing, 2, "2001")}, Missed, "", 0},
		"answered after all":     {[]Event{at(Abandoned, 9, ""), at(Answered, 5, "2001")}, Talking, "2001", 0},
		"passed on":              {[]Event{at(Transferred, 60, "2002"), at(Answered, 5, "2001"), at(HungUp, 65, "")}, Ended, "2002", time.Minute},
		"a clock that went back": {[]Event{at(Answered, 3600, "2001"), at(HungUp, 5, "")}, Ended, "2001", 0},
		"only in the queue":      {[]Event{at(Queued, 1, "")}, Waiting, "", 0},
	} {
		var f Facts
		for _, e := range c.events {
			f = f.With(e)
		}
		if f.State() != c.state || f.Extension() != c.at || f.Duration() != c.duration {
			t.Errorf("%s: %s at %q for %s", name, f.State(), f.Extension(), f.Duration())
		}
	}
}

func FuzzDecodeEvent(f *testing.F) {
	for _, seed := range []string{`{"id":"1","event":"answered","call":7,"at":1795359600,"caller":"+5511999999999","extension":2001}`,
		`{"event":"queued","call":"x","at":"2026-11-22T12:00:00-03:00"}`, `{"event":"hung_up","call":"x","at":1795359600123}`, `[]`, `{"call":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := DecodeEvent(body, noon)
		if err != nil {
			return
		}
		if e.ID == "" || e.Call == "" || e.Kind == "" || e.At.IsZero() && e.At.Year() < 1970 || strings.ContainsRune(e.Call+e.Caller+e.Extension+e.Recording, 0) {
			t.Errorf("%q became %+v", body, e)
		}
		if again, err := DecodeEvent(body, noon); err != nil || again != e {
			t.Errorf("%q is read in two ways: %+v, %+v", body, e, again)
		}
	})
}
