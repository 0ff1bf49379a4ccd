package event

import (
	"slices"
	"testing"
)

// held is a tail that began after position 0 and was given n events, some at a time.
func held(n, some int) *tail {
	t := &tail{}
	t.reset(Position{Epoch: "e"})
	for at := 0; at < n; at += some {
		events := make([]Event, min(some, n-at))
		for i := range events {
			events[i] = Event{Pos: int64(at + i + 1)}
		}
		t.extend(events)
	}
	return t
}

// The buffer from which those who come back are served, in each state that it can
// be in. It speaks for a position from which it can go on without a hole, and for
// no other; PostgreSQL is asked then.
func TestTheReplayBufferSpeaksOnlyForWhatItCanContinue(t *testing.T) {
	t.Parallel()
	const brim = 2 * tailKept // one more and the older half is dropped
	for name, tt := range map[string]struct {
		tail    *tail
		after   Position
		covered bool
		first   int64 // position of the first event given, 0 for none
	}{
		"empty":                              {held(0, 1), Position{"e", 0}, true, 0},
		"empty, asked ahead of it":           {held(0, 1), Position{"e", 7}, true, 0},
		"half full, from the start":          {held(tailKept/2, 100), Position{"e", 0}, true, 1},
		"half full, from the middle":         {held(tailKept/2, 100), Position{"e", tailKept / 4}, true, tailKept/4 + 1},
		"half full, from its newest":         {held(tailKept/2, 100), Position{"e", tailKept / 2}, true, 0},
		"full, from the start":               {held(brim, 64), Position{"e", 0}, true, 1},
		"full, from its newest":              {held(brim, 64), Position{"e", brim}, true, 0},
		"wrapped, from its newest but one":   {held(brim+1, 1), Position{"e", brim}, true, brim + 1},
		"wrapped, from before its first":     {held(brim+1, 1), Position{"e", tailKept + 1}, true, tailKept + 2},
		"first entry overwritten by one":     {held(brim+1, 1), Position{"e", tailKept}, false, 0},
		"first entry overwritten, the start": {held(brim+1, 1), Position{"e", 0}, false, 0},
		"wrapped many times":                 {held(10*brim, 500), Position{"e", 1}, false, 0},
		"epoch changed":                      {held(10, 1), Position{"f", 3}, false, 0},
		"before any position":                {held(10, 1), Position{"e", -1}, false, 0},
	} {
		events, covered, _ := tt.tail.after(tt.after)
		first := int64(0)
		if len(events) > 0 {
			first = events[0].Pos
		}
		if covered != tt.covered || first != tt.first {
			t.Errorf("%s: covered %v from %d, want %v from %d", name, covered, first, tt.covered, tt.first)
		}
		for i, e := range events {
			if e.Pos != tt.after.Pos+int64(i)+1 {
				t.Fatalf("%s: a hole before %d", name, e.Pos)
			}
		}
	}
}

// A reader that has been given a stretch keeps it whole while the buffer wraps.
func TestTheReplayBufferWrapsUnderNobodysHands(t *testing.T) {
	t.Parallel()
	full := held(2*tailKept, 64)
	events, _, _ := full.after(Position{Epoch: "e"})
	before := slices.Clone(events)
	full.extend([]Event{{Pos: 2*tailKept + 1}})
	for i := range events {
		if events[i].Pos != before[i].Pos {
			t.Fatalf("event %d became %d", before[i].Pos, events[i].Pos)
		}
	}
}

// Whoever asks is told when asking again makes sense: at news, at another epoch,
// and when nobody fills the buffer any more.
func TestTheReplayBufferTellsWhenToAskAgain(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*tail){
		"news":          func(t *tail) { t.extend([]Event{{Pos: 1}}) },
		"epoch changed": func(t *tail) { t.reset(Position{Epoch: "f"}) },
		"stopped":       func(t *tail) { t.stop() },
	} {
		empty := held(0, 1)
		_, _, changed := empty.after(Position{Epoch: "e"})
		change(empty)
		select {
		case <-changed:
		default:
			t.Errorf("%s is not told", name)
		}
		if _, covered, _ := empty.after(Position{Epoch: "e"}); covered != (name == "news") {
			t.Errorf("%s: covered %v", name, covered)
		}
	}
}
