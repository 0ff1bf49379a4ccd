package account

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

// effective is by when a revocation must have reached every node.
const effective = 5 * time.Second

// attacks.md 72: what is granted ends everywhere when the account changes.
func TestAttack72AChangedAccountEndsItsSessionsOnEveryNode(t *testing.T) {
	o := newOffice(t)
	team, err := o.CreateTeam(t.Context(), "Cobrança")
	if err != nil {
		t.Fatal(err)
	}
	for what, tt := range map[string]struct {
		change         Change
		session, token bool // whether they survive
	}{
		"password":     {Change{Password: ptr("outra frase bem longa")}, false, false},
		"role":         {Change{Role: ptr(access.Supervisor)}, false, true},
		"teams":        {Change{TeamIDs: &[]int64{team.ID}}, false, true},
		"deactivation": {Change{Active: ptr(false)}, false, false},
		"name":         {Change{Name: ptr("Ana Lima"), Locale: ptr("en")}, true, true},
		"same role":    {Change{Role: ptr(access.Agent), TeamIDs: &[]int64{}, Active: ptr(true)}, true, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			ctx, here, there := t.Context(), o.Service, o.node()
			a := o.hire(t, strings.ReplaceAll(what, " ", "-")+"@exemplo.com", access.Agent)
			session := o.enter(t, a, "192.0.2.1")
			secret, _, err := o.CreateToken(ctx, a.ID, "integração", nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, node := range []*Service{here, there} { // both remember it
				if _, err := node.Still(ctx, session); err != nil {
					t.Fatal(err)
				}
				if _, err := node.Still(ctx, secret); err != nil {
					t.Fatal(err)
				}
				if _, err := node.ActorOf(ctx, a.ID); err != nil {
					t.Fatal(err)
				}
			}

			changed, err := here.Update(ctx, a.ID, tt.change)
			if err != nil {
				t.Fatal(err)
			}

			state := func(node *Service) string {
				bySession, errS := node.Still(ctx, session)
				byToken, errT := node.Still(ctx, secret)
				byID, errI := node.ActorOf(ctx, a.ID)
				for _, actor := range []access.Actor{bySession, byToken, byID} {
					if actor.AccountID != 0 && (actor.Name != changed.Name || actor.Role != changed.Role || !slices.Equal(actor.Teams, changed.TeamIDs)) {
						return "old"
					}
				}
				return fmt.Sprint(errS == nil, errT == nil, errI == nil)
			}
			want := fmt.Sprint(tt.session, tt.token, changed.Active)
			if got := state(here); got != want {
				t.Errorf("here: %s, want %s", got, want)
			}
			within(t, effective, "the other node", func() bool { return state(there) == want })
		})
	}
}

// Who asks after a revocation has returned is refused, also while others fill the memory.
func TestNobodyRemembersWhatWasRevokedWhileTheyRead(t *testing.T) {
	o := newOffice(t)
	ana := o.hire(t, "ana@exemplo.com", access.Agent)
	for range 30 {
		token, session, err := o.Open(t.Context(), ana, Client{}, "")
		if err != nil {
			t.Fatal(err)
		}
		var ended atomic.Bool
		together(9, func(i int) {
			if i == 0 {
				if err := o.EndSession(t.Context(), ana.ID, session.ID); err != nil {
					t.Error(err)
				}
				ended.Store(true)
				return
			}
			for range 20 {
				over := ended.Load()
				if _, _, err := o.Resolve(t.Context(), token); over && err == nil {
					t.Error("resolved after its end")
				}
			}
		})
	}
}

func TestResolvingDoesNotReachPostgreSQL(t *testing.T) {
	o := newOffice(t)
	token := o.enter(t, o.hire(t, "ana@exemplo.com", access.Agent), "192.0.2.1")
	before, start := o.db.Pool.Stat().AcquireCount(), time.Now()
	for range 10_000 {
		if _, _, err := o.Resolve(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	most := 2 + int64(time.Since(start)/staleAfter)
	if asked := o.db.Pool.Stat().AcquireCount() - before; asked > most {
		t.Errorf("10,000 requests made %d queries", asked)
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	o := newOffice(t)
	token := o.enter(t, o.hire(t, "ana@exemplo.com", access.Agent), "192.0.2.1")
	for i := range maxCached {
		o.cache.entries[cacheKey{account: int64(i) + 1000}] = entry{}
	}
	if _, _, err := o.Resolve(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if n := len(o.cache.entries); n > maxCached {
		t.Errorf("%d entries", n)
	}
}
