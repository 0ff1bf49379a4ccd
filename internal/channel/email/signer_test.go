package email

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var testSigner = NewSigner([]byte("a secret of the tests"))

func TestAttacks1And2GuessedIDsAreSeen(t *testing.T) {
	t.Parallel()
	ours := testSigner.MessageID(42, 7, "empresa.example")
	other := NewSigner([]byte("another secret")).MessageID(42, 7, "empresa.example")
	bent := ours[:10] + string(rune('a'+(ours[10]-'a'+1)%26)) + ours[11:]
	m := parse(t, "From: a@b.co\r\nMessage-ID: <x@b.co>\r\nIn-Reply-To: <"+bent+">\r\nReferences: <"+ours+"> <"+other+"> <notify-42-7-0000@empresa.example>\r\n\r\noi")
	if len(m.Forged) != 2 || m.Forged[0] != bent || m.Forged[1] != other {
		t.Errorf("forged: %q", m.Forged)
	}
	if ticket, message, ok := testSigner.Verify(m.References[0]); !ok || ticket != 42 || message != 7 {
		t.Errorf("ours: %d %d %v", ticket, message, ok)
	}
	if m.Automatic.Class != ClassNone {
		t.Errorf("class %q", m.Automatic.Class)
	}
}

func TestIDsAreOursOncePerPurposeAndFitAnAddress(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Min(0).Draw(t, "a"), rapid.Int64Min(0).Draw(t, "b")
		id, token, path := testSigner.MessageID(a, b, "x.example"), testSigner.ReplyToken(a, b), testSigner.ReturnPath(a, "x.example")
		if id == testSigner.MessageID(a, b, "x.example") {
			t.Fatal("the same id twice")
		}
		if x, y, ok := testSigner.Verify(strings.ToUpper(id)); !ok || x != a || y != b {
			t.Fatalf("%s verifies as %d %d %v", id, x, y, ok)
		}
		if x, y, ok := testSigner.VerifyReply("sac+" + token + "@x.example"); !ok || x != a || y != b {
			t.Fatalf("%s verifies as %d %d %v", token, x, y, ok)
		}
		if x, ok := testSigner.VerifyReturnPath(path); !ok || x != a {
			t.Fatalf("%s verifies as %d %v", path, x, ok)
		}
		if local, _, _ := strings.Cut(path, "@"); len(local) > 64 {
			t.Fatalf("%s is too long for an address", path)
		}
		if a < 1<<28 && b < 1<<28 && len(token) > 48 {
			t.Fatalf("%s has %d characters", token, len(token))
		}
		// One purpose never passes for another, whatever the prefix.
		swapped := "em" + path[2:]
		if _, _, ok := testSigner.Verify(swapped); ok {
			t.Fatalf("%s passes for a Message-ID", swapped)
		}
		if _, _, ok := (Signer{}).Verify(id); ok || !LooksOurs(id) {
			t.Fatal("the zero Signer verifies")
		}
	})
}
