package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

func TestACopyThatCarriesMoreIsStillItsSentinel(t *testing.T) {
	full := New(Unavailable, "queue_full")
	got := fmt.Errorf("submit: %w", full.Because(io.EOF).With("n", 3).Field("body.email", "required").After(time.Second))
	if !errors.Is(got, full) || !errors.Is(got, io.EOF) {
		t.Fatalf("%v is neither its sentinel nor its cause", got)
	}
	if errors.Is(got, New(Unavailable, "other")) {
		t.Error("it is equal to another sentinel")
	}
	f := From(got)
	if f.Kind != Unavailable || f.Args["n"] != 3 || f.RetryAfter != time.Second || f.Details[0].Code != "required" {
		t.Errorf("From lost something: %+v", f)
	}
	if full.Err != nil || full.Args != nil || full.Details != nil || full.RetryAfter != 0 {
		t.Errorf("the sentinel itself was changed: %+v", full)
	}
}

func TestFromHidesWhatIsNoFault(t *testing.T) {
	f := From(errors.New(`pq: relation "tickets" does not exist`))
	if f.Kind != Internal || f.Code != "internal" || f.Err == nil {
		t.Errorf("got %+v", f)
	}
}
