package ticket_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// contains asks a rule whether a subject contains a phrase, in memory and in
// PostgreSQL, which must not differ.
func contains(t interface {
	Helper()
	Fatalf(string, ...any)
}, db *gorm.DB, subject, phrase string) bool {
	t.Helper()
	rule := ticket.Rule{Field: "subject", Op: ticket.RuleIn, Values: []string{phrase}}
	if err := rule.Check(); err != nil {
		t.Fatalf("%q: %v", phrase, err)
	}
	bound := rule.Bind(access.Actor{}, nil)
	facts := ticket.Snapshot{Subject: subject}.Facts()
	condition, args := bound.SQL(noon)
	var listed bool
	if err := db.Raw("SELECT "+condition+" FROM (SELECT CAST(? AS text) AS subject) t", append(args, subject)...).Scan(&listed).Error; err != nil {
		t.Fatalf("%q: %v", phrase, err)
	}
	if counted := bound.Holds(&facts, 0); counted != listed {
		t.Fatalf("%+q in %+q: counted %v, listed %v", phrase, subject, counted, listed)
	}
	return listed
}

func TestASubjectContainsWhatItSaysHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t).Gorm
	for _, tt := range []struct {
		subject, phrase string
		want            bool
	}{
		{"Boletos vencidos", "boleto", true},
		{"2ª VIA DO BOLETO", "boleto", true},
		{"Cartão recusado", "CARTAO", true},
		{"Cartao recusado", "cartão", true},
		{"Carta\u0303o recusado", "cartão", true},
		{"CARTÕES", "cartão", false}, // the search's work
		{"Pré-pago", "pre-pago", true},
		{"Pré pago", "pre-pago", false},
		{"ação e reação", "EAÇÃO", true},
		{"Cobrança de R$ 100,00 (dobro)", "r$ 100,00 (", true},
		{"xx", ".* xx", false},
		{"Счёт не оплачен", "счёт НЕ", true},
		{"Ο λογαριασμός", "ΛΟΓΑΡΙΑΣΜΌΣ", true},
		{"", "boleto", false},
	} {
		if got := contains(t, db, tt.subject, tt.phrase); got != tt.want {
			t.Errorf("%q contains %q: %v", tt.subject, tt.phrase, got)
		}
	}
	letters := rapid.OneOf(rapid.RuneFrom([]rune(`abcABC .*+?()[]{}|^$\-_%"'#&~`)), rapid.Rune(),
		rapid.Map(rapid.IntRange(0xa0, 0x52f), func(n int) rune { return rune(n) }), rapid.Map(rapid.IntRange(0x1e00, 0x214f), func(n int) rune { return rune(n) }))
	rapid.Check(t, func(rt *rapid.T) {
		subject := strings.ReplaceAll(rapid.StringOf(letters).Draw(rt, "subject"), "\x00", "")
		runes := []rune(subject)
		from := rapid.IntRange(0, len(runes)).Draw(rt, "from")
		phrase := string(runes[from:rapid.IntRange(from, len(runes)).Draw(rt, "to")])
		as := rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, norm.NFD.String, norm.NFC.String}).Draw(rt, "as")
		phrase = strings.Join(strings.Fields("xx"+as(phrase)), " ")
		if (ticket.Rule{Field: "subject", Op: ticket.RuleIn, Values: []string{phrase}}).Check() != nil {
			rt.Skip("no phrase")
		}
		contains(rt, db, "XX"+subject, phrase)
		contains(rt, db, subject+"xX"+string(runes[from:]), phrase)
	})
}
