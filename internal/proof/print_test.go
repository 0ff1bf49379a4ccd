package proof_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/letter"
	"github.com/escuta-sac/escuta/internal/proof"
)

const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

var number = string(brazil.NewProtocol(brazil.Date{Year: 2026, Month: 11, Day: 23}, 13))

// said is what a paper says, page by page, read by somebody else's program. When
// ESCUTA_PAPERS names a folder the paper is left there, to be looked at.
func said(t testing.TB, name string, pdf []byte) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".pdf")
	if dir := os.Getenv("ESCUTA_PAPERS"); dir != "" {
		path = filepath.Join(dir, name+".pdf")
	}
	if err := os.WriteFile(path, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatalf("pdftotext: %v", err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\f"), "\f")
}

func printed(t testing.TB, s proof.Sheet, lang string) []byte {
	t.Helper()
	var pdf bytes.Buffer
	if err := s.Print(&pdf, lang, digest); err != nil {
		t.Fatal(err)
	}
	return pdf.Bytes()
}

func moment(text string) time.Time {
	at, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return at
}

func ptr[T any](v T) *T { return &v }

// sample is a sheet with everything that one can have on it.
func sample() proof.Sheet {
	policy := int64(41)
	return proof.Sheet{
		Protocol: number, Brand: letter.Brand{Name: "Aroeira", LegalName: "Aroeira Energia S.A.", CNPJ: "12.ABC.345/01DE-35", Color: "#2f6b3a"},
		Subject: "Cobrança em dobro na fatura de outubro", Kind: "denuncia", Channel: "ombudsman", Demandant: "Ana Conceição", OpenedAt: moment("2026-11-05 13:04"),
		Zone: "America/Sao_Paulo", MadeBy: "Caio Prado", MadeAt: moment("2026-12-11 18:30"), CheckAt: "https://desk.example/api/tickets/" + number + "/clocks/proofs/",
		Clocks: []proof.Clock{{
			ID: 7, Kind: "legal", Policy: "Bacen: resposta da ouvidoria", PolicyID: &policy, Why: "kind=denuncia walled=true", Regime: "Ouvidoria de instituição financeira",
			Norm: "Resolução CMN 4.860/2020 e Resolução BCB 28/2020", LegalRef: "Resolução CMN 4.860/2020", Evidence: "unconfirmed", Calendar: "br-bank", Zone: "America/Sao_Paulo",
			Amount: 10, Unit: "business_days", State: "missed", StartedAt: moment("2026-11-05 13:04"), Due: moment("2026-12-05 02:59"), Target: moment("2026-12-05 02:59"),
			LegalLimit: ptr(moment("2026-12-05 02:59")), StoppedAt: ptr(moment("2026-12-07 14:00")), BreachedAt: ptr(moment("2026-12-05 03:00")), AddsUp: true, MayPause: true,
			Steps: []proof.Step{
				{From: moment("2026-11-05 13:04"), To: ptr(moment("2026-11-06 03:00")), Reason: "start_day"},
				{From: moment("2026-11-06 03:00"), To: ptr(moment("2026-11-07 03:00")), Counted: true, Amount: 1},
				{From: moment("2026-11-07 03:00"), To: ptr(moment("2026-11-09 03:00")), Reason: "weekend"},
				{From: moment("2026-11-09 03:00"), To: ptr(moment("2026-11-14 03:00")), Counted: true, Amount: 5},
				{From: moment("2026-11-20 03:00"), To: ptr(moment("2026-11-21 03:00")), Reason: "holiday", Name: "consciencia_negra"},
				{From: moment("2026-11-23 03:00"), To: ptr(moment("2026-11-25 03:00")), Reason: "paused", Name: "Perícia contratada fora; o laudo chega por carta registrada"},
			},
			Pauses:    []proof.Pause{{From: moment("2026-11-23 12:00"), To: ptr(moment("2026-11-25 17:00")), Reason: "Perícia contratada fora; o laudo chega por carta registrada", By: "Bruno Sá"}, {From: moment("2026-11-26 12:00"), To: ptr(moment("2026-11-26 17:00")), Reason: "waiting_customer"}},
			Extension: &proof.Extension{Amount: 10, Reason: "Falta o laudo do perito", By: "Caio Prado", At: moment("2026-11-18 12:00"), OldDue: moment("2026-11-20 02:59"), NewDue: moment("2026-12-05 02:59"), ToldAt: ptr(moment("2026-11-18 12:00"))},
		}, {
			ID: 8, Kind: "first_response", Policy: "Primeira resposta", Regime: "Compromissos da empresa", Evidence: "own", Calendar: "loja", CalendarVersion: 3, Zone: "America/Sao_Paulo",
			Amount: 4, Unit: "business_hours", State: "met", StartedAt: moment("2026-11-05 19:30"), Due: moment("2026-11-06 13:30"), Target: moment("2026-11-06 13:30"), LegalLimit: ptr(moment("2026-11-06 13:30")),
			StoppedAt: ptr(moment("2026-11-06 12:10")), AddsUp: true,
			Steps: []proof.Step{{From: moment("2026-11-05 19:30"), To: ptr(moment("2026-11-05 21:00")), Counted: true, Amount: 5400}, {From: moment("2026-11-05 21:00"), To: ptr(moment("2026-11-06 11:00")), Reason: "closed"},
				{From: moment("2026-11-06 11:00"), To: ptr(moment("2026-11-06 13:30")), Counted: true, Amount: 9000}},
		}},
		Answers: []proof.Answer{
			{ID: 1, At: moment("2026-11-06 12:10"), By: "Caio Prado", Way: "email", ShownAt: ptr(moment("2026-11-06 12:11")), Deliveries: []proof.Delivery{{Way: "email", Recipient: "ana@cliente.example", State: "sent", Answer: "250 2.0.0 Ok: queued as 4F1C2", At: ptr(moment("2026-11-06 12:12")), MailID: "r1.4f1c@aroeira.example"}}},
			{ID: 2, At: moment("2026-11-18 12:00"), By: "Caio Prado", Way: "letter", Notice: true, Deliveries: []proof.Delivery{{Way: "letter", Recipient: "Ana Conceição, Rua das Acácias, 10, 01310-100 São Paulo, SP", State: "sent", PostedOn: "2026-11-19"}}},
			{ID: 3, At: moment("2026-12-07 13:58"), By: "Bruno Sá", Way: "phone"},
		},
	}
}

func TestASheetSaysEverythingInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, lang := range i18n.Languages {
		pdf := printed(t, sample(), lang)
		text := strings.Join(strings.Fields(strings.Join(said(t, "sheet-"+lang, pdf), " ")), " ")
		for _, words := range []string{"Aroeira", "2026 1123 0000", "Ana Conceição", "America/Sao_Paulo", "Bacen: resposta da ouvidoria", "Resolução CMN 4.860/2020", "Caio Prado",
			"Falta o laudo do perito", "Bruno Sá", "250 2.0.0 Ok", "01234567 89abcdef", "https://desk.example/api/tickets/"} {
			if !strings.Contains(text, words) {
				t.Errorf("%s: the sheet does not say %q:\n%s", lang, words, text)
			}
		}
		if strings.Contains(text, "proof.") || strings.Contains(text, "{") || strings.Contains(text, "%!") {
			t.Errorf("%s: a text is missing:\n%s", lang, text)
		}
		if !bytes.Equal(pdf, printed(t, sample(), lang)) {
			t.Errorf("%s: two printings of one sheet differ", lang)
		}
	}
	text := strings.Join(strings.Fields(strings.Join(said(t, "sheet", printed(t, sample(), "pt-BR")), " ")), " ")
	for _, words := range []string{"Regra não confirmada", "10 dias úteis + 10 dias úteis", "feriado: Dia Nacional de Zumbi", "Perdido", "Cumprido", "esperando o cliente", "pela regra",
		"postada em 19/11/2026", "dito por telefone", "carta (aviso de", "loja, versão 3", "1 h 30 min", "Página 1 de"} {
		if !strings.Contains(text, words) {
			t.Errorf("the sheet does not say %q:\n%s", words, text)
		}
	}
}

// A deadline of years is read on many pages, each with its number, its heads and
// the sheet's foot; no day is lost.
func TestALongCountRunsOverPages(t *testing.T) {
	t.Parallel()
	s := sample()
	steps := []proof.Step{}
	day := moment("2026-01-01 03:00")
	for range 150 {
		next := day.AddDate(0, 0, 5)
		steps = append(steps, proof.Step{From: day, To: &next, Counted: true, Amount: 5})
		day = next
		after := day.AddDate(0, 0, 2)
		steps = append(steps, proof.Step{From: day, To: &after, Reason: "weekend"})
		day = after
	}
	s.Clocks[0].Steps = steps
	pages := said(t, "long", printed(t, s, "pt-BR"))
	if len(pages) < 6 {
		t.Fatalf("%d pages", len(pages))
	}
	weekends := 0
	for i, page := range pages {
		weekends += strings.Count(page, "fim de semana")
		if !strings.Contains(page, fmt.Sprintf("Página %d de %d", i+1, len(pages))) || !strings.Contains(page, "Aroeira") || !strings.Contains(page, "SHA-256") {
			t.Errorf("page %d has no head or no foot:\n%s", i+1, page)
		}
		if strings.Contains(page, "fim de semana") && !strings.Contains(page, "Contado") {
			t.Errorf("page %d has no heads over its table", i+1)
		}
	}
	if weekends != 150 {
		t.Errorf("%d of 150 weekends are told", weekends)
	}
}

func TestNoNameBreaksASheet(t *testing.T) {
	t.Parallel()
	for name, shown := range map[string]string{
		"Ana Conceição": "Ana Conceição", "Zoë Łukasiewicz": "Zoë Łukasiewicz", "Ωμέγα Иван": "Ωμέγα Иван", "Jose\u0301": "José",
		"李小龙": "[U+674E U+5C0F U+9F99]", "a\u202Eb": "ab", "x\x00y": "xy", "😀": "[U+1F600]", "\xff": "", strings.Repeat("W", 900): strings.Repeat("W", 20), "{nb} %d (a\\)": "{nb} %d (a\\)",
	} {
		s := sample()
		s.Demandant, s.MadeBy, s.Clocks[0].Policy, s.Clocks[0].Pauses[0].Reason, s.Brand.Name, s.Answers[0].By = name, name, name, name, name, name
		text := strings.Join(said(t, "name", printed(t, s, "pt-BR")), " ")
		if !strings.Contains(text, shown) || !strings.Contains(text, "2026 1123 0000") {
			t.Errorf("%q is not shown as %q:\n%.1500s", name, shown, text)
		}
	}
}

func TestACertificateSaysItsFigures(t *testing.T) {
	t.Parallel()
	m := proof.Month{Brand: sample().Brand, Regime: "Ouvidoria de instituição financeira", Norm: "Resolução CMN 4.860/2020", Evidence: "secondary", CheckedBy: "Dra. Lia Reis", CheckedOn: "2026-10-02",
		Month: "2026-11", Walled: true, Demands: 57, Cancelled: 2, Extensions: 2, Cap: ptr(10), Zone: "America/Sao_Paulo", At: moment("2026-12-01 04:00"), Stands: true,
		List: []proof.Granted{{Protocol: number, Amount: 10, Reason: "Falta o laudo do perito", By: "Caio Prado", OldDue: moment("2026-11-20 02:59"), NewDue: moment("2026-12-05 02:59"), At: moment("2026-11-18 12:00")},
			{Protocol: number, Amount: 10, Reason: strings.Repeat("O fornecedor ainda não entregou os registros pedidos. ", 6), By: "Bruno Sá", OldDue: moment("2026-11-25 02:59"), NewDue: moment("2026-12-10 02:59"), At: moment("2026-11-20 12:00")}}}
	for _, lang := range i18n.Languages {
		var pdf bytes.Buffer
		if err := m.Print(&pdf, lang, digest); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(strings.Join(said(t, "month-"+lang, pdf.Bytes()), " ")), " ")
		for _, words := range []string{"57", "10 %", "Dra. Lia Reis", "Falta o laudo do perito", "Caio Prado", "2026 1123 0000"} {
			if !strings.Contains(text, words) {
				t.Errorf("%s: the certificate does not say %q:\n%s", lang, words, text)
			}
		}
		if strings.Contains(text, "proof.") || strings.Contains(text, "{") {
			t.Errorf("%s: a text is missing:\n%s", lang, text)
		}
	}
}
