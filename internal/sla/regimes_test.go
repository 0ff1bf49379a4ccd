package sla_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/sla"
)

// everything is the scope of somebody who sees all tickets.
var everything = access.Scope{AllTeams: true, Walled: true}

func rules(t testing.TB, db *postgres.DB, p *sla.Policies) *sla.Rules {
	t.Helper()
	return sla.NewRules(db, p, time.Now)
}

// admin is an account by which rules are changed.
func admin(t testing.TB, db *postgres.DB) (id int64) {
	t.Helper()
	err := db.Gorm.Raw("INSERT INTO accounts (email, name, role, password_hash) VALUES ('regras@example.com', 'Regras', 'admin', 'x') RETURNING id").Scan(&id).Error
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// The seeds are the figures of the norms as they were read, with their marks: each
// line of the file is a regime with its evidence, or one of its policies.
func TestTheSeedsAreTheFiguresOfTheNorms(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	regimes, err := rules(t, db, policies(t, db)).Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, r := range regimes {
		state, limit := "off", "-"
		if r.Active {
			state = "on"
		}
		if r.Cap != nil {
			limit = fmt.Sprintf("%d%%", *r.Cap)
		}
		fmt.Fprintf(&b, "%s | %s | %s | %s | +%d | %s\n", r.Key, r.Norm, r.Evidence, state, r.Extension, limit)
		for _, p := range r.Policies {
			who := "all"
			switch {
			case p.ByHand:
				who = "by hand"
			case p.Walled != nil && *p.Walled:
				who = "walled"
			case len(p.Kinds) > 0:
				who = strings.Join(p.Kinds, " ")
			}
			mark := ""
			if !p.Active {
				mark = " | off"
			}
			from, to := "", ""
			if !p.From.IsZero() {
				from = p.From.String()
			}
			if !p.To.IsZero() {
				to = p.To.String()
			}
			fmt.Fprintf(&b, "  %s | %s | %d %s | %s | %s | %s..%s%s\n", p.Name, p.Clock, p.Term.Amount, p.Term.Unit, p.Calendar, who, from, to, mark)
		}
	}
	file := filepath.Join("testdata", "regimes.txt")
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != string(want) {
		t.Errorf("the seeds are\n%s", got)
	}
}

func TestWhatIsUnconfirmedComesSwitchedOff(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	all, err := rules(t, db, policies(t, db)).Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	active := []string{}
	for _, r := range all {
		if r.Active {
			active = append(active, r.Key)
		}
		if r.Evidence == sla.Unconfirmed && (r.Active || r.Note == "") {
			t.Errorf("%s is unconfirmed: active %v, note %q", r.Key, r.Active, r.Note)
		}
		if r.Evidence != sla.EvidenceOwn && r.Evidence != sla.Unconfirmed && r.Source == "" {
			t.Errorf("%s does not say where it was read", r.Key)
		}
	}
	if !slices.Equal(active, []string{"own", "sac", "ombudsman"}) {
		t.Errorf("active: %v", active)
	}
}

func day(t testing.TB, s string) brazil.Date {
	t.Helper()
	d, err := brazil.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func find(t testing.TB, r *sla.Rules, key string) sla.Regime {
	t.Helper()
	all, err := r.Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(x sla.Regime) bool { return x.Key == key })
	if i < 0 {
		t.Fatalf("there is no regime %q", key)
	}
	return all[i]
}

func edit(r sla.Regime) *sla.RegimeEdit {
	return &sla.RegimeEdit{ID: r.ID, Version: r.Version, Name: r.Name, Norm: r.Norm, Evidence: r.Evidence, Source: r.Source, Note: r.Note,
		CheckedBy: r.CheckedBy, CheckedOn: r.CheckedOn, Active: r.Active, Extension: r.Extension, Cap: r.Cap}
}

// All that is seeded can be computed: switched on one after the other, each
// regime gives its demands what its norm says.
func TestEveryRegimeCanBeSwitchedOn(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	r, by := rules(t, db, p), admin(t, db)
	all, err := r.Regimes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all {
		e := edit(x)
		e.Active = true
		if _, err := r.Apply(t.Context(), by, sla.Change{Regime: e}, false); err != nil {
			t.Errorf("%s: %v", x.Key, err)
		}
	}
	if err := p.Reload(t.Context(), db.Gorm); err != nil {
		t.Fatal(err)
	}
	legal := func(d sla.Demand, day string) (out []string) {
		for _, c := range p.Plan(d, at(t, day+" 09:00")) {
			if c.Kind == sla.Legal {
				out = append(out, c.Policy+" "+local(t, c.Due)[:10])
			}
		}
		slices.Sort(out)
		return out
	}
	complaint := sla.Demand{Channel: "email", Kind: "reclamacao", Priority: 3}
	// 2025-08-31 was a Sunday and 7 September a holiday on a Sunday; 2025-09-01 a Monday.
	want := []string{"ANEEL: reclamação 2025-09-05", "ANS: demanda não assistencial 2025-09-09", "Anatel 2014: reclamação 2025-09-05",
		"Comércio eletrônico: resposta 2025-09-05", "SAC: resposta conclusiva 2025-09-07"}
	if got := legal(complaint, "2025-08-31"); !slices.Equal(got, want) {
		t.Errorf("on the last day of the old rules %q", got)
	}
	want = []string{"ANEEL: reclamação 2025-09-08", "ANS: demanda não assistencial 2025-09-10", "Anatel: resposta conclusiva 2025-09-08",
		"Comércio eletrônico: resposta 2025-09-06", "SAC: resposta conclusiva 2025-09-08"}
	if got := legal(complaint, "2025-09-01"); !slices.Equal(got, want) {
		t.Errorf("on the first day of the new rules %q", got)
	}
	if got := legal(complaint, "2022-10-02"); !slices.Contains(got, "SAC de 2008: reclamação 2022-10-07") || slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "SAC: ") }) {
		t.Errorf("in 2022 %q", got)
	}
}

// A policy that is changed gets a new row, so that what it has started still says
// by what; who has changed it is kept.
func TestAChangedPolicyIsANewOneAndTheOldOneStays(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	r, by := rules(t, db, p), admin(t, db)
	own := find(t, r, "own")
	i := slices.IndexFunc(own.Policies, func(l sla.Listed) bool { return l.Name == "Solução" })
	old := own.Policies[i]
	change := old
	change.Term.Amount = 3
	after, err := r.Apply(t.Context(), by, sla.Change{Policy: &sla.PolicyEdit{Policy: change.Policy, Active: true}}, false)
	if err != nil {
		t.Fatal(err)
	}
	now := after.Policies[i]
	if now.ID == old.ID || now.Replaces == nil || *now.Replaces != old.ID || now.Term.Amount != 3 || now.Position != old.Position || len(after.Policies) != len(own.Policies) {
		t.Errorf("%+v", now)
	}
	var kept struct{ Amount, Changes int }
	db.Gorm.Raw("SELECT amount, (SELECT count(*) FROM rule_changes WHERE account_id = ? AND act = 'policy_changed' AND before->'Term'->>'Amount' = '5') AS changes FROM sla_policies WHERE id = ? AND NOT active", by, old.ID).Scan(&kept)
	if kept.Amount != 5 || kept.Changes != 1 {
		t.Errorf("%+v", kept)
	}
	// Who still has the old one before them is told.
	if _, err := r.Apply(t.Context(), by, sla.Change{Policy: &sla.PolicyEdit{Policy: change.Policy, Active: true}}, false); !errors.Is(err, sla.ErrRulesChanged) {
		t.Errorf("%v", err)
	}
	e := edit(own)
	e.Name = "Compromissos"
	if _, err := r.Apply(t.Context(), by, sla.Change{Regime: e}, false); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Apply(t.Context(), by, sla.Change{Regime: e}, false); !errors.Is(err, sla.ErrRulesChanged) {
		t.Errorf("%v", err)
	}
	order := []int64{}
	for _, l := range after.Policies {
		order = append([]int64{l.ID}, order...)
	}
	turned, err := r.Apply(t.Context(), by, sla.Change{Order: order}, false)
	if err != nil || turned.Policies[0].ID != order[0] {
		t.Errorf("%v %+v", err, turned)
	}
	if _, err := r.Apply(t.Context(), by, sla.Change{Order: order[1:]}, false); !errors.Is(err, sla.ErrRulesChanged) {
		t.Errorf("%v", err)
	}
	gone, err := r.Apply(t.Context(), by, sla.Change{Remove: now.ID}, false)
	if err != nil || len(gone.Policies) != len(own.Policies)-1 {
		t.Errorf("%v %+v", err, gone)
	}
}

func TestARuleThatCannotBeIsRefusedByItsFields(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	r, by := rules(t, db, policies(t, db)), admin(t, db)
	own := find(t, r, "own")
	good := sla.Policy{Regime: own.ID, Name: "Nova", Clock: sla.Resolution, Calendar: "br", Term: sla.Term{Amount: 2, Unit: sla.BusinessDays}}
	for name, v := range map[string]struct {
		with  func(p *sla.Policy)
		field string
	}{
		"no name":             {func(p *sla.Policy) { p.Name = " " }, "body.policy.name"},
		"a name that is used": {func(p *sla.Policy) { p.Name = "Solução" }, "body.policy.name"},
		"a calendar":          {func(p *sla.Policy) { p.Calendar = "marte" }, "body.policy.calendar"},
		"no term":             {func(p *sla.Policy) { p.Term.Amount = 0 }, "body.policy.amount"},
		"a term for ever":     {func(p *sla.Policy) { p.Term.Amount = 99_999 }, "body.policy.amount"},
		"a unit":              {func(p *sla.Policy) { p.Term.Unit = "luas" }, "body.policy.amount"},
		"a kind of clock":     {func(p *sla.Policy) { p.Clock = "moon" }, "body.policy.clock"},
		"a team":              {func(p *sla.Policy) { p.Teams = []int64{987} }, "body.policy.teams"},
		"a segment":           {func(p *sla.Policy) { p.Segments = []string{"nobre"} }, "body.policy.segments"},
		"a priority":          {func(p *sla.Policy) { p.Priorities = []int{9} }, "body.policy.priorities"},
		"dates turned round":  {func(p *sla.Policy) { p.From, p.To = day(t, "2026-02-01"), day(t, "2026-01-01") }, "body.policy.valid_to"},
		"by hand":             {func(p *sla.Policy) { p.ByHand = true }, "body.policy.by_hand"},
		"history by itself":   {func(p *sla.Policy) { p.Clock = sla.History }, "body.policy.by_hand"},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			v.with(&p)
			_, err := r.Apply(t.Context(), by, sla.Change{Policy: &sla.PolicyEdit{Policy: p, Active: true}}, false)
			f := fault.From(err)
			if !errors.Is(err, sla.ErrRules) || len(f.Details) != 1 || f.Details[0].Field != v.field {
				t.Errorf("%v %+v", err, f.Details)
			}
		})
	}
	e := edit(find(t, r, "sac"))
	e.CheckedBy = "Dra. Exemplo"
	if _, err := r.Apply(t.Context(), by, sla.Change{Regime: e}, false); !errors.Is(err, sla.ErrRules) {
		t.Errorf("checked by somebody at no time: %v", err)
	}
	e.CheckedOn = day(t, "2026-01-05")
	if after, err := r.Apply(t.Context(), by, sla.Change{Regime: e}, false); err != nil || after.CheckedBy != "Dra. Exemplo" || after.CheckedOn.String() != "2026-01-05" {
		t.Errorf("%v %+v", err, after)
	}
}

// What a preview tells is what planning anew does, and a preview changes nothing.
func TestAPreviewTellsWhatPlanningAnewDoes(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	r, by := rules(t, db, p), admin(t, db)
	opened := at(t, "2026-11-23 09:00")
	d := sla.Demand{Channel: "webform", Kind: "reclamacao", Priority: 3}
	id := openTicket(t, db, p.Plan(d, opened)...)
	var team int64
	db.Gorm.Raw("UPDATE tickets SET opened_at = ? WHERE id = ? RETURNING team_id", opened, id).Scan(&team)
	d.Team = team
	sac := find(t, r, "sac")
	policy := sac.Policies[0].Policy
	policy.Term.Amount = 3
	change := sla.Change{Policy: &sla.PolicyEdit{Policy: policy, Active: true}}
	question := &sla.Question{Demand: d, Start: opened}

	e, err := r.Preview(t.Context(), everything, by, &change, question)
	if err != nil {
		t.Fatal(err)
	}
	if e.Looked != 1 || e.Clocks != 1 || len(e.First) != 1 || local(t, *e.First[0].From) != "2026-11-30 23:59" || local(t, *e.First[0].To) != "2026-11-26 23:59" {
		t.Fatalf("%+v", e)
	}
	if nobody, err := r.Preview(t.Context(), access.Scope{}, by, &change, nil); err != nil || nobody.Looked != 0 || nobody.Clocks != 0 {
		t.Errorf("who sees no ticket learns of none: %+v %v", nobody, err)
	}
	if again := find(t, r, "sac"); again.Policies[0].Term.Amount != 7 {
		t.Errorf("a preview has changed %+v", again.Policies[0])
	}
	if _, err := r.Apply(t.Context(), by, change, true); err != nil {
		t.Fatal(err)
	}
	if err := p.Reload(t.Context(), db.Gorm); err != nil {
		t.Fatal(err)
	}
	moves := replan(t, db, p, id, d, opened, at(t, "2026-11-24 10:00"))
	if len(moves) != 1 || !moves[0].To.Equal(*e.First[0].To) || !moves[0].From.Equal(*e.First[0].From) {
		t.Errorf("foreseen %+v, done %+v", e.First, moves)
	}
	var ordered int
	db.Gorm.Raw("SELECT count(*) FROM rule_runs WHERE done_at IS NULL AND last_id >= ?", id).Scan(&ordered)
	if ordered != 1 {
		t.Errorf("%d orders to plan anew", ordered)
	}
}

func TestADemandIsToldWhichRulesItGetsAndWhyNotTheOthers(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	r, by := rules(t, db, policies(t, db)), admin(t, db)
	e, err := r.Preview(t.Context(), everything, by, nil, &sla.Question{Demand: sla.Demand{Channel: "email", Kind: "elogio", Priority: 3}, Start: at(t, "2026-11-23 09:00")})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, v := range e.Trials {
		line := v.Regime + "/" + string(v.Clock) + ":"
		if v.Chosen != nil {
			line += " " + v.Chosen.Policy + " by " + v.Chosen.Why
		}
		for _, p := range v.Passed {
			line += " -" + p.Name + "(" + p.By + ")"
		}
		got = append(got, line)
	}
	want := []string{
		"Compromissos da empresa/first_response: Primeira resposta by walled=false",
		"Ouvidoria/first_response: -Ouvidoria: primeira resposta(walled)",
		"Compromissos da empresa/resolution: Solução by kind=elogio walled=false",
		"SAC/legal: -SAC: resposta conclusiva(kind)",
		"Ouvidoria/legal: -Ouvidoria: resposta conclusiva(walled)",
		"SAC/history: -SAC: envio do histórico(by_hand)",
		"Compromissos da empresa/duty: -Cancelamento: efeito imediato(by_hand) -Cobrança indevida: suspensão imediata(by_hand)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// A clock that a person starts runs beside the others, to the day on the paper
// when there is one, and stops by hand.
func TestAPersonStartsAndStopsAClock(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	p := policies(t, db)
	r, by := rules(t, db, p), admin(t, db)
	e := edit(find(t, r, "procon"))
	e.Active = true
	procon, err := r.Apply(t.Context(), by, sla.Change{Regime: e}, false)
	if err == nil {
		err = p.Reload(t.Context(), db.Gorm)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := sla.Demand{Channel: "email", Kind: "reclamacao"}
	start, now := at(t, "2026-11-20 10:00"), at(t, "2026-11-23 09:00")
	id := openTicket(t, db)
	begin := func(h sla.ByHand) (c sla.Clock, err error) {
		h.Account, h.Reason = by, "Carta do Procon"
		err = db.InTx(t.Context(), func(tx *gorm.DB) (err error) {
			c, err = p.Begin(tx, id, d, h, now)
			return err
		})
		return c, err
	}
	c, err := begin(sla.ByHand{PolicyID: procon.Policies[0].ID, Start: start, Due: day(t, "2026-12-05")})
	if err != nil || local(t, c.Due) != "2026-12-05 23:59" || c.Term.Unit != sla.CalendarDays || c.Term.Amount != 15 {
		t.Fatalf("%+v %v", c, err)
	}
	if _, err := begin(sla.ByHand{PolicyID: procon.Policies[0].ID, Start: now}); !errors.Is(err, sla.ErrClockRuns) {
		t.Errorf("a second one: %v", err)
	}
	for name, h := range map[string]sla.ByHand{
		"a due day before it starts": {PolicyID: procon.Policies[1].ID, Start: start, Due: day(t, "2026-11-20")},
		"a start ahead":              {PolicyID: procon.Policies[1].ID, Start: now.Add(time.Hour)},
		"a policy of demands":        {PolicyID: find(t, r, "own").Policies[0].ID, Start: start},
		"no policy":                  {PolicyID: 987654, Start: start},
	} {
		if _, err := begin(h); !errors.Is(err, sla.ErrByHand) && !errors.Is(err, sla.ErrNotByHand) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if computed, err := begin(sla.ByHand{PolicyID: procon.Policies[1].ID, Start: start}); err != nil || local(t, computed.Due) != "2026-12-10 23:59" {
		t.Errorf("%+v %v", computed, err)
	}
	if moves := replan(t, db, p, id, d, start, now); slices.ContainsFunc(moves, func(m sla.Move) bool { return strings.HasPrefix(m.Policy, "Procon") }) {
		t.Errorf("planning anew leaves it alone: %+v", moves)
	}
	stop := func(clock int64) (c sla.Clock, err error) {
		err = db.InTx(t.Context(), func(tx *gorm.DB) (err error) {
			c, err = sla.Finish(tx, id, clock, by, "Resposta protocolada", now)
			return err
		})
		return c, err
	}
	if done, err := stop(c.ID); err != nil || done.State != sla.Met {
		t.Errorf("%+v %v", done, err)
	}
	if _, err := stop(c.ID); !errors.Is(err, sla.ErrClockEnded) {
		t.Errorf("twice: %v", err)
	}
	var own int64
	db.Gorm.Raw("SELECT id FROM clocks WHERE ticket_id = ? AND kind = 'first_response' AND state = 'running'", id).Scan(&own)
	if _, err := stop(own); !errors.Is(err, sla.ErrClockEnded) {
		t.Errorf("one that nobody started: %v", err)
	}
	told, err := sla.StartedByHand(t.Context(), db.Gorm, id)
	if err != nil || len(told) != 2 || told[0].How != "Resposta protocolada" || told[0].GivenDue == nil || told[1].GivenDue != nil {
		t.Errorf("%+v %v", told, err)
	}
}
