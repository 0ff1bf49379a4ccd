package seal

import (
	"bytes"
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func sealer(t testing.TB, secret string) *Sealer {
	t.Helper()
	s, err := New([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatIsSealedComesBack(t *testing.T) {
	t.Parallel()
	s, same, other := sealer(t, "one secret"), sealer(t, "one secret"), sealer(t, "another secret")
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "plain")
		sealed := s.Seal("a", plain)
		if len(plain) > 8 && bytes.Contains(sealed, plain) {
			t.Fatal("it can be read")
		}
		if got, err := same.Unseal("a", sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("unsealed %q, %v", got, err)
		}
		if _, err := same.Unseal("b", sealed); !errors.Is(err, ErrBroken) {
			t.Fatalf("opened for another purpose: %v", err)
		}
		if _, err := other.Unseal("a", sealed); !errors.Is(err, ErrBroken) {
			t.Fatalf("opened with another secret: %v", err)
		}
		sealed[rapid.IntRange(0, len(sealed)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if _, err := s.Unseal("a", sealed); !errors.Is(err, ErrBroken) {
			t.Fatalf("a changed one was opened: %v", err)
		}
	})
}

func TestNothingStaysNothing(t *testing.T) {
	t.Parallel()
	s := sealer(t, "one secret")
	if sealed := s.Seal("a", nil); sealed != nil {
		t.Errorf("sealed nothing into %x", sealed)
	}
	if plain, err := s.Unseal("a", nil); plain != nil || err != nil {
		t.Errorf("unsealed nothing into %q, %v", plain, err)
	}
	if bytes.Equal(s.Seal("a", []byte("x")), s.Seal("a", []byte("x"))) {
		t.Error("the same thing looks the same twice")
	}
}

func FuzzUnseal(f *testing.F) {
	s := sealer(f, "one secret")
	f.Add(s.Seal("a", []byte("x")))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := s.Unseal("b", sealed); err == nil && len(sealed) > 0 {
			t.Errorf("opened %x as %q", sealed, plain)
		}
	})
}
