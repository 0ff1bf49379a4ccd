package ombudsman

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/fault"
)

// demand is one that can be accepted.
func demand() Submission {
	return Submission{Name: "Rita Nogueira", Email: "Rita@Exemplo.example", Document: "529.982.247-25", Body: "O SAC não respondeu.", SACProtocol: " 2026 "}
}

func TestADemandIsACaseOfTheOffice(t *testing.T) {
	t.Parallel()
	in, err := Check(demand())
	if err != nil || in.Channel != channel.Ombudsman || in.Kind != "reclamacao" || in.Subject != "O SAC não respondeu." || in.Email != "rita@exemplo.example" {
		t.Fatalf("%+v %v", in, err)
	}
	want := map[string]string{fieldWay: "site", fieldConfidentiality: "open", fieldProtocol: "2026"}
	if diff := cmp.Diff(want, in.Fields); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(in.SourceKey, "ombudsman") {
		t.Errorf("its key is %q", in.SourceKey)
	}
}

// Of an anonymous demand nothing is kept by which anybody could be found: not in
// what is read of it, and not in the bytes that are kept.
func TestAnAnonymousDemandKeepsNobody(t *testing.T) {
	t.Parallel()
	s := demand()
	s.Phone, s.Secrecy = "11988887777", Anonymous
	in, err := Check(s)
	if err != nil || in.Name != "" || in.Email != "" || in.Phone != "" || in.Document.Value != "" {
		t.Fatalf("%+v %v", in, err)
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{"Rita", "exemplo", "529", "98888"} {
		if strings.Contains(string(in.Raw), told) || strings.Contains(string(text), told) {
			t.Errorf("%q is kept: %s", told, in.Raw)
		}
	}
	s.Secrecy = Protected
	if in, err = Check(s); err != nil || in.Email == "" || in.Fields[fieldConfidentiality] != "protected" {
		t.Errorf("a protected one: %+v %v", in, err)
	}
}

// The SAC's protocol is asked for and never a barrier: any text passes, or none.
func TestTheProtocolOfTheSACIsNoBarrier(t *testing.T) {
	t.Parallel()
	for _, told := range []string{"", "não lembro", "20261122000000139", "#1"} {
		s := demand()
		s.SACProtocol = told
		if _, err := Check(s); err != nil {
			t.Errorf("%q: %v", told, err)
		}
	}
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	t.Parallel()
	s := Submission{
		Email: "rita", Body: "", SACProtocol: strings.Repeat("9", MaxProtocol+1), Source: "\xff", ExternalID: "a\x00b",
		Secrecy: "secreto", Way: "pombo",
	}
	_, err := Check(s)
	if !errors.Is(err, webform.ErrInvalid) {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, d := range fault.From(err).Details {
		got[d.Field] = true
	}
	for _, field := range []string{"email", "body", "sac_protocol", "source", "external_id", "confidentiality", "way"} {
		if !got[field] {
			t.Errorf("%s is not named: %v", field, fault.From(err).Details)
		}
	}
	if len(webform.ErrInvalid.Details) != 0 {
		t.Error("the sentinel was written into")
	}
}

// What is kept in the ledger gives the same case again, also years later.
func TestWhatIsKeptIsReadAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := Submission{
			Name: rapid.StringN(0, 40, 160).Draw(r, "name"), Body: "Corpo " + rapid.StringN(0, 200, 800).Draw(r, "body"),
			Subject: rapid.StringN(0, 50, 200).Draw(r, "subject"), Secrecy: rapid.SampledFrom(Confidentialities).Draw(r, "secrecy"),
			Way: rapid.SampledFrom(Ways).Draw(r, "way"), Source: rapid.SampledFrom([]string{"", "procon"}).Draw(r, "source"),
			ExternalID: rapid.StringN(0, 20, 80).Draw(r, "external"), Barred: "team:3", Key: "chave",
		}
		in, err := Check(s)
		if err != nil {
			return
		}
		again, err := Restore(in.Raw, in.SourceKey)
		if err != nil {
			r.Fatalf("what was accepted is refused: %v", err)
		}
		if diff := cmp.Diff(in, again, cmpopts.EquateEmpty()); diff != "" {
			r.Fatal(diff)
		}
	})
	if _, err := Restore([]byte("{"), "x"); !errors.Is(err, webform.ErrInvalid) {
		t.Errorf("broken bytes: %v", err)
	}
}

// A subject that nobody gave is made of whole words, and of any text at all.
func TestTheFirstWordsAreASubject(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"Curto":                                    "Curto",
		"uma\n\nduas\ttrês":                        "uma duas três",
		strings.Repeat("palavra ", 40):             strings.TrimSpace(strings.Repeat("palavra ", 10)),
		strings.Repeat("é", 300):                   strings.Repeat("é", 80),
		"curta " + strings.Repeat("ã", 300) + " x": "curta",
	} {
		if got := FirstWords(body); got != want {
			t.Errorf("%.20q gives %q", body, got)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		body := string(rapid.SliceOfN(rapid.Byte(), 0, 400).Draw(r, "body"))
		if s := FirstWords(body); len([]rune(s)) > 81 {
			r.Fatalf("%q is a subject of %d characters", s, len([]rune(s)))
		}
	})
}
