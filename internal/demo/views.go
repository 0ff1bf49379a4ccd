package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/view"
)

// keepViews lets the supervisor keep a view of her own and one for the people who
// see to deliveries.
func (s *stage) keepViews(ctx context.Context) error {
	at := slices.IndexFunc(s.staff, func(a account.Account) bool { return access.Role(a.Role) == access.Supervisor })
	if at < 0 {
		return nil
	}
	supervisor := access.Actor{AccountID: s.staff[at].ID, Name: s.staff[at].Name, Role: access.Supervisor}
	for _, id := range s.teams {
		supervisor.Teams = append(supervisor.Teams, id)
	}
	slices.Sort(supervisor.Teams)
	is := func(field string, values ...string) ticket.Rule {
		return ticket.Rule{Field: field, Op: ticket.RuleIn, Values: values}
	}
	not := func(r ticket.Rule) ticket.Rule { return ticket.Rule{Not: &r} }
	minutes := func(d time.Duration) int { return int(d.Minutes()) }
	deliveries := s.teams["Entregas"]
	views := view.New(s.db, view.NewBook(s.db), s.now)
	for _, v := range []view.Saved{
		{Scope: view.Own, Name: "Olhar antes do fim do dia", Sort: ticket.SortDue, Pinned: true, Rule: ticket.Rule{All: []ticket.Rule{
			is("turn", string(ticket.OurTurn)), not(is("is", "held")),
			{Any: []ticket.Rule{is("legal_priority", "1", "2", "3"), is("is", "reopened", "promised"),
				{Field: "due", Op: ticket.RuleWithin, Minutes: minutes(8 * time.Hour)}}},
		}}},
		{Scope: view.Team, TeamID: &deliveries, Name: "Entregas à espera de uma área", Sort: ticket.SortWaiting, Pinned: true, Rule: ticket.Rule{All: []ticket.Rule{
			is("team", fmt.Sprint(deliveries)),
			{Any: []ticket.Rule{is("turn", string(ticket.AreaTurn)), not(is("incident", ticket.RuleNone))}},
		}}},
		{Scope: view.All, Name: "Boletos", Sort: ticket.SortDue, Pinned: true, Rule: is("subject", "boleto", "fatura")},
	} {
		if _, err := views.Create(ctx, supervisor, v); err != nil {
			return fmt.Errorf("keep the view %s: %w", v.Name, err)
		}
	}
	return nil
}
