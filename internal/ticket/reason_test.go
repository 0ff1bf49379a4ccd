package ticket_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
)

func TestTheReasonTreeHasThreeLevelsAndNoTwins(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	seeded, err := ticket.Reasons(t.Context(), db.Gorm)
	if err != nil || len(seeded) < 30 {
		t.Fatalf("%d reasons, %v", len(seeded), err)
	}
	level := map[int64]int{}
	for _, r := range seeded { // parents come before children
		if r.ParentID == nil && r.Level != 1 || r.ParentID != nil && level[*r.ParentID] != r.Level-1 {
			t.Errorf("%+v hangs wrong", r)
		}
		level[r.ID] = r.Level
	}
	add := func(parent *int64, name string) ticket.Reason {
		r, err := ticket.AddReason(t.Context(), db.Gorm, parent, name)
		if err != nil {
			t.Fatalf("add %q: %v", name, err)
		}
		return r
	}
	one := add(nil, "  Loja   física ")
	if one.Name != "Loja física" || one.Level != 1 || !one.Active {
		t.Errorf("%+v", one)
	}
	two := add(&one.ID, "Fila")
	three := add(&two.ID, "Demora")
	none := int64(1 << 40)
	for name, tt := range map[string]struct {
		parent *int64
		name   string
		want   error
	}{
		"a fourth level":    {&three.ID, "Mais", ticket.ErrInvalid},
		"a twin":            {&one.ID, "Fila", ticket.ErrReasonTwice},
		"a twin at the top": {nil, "Loja física", ticket.ErrReasonTwice},
		"no parent":         {&none, "Fila", ticket.ErrNoReason},
		"blank":             {nil, " ", ticket.ErrInvalid},
		"long":              {nil, strings.Repeat("a", 81), ticket.ErrInvalid},
		"not text":          {nil, "a\x00", ticket.ErrInvalid},
	} {
		if _, err := ticket.AddReason(t.Context(), db.Gorm, tt.parent, tt.name); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryFaultHasItsTextInEveryLanguage(t *testing.T) {
	t.Parallel()
	for _, f := range []*fault.Error{ticket.ErrNotFound, ticket.ErrClosed, ticket.ErrMove, ticket.ErrVersion, ticket.ErrInvalid,
		ticket.ErrClaimed, ticket.ErrLeaseLost, ticket.ErrNotYours, ticket.ErrCursor, ticket.ErrSearchSlow, ticket.ErrNoFile,
		ticket.ErrNoReason, ticket.ErrReasonTwice} {
		if !i18n.Has("error." + f.Code) {
			t.Errorf("%s has no text", f.Code)
		}
	}
	for _, code := range []string{"required", "too_long", "too_many", "not_text", "unknown_choice", "too_deep", "unknown_version"} {
		if !i18n.Has("field." + code) {
			t.Errorf("field.%s has no text", code)
		}
	}
	for _, view := range ticket.Views {
		if !i18n.Has("view." + string(view)) {
			t.Errorf("the view %s has no name", view)
		}
	}
}
