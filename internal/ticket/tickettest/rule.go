package tickettest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/ticket"
)

// Named are the ids, as digits, that a drawn rule may name.
type Named struct{ Teams, Accounts, Reasons, Incidents []string }

// Subjects are ways to write the same things, and Phrases what is looked for in them.
var (
	Subjects = []string{"Boleto em dobro", "2ª via do BOLETO", "boletos vencidos", "Cartão recusado", "CARTAO (pré-pago)", "cartões; cobrança",
		"Carta\u0303o bloqueado", "Плати́ за СЧЁТ", "*** .* [x] \u212aelvin", "100% errado_"}
	Phrases = []string{"boleto", "Cartão", "cartao (PRE", "cartões", "счёт", "плати за", ".* [x] \u212a", "[x] Ke", "kelvin", "\u212aE", "100%", "do_", "2ª via", "não há"}
)

// Rule draws a rule that Check accepts, up to three groups deep.
func Rule(t *rapid.T, of Named) ticket.Rule { return aRule(t, 3, of) }

func aRule(t *rapid.T, depth int, of Named) ticket.Rule {
	if depth > 0 && rapid.Bool().Draw(t, "group") {
		switch rapid.IntRange(0, 2).Draw(t, "of") {
		case 0:
			part := aRule(t, depth-1, of)
			return ticket.Rule{Not: &part}
		case 1:
			return ticket.Rule{All: someRules(t, depth, of)}
		default:
			return ticket.Rule{Any: someRules(t, depth, of)}
		}
	}
	fields := map[string][]string{
		"status": {"new", "open", "waiting_customer", "waiting_third"}, "kind": {"reclamacao", "elogio"}, "channel": {"phone", "email", "webform"},
		"priority": {"1", "3"}, "legal_priority": {"0", "2"}, "is": {"breached", "unread", "reopened", "promised", "held", "mentioned"},
		"turn": {"us", "area", "customer"}, "team": slices.Concat([]string{"me"}, of.Teams), "assignee": slices.Concat([]string{"me", "none"}, of.Accounts),
		"reason": slices.Concat([]string{"none"}, of.Reasons), "incident": slices.Concat([]string{"none"}, of.Incidents),
		"brand": {"1", "77"}, "subject": Phrases, "tag": {"vip", "estorno"}, "due": nil, "opened": nil, "waiting": nil,
	}
	names := []string{"status", "kind", "channel", "priority", "legal_priority", "is", "turn", "team", "assignee", "reason", "incident", "brand", "subject", "tag",
		"due", "opened", "waiting"}
	field := rapid.SampledFrom(names).Draw(t, "field")
	if fields[field] == nil {
		return ticket.Rule{Field: field, Op: rapid.SampledFrom([]string{"within", "over"}).Draw(t, "op"), Minutes: rapid.IntRange(0, 24*60).Draw(t, "minutes")}
	}
	values := rapid.SliceOfN(rapid.SampledFrom(fields[field]), 1, 3).Draw(t, "values")
	return ticket.Rule{Field: field, Op: rapid.SampledFrom([]string{"in", "not_in"}).Draw(t, "op"), Values: values}
}

func someRules(t *rapid.T, depth int, of Named) []ticket.Rule {
	rules := make([]ticket.Rule, rapid.IntRange(1, 3).Draw(t, "parts"))
	for i := range rules {
		rules[i] = aRule(t, depth-1, of)
	}
	return rules
}
