package httpapi

import (
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
)

func TestATeamIsNamedByItsIdOrItsName(t *testing.T) {
	t.Parallel()
	w := start(t)
	admin := w.as(access.Admin)
	var team Team
	admin.post("/api/teams", map[string]any{"name": "Cobrança"}).want(201).into(&team)
	for i, teams := range []any{[]int64{team.ID}, []string{"cobrança"}} {
		var made Account
		admin.post("/api/accounts", map[string]any{"email": []string{"um@example.com", "dois@example.com"}[i], "name": "Um", "role": "agent",
			"password": password, "teams": teams}).want(201).into(&made)
		if len(made.TeamIDs) != 1 || made.TeamIDs[0] != team.ID {
			t.Errorf("%v became %v", teams, made.TeamIDs)
		}
	}
	for _, teams := range []any{[]string{"Não existe"}, []int64{999}, []any{true}, "Cobrança"} {
		admin.post("/api/accounts", map[string]any{"email": "tres@example.com", "name": "Três", "role": "agent",
			"password": password, "teams": teams}).want(422)
	}
}

func TestADateIsTestedInTheCalendarsZone(t *testing.T) {
	t.Parallel()
	w := start(t)
	agent := w.as(access.Agent)
	ask := func(start string) Due {
		var d Due
		agent.post("/api/sla/preview", map[string]any{"start": start, "amount": 10, "unit": "business", "calendar": "br-bank"}).want(200).into(&d)
		return d
	}
	// brazil.md 3.6: ten business days of a bank from 3 June 2026 end on the 18th.
	day := ask("2026-06-03")
	if got := day.Due.Format(time.DateOnly); got != "2026-06-18" {
		t.Errorf("due on %s", got)
	}
	if instant := ask("2026-06-04T02:59:59Z"); !instant.Due.Equal(day.Due) { // still the third, here
		t.Errorf("due %v and %v", instant.Due, day.Due)
	}
	agent.post("/api/sla/preview", map[string]any{"start": "ontem", "amount": 1, "unit": "business"}).want(422).problem("invalid", "body.start")
}

func TestFilesComeUnderAnyOfTheirUsualNames(t *testing.T) {
	t.Parallel()
	w := start(t)
	for name := range fileNames {
		mime, form := namedFile(t, name, map[string]string{"kind": "duvida", "subject": "s", "body": "b"})
		var r PublicReceipt
		w.somebody().call("POST", "/api/public/tickets", mime, form).want(201).into(&r)
		if seen := w.follow(r); len(seen.Messages[0].Files) != 1 {
			t.Errorf("%s: %d files", name, len(seen.Messages[0].Files))
		}
	}
	mime, form := namedFile(t, "photo", map[string]string{"kind": "duvida", "subject": "s", "body": "b"})
	w.somebody().call("POST", "/api/public/tickets", mime, form).want(422).problem("invalid", "body.photo")
}
