package customer_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

func TestReadCSVTakesWhatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	const text = "external_id;name;email;cpf;products;legal_priority;verified\r\n" +
		"1;José Conceição;JOSE@example.com;111.444.777-35;Fibra|Fixo;3;sim\r\n" +
		"2;\"Maria; a segunda\";;;;;\r\n"
	latin, err := charmap.Windows1252.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"UTF-8": text, "with a mark": "\ufeff" + text, "Windows-1252": latin,
		"with commas": strings.NewReplacer(";", ",", "Maria; a", "Maria, a").Replace(text)} {
		lines, err := customer.ReadCSV(strings.NewReader(file), "crm")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []customer.Line
		for l := range lines {
			got = append(got, l)
		}
		if len(got) != 2 || got[0].Err != nil || got[1].Err != nil {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		r := got[0].Record
		if r.Name != "José Conceição" || r.LegalPriority != customer.Over80 || fmt.Sprint(r.Products) != "[Fibra Fixo]" || got[0].Number != 2 ||
			fmt.Sprint(r.Identities) != "[{email jose@example.com true} {cpf 11144477735 true}]" {
			t.Errorf("%s: %+v", name, got[0])
		}
		if got[1].Record.ExternalID != "2" || !strings.HasPrefix(got[1].Record.Name, "Maria") {
			t.Errorf("%s: %+v", name, got[1])
		}
	}
}

func TestABadLineIsToldAndTheRestIsRead(t *testing.T) {
	t.Parallel()
	lines, err := customer.ReadCSV(strings.NewReader("external_id,name,cpf,legal_priority\n1,,123,x\n2,Ana,,\n,Sem código,,\n"), "crm")
	if err != nil {
		t.Fatal(err)
	}
	var good int
	var wrong []string
	for l := range lines {
		if l.Err == nil {
			good++
			continue
		}
		for _, d := range fault.From(l.Err).Details {
			wrong = append(wrong, fmt.Sprintf("%d %s %s", l.Number, d.Field, d.Code))
			if !i18n.Has("field." + d.Code) {
				t.Errorf("no text for %s", d.Code)
			}
		}
	}
	if want := "[2 name required 2 legal_priority legal_priority 2 cpf identity 4 external_id required]"; good != 1 || fmt.Sprint(wrong) != want {
		t.Errorf("%d good, wrong %v, want %s", good, wrong, want)
	}
	for _, file := range []string{"", "nome;cpf\n1;2\n", "external_id\n1\n", "\x00\x01"} {
		if _, err := customer.ReadCSV(strings.NewReader(file), "crm"); !errors.Is(err, customer.ErrHeader) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("external_id;name\n1;Ana\n")
	f.Add("external_id,name,email\n1,\"Ana\nB\",x\n\"")
	f.Add("\xef\xbb\xbfexternal_id,name\n\xff,\x00\n")
	f.Fuzz(func(t *testing.T, file string) {
		lines, err := customer.ReadCSV(strings.NewReader(file), "s")
		if err != nil {
			return
		}
		for l := range lines {
			if l.Err != nil {
				continue
			}
			// What is accepted is accepted again as it was kept.
			again, err := l.Record.Check()
			if err != nil || again.Name != l.Record.Name || len(again.Identities) != len(l.Record.Identities) {
				t.Errorf("%+v became %+v, %v", l.Record, again, err)
			}
			for _, g := range l.Record.Identities {
				if g.Kind == channel.IdentityEmail && strings.ContainsAny(g.Value, "\r\n ,") {
					t.Errorf("an address %q", g.Value)
				}
			}
		}
	})
}

func TestAnIdentityInAFileIsWrongByItsColumn(t *testing.T) {
	t.Parallel()
	lines, err := customer.ReadCSV(strings.NewReader("external_id;name;email;cpf\n1;Ana;ana@cliente.example;111.111.111-11\n"), "crm")
	if err != nil {
		t.Fatal(err)
	}
	for l := range lines {
		if d := fault.From(l.Err).Details; len(d) != 1 || d[0].Field != "cpf" {
			t.Errorf("wrong is %+v", d)
		}
	}
}
