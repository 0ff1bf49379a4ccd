package channel

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ana.Souza@Exemplo.com.br": "ana.souza@exemplo.com.br",
		" a@b.co\n":                "a@b.co",
		"o'neil+sac@x-y.example":   "o'neil+sac@x-y.example",
		"a@xn--caf-dma.example":    "a@xn--caf-dma.example",
	} {
		if got, ok := ParseEmail(in); !ok || got != want {
			t.Errorf("ParseEmail(%q) = %q, %v", in, got, ok)
		}
	}
	// Attack 40, and what else could be read as more than one recipient.
	for _, in := range []string{
		"", "a", "@b.co", "a@", "a@b", "a@b,c@d", "a@b.co,c@d.co", "a@b.co;c@d.co", "a@b\n.c", "a@b.co\r\nBcc: v@x.co",
		`"a b"@x.co`, `"a"@x.co`, "Ana <a@b.co>", "a@b.co (Ana)", "x@y.com, z@w.com <a@b.co>", "a@@b.co", "a b@c.co",
		"a..b@c.co", ".a@b.co", "a.@b.co", "a@-b.co", "a@b-.co", "a@b..co", "a@[127.0.0.1]", "a@127.0.0.1", "a@b.co\x00",
		"аna@exemplo.com", "ana@exеmplo.com", "a@b.co%0aBcc:x@y.co,z", strings.Repeat("a", 65) + "@b.co", "a@" + strings.Repeat("b.", 130) + "co",
	} {
		if got, ok := ParseEmail(in); ok {
			t.Errorf("ParseEmail(%q) = %q, want a refusal", in, got)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("ana@exemplo.com.br")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseEmail(s)
		if !ok {
			return
		}
		if strings.ContainsAny(got, " ,;:<>()[]\"\\\r\n\t\x00") || strings.Count(got, "@") != 1 {
			t.Errorf("ParseEmail(%q) = %q is more than one bare address", s, got)
		}
		if again, ok := ParseEmail(got); !ok || again != got {
			t.Errorf("ParseEmail(%q) is not stable: %q", got, again)
		}
	})
}

func TestTheMostTellingIdentityComesFirst(t *testing.T) {
	t.Parallel()
	in := Inbound{Phone: "+5511987654321", Document: Document{"cpf", "11144477735"}}
	if ids := in.Identities(); len(ids) != 2 || ids[0] != (Identity{IdentityPhone, "+5511987654321"}) || ids[1].Kind != IdentityCPF {
		t.Errorf("identities = %v", ids)
	}
	in.Email = "a@b.co"
	if ids := in.Identities(); len(ids) != 3 || ids[0].Kind != IdentityEmail {
		t.Errorf("identities = %v", ids)
	}
}
