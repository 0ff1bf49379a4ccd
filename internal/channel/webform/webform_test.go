package webform

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

func valid() Submission {
	return Submission{
		Name: " Ana  Souza ", Email: "Ana@Exemplo.com.br", Phone: "(11) 98765-4321", Document: "111.444.777-35",
		Kind: "reclamacao", Subject: "Pedido não chegou", Body: "Comprei dia 3.\r\nAté agora nada.\r\n", Fields: map[string]string{"pedido": "4411"}, Key: "k1",
	}
}

func TestCheckNormalises(t *testing.T) {
	t.Parallel()
	in, err := Check(valid())
	if err != nil {
		t.Fatal(err)
	}
	if in.Name != "Ana Souza" || in.Email != "ana@exemplo.com.br" || in.Phone != "+5511987654321" ||
		in.Document != (channel.Document{Kind: "cpf", Value: "11144477735"}) ||
		in.Body != "Comprei dia 3.\nAté agora nada." || in.SourceKey != "webform:k1" || in.Fields["pedido"] != "4411" {
		t.Errorf("in = %+v", in)
	}
	again, err := Restore(in.Raw, in.SourceKey)
	if err != nil || again.BodyHash != in.BodyHash || !reflect.DeepEqual(again, in) {
		t.Errorf("restored from its raw form: %+v, %v", again, err)
	}
}

func TestEveryProblemIsNamedAtOnce(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range MaxFields + 1 {
		many[fmt.Sprint(i)] = ""
	}
	long := strings.Repeat("ç", MaxBody+1)
	tests := []struct {
		name string
		edit func(*Submission)
		want []string
	}{
		{"nothing at all", func(s *Submission) { *s = Submission{} }, []string{"subject required", "body required", "kind required"}},
		{"blank", func(s *Submission) { s.Subject, s.Body = " \r\n", "\t\x00" }, []string{"subject required", "body required"}},
		{"all wrong", func(s *Submission) {
			*s = Submission{Name: long, Email: "a@b", Phone: "123", Document: "111.444.777-36", Kind: "Reclamacao", Subject: long, Body: long, Form: long, Fields: many, Key: "com espaço"}
		}, []string{"name too_long", "subject too_long", "body too_long", "form too_long", "fields too_many", "email email", "phone phone", "document document", "kind unknown_kind", "Idempotency-Key bad_key"}},
		{"no text", func(s *Submission) {
			s.Name, s.Body, s.Fields = "\xff", "a\xc3", map[string]string{"x": "\xfe", "\xff": ""}
		}, []string{"name not_text", "body not_text", "fields.x not_text", "fields bad_field_name"}},
		{"field too long", func(s *Submission) { s.Fields = map[string]string{"x": strings.Repeat("é", MaxFieldValue+1)} }, []string{"fields.x too_long"}},
		{"two fields of one name", func(s *Submission) { s.Fields = map[string]string{"x": "1", " x": "2"} }, []string{"fields bad_field_name"}},
		{"too many files", func(s *Submission) { s.Files = make([]channel.File, MaxFiles+1) }, []string{"files too_many"}},
		{"e-mail of two", func(s *Submission) { s.Email = "a@b.co, c@d.co" }, []string{"email email"}},
		{"e-mail with a header", func(s *Submission) { s.Email = "a@b.co\r\nBcc: v@x.co" }, []string{"email email"}},
		{"key with a line break", func(s *Submission) { s.Key = "a\nb" }, []string{"Idempotency-Key bad_key"}},
		{"key too long", func(s *Submission) { s.Key = strings.Repeat("k", MaxKey+1) }, []string{"Idempotency-Key bad_key"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := valid()
			tt.edit(&s)
			_, err := Check(s)
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("err = %v", err)
			}
			got := map[string]bool{}
			for _, d := range fault.From(err).Details {
				got[d.Field+" "+d.Code] = true
				if !i18n.Has("field." + d.Code) {
					t.Errorf("no text for %s", d.Code)
				}
			}
			for _, w := range tt.want {
				if !got[w] {
					t.Errorf("%q is not named", w)
				}
				delete(got, w)
			}
			if len(got) > 0 {
				t.Errorf("named without reason: %v", got)
			}
		})
	}
}

func TestTheLimitsThemselvesAreAccepted(t *testing.T) {
	t.Parallel()
	s := valid()
	s.Subject, s.Body, s.Key = strings.Repeat("ã", MaxSubject), strings.Repeat("😀", MaxBody), strings.Repeat("k", MaxKey)
	s.Fields = map[string]string{strings.Repeat("á", MaxFieldName): strings.Repeat("é", MaxFieldValue)}
	if _, err := Check(s); err != nil {
		t.Error(err)
	}
}

func TestAttack38And39NoLineBreakGetsIntoAHeader(t *testing.T) {
	t.Parallel()
	s := valid()
	s.Name, s.Subject = "a\r\nBcc: vitima@x.example", "Oi\u2028X-Evil: 1\x0bY\u0085Z\u202egnp.exe"
	in, err := Check(s)
	if err != nil {
		t.Fatal(err)
	}
	if in.Name != "a Bcc: vitima@x.example" || in.Subject != "Oi X-Evil: 1 Y Zgnp.exe" {
		t.Errorf("name %q, subject %q", in.Name, in.Subject)
	}
}

func TestAttack40OnlyTheAddressFieldGivesARecipient(t *testing.T) {
	t.Parallel()
	s := valid()
	s.Name = "x@y.com, z@w.com <a@b>"
	in, err := Check(s)
	if err != nil || len(in.Identities()) != 3 || in.Identities()[0].Value != "ana@exemplo.com.br" {
		t.Errorf("identities %v, %v", in.Identities(), err)
	}
}

func TestAttack63AHundredThousandFieldsAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	s := valid()
	s.Fields = map[string]string{}
	for i := range 100_000 {
		s.Fields[fmt.Sprint("campo", i)] = "x"
	}
	began := time.Now()
	_, err := Check(s)
	if !errors.Is(err, ErrInvalid) || len(fault.From(err).Details) != 1 {
		t.Errorf("err = %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTheSameContentHasTheSameHashHoweverItIsWrapped(t *testing.T) {
	t.Parallel()
	a, err := Check(valid())
	if err != nil {
		t.Fatal(err)
	}
	s := valid()
	s.Name, s.Body, s.Key = "Ana Souza", "Comprei dia 3.\nAté agora nada.", "other"
	b, err := Check(s)
	if err != nil || a.BodyHash != b.BodyHash || a.SourceKey == b.SourceKey {
		t.Errorf("hashes %x and %x, keys %s and %s, %v", a.BodyHash, b.BodyHash, a.SourceKey, b.SourceKey, err)
	}
	for name, edit := range map[string]func(*Submission){
		"body":   func(s *Submission) { s.Body += "!" },
		"moved":  func(s *Submission) { s.Name, s.Subject = "", s.Name+s.Subject },
		"fields": func(s *Submission) { s.Fields = map[string]string{"pedido4": "411"} },
		"file":   func(s *Submission) { s.Files = []channel.File{{Blob: "x"}} },
	} {
		s := valid()
		edit(&s)
		if c, err := Check(s); err != nil || c.BodyHash == a.BodyHash {
			t.Errorf("%s: same hash, or %v", name, err)
		}
	}
}

func TestKeysOfMessagesAndTicketsStayApart(t *testing.T) {
	t.Parallel()
	s := valid()
	s.Key = "12:k"
	open, err := Check(s)
	if err != nil {
		t.Fatal(err)
	}
	s.Key = "k"
	m, err := CheckMessage(12, s)
	if err != nil || m.SourceKey == open.SourceKey || m.Subject != "" || m.Email != "" {
		t.Errorf("message %+v, %v", m, err)
	}
	if other, err := CheckMessage(1, s); err != nil || other.SourceKey == m.SourceKey {
		t.Errorf("keys of two tickets: %s, %s, %v", other.SourceKey, m.SourceKey, err)
	}
	s.Key = ""
	a, errA := Check(s)
	b, errB := Check(s)
	if errA != nil || errB != nil || a.SourceKey == b.SourceKey {
		t.Errorf("without a key: %q and %q", a.SourceKey, b.SourceKey)
	}
}

func TestWhateverIsAcceptedCanBeStored(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		any := rapid.OneOf(rapid.String(), rapid.StringMatching(`[\x00-\x1f a-zé\x{202a}-\x{202e}]{0,40}`))
		in, err := Check(Submission{
			Name: any.Draw(t, "name"), Subject: any.Draw(t, "subject"), Body: any.Draw(t, "body"), Kind: "elogio",
			Fields: rapid.MapOfN(any, any, 0, 3).Draw(t, "fields"),
		})
		if err != nil {
			return
		}
		for k, v := range in.Fields {
			storable(t, k, false)
			storable(t, v, true)
		}
		storable(t, in.Name, false)
		storable(t, in.Subject, false)
		storable(t, in.Body, true)
	})
}

func storable(t *rapid.T, s string, lines bool) {
	if !utf8.ValidString(s) || strings.ContainsAny(s, "\x00\r\u2028\u2029\u202e") || !lines && strings.ContainsAny(s, "\n\t") || s != strings.TrimSpace(s) {
		t.Fatalf("accepted %q", s)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("Ana", "a@b.co", "assunto", "texto", "k")
	f.Fuzz(func(t *testing.T, name, email, subject, body, key string) {
		in, err := Check(Submission{Name: name, Email: email, Subject: subject, Body: body, Kind: "duvida", Key: key})
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := Check(Submission{Name: in.Name, Email: in.Email, Subject: in.Subject, Body: in.Body, Kind: in.Kind, Key: key})
		if err != nil || again.BodyHash != in.BodyHash {
			t.Errorf("not stable: %+v and %+v, %v", in, again, err)
		}
	})
}
