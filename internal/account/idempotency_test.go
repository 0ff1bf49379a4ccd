package account

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

func TestARepeatedCallGetsTheFirstAnswer(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	ana, bia := o.hire(t, "ana@exemplo.com", access.Agent), o.hire(t, "bia@exemplo.com", access.Agent)
	keys := NewIdempotency(o.db, o.clock.now)
	begin := func(account int64, key, hash string) (*Stored, error) {
		return keys.Begin(ctx, account, key, []byte(hash))
	}

	for _, key := range []string{"", " ", "a b", "ç", "a\x00", strings.Repeat("k", 201)} {
		if _, err := begin(ana.ID, key, "h"); !errors.Is(err, ErrKeyInvalid) {
			t.Errorf("key %q: %v", key, err)
		}
	}
	if first, err := begin(ana.ID, "k", "h"); first != nil || err != nil {
		t.Fatalf("first = %+v, %v", first, err)
	}
	if _, err := begin(ana.ID, "k", "h"); !errors.Is(err, ErrInProgress) {
		t.Errorf("while it runs: %v", err)
	}
	if _, err := begin(ana.ID, "k", "other"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body while it runs: %v", err)
	}
	if first, err := begin(bia.ID, "k", "h"); first != nil || err != nil {
		t.Errorf("somebody else's key: %+v, %v", first, err)
	}
	answer := Stored{201, []byte(`{"id":1}`)}
	if err := keys.Finish(ctx, ana.ID, "k", answer); err != nil {
		t.Fatal(err)
	}
	if err := keys.Finish(ctx, ana.ID, "k", Stored{500, nil}); err != nil {
		t.Fatal(err)
	}
	o.clock.advance(time.Hour)
	if got, err := begin(ana.ID, "k", "h"); err != nil || got == nil || got.Status != 201 || !bytes.Equal(got.Body, answer.Body) {
		t.Errorf("repeated: %+v, %v", got, err)
	}
	if _, err := begin(ana.ID, "k", "other"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body: %v", err)
	}

	if err := keys.Abandon(ctx, ana.ID, "k"); err != nil {
		t.Fatal(err)
	}
	if got, err := begin(ana.ID, "k", "h"); err != nil || got == nil {
		t.Errorf("an answer was abandoned: %+v, %v", got, err)
	}
	if first, err := begin(ana.ID, "k2", "h"); first != nil || err != nil {
		t.Fatal(first, err)
	}
	if err := keys.Abandon(ctx, ana.ID, "k2"); err != nil {
		t.Fatal(err)
	}
	if first, err := begin(ana.ID, "k2", "other"); first != nil || err != nil {
		t.Errorf("after it was abandoned: %+v, %v", first, err)
	}
	// Its node was killed: somebody may try again, with the same call.
	o.clock.advance(runsAtMost + time.Second)
	if _, err := begin(ana.ID, "k2", "h"); !errors.Is(err, ErrKeyReused) {
		t.Errorf("another body after the first died: %v", err)
	}
	if first, err := begin(ana.ID, "k2", "other"); first != nil || err != nil {
		t.Errorf("after the first died: %+v, %v", first, err)
	}
}

func TestOfCallsAtOnceOneGoesOn(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	keys := NewIdempotency(o.db, o.clock.now)
	var on atomic.Int64
	together(20, func(int) {
		first, err := keys.Begin(t.Context(), ana.ID, "k", []byte("h"))
		if err == nil && first == nil {
			on.Add(1)
		} else if !errors.Is(err, ErrInProgress) {
			t.Errorf("first = %+v, %v", first, err)
		}
	})
	if on.Load() != 1 {
		t.Errorf("%d went on", on.Load())
	}
}
