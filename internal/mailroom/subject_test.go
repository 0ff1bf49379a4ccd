package mailroom

import (
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

func TestCleanSubject(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Re: Fatura":                     "Fatura",
		"RES: ENC: Fwd:Fatura":           "Fatura",
		"Re[2]: re (3): Fatura":          "Fatura",
		"Resposta: Fatura":               "Resposta: Fatura",
		"Pedido: não chegou":             "Pedido: não chegou",
		"re:":                            "",
		"  ":                             "",
		"AW: WG: Fatura":                 "Fatura",
		"Re(): x":                        "Re(): x",
		strings.Repeat("Re: ", 99) + "f": "f",
		"10:30 não atende":               "10:30 não atende",
	} {
		if got := cleanSubject(in); got != want {
			t.Errorf("cleanSubject(%q) = %q, want %q", in, got, want)
		}
	}
	if got := cleanSubject(strings.Repeat("á", 300)); len([]rune(got)) != maxSubject || !strings.HasSuffix(got, "…") {
		t.Errorf("a long subject became %d runes", len([]rune(got)))
	}
}

func TestAttack93CleaningASubjectIsLinear(t *testing.T) {
	t.Parallel()
	start := time.Now()
	if got := cleanSubject(strings.Repeat("Re: ", 20_000) + "fim"); got != "fim" {
		t.Errorf("%q", got)
	}
	protocolIn(strings.Repeat("1 ", 20_000))
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestProtocolInSubject(t *testing.T) {
	t.Parallel()
	p := brazil.NewProtocol(brazil.Date{Year: 2026, Month: 11, Day: 22}, 4711)
	for _, s := range []string{
		"Protocolo " + string(p), "Re: [" + string(p) + "] Fatura", "protocolo " + p.String() + " ainda sem resposta",
		"2 " + string(p), "pedido 12345 " + string(p), string(p), string(p) + " 12 dias",
	} {
		if got := protocolIn(s); got != string(p) {
			t.Errorf("protocolIn(%q) = %q", s, got)
		}
	}
	wrong := []byte(p)
	wrong[9]++
	for _, s := range []string{"", "Fatura 123", string(wrong), string(p) + "1", "1" + string(p), strings.Repeat("9", 44), "a" + strings.Repeat("1-", 40)} {
		if got := protocolIn(s); got != "" {
			t.Errorf("protocolIn(%q) = %q", s, got)
		}
	}
}

func FuzzSubject(f *testing.F) {
	f.Add("Re[2]: Protocolo 2026 1122 0000 001 39")
	f.Fuzz(func(t *testing.T, s string) {
		protocolIn(s)
		if again := cleanSubject(cleanSubject(s)); len([]rune(again)) > maxSubject {
			t.Errorf("%q is too long", again)
		}
	})
}
