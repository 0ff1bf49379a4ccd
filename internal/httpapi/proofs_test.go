package httpapi

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

// paper is what a PDF says, read by somebody else's program.
func (w *world) paper(pdf []byte) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "paper.pdf")
	w.must(os.WriteFile(path, pdf, 0o600))
	text, err := exec.CommandContext(w.t.Context(), "pdftotext", "-layout", path, "-").Output()
	w.must(err)
	return strings.Join(strings.Fields(string(text)), " ")
}

func TestTheProofOfDeadlinesIsMadeKeptAndHadAgain(t *testing.T) {
	t.Parallel()
	w := start(t)
	r := w.opened(`{"name":"Ana Conceição","email":"ana@exemplo.example","kind":"reclamacao","subject":"Cobrança em dobro","body":"Em dobro."}`)
	agent := w.as(access.Agent)
	agent.post("/api/tickets/"+r.Protocol+"/replies", `{"body":"Bom dia, Ana. Já devolvemos."}`).want(201)
	made := agent.get("/api/tickets/" + r.Protocol + "/clocks/proof").want(200)
	if got := made.header.Get("Content-Type"); got != "application/pdf" || !bytes.HasPrefix(made.body, []byte("%PDF-")) {
		t.Fatalf("%s: %.20s", got, made.body)
	}
	if !strings.Contains(made.header.Get("Cache-Control"), "no-store") || !strings.Contains(made.header.Get("Content-Disposition"), r.Protocol) {
		t.Errorf("%v", made.header)
	}
	text := w.paper(made.body)
	for _, words := range []string{"Comprovante de prazos", "Ana Conceição", "Reclamação", "Formulário na internet", "SAC: resposta conclusiva", "Decreto 11.034/2022", "7 dias corridos",
		"Primeira resposta", "Cumprido", "ninguém a conferiu", agent.account.Name, "https://desk.example/api/tickets/" + r.Protocol + "/clocks/proofs/", "Respostas e prova de entrega"} {
		if !strings.Contains(text, words) {
			t.Errorf("the sheet does not say %q:\n%s", words, text)
		}
	}
	var list Items[MadeProof]
	agent.get("/api/tickets/" + r.Protocol + "/clocks/proofs").want(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].MadeBy != agent.account.ID || list.Items[0].ClockID != nil || !strings.Contains(strings.ReplaceAll(text, " ", ""), list.Items[0].Digest) {
		t.Fatalf("%+v\n%s", list.Items, text)
	}
	again := agent.get("/api/tickets/" + r.Protocol + "/clocks/proofs/" + list.Items[0].Digest).want(200)
	if !bytes.Equal(again.body, made.body) {
		t.Error("the same sheet is another file")
	}
	if en := w.paper(agent.get("/api/tickets/" + r.Protocol + "/clocks/proofs/" + list.Items[0].Digest + "?lang=en").want(200).body); !strings.Contains(en, "Proof of deadlines") || !strings.Contains(en, "7 calendar days") {
		t.Error(en)
	}
	if es := w.paper(agent.get("/api/tickets/" + r.Protocol + "/clocks/proof?lang=es").want(200).body); !strings.Contains(es, "Comprobante de plazos") {
		t.Error(es)
	}
	var clocks Items[Clock]
	agent.get("/api/tickets/" + r.Protocol + "/clocks").want(200).into(&clocks)
	for _, c := range clocks.Items {
		one := w.paper(agent.get(fmt.Sprintf("/api/tickets/%s/clocks/proof?clock=%d", r.Protocol, c.ID)).want(200).body)
		if !strings.Contains(one, "um só prazo") || !strings.Contains(one, c.Policy) {
			t.Errorf("of %s: %s", c.Policy, one)
		}
	}
	for query, want := range map[string]int{"?clock=999999": 404, "?clock=x": 404, "?lang=xx": 400, "s/" + strings.Repeat("0", 64): 404, "s/" + strings.Repeat("f", 500): 404} {
		agent.get("/api/tickets/" + r.Protocol + "/clocks/proof" + query).want(want)
	}
}

func TestASheetLeaksNothing(t *testing.T) {
	t.Parallel()
	w := start(t)
	boss := w.as(access.Ombudsman)
	r := w.demand(`{"name":"Rita Alves","email":"rita@exemplo.example","subject":"Cobrança","body":"Ninguém resolve."}`)
	made := boss.get("/api/tickets/" + r.Protocol + "/clocks/proof").want(200)
	if text := w.paper(made.body); !strings.Contains(text, "Ouvidoria") {
		t.Error(text)
	}
	var list Items[MadeProof]
	boss.get("/api/tickets/" + r.Protocol + "/clocks/proofs").want(200).into(&list)
	for _, role := range []access.Role{access.Agent, access.Supervisor, access.Admin} {
		p := w.as(role)
		for _, path := range []string{"/clocks/proof", "/clocks/proof?lang=xx", "/clocks/proof?clock=1", "/clocks/proofs", "/clocks/proofs/" + list.Items[0].Digest} {
			hidden, absent := p.get("/api/tickets/"+r.Protocol+path).want(404), p.get("/api/tickets/20000101000000000"+path).want(404)
			if varying.ReplaceAllString(string(hidden.body), "~") != strings.ReplaceAll(varying.ReplaceAllString(string(absent.body), "~"), "20000101000000000", r.Protocol) {
				t.Errorf("%s %s: %s against %s", role, path, hidden.body, absent.body)
			}
		}
	}
	w.as(access.Admin).get("/api/regimes/1/extensions/certificate?month=2026-10&side=ombudsman").want(403)
	w.as(access.Agent).get("/api/regimes/1/extensions/certificate?month=2026-10").want(403)
}

func TestTheCertificateOfAMonthIsAPaper(t *testing.T) {
	t.Parallel()
	w := start(t)
	sup := w.as(access.Supervisor)
	got := sup.get("/api/regimes/2/extensions/certificate?month=2020-10").want(200)
	if text := w.paper(got.body); !strings.Contains(text, "Certificado de prorrogações") || !strings.Contains(text, "outubro de 2020") || !strings.Contains(text, "Nenhuma prorrogação") {
		t.Error(text)
	}
	if text := w.paper(w.as(access.Ombudsman).get("/api/regimes/2/extensions/certificate?month=2020-10&lang=en").want(200).body); !strings.Contains(text, "ombudsman's office") {
		t.Error(text)
	}
	for query, want := range map[string]int{"2/extensions/certificate": 422, "2/extensions/certificate?month=2020-13": 422, "2/extensions/certificate?month=x": 422,
		"9999/extensions/certificate?month=2020-10": 404, "x/extensions/certificate?month=2020-10": 404, "2/extensions/certificate?month=2020-10&lang=xx": 400, "2/extensions/certificate?month=2020-10&side=both": 400} {
		sup.get("/api/regimes/" + query).want(want)
	}
}
