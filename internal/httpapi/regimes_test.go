package httpapi

import (
	"slices"
	"strconv"
	"testing"

	"github.com/escuta-sac/escuta/internal/access"
)

// regime finds one by its key in the list.
func (p *person) regime(key string) Regime {
	p.t.Helper()
	var all Items[Regime]
	p.get("/api/regimes").want(200).into(&all)
	at := slices.IndexFunc(all.Items, func(r Regime) bool { return r.Key == key })
	if at < 0 {
		p.t.Fatalf("no regime %q", key)
	}
	return all.Items[at]
}

// Staff read the rules, an administrator changes them: seen before they take
// effect, each change of a policy as its next version, what is unconfirmed marked
// as such also when it is on.
func TestRulesAreReadPreviewedAndChanged(t *testing.T) {
	w := start(t)
	admin, agent := w.as(access.Admin), w.as(access.Agent)

	sac := agent.regime("sac")
	unsure := agent.regime("anatel")
	if sac.Evidence == "unconfirmed" || unsure.Evidence != "unconfirmed" || unsure.Active {
		t.Errorf("SAC is %s; Anatel is %s, active: %v", sac.Evidence, unsure.Evidence, unsure.Active)
	}
	at := slices.IndexFunc(sac.Policies, func(p SLAPolicy) bool { return p.Clock == "legal" })
	was := sac.Policies[at]
	if was.ValidFrom != "2022-10-03" || was.Amount != 7 {
		t.Errorf("the law of today: %+v", was)
	}

	terms := was.PolicyTerms
	terms.Amount = 5
	policy := "/api/policies/" + strconv.FormatInt(was.ID, 10)
	change := map[string]any{"policy_id": was.ID, "policy": terms}
	demand := map[string]any{"channel": "webform", "kind": "reclamacao", "priority": 3}
	for path, body := range map[string]any{"/api/policies/preview": map[string]any{"change": change}, "/api/policies": map[string]any{"regime_id": sac.ID, "policy": terms}} {
		agent.post(path, body).want(403)
	}
	agent.call("PUT", policy, "application/json", encoded(t, map[string]any{"policy": terms})).want(403)

	var effect RulesEffect
	admin.post("/api/policies/preview", map[string]any{"change": change, "demand": demand}).want(200).into(&effect)
	if !slices.ContainsFunc(effect.Trials, func(r RuleTrial) bool { return r.Policy == was.Name && r.Due != nil }) {
		t.Errorf("the demand would get %+v", effect.Trials)
	}
	if now := admin.regime("sac"); now.Version != sac.Version || now.Policies[at].Amount != 7 {
		t.Errorf("a preview has changed the rules: %+v", now.Policies[at])
	}

	var after Regime
	admin.call("PUT", policy, "application/json", encoded(t, map[string]any{"policy": terms})).want(200).into(&after)
	next := after.Policies[at]
	if next.ID == was.ID || next.Replaces == nil || *next.Replaces != was.ID || next.Amount != 5 {
		t.Errorf("the next version is %+v", next)
	}
	admin.call("PUT", policy, "application/json", encoded(t, map[string]any{"policy": terms})).want(409).problem("sla_rules_changed")
	backwards := terms
	backwards.ValidFrom, backwards.ValidTo = "2026-02-01", "2026-01-01"
	admin.call("PUT", "/api/policies/"+strconv.FormatInt(next.ID, 10), "application/json", encoded(t, map[string]any{"policy": backwards})).want(422)

	// Who has checked it and when belong together; on, it still says what it is.
	on := unsure.RegimeTerms
	on.Active, on.CheckedBy = true, "Jurídico"
	path := "/api/regimes/" + strconv.FormatInt(unsure.ID, 10)
	put := func(r RegimeTerms, version int) answer {
		return admin.call("PUT", path, "application/json", encoded(t, map[string]any{"regime": r, "version": version}))
	}
	put(on, unsure.Version).want(422)
	on.CheckedOn = "2026-11-03"
	put(on, unsure.Version).want(200).into(&after)
	if !after.Active || after.Evidence != "unconfirmed" || after.CheckedBy != "Jurídico" || after.CheckedOn != "2026-11-03" || after.Version <= unsure.Version {
		t.Errorf("switched on: %+v", after.RegimeTerms)
	}
	put(on, unsure.Version).want(409)

	ladder := map[string]any{"version": after.Version, "ladder": []map[string]any{{"stage": 90, "act": "supervisors"}}}
	agent.call("PUT", path+"/ladder", "application/json", encoded(t, ladder)).want(403)
	admin.call("PUT", path+"/ladder", "application/json", encoded(t, ladder)).want(200)
	if now := agent.regime("anatel"); len(now.Ladder) != 1 {
		t.Errorf("its ladder is %+v", now.Ladder)
	}
}
