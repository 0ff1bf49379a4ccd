package customer_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func seed(t *testing.T, db *postgres.DB) (id int64) {
	t.Helper()
	err := db.Pool.QueryRow(t.Context(), `WITH c AS (INSERT INTO customers (name) VALUES ('Ana Souza') RETURNING id),
		i AS (INSERT INTO identities (customer_id, kind, value, verified_at)
		  SELECT id, k, v, at FROM c, (VALUES ('phone', '+5511987654321', NULL::timestamptz), ('email', 'ana@exemplo.com.br', now())) x(k, v, at))
		SELECT id FROM c`).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func ptr[T any](v T) *T { return &v }

func TestACustomerIsFoundAndKept(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	id := seed(t, db)
	c, err := customer.Get(t.Context(), db, id)
	if err != nil || c.Name != "Ana Souza" || c.Since.IsZero() {
		t.Fatalf("%+v, %v", c, err)
	}
	want := []customer.Identity{{Kind: channel.IdentityEmail, Value: "ana@exemplo.com.br", Verified: true}, {Kind: channel.IdentityPhone, Value: "+5511987654321"}}
	if !reflect.DeepEqual(c.Identities, want) {
		t.Errorf("identities %+v", c.Identities)
	}
	found, err := customer.Find(t.Context(), db, channel.IdentityPhone, "+5511987654321")
	if err != nil || !reflect.DeepEqual(found, c) {
		t.Errorf("found %+v, %v", found, err)
	}
	changed, err := customer.Update(t.Context(), db, id, customer.Change{
		PreferredName: ptr(" Aninha\r\nBcc: x@y.co "), LegalPriority: ptr(customer.Over80), Products: ptr([]string{"Fibra 500", " ", "Fixo"}),
	})
	if err != nil || changed.PreferredName != "Aninha Bcc: x@y.co" || changed.LegalPriority != customer.Over80 ||
		!reflect.DeepEqual(changed.Products, []string{"Fibra 500", "Fixo"}) || changed.Contract != "" {
		t.Errorf("changed %+v, %v", changed, err)
	}
	// What is not named stays.
	again, err := customer.Update(t.Context(), db, id, customer.Change{Contract: ptr("C-1")})
	if err != nil || again.LegalPriority != customer.Over80 || again.Contract != "C-1" || len(again.Products) != 2 {
		t.Errorf("again %+v, %v", again, err)
	}
}

func TestNobodyIsNotFound(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, id := range []int64{0, -1, 1 << 62} {
		if _, err := customer.Get(t.Context(), db, id); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("%d: %v", id, err)
		}
		if _, err := customer.Update(t.Context(), db, id, customer.Change{}); !errors.Is(err, customer.ErrNotFound) {
			t.Errorf("%d: %v", id, err)
		}
	}
	if _, err := customer.Find(t.Context(), db, channel.IdentityEmail, "x"); !errors.Is(err, customer.ErrNotFound) {
		t.Error(err)
	}
}

func TestEverythingWrongIsNamed(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	_, err := customer.Update(t.Context(), db, seed(t, db), customer.Change{
		PreferredName: ptr(strings.Repeat("á", customer.MaxName+1)), LegalPriority: ptr(customer.LegalPriority(4)),
		Contract: ptr("\xff"), Products: ptr(make([]string, customer.MaxProducts+1)),
	})
	if !errors.Is(err, customer.ErrInvalid) {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range fault.From(err).Details {
		got[d.Field] = d.Code
		if !i18n.Has("field." + d.Code) {
			t.Errorf("no text for %s", d.Code)
		}
	}
	want := map[string]string{"preferred_name": "too_long", "legal_priority": "legal_priority", "contract": "not_text", "products": "too_many"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("named %v", got)
	}
	for _, f := range []*fault.Error{customer.ErrNotFound, customer.ErrInvalid} {
		if !i18n.Has("error." + f.Code) {
			t.Errorf("no text for %s", f.Code)
		}
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ kind, value, want string }{
		{"email", "ana@exemplo.com.br", "a***@exemplo.com.br"}, {"email", "sem arroba", "***"}, {"email", "@x", "***"},
		{"phone", "+5511987654321", "***4321"}, {"phone", "190", "***"},
		{"cpf", "11144477735", "***.444.777-**"}, {"cnpj", "12ABC34501DE35", "**.ABC.***/01DE-**"}, {"cnpj", "", "***"},
		{"handle", "loja.da.ana", "***.ana"}, {"", "", "***"},
	} {
		if got := (customer.Identity{Kind: channel.IdentityKind(tt.kind), Value: tt.value}).Mask(); got != tt.want {
			t.Errorf("%s %q is shown as %q, want %q", tt.kind, tt.value, got, tt.want)
		}
	}
}

func TestAMaskNeverShowsTheWholeValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := customer.Identity{
			Kind:  channel.IdentityKind(rapid.SampledFrom([]string{"email", "phone", "cpf", "cnpj", "handle"}).Draw(t, "kind")),
			Value: rapid.OneOf(rapid.StringN(1, 40, 80), rapid.StringMatching(`[a-z]{2,9}@[a-z]{1,9}\.br`), rapid.StringMatching(`\+?[0-9]{8,14}`)).Draw(t, "value"),
		}
		if strings.Contains(id.Mask(), id.Value) && id.Value != "*" && id.Value != "**" && id.Value != "***" {
			t.Fatalf("%+v is shown as %s", id, id.Mask())
		}
	})
}
