package account

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/i18n"
)

func TestNormalEmail(t *testing.T) {
	for in, want := range map[string]string{
		"ana@exemplo.com.br":        "ana@exemplo.com.br",
		"  Ana.Silva@Exemplo.COM ":  "ana.silva@exemplo.com",
		"ana+sac@exemplo.com":       "ana+sac@exemplo.com",
		"ana@Padaria-São-João.com":  "ana@xn--padaria-so-joo-yhbe.com",
		"":                          "",
		"ana":                       "",
		"@exemplo.com":              "",
		"ana@":                      "",
		"ana@exemplo.com, b@c.com":  "",
		"Ana <ana@exemplo.com>":     "",
		"a na@exemplo.com":          "",
		"ana\x00@exemplo.com":       "",
		"ana\r\nBcc: b@exemplo.com": "",
		"anã@exemplo.com":           "",
		"\xff@exemplo.com":          "",
		"ana@exemplo\xca.com":       "",
		strings.Repeat("a", 250) + "@exemplo.com": "",
	} {
		got, ok := NormalEmail(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("NormalEmail(%q) = %q, %v; want %q", in, got, ok, want)
		}
	}
}

func FuzzNormalEmailSettlesOnOneSpelling(f *testing.F) {
	for _, s := range []string{"ana@exemplo.com.br", " A@B.c", "a@ção.br", "\"a b\"@c.d", "a@[1.2.3.4]", "İ@exemplo.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once, ok := NormalEmail(s)
		if !ok {
			return
		}
		if twice, ok := NormalEmail(once); !ok || twice != once {
			t.Errorf("%q became %q, which became %q (%v)", s, once, twice, ok)
		}
		for _, c := range []byte(once) {
			if c <= ' ' || c > '~' || c >= 'A' && c <= 'Z' {
				t.Errorf("%q became %q", s, once)
			}
		}
	})
}

func TestANewAccountNamesEveryWrongField(t *testing.T) {
	_, err := New{Email: "x", Name: " ", Role: "king", Password: "1234567890", Locale: "de"}.normal()
	if !errors.Is(err, ErrInvalid) {
		t.Fatalf("err = %v", err)
	}
	var got []string
	for _, d := range fault.From(err).Details {
		got = append(got, d.Field+" "+d.Code)
	}
	want := []string{"body.email email", "body.name account_name_invalid", "body.role account_role_unknown",
		"body.locale account_locale_unknown", "body.password password_common"}
	if !slices.Equal(got, want) {
		t.Errorf("details = %q, want %q", got, want)
	}
}

func TestAccountsAndTeams(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	team, err := o.CreateTeam(ctx, "  Cobrança   e crédito ")
	if err != nil || team.Name != "Cobrança e crédito" || team.Default {
		t.Fatalf("team = %+v, %v", team, err)
	}
	if _, err := o.CreateTeam(ctx, team.Name); !errors.Is(err, ErrTeamTaken) {
		t.Errorf("same name: %v", err)
	}
	if _, err := o.CreateTeam(ctx, " "); !errors.Is(err, ErrTeamInvalid) {
		t.Errorf("no name: %v", err)
	}
	teams, err := o.Teams(ctx)
	if err != nil || len(teams) != 2 || !teams[0].Default {
		t.Fatalf("teams = %+v, %v", teams, err)
	}
	standard := teams[0].ID

	ana := o.hire(t, " Ana@Exemplo.com", access.Agent)
	if ana.Email != "ana@exemplo.com" || ana.Locale != "pt-BR" || !slices.Equal(ana.TeamIDs, []int64{standard}) {
		t.Errorf("ana = %+v", ana)
	}
	if _, err := o.Create(ctx, New{Email: "ANA@exemplo.com", Name: "B", Role: access.Agent, Password: password}); !errors.Is(err, ErrEmailTaken) {
		t.Errorf("same e-mail: %v", err)
	}
	if _, err := o.Create(ctx, New{Email: "c@exemplo.com", Name: "C", Role: access.Agent, Password: password, TeamIDs: []int64{999}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("unknown team: %v", err)
	}

	bia := o.hire(t, "bia@exemplo.com", access.Supervisor, team.ID, standard, team.ID)
	want := slices.Sorted(slices.Values([]int64{team.ID, standard}))
	if !slices.Equal(bia.TeamIDs, want) {
		t.Errorf("bia is in %v, want %v", bia.TeamIDs, want)
	}
	if _, err := o.Update(ctx, bia.ID, Change{Email: ptr("ana@exemplo.com")}); !errors.Is(err, ErrEmailTaken) {
		t.Errorf("taken by change: %v", err)
	}
	bia, err = o.Update(ctx, bia.ID, Change{Name: ptr("Bia Souza"), Locale: ptr("es"), TeamIDs: &[]int64{team.ID}})
	if err != nil || bia.Name != "Bia Souza" || bia.Locale != "es" || !slices.Equal(bia.TeamIDs, []int64{team.ID}) {
		t.Errorf("bia = %+v, %v", bia, err)
	}
	got, err := o.Get(ctx, bia.ID)
	if err != nil || got.Name != bia.Name || !got.UpdatedAt.Equal(o.clock.now()) {
		t.Errorf("stored = %+v, %v", got, err)
	}
	if members, err := o.Members(ctx, team.ID); err != nil || !slices.Equal(members, []int64{bia.ID}) {
		t.Errorf("members = %v, %v", members, err)
	}
	if _, err := o.Members(ctx, 999); !errors.Is(err, ErrTeamUnknown) {
		t.Errorf("members of no team: %v", err)
	}
	all, err := o.List(ctx)
	if err != nil || len(all) != 2 || all[0].ID != ana.ID || !slices.Equal(all[1].TeamIDs, []int64{team.ID}) {
		t.Errorf("list = %+v, %v", all, err)
	}
	if _, err := o.Get(ctx, 999); !errors.Is(err, ErrNotFound) {
		t.Errorf("get none: %v", err)
	}
	if _, err := o.Update(ctx, 999, Change{Name: ptr("x")}); !errors.Is(err, ErrNotFound) {
		t.Errorf("update none: %v", err)
	}
}

func TestTwoAdminsWhoRemoveEachOtherLeaveOne(t *testing.T) {
	o := newOffice(t)
	a, b := o.hire(t, "a@exemplo.com", access.Admin), o.hire(t, "b@exemplo.com", access.Admin)
	for range 40 {
		ids := []int64{a.ID, b.ID}
		changes := []Change{{Role: ptr(access.Agent)}, {Active: ptr(false)}}
		errs := make([]error, 2)
		together(2, func(i int) { _, errs[i] = o.Update(t.Context(), ids[i], changes[i]) })
		if (errs[0] == nil) == (errs[1] == nil) || !errors.Is(errors.Join(errs...), ErrLastAdmin) {
			t.Fatalf("errs = %v", errs)
		}
		for _, id := range ids {
			if _, err := o.Update(t.Context(), id, Change{Role: ptr(access.Admin), Active: ptr(true)}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestEveryFaultHasItsText(t *testing.T) {
	for _, f := range []*fault.Error{
		ErrInvalid, ErrNotFound, ErrEmailTaken, ErrLastAdmin, ErrTeamInvalid, ErrTeamUnknown, ErrTeamTaken,
		ErrCredentials, ErrThrottled, ErrBusy, ErrSession, ErrSessionNotFound, ErrToken, ErrTokenInvalid,
		ErrTokenNotFound, ErrTokenLimit, ErrKeyInvalid, ErrKeyReused, ErrInProgress,
	} {
		if !i18n.Has("error." + f.Code) {
			t.Errorf("%q has no text", f.Code)
		}
	}
	for _, code := range []string{
		"email", "account_name_invalid", "account_role_unknown", "account_locale_unknown", "account_team_unknown",
		"password_too_short", "password_too_long", "password_common", "password_unreadable", "password_wrong", "token_expiry_past",
	} {
		if !i18n.Has("field." + code) {
			t.Errorf("field %q has no text", code)
		}
	}
}
