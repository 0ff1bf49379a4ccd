package form

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// every is a form with a question of each type.
func every() Definition {
	d := Definition{Name: "Troca", Kinds: []string{"solicitacao"}}
	for _, typ := range Types {
		f := Field{Key: string(typ), Type: typ, Label: "Rótulo " + string(typ), Help: "Ajuda"}
		if typ == Files {
			f.Key = FilesKey
		}
		if typ.chosen() {
			f.Options = []string{"Sim", "Não", "Talvez"}
		}
		d.Fields = append(d.Fields, f)
	}
	return d
}

var reasons = Given{Reasons: []Choice{{7, []string{"Entrega", "Atraso", "Prazo vencido"}}}}

func codes(err error) []string {
	var all []string
	for _, d := range detailsOf(err) {
		all = append(all, d.Field+" "+d.Code)
	}
	return all
}

func TestAnswersAreWrittenAsPeopleReadThem(t *testing.T) {
	t.Parallel()
	d, err := every().Check()
	if err != nil {
		t.Fatal(codes(err))
	}
	for _, tt := range []struct{ key, typed, value, plain string }{
		{"text", "  dois   espaços\n", "dois espaços", "dois espaços"},
		{"long_text", "a\r\nb", "a\nb", "a\nb"},
		{"email", "Ana@Exemplo.com.BR", "ana@exemplo.com.br", "ana@exemplo.com.br"},
		{"phone", "11 98765-4321", "(11) 98765-4321", "+5511987654321"},
		{"cpf", "11144477735", "111.444.777-35", "11144477735"},
		{"cnpj", "12abc34501de35", "12.ABC.345/01DE-35", "12ABC34501DE35"},
		{"cpf_or_cnpj", "111 444 777 35", "111.444.777-35", "11144477735"},
		{"cpf_or_cnpj", "12.ABC.345/01DE-35", "12.ABC.345/01DE-35", "12ABC34501DE35"},
		{"date", "2026-02-28", "28/02/2026", "2026-02-28"},
		{"date", "1/2/2026", "01/02/2026", "2026-02-01"},
		{"number", "1.234,50", "1234,5", "1234.5"},
		{"number", "-0,0", "0", "0"},
		{"number", "3.5", "3,5", "3.5"},
		{"number", "1.234", "1234", "1234"},
		{"money", "R$ 1.234,5", "R$ 1.234,50", "123450"},
		{"money", "0,07", "R$ 0,07", "7"},
		{"select", "Talvez", "Talvez", "Talvez"},
		{"checkboxes", "Não\nSim", "Não; Sim", "Não\nSim"},
		{"reason", "7", "Entrega › Atraso › Prazo vencido", "7"},
		{"consent", "yes", "Sim", "yes"},
	} {
		out, err := d.Validate(Answers{tt.key: tt.typed}, reasons)
		if err != nil || len(out) != 1 || out[0].Value != tt.value || out[0].Plain != tt.plain {
			t.Errorf("%s %q: %+v, %v", tt.key, tt.typed, out, codes(err))
		}
	}
}

func TestEveryWrongAnswerIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	d, err := every().Check()
	if err != nil {
		t.Fatal(codes(err))
	}
	_, err = d.Validate(Answers{
		"text": strings.Repeat("x", webform.MaxFieldValue+1), "long_text": "\xff", "email": "a@b", "phone": "123", "cpf": "111.444.777-36",
		"cnpj": "11.222.333/0001-82", "cpf_or_cnpj": "1", "nfe": strings.Repeat("1", 44), "date": "30/02/2026", "number": "1,2,3",
		"money": "-1", "select": "Outro", "radio": "sim", "checkboxes": "Sim\nSim", "reason": "8", "consent": "no", "outro": "x",
	}, reasons)
	if !errors.Is(err, ErrAnswers) {
		t.Fatal(err)
	}
	want := []string{"fields.text too_long", "fields.long_text not_text", "fields.email email", "fields.phone phone", "fields.cpf cpf",
		"fields.cnpj cnpj", "fields.cpf_or_cnpj document", "fields.nfe nfe", "fields.date date", "fields.number number",
		"fields.money money", "fields.select choose", "fields.radio choose", "fields.checkboxes choose", "fields.reason choose",
		"fields.consent must_agree", "fields.outro unknown"}
	got := codes(err)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%q is not named", w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("named: %v", got)
	}
	for _, d := range detailsOf(err) {
		if !i18n.Has("field." + d.Code) {
			t.Errorf("no text for %s", d.Code)
		}
	}
	for i := range d.Fields {
		d.Fields[i].Required = true
	}
	if _, err := d.Validate(nil, Given{}); len(detailsOf(err)) != len(d.Fields) {
		t.Errorf("of %d missing answers these are named: %v", len(d.Fields), codes(err))
	}
}

func TestQuestionsComeAndGoWithTheAnswers(t *testing.T) {
	t.Parallel()
	d := Definition{Name: "x", Kinds: []string{"duvida"}, Fields: []Field{
		{Key: "what", Type: Radio, Label: "O quê", Options: []string{"Defeito", "Troca"}},
		{Key: "which", Type: Text, Label: "Qual", Required: true, Show: &Condition{"what", Equals, "defeito"}},
		{Key: "more", Type: Text, Label: "Mais", Required: true, Show: &Condition{"which", Contains, "tela"}},
		{Key: "many", Type: Checkboxes, Label: "Muitos", Options: []string{"a", "b"}},
		{Key: "b", Type: Text, Label: "B", Required: true, Show: &Condition{"many", Equals, "b"}},
	}}
	d, err := d.Check()
	if err != nil {
		t.Fatal(codes(err))
	}
	for _, tt := range []struct {
		in   Answers
		want []string
	}{
		{Answers{}, nil},
		{Answers{"what": "Troca", "which": "dropped"}, nil},
		{Answers{"what": "Defeito"}, []string{"fields.which required"}},
		{Answers{"what": "Defeito", "which": "A TELA"}, []string{"fields.more required"}},
		{Answers{"what": "Troca", "which": "a tela"}, nil}, // not asked, so what depends on it is not either
		{Answers{"many": "a\nb"}, []string{"fields.b required"}},
		{Answers{"many": "a"}, nil},
	} {
		out, err := d.Validate(tt.in, Given{})
		if got := codes(err); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.in, got, tt.want)
		}
		for _, a := range out {
			if a.Value == "dropped" {
				t.Error("the answer to a question that is not asked was kept")
			}
		}
	}
}

func TestADefinitionThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	text := Field{Key: "a", Type: Text, Label: "A"}
	for want, d := range map[string]Definition{
		"name required":                   {Kinds: []string{"duvida"}},
		"kinds required":                  {Name: "x"},
		"kinds unknown_kind":              {Name: "x", Kinds: []string{"outro"}},
		"fields[0].key bad_field_key":     {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{{Key: "seal", Type: Text, Label: "A"}}},
		"fields[1].key twice":             {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{text, {Key: "a", Type: Text, Label: "B"}}},
		"fields[1].label twice":           {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{text, {Key: "b", Type: Text, Label: "a"}}},
		"fields[0].type unknown_choice":   {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{{Key: "a", Type: "signature", Label: "A"}}},
		"fields[0].means not_of_type":     {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{{Key: "a", Type: Number, Label: "A", Means: MeansEmail}}},
		"fields[0].show.field not_before": {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{{Key: "a", Type: Text, Label: "A", Show: &Condition{"a", IsFilled, ""}}}},
		"fields[0].options required":      {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{{Key: "a", Type: Select, Label: "A"}}},
		"fields[0].help required":         {Name: "x", Kinds: []string{"duvida"}, Fields: []Field{{Key: "a", Type: Consent, Label: "A"}}},
		"sites[0] bad_origin":             {Name: "x", Kinds: []string{"duvida"}, Sites: []string{"https://a.example; script-src *"}},
		"sites[1] bad_origin":             {Name: "x", Kinds: []string{"duvida"}, Sites: []string{"https://a.example", "https://b.example/path"}},
	} {
		if _, err := d.Check(); !slices.Contains(codes(err), want) {
			t.Errorf("want %q, got %v", want, codes(err))
		}
	}
	d := Definition{Name: "x", Kinds: []string{"duvida"}, Sites: []string{"https://B.example/", "http://a.example:8080"}}
	if d, err := d.Check(); err != nil || !slices.Equal(d.Sites, []string{"http://a.example:8080", "https://b.example"}) {
		t.Errorf("%v, %v", d.Sites, err)
	}
}

func TestAFormWithoutABodySpellsItsAnswers(t *testing.T) {
	t.Parallel()
	f := Form{Slug: "troca", Version: 3, Definition: Definition{Name: "Troca", Kinds: []string{"solicitacao"}, TeamID: 4, Fields: []Field{
		{Key: "pedido", Type: Text, Label: "Pedido", Required: true},
		{Key: "mail", Type: Email, Label: "E-mail", Means: MeansEmail},
		{Key: "motivo", Type: Reason, Label: "Motivo"},
	}}}
	sub, err := f.Submission(webform.Submission{}, Answers{"pedido": "48213", "mail": "A@b.co", "motivo": "7"}, reasons)
	if err != nil {
		t.Fatal(codes(err))
	}
	in, err := webform.Check(sub)
	if err != nil || in.Form != "troca@3" || in.TeamID != 4 || in.Kind != "solicitacao" || in.Subject != "Troca" || in.Email != "a@b.co" ||
		in.Body != "Pedido: 48213\nMotivo: Entrega › Atraso › Prazo vencido" || in.Fields["Pedido"] != "48213" || len(in.Fields) != 2 {
		t.Errorf("%+v, %v", in, err)
	}
	if ParseRef("troca@3") != f.Ref() || ParseRef("troca").Version != 0 || ParseRef("troca@x").Version != -1 {
		t.Error("a reference is not read as it is written")
	}
}

// Whatever is typed, what is accepted can be stored as a ticket.
func TestWhatIsAcceptedCanBeStored(t *testing.T) {
	t.Parallel()
	d, err := every().Check()
	if err != nil {
		t.Fatal(codes(err))
	}
	rapid.Check(t, func(t *rapid.T) {
		in := Answers{}
		for _, f := range d.Fields {
			if f.Type != Files {
				in[f.Key] = rapid.OneOf(rapid.String(), rapid.SampledFrom(append(f.Options, "", "7", "yes", "1.234,5", "11144477735", "2026-01-02"))).Draw(t, f.Key)
			}
		}
		out, err := d.Validate(in, reasons)
		if err != nil {
			for _, detail := range fault.From(err).Details {
				if !i18n.Has("field." + detail.Code) {
					t.Fatalf("no text for %s", detail.Code)
				}
			}
			return
		}
		for _, a := range out {
			if !utf8.ValidString(a.Value) || strings.ContainsRune(a.Value, 0) || utf8.RuneCountInString(a.Value) > webform.MaxFieldValue {
				t.Fatalf("%s: %q", a.Field.Key, a.Value)
			}
		}
	})
}

// A definition from anywhere is refused or can be shown, stored and answered.
func FuzzDefinition(f *testing.F) {
	seed, err := json.Marshal(every())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, "text", "x")
	f.Add([]byte(`{"name":"x","kinds":["duvida"],"fields":[{"key":"a","type":"text","label":"A","show":{"field":"a","is":"filled"}}]}`), "a", "b")
	f.Fuzz(func(t *testing.T, text []byte, key, typed string) {
		var d Definition
		if json.Unmarshal(text, &d) != nil {
			return
		}
		checked, err := d.Check()
		if err != nil {
			return
		}
		again, err := checked.Check()
		if err != nil {
			t.Fatalf("what was accepted is refused: %v", codes(err))
		}
		if a, b := mustJSON(t, again), mustJSON(t, checked); a != b {
			t.Fatalf("checking is not stable: %s and %s", a, b)
		}
		for _, site := range checked.Sites {
			if strings.ContainsAny(site, " ;,'\"\r\n*") {
				t.Fatalf("a site that is more than one: %q", site)
			}
		}
		checked.Shown(Answers{key: typed})
		if _, err := checked.Validate(Answers{key: typed}, reasons); err != nil && !errors.Is(err, ErrAnswers) {
			t.Fatal(err)
		}
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
