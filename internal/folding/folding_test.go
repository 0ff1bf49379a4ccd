package folding

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestFormsOfOneWordMeet(t *testing.T) {
	t.Parallel()
	for _, forms := range []string{
		"cartão cartões CARTOES Cartão", "reclamação reclamações RECLAMACAO", "reunião reuniões",
		"canal canais", "papel papéis", "lençol lençóis", "azul azuis", "fácil fáceis", "útil úteis",
		"flor flores", "valor valores", "livre livres", "nome nomes", "pedido pedidos", "mão mãos", "pão pães",
		"ordem ordens", "mês meses", "vez vezes", "país países", "real reais", "endereço endereços", "fatura faturas",
	} {
		words := strings.Fields(forms)
		for _, w := range words[1:] {
			if Fold(w) != Fold(words[0]) {
				t.Errorf("Fold(%q) = %q, Fold(%q) = %q", words[0], Fold(words[0]), w, Fold(w))
			}
		}
	}
}

func TestDifferentWordsStayApart(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, w := range strings.Fields("cartão carta carro cano canal conta contrato mal mais mãe mão mas reais rei pedido pede loja lojista") {
		if other, ok := seen[Fold(w)]; ok {
			t.Errorf("%s and %s are both %q", w, other, Fold(w))
		}
		seen[Fold(w)] = w
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                          "",
		" \t\x00 ":                  "",
		"Ana@Exemplo.com.br":        "ana exemplo com br",
		"Pedido nº 4411-A, R$ 1,50": "pedido no 4411 a r 1 50",
		"a\u0301gua ÁGUA":           "agua agua",
		"Straße ÆSIR ﬁm":            "strass aesir fim",
		"東京 привет":                 "東京 привет",
		"\xff\xfeabc":               "abc",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Fold(strings.Repeat("é€東", 200)); len(got) > 3000 {
		t.Errorf("a word of 600 characters gave %d bytes", len(got))
	}
}

func TestEveryCharacterFoldsOnce(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if r > 0x3000 && r%31 != 0 { // ideographs and syllables by the ten thousand, all alike
			continue
		}
		for _, s := range []string{string(r), "cas" + string(r) + "s"} {
			once := Fold(s)
			if twice := Fold(once); twice != once {
				t.Fatalf("Fold(%q) = %q, and again %q", s, once, twice)
			}
		}
	}
}

func TestFoldingIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zãõçé]{1,9}(is|es|aos|oes|s|ses|res|zes|il|ns| ){0,4}`)).Draw(t, "s")
		once := Fold(s)
		if twice := Fold(once); twice != once {
			t.Fatalf("Fold(%q) = %q, and again %q", s, once, twice)
		}
	})
}

func FuzzFold(f *testing.F) {
	f.Add("Cartões não chegaram")
	f.Add("a\u0301\xff\x00ﬁ")
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if !utf8.ValidString(once) || strings.ContainsRune(once, 0) {
			t.Errorf("Fold(%q) = %q cannot be stored", s, once)
		}
		if twice := Fold(once); twice != once {
			t.Errorf("Fold(%q) = %q, and again %q", s, once, twice)
		}
	})
}

func BenchmarkFold(b *testing.B) {
	const body = "Meu pedido 4411 não chegou e ninguém responde no telefone. Já tentei três vezes esta semana, quero uma solução ou o dinheiro de volta."
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		Fold(body)
	}
}
