package imports

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/ombudsman"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

const (
	narrow = "Região;UF;Cidade;Sexo;Faixa Etária;Data Finalização;Tempo Resposta;Nome Fantasia;Segmento de Mercado;Área;Assunto;Grupo Problema;Problema;Como Comprou Contratou;Procurou Empresa;Respondida;Situação;Avaliação Reclamação;Nota do Consumidor"
	wide   = "Gestor;Canal de Origem;Região;UF;Cidade;Sexo;Faixa Etária;Ano Abertura;Mês Abertura;Data Abertura;Data Resposta;Data Análise;Data Recusa;Data Finalização;Prazo Resposta;Prazo Analise Gestor;Tempo Resposta;Nome Fantasia;Segmento de Mercado;Área;Assunto;Grupo Problema;Problema;Como Comprou Contratou;Procurou Empresa;Respondida;Situação;Avaliação Reclamação;Nota do Consumidor;Análise da Recusa"
	row19  = "SE;SP;Campinas;F;entre 21 a 30 anos;03/11/2026;5;Aroeira;Comércio Eletrônico;Produtos;Entrega;Entrega do Produto;Não entrega;Internet;S;S;Finalizada avaliada;Resolvida;3,5"
)

// all reads a file to its end.
func all(t testing.TB, text string) (got [][]string, bad []string, i Import) {
	t.Helper()
	in, err := begin(strings.NewReader(text), &i)
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	for {
		cells, err := in.rows.next()
		b := badRow{}
		switch {
		case errors.Is(err, io.EOF):
			return got, bad, i
		case errors.As(err, &b):
			bad = append(bad, b.code)
		case err != nil:
			t.Fatal(err)
		default:
			got = append(got, cells)
		}
	}
}

func latin1(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
	}
	return b.String()
}

// The public body's lists, in all the ways they were seen to be written.
func TestConsumidorGovBrInEveryWriting(t *testing.T) {
	t.Parallel()
	cells := strings.Split(row19, ";")
	wider := append(append([]string{"Procon SP", "Plataforma Web"}, cells[:5]...), append([]string{"2026", "11", "01/11/2026", "02/11/2026", "", "", "03/11/2026", "10", "", "5"}, append(cells[7:], "")...)...)
	for name, tt := range map[string]struct{ text, encoding string }{
		"19 columns with a BOM":       {"\ufeff" + narrow + "\r\n" + row19 + "\r\n", "utf-8"},
		"19 columns in Latin-1":       {latin1(narrow + "\n" + row19 + "\n"), "windows-1252"},
		"21 columns of a month":       {narrow + ";Extra A;Extra B\n" + row19 + ";x;y\n", "utf-8"},
		"30 columns of the full base": {wide + "\n" + strings.Join(wider, ";") + "\n", "utf-8"},
		"quoted":                      {`"` + strings.ReplaceAll(narrow, ";", `";"`) + "\"\n\"" + strings.ReplaceAll(row19, ";", `";"`) + "\"\n", "utf-8"},
	} {
		got, bad, i := all(t, tt.text)
		if len(got) != 1 || len(bad) != 0 || i.Shape.Encoding != tt.encoding || i.Shape.Delimiter != ";" {
			t.Fatalf("%s: %v %v %+v", name, got, bad, i.Shape)
		}
		if guess(i.Shape.Columns) != ConsumidorGov {
			t.Errorf("%s: taken for %s", name, guess(i.Shape.Columns))
		}
		i.Source, i.Target, i.Mapping = ConsumidorGov, ToOmbudsman, suggest(i.Shape.Columns)
		a, problems := newPlan(i).arrival(got[0])
		if len(problems) > 0 {
			t.Fatalf("%s: %+v", name, problems)
		}
		in, err := ombudsman.Restore(a.Raw, a.SourceKey)
		if err != nil {
			t.Fatal(err)
		}
		if in.Subject != "Entrega" || in.Fields["Nota"] != "3.5" || in.Fields["case.consumer_view"] != "solved" || !strings.Contains(in.Body, "Campinas") {
			t.Errorf("%s: %+v", name, in)
		}
	}
}

// A complaint that nobody rated is not one that was not solved.
func TestAnEmptyScoreIsNoVerdict(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"Resolvida": "solved", "Não Resolvida": "unsolved", "Não Avaliada": "", "": "", "NÃO RESOLVIDA": "unsolved"} {
		if got := consumerView(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	i := Import{Source: ConsumidorGov, Target: ToOmbudsman, Shape: Shape{Columns: strings.Split(narrow, ";")}}
	i.Mapping = suggest(i.Shape.Columns)
	cells := strings.Split(row19, ";")
	for score, ok := range map[string]bool{"": true, "5": true, "3,5": true, "11": false, "ótima": false, "-1": false} {
		cells[18] = score
		if _, problems := newPlan(i).arrival(cells); (len(problems) == 0) != ok {
			t.Errorf("score %q: %+v", score, problems)
		} else if !ok && (problems[0].Column != "Nota do Consumidor" || problems[0].Code != "bad_score") {
			t.Errorf("score %q: %+v", score, problems)
		}
	}
	cells[18], cells[5] = "", "31/02/2026"
	if _, problems := newPlan(i).arrival(cells); len(problems) != 1 || problems[0].Code != "bad_date" {
		t.Errorf("the 31st of February: %+v", problems)
	}
}

// Broken quotes spoil their own row, and no other.
func TestBrokenQuotesSpoilOneRow(t *testing.T) {
	t.Parallel()
	text := "a;b;c\n1;2;3\n4;\"5;6\n7;8;9\n10;\"11\"x;12\n13;\"quatorze\ne meio\";15\n16;17\"18;19\n\"20;21;22"
	got, bad, _ := all(t, text)
	want := [][]string{{"1", "2", "3"}, {"7", "8", "9"}, {"13", "quatorze\ne meio", "15"}, {"16", "17\"18", "19"}}
	if fmt.Sprint(got) != fmt.Sprint(want) || len(bad) != 3 {
		t.Errorf("got %q, bad %v", got, bad)
	}
}

// attacks.md row 88: what a spreadsheet would take for a formula is text.
func TestAttack88FormulasAreText(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", " =1", "\u00a0=1", "=cmd|' /C calc'!A0"} {
		if got := Cell(evil); got != "'"+evil {
			t.Errorf("Cell(%q) = %q", evil, got)
		}
	}
	for _, fine := range []string{"", "a=1", "Não", "3,5", "12-34", "a@b.co"} {
		if got := Cell(fine); got != fine {
			t.Errorf("Cell(%q) = %q", fine, got)
		}
	}
}

// million writes a list while it is read: with a BOM, in Latin-1, with broken
// quotes now and then, and never in memory.
type million struct {
	n, rows int
	rest    []byte
}

func (m *million) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		if m.n > m.rows {
			return 0, io.EOF
		}
		switch {
		case m.n == 0:
			m.rest = []byte("\xef\xbb\xbfprotocolo;assunto;descricao;cidade\r\n")
		case m.n%1000 == 500:
			m.rest = fmt.Appendf(nil, "%d;\"Aspas sem fim;texto;S\xe3o Paulo\r\n", m.n)
		default:
			m.rest = fmt.Appendf(nil, "%d;Cobran\xe7a;\"Cobraram, e \"\"n\xe3o\"\" devolveram <b>%d</b>\";S\xe3o Paulo\r\n", m.n, m.n)
		}
		m.n++
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// attacks.md row 89: a million rows are a stream, whatever is in them.
func TestAttack89AMillionRowsAreAStream(t *testing.T) {
	const rows = 1_000_000
	i := Import{Source: Other, Target: ToOmbudsman}
	in, err := begin(&million{rows: rows}, &i)
	if err != nil {
		t.Fatal(err)
	}
	i.Mapping = suggest(i.Shape.Columns)
	p := newPlan(i)
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	good, bad, most := 0, 0, uint64(0)
	for n := 0; ; n++ {
		cells, err := in.rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if errors.As(err, new(badRow)) {
			bad++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n%100 == 0 { // making all of them into cases is the intake's cost, not the reader's
			a, problems := p.arrival(cells)
			if len(problems) > 0 || !strings.Contains(string(a.Raw), "Cobrança") {
				t.Fatalf("row %d: %+v %s", n, problems, a.Raw)
			}
		}
		if good++; good%200_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	if good+bad != rows || bad != rows/1000 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

// kept is a ledger in memory.
type kept struct {
	mu     sync.Mutex
	rows   map[string][32]byte
	stopAt int // after so many the process "dies"
}

func (k *kept) Accept(ctx context.Context, a channel.Arrival) (channel.Acceptance, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if ctx.Err() != nil {
		return channel.Acceptance{}, intake.ErrUnconfirmed
	}
	if hash, known := k.rows[a.SourceKey]; known {
		if hash != a.BodyHash {
			return channel.Acceptance{}, intake.ErrReused
		}
		return channel.Acceptance{LedgerID: 1, Replayed: true}, nil
	}
	if k.stopAt > 0 && len(k.rows) >= k.stopAt {
		return channel.Acceptance{}, errors.New("killed")
	}
	k.rows[a.SourceKey] = a.BodyHash
	return channel.Acceptance{LedgerID: int64(len(k.rows))}, nil
}

func TestAnImportGoesOnAfterADeathAndBringsNothingTwice(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	boss := tickettest.Account(t, db, access.Ombudsman, tickettest.DefaultTeam)
	files, err := blob.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ledger := &kept{rows: map[string][32]byte{}, stopAt: 700}
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	s := New(db, files, ledger, now, slog.New(slog.NewTextHandler(io.Discard, nil)))
	var list strings.Builder
	list.WriteString("protocolo;assunto;descricao;nota\n")
	for n := range 1000 {
		fmt.Fprintf(&list, "%d;Assunto %d;Texto %d;%s\n", n, n, n, map[bool]string{true: "vinte", false: "9,5"}[n == 300])
	}
	for range 3 { // three complaints without a number that say the same
		list.WriteString(";Igual;Igual;\n")
	}
	p, err := s.Upload(t.Context(), boss, "lista.csv", strings.NewReader(list.String()), "", "")
	if err != nil || len(p.Rows) != previewed || p.Import.Mapping[ExternalID] != "protocolo" || p.Import.Target != ToOmbudsman {
		t.Fatalf("%+v %v", p, err)
	}
	if _, err := s.Start(t.Context(), boss, p.Import.ID, Procon, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Start(t.Context(), boss, p.Import.ID, Procon, nil); !errors.Is(err, ErrState) {
		t.Errorf("started twice: %v", err)
	}
	if _, err := s.RunNext(t.Context()); err == nil {
		t.Fatal("it did not die")
	}
	i, err := s.Get(t.Context(), boss, p.Import.ID)
	if err != nil || i.State != Running || i.Rows != 512 {
		t.Fatalf("after its death %+v %v", i, err)
	}
	ledger.stopAt = 0
	if err := db.Gorm.Exec("UPDATE imports SET lease_until = now() - interval '1 second'").Error; err != nil {
		t.Fatal(err)
	}
	if worked, err := s.RunNext(t.Context()); !worked || err != nil {
		t.Fatal(worked, err)
	}
	i, err = s.Get(t.Context(), boss, p.Import.ID)
	if err != nil || i.State != Done || i.Rows != 1003 || i.Failed != 1 || i.Imported+i.Already != 1002 || len(ledger.rows) != 1002 {
		t.Fatalf("%+v, %d in the ledger, %v", i, len(ledger.rows), err)
	}
	problems, err := s.Problems(t.Context(), boss, i.ID, 0, 10)
	if err != nil || len(problems) != 1 || problems[0] != (Problem{302, "nota", "bad_score", "vinte"}) {
		t.Errorf("problems %+v %v", problems, err)
	}
	// Again: nothing is new.
	if _, err := s.Start(t.Context(), boss, i.ID, "", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RunNext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i, err = s.Get(t.Context(), boss, i.ID); err != nil || i.Imported != 0 || i.Already != 1002 || len(ledger.rows) != 1002 {
		t.Errorf("again: %+v %v", i, err)
	}
	// What goes behind the wall is nobody else's to see.
	admin := tickettest.Account(t, db, access.Admin, tickettest.DefaultTeam)
	if _, err := s.Get(t.Context(), admin, i.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("an admin sees it: %v", err)
	}
	if list, err := s.List(t.Context(), admin); err != nil || len(list) != 0 {
		t.Errorf("an admin's list: %+v %v", list, err)
	}
	if _, err := s.Upload(t.Context(), admin, "x.csv", strings.NewReader("a;b\n1;2\n"), Other, ToOmbudsman); !errors.Is(err, ErrForbidden) {
		t.Errorf("an admin brings cases in: %v", err)
	}
}

func TestASpreadsheetIsReadLikeAList(t *testing.T) {
	t.Parallel()
	book := excelize.NewFile()
	for n, r := range [][]any{{"Número da reclamação", "Título", "Descrição", "Consumidor"}, {"RA-1", "Atraso", "Não chegou", "Ana"}, {}, {"RA-2", "Defeito"}} {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", n+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	text, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	got, bad, i := all(t, text.String())
	if len(got) != 2 || len(bad) != 0 || i.Shape.Format != "xlsx" || got[0][0] != "RA-1" {
		t.Fatalf("%v %v %+v", got, bad, i.Shape)
	}
	i.Mapping, i.Source, i.Target = suggest(i.Shape.Columns), ReclameAqui, ToSAC
	for _, cells := range got {
		if a, problems := newPlan(i).arrival(cells); len(problems) > 0 || a.Channel != Channel || !strings.HasPrefix(a.SourceKey, "import:reclame_aqui:sac:RA-") {
			t.Errorf("%v: %+v %+v", cells, a, problems)
		}
	}
}

// A list without a column for the subject comes in as well, for either target.
func TestAListWithoutSubjectsComesIn(t *testing.T) {
	t.Parallel()
	got, bad, i := all(t, "Protocolo;Consumidor;Relato\nP-1;João;O sofá não chegou\n")
	if len(got) != 1 || len(bad) != 0 {
		t.Fatalf("%v %v", got, bad)
	}
	i.Mapping, i.Source = suggest(i.Shape.Columns), Procon
	for _, target := range []Target{ToSAC, ToOmbudsman} {
		i.Target = target
		p := newPlan(i)
		s, _ := p.submission(got[0])
		in, err := p.check(s)
		if _, problems := p.arrival(got[0]); len(problems) > 0 || err != nil || in.Subject != "O sofá não chegou" || in.Body != "O sofá não chegou" {
			t.Errorf("%s: %+v %+v %v", target, problems, in, err)
		}
	}
}

func TestANoticeByMailIsACase(t *testing.T) {
	t.Parallel()
	text := "Prezado fornecedor,\n\nUma nova reclamação foi registrada.\n\nProtocolo: 2026.11/00001234567\nConsumidor: Rita Nogueira\nAssunto: Cobrança indevida\nDescrição:\nCobraram duas vezes.\nNinguém responde.\n\nPrazo: 10 dias\n"
	in, ok := Notice("nao-responda@consumidor.gov.br", "Nova reclamação", text)
	if !ok || in.Name != "Rita Nogueira" || in.Subject != "Cobrança indevida" || in.Body != "Cobraram duas vezes.\nNinguém responde." ||
		in.SourceKey != "import:consumidor_gov:ombudsman:2026.11/00001234567" || in.Channel != channel.Ombudsman || in.Fields["case.way"] != "mail" {
		t.Errorf("%v %+v", ok, in)
	}
	for _, from := range []string{"a@consumidor.gov.br.evil.example", "consumidor.gov.br@evil.example", "", "rita@exemplo.example"} {
		if _, ok := Notice(from, "Nova reclamação", text); ok {
			t.Errorf("%s is believed", from)
		}
	}
	if _, ok := Notice("nao-responda@consumidor.gov.br", "Boletim", "Novidades do mês"); ok {
		t.Error("a bulletin is a case")
	}
}

// Whatever a file holds, reading it ends, in bounds, and what encoding/csv reads
// without complaint reads the same here.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{narrow + "\n" + row19, "a;b\n\"1\n2\";3\n", "a,b\n\"x\"y,2\n3,4", "\ufeffa\tb\n\xe7\t2", "a;b\n\"" + strings.Repeat("x\n", 100), "a|b\n\"\"|\"\"\"\"\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var i Import
		in, err := begin(strings.NewReader(string(data)), &i)
		if err != nil {
			return
		}
		defer in.close()
		i.Source, i.Target, i.Mapping = Other, ToOmbudsman, suggest(i.Shape.Columns)
		p := newPlan(i)
		var got [][]string
		clean := true
		for n := 0; ; n++ {
			cells, err := in.rows.next()
			if errors.Is(err, io.EOF) {
				break
			}
			if n > len(data) {
				t.Fatal("more rows than bytes")
			}
			if err != nil {
				clean = false
				continue
			}
			if a, problems := p.arrival(cells); len(problems) == 0 {
				if _, err := ombudsman.Restore(a.Raw, a.SourceKey); err != nil {
					t.Fatalf("what was made cannot be read again: %v", err)
				}
			}
			got = append(got, cells)
		}
		if i.Shape.Format != "csv" || !clean || strings.ContainsAny(string(data), "\r\x00\ufeff") {
			return
		}
		r := csv.NewReader(strings.NewReader(string(data)))
		r.Comma, r.FieldsPerRecord = rune(i.Shape.Delimiter[0]), len(i.Shape.Columns)
		want, err := r.ReadAll()
		if err != nil || len(want) == 0 {
			return
		}
		want = slices.DeleteFunc(want[1:], func(cells []string) bool { return strings.TrimSpace(strings.Join(cells, "")) == "" })
		got = slices.DeleteFunc(got, func(cells []string) bool { return strings.TrimSpace(strings.Join(cells, "")) == "" })
		if len(got) != len(want) {
			t.Fatalf("%d rows, encoding/csv reads %d: %q", len(got), len(want), data)
		}
	})
}
