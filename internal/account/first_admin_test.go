package account

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

func TestFirstAdminIsMadeOnceByNodesThatStartTogether(t *testing.T) {
	o := newOffice(t)
	nodes := []*Service{o.Service, o.node(), o.node(), o.node()}
	var made atomic.Int64
	together(len(nodes), func(i int) {
		created, err := nodes[i].FirstAdmin(t.Context(), "Chefe@exemplo.com", password)
		if err != nil {
			t.Error(err)
		}
		if created {
			made.Add(1)
		}
	})
	all, err := o.List(t.Context())
	if err != nil || made.Load() != 1 || len(all) != 1 || all[0].Role != access.Admin || len(all[0].TeamIDs) != 1 {
		t.Fatalf("%d say they made it; accounts = %+v, %v", made.Load(), all, err)
	}
	if created, err := o.FirstAdmin(t.Context(), "outra@exemplo.com", password); created || err != nil {
		t.Errorf("second start: %v, %v", created, err)
	}
	if _, err := o.Authenticate(t.Context(), "chefe@exemplo.com", password, "192.0.2.1"); err != nil {
		t.Error(err)
	}
}

func TestNodesThatFindAnEmptyDatabaseTogetherInsertOneAccount(t *testing.T) {
	o := newOffice(t)
	for range 20 {
		var made atomic.Int64
		together(6, func(i int) {
			n := New{Email: fmt.Sprintf("chefe%d@exemplo.com", i), Name: "Chefe", Role: access.Admin, Locale: "pt-BR"}
			created, err := o.insertFirst(t.Context(), n, "hash")
			if err != nil {
				t.Error(err)
			}
			if created {
				made.Add(1)
			}
		})
		if made.Load() != 1 {
			t.Fatalf("%d made", made.Load())
		}
		if _, err := o.db.Pool.Exec(t.Context(), "DELETE FROM accounts"); err != nil {
			t.Fatal(err)
		}
	}
}
