package letter_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/letter"
)

var labels = letter.Labels{
	Page: func(n int) string { return fmt.Sprintf("Página %d", n) },
	Date: func(t time.Time) string { return t.Format("02/01/2006") },
}

func sample() letter.Letter {
	return letter.Letter{
		Brand:   letter.Brand{Name: "Aroeira", LegalName: "Aroeira Energia S.A.", CNPJ: "12.ABC.345/01DE-35", Color: "#2f6b3a"},
		To:      []string{"Ana Conceição", "Rua das Acácias, 10, ap. 21", "01310-100 São Paulo, SP"},
		Date:    time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		Place:   "São Paulo",
		Subject: "Resposta à sua reclamação",
		Body:    "Olá, Ana.\n\nSuspendemos a cobrança indevida em 20/11. O estorno de R$ 1.234,56 — “já lançado” — aparece na próxima fatura.",
		Closing: []string{"Atenciosamente,", "Caio"},
		Foot:    "Protocolo 2026 1122 0000 00139",
	}
}

// pages reads what a PDF says, page by page, with somebody else's program.
func pages(t testing.TB, letters ...letter.Letter) []string {
	t.Helper()
	var pdf bytes.Buffer
	if err := letter.Write(&pdf, labels, letters...); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "letter.pdf")
	if err := os.WriteFile(path, pdf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
}

func TestALetterSaysWhatItWasGiven(t *testing.T) {
	t.Parallel()
	got := pages(t, sample())
	if len(got) != 1 {
		t.Fatalf("%d pages", len(got))
	}
	for _, words := range []string{"Aroeira", "CNPJ 12.ABC.345/01DE-35", "Ana Conceição", "01310-100", "São Paulo, 22/11/2026",
		"Resposta à sua reclamação", "R$ 1.234,56 — “já lançado”", "Caio", "Protocolo 2026 1122 0000 00139", "Página 1"} {
		if !strings.Contains(got[0], words) {
			t.Errorf("the letter does not say %q:\n%s", words, got[0])
		}
	}
}

func TestABatchCountsEachLettersPages(t *testing.T) {
	t.Parallel()
	long := sample()
	long.Body = strings.Repeat("Um parágrafo que ocupa espaço na folha. ", 10)
	long.Body = strings.Repeat(long.Body+"\n\n", 12)
	long.Foot = "a longa"
	short := sample()
	short.Foot = "a curta"
	got := pages(t, long, short)
	if len(got) < 3 {
		t.Fatalf("%d pages", len(got))
	}
	last := len(got) - 1
	for i, page := range got {
		foot, n := "a longa", i+1
		if i == last {
			foot, n = "a curta", 1
		}
		if !strings.Contains(page, foot) || !strings.Contains(page, fmt.Sprintf("Página %d", n)) || !strings.Contains(page, "Aroeira") {
			t.Errorf("page %d of the batch has not the foot %q, number %d:\n%s", i+1, foot, n, page)
		}
	}
}

func TestTheSameLetterIsTheSameFile(t *testing.T) {
	t.Parallel()
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := letter.Write(w, labels, sample()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two writings of one letter differ")
	}
}

func TestNoTextBreaksALetter(t *testing.T) {
	t.Parallel()
	var all []letter.Letter
	for _, text := range []string{"", "\u202Eabc", "😀", "\x00", "a\r\nb", "a\tb", "\xff\xfe", strings.Repeat("á", 5000), "(parêntese \\) %d %s", "#fff", "汉字"} {
		l := sample()
		l.Body, l.Subject, l.To, l.Closing, l.Brand.Color, l.Brand.Name = text, text, []string{text}, []string{text}, text, text
		all = append(all, l)
	}
	if got := pages(t, all...); len(got) < len(all) {
		t.Errorf("%d letters have %d pages", len(all), len(got))
	}
}
