package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

const validTicket = `{"name":"Ana Souza","email":"ana@example.com","kind":"reclamacao","subject":"Cobrança","body":"Veio em dobro."}`

// Every bad body is a problem that names the field, in both decoders: the
// public one and Huma's.
func TestAttack63BodiesNobodyCanReadTwoWays(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.as(access.Admin)
	long := strings.Repeat("x", 30_000)
	tests := []struct {
		name, path, body string
		status           int
		code, field      string
	}{
		{"no JSON", "/api/public/tickets", `{"kind":`, 400, "bad_json", "body"},
		{"not JSON", "/api/public/tickets", `kind=reclamacao`, 400, "bad_json", "body"},
		{"empty", "/api/public/tickets", ``, 400, "bad_json", "body"},
		{"two values", "/api/public/tickets", validTicket + validTicket, 400, "bad_json", "body"},
		{"invalid UTF-8", "/api/public/tickets", "{\"body\":\"a\xff\"}", 400, "bad_json", "body"},
		{"a lone surrogate", "/api/public/tickets", `{"body":"\ud800"}`, 400, "bad_json", "body"},
		{"unknown", "/api/public/tickets", `{"role":"admin","kind":"elogio","subject":"a","body":"b"}`, 422, "invalid", "body.role"},
		{"other case", "/api/public/tickets", `{"Kind":"elogio","subject":"a","body":"b"}`, 422, "invalid", "body.Kind"},
		{"duplicate", "/api/public/tickets", `{"kind":"elogio","kind":"denuncia"}`, 422, "invalid", "body.kind"},
		{"duplicate inside", "/api/public/tickets", `{"fields":{"a":"1","a":"2"}}`, 422, "invalid", "body.fields.a"},
		{"wrong type", "/api/public/tickets", `{"kind":1}`, 422, "invalid", "body.kind"},
		{"array for text", "/api/public/tickets", `{"body":["a"]}`, 422, "invalid", "body.body"},
		{"missing", "/api/public/tickets", `{"kind":"elogio"}`, 422, "submission_invalid", "body.body"},
		{"too long", "/api/public/tickets", `{"kind":"elogio","subject":"a","body":"` + long + `"}`, 422, "submission_invalid", "body.body"},
		{"bad e-mail", "/api/public/tickets", `{"email":"a@b,c@d","kind":"elogio","subject":"a","body":"b"}`, 422, "submission_invalid", "body.email"},
		{"10,000 deep", "/api/public/tickets", `{"fields":` + strings.Repeat(`{"a":`, 10_000), 422, "invalid", "body"},
		{"many names", "/api/public/tickets", manyNames(20_000), 422, "invalid", "body"},
		{"10 MB", "/api/public/tickets", `{"body":"` + strings.Repeat("x", 10<<20) + `"}`, 413, "body_too_large", ""},

		{"Huma: not JSON", "/api/accounts", `{`, 400, "bad_json", "body"},
		{"Huma: empty", "/api/accounts", ``, 422, "invalid", "body"},
		{"Huma: invalid UTF-8", "/api/accounts", "{\"name\":\"a\xff\"}", 400, "bad_json", "body"},
		{"Huma: missing", "/api/accounts", `{}`, 422, "invalid", "body.email"},
		{"Huma: unknown", "/api/accounts", account_(`"protocol":"1"`), 422, "invalid", "body.protocol"},
		{"Huma: duplicate", "/api/accounts", account_(`"role":"agent"`), 422, "invalid", "body.role"},
		{"Huma: wrong type", "/api/accounts", `{"email":1,"name":"a","role":"agent","password":"b"}`, 422, "invalid", "body.email"},
		{"Huma: not one of", "/api/accounts", `{"email":"a@b.co","name":"a","role":"root","password":"b"}`, 422, "invalid", "body.role"},
		{"Huma: 10,000 deep", "/api/accounts", strings.Repeat(`[`, 10_000), 422, "invalid", "body"},
		{"Huma: many names", "/api/accounts", manyNames(20_000), 422, "invalid", "body"},
		{"Huma: 10 MB", "/api/accounts", `{"name":"` + strings.Repeat("x", 10<<20) + `"}`, 413, "body_too_large", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			a := admin.post(tt.path, tt.body)
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("took %v", took)
			}
			a.want(tt.status)
			if tt.field == "" {
				a.problem(tt.code)
			} else {
				a.problem(tt.code, tt.field)
			}
		})
	}
	var tickets, accounts int64
	w.must(w.db.Gorm.Table("tickets").Count(&tickets).Error)
	w.must(w.db.Gorm.Table("accounts").Count(&accounts).Error)
	if tickets != 0 || accounts != 1 {
		t.Errorf("%d tickets and %d accounts, want 0 and 1", tickets, accounts)
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"f%d":""`, i)
	}
	return `{` + b.String()[1:] + `}`
}

func account_(more string) string {
	return `{"email":"a@example.com","name":"a","role":"agent","password":"` + password + `",` + more + `}`
}
