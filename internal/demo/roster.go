package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/account"
	"github.com/escuta-sac/escuta/internal/roster"
)

// knows says who of the corpus has which skill, by the e-mail's first part.
var knows = map[string][]string{
	"Garantia e reparo": {"caio", "dario", "sonia"},
	"Espanhol":          {"livia", "noemi", "sonia"},
}

// atOnce is how many tickets somebody is given at once. Nobody has shifts: the
// demonstration is looked at at any hour.
var atOnce = map[string]map[string]int{
	"livia": {"": 8, "email": 5}, "mateus": {"": 8}, "jussara": {"": 10}, "caio": {"": 6}, "noemi": {"": 8, "email": 4}, "dario": {"": 6},
}

// arrange says who can do what. Everybody still takes the next ticket by
// themselves; how a team's tickets come to people is changed in the settings.
func (s *stage) arrange(ctx context.Context) error {
	rosters := roster.New(s.db, s.zone, s.now)
	admin := access.Actor{Role: access.Admin}
	heavy, days := 3, 30
	for name, id := range s.teams {
		if _, err := rosters.ChangeTeam(ctx, admin, id, roster.TeamChange{HeavyInRow: &heavy, StickyDays: &days}); err != nil {
			return fmt.Errorf("arrange the team %s: %w", name, err)
		}
	}
	has := map[int64][]int64{}
	for name, who := range knows {
		skill, err := rosters.AddSkill(ctx, name)
		if err != nil {
			return fmt.Errorf("make the skill %s: %w", name, err)
		}
		rule := roster.Rule{SkillID: skill.ID, Tag: "idioma-es"}
		if name != "Espanhol" {
			if rule, err = s.aboutWarranty(ctx, skill.ID); err != nil {
				return err
			}
		}
		if _, err := rosters.AddRule(ctx, rule); err != nil {
			return fmt.Errorf("say what demands %s: %w", name, err)
		}
		for _, a := range s.staff {
			if slices.Contains(who, first(a)) {
				has[a.ID] = append(has[a.ID], skill.ID)
			}
		}
	}
	for _, a := range s.staff {
		skills, bounds := has[a.ID], atOnce[first(a)]
		if _, err := rosters.ChangeProfile(ctx, admin, a.ID, roster.ProfileChange{Skills: &skills, AtOnce: &bounds}); err != nil {
			return fmt.Errorf("arrange what %s is given: %w", a.Email, err)
		}
	}
	return nil
}

// aboutWarranty demands a skill of all that is below the reason.
func (s *stage) aboutWarranty(ctx context.Context, skill int64) (roster.Rule, error) {
	var reason int64
	err := s.db.Gorm.WithContext(ctx).Raw("SELECT id FROM reasons WHERE level = 1 AND name = 'Garantia'").Scan(&reason).Error
	if err != nil || reason == 0 {
		return roster.Rule{}, fmt.Errorf("find the reason of warranties: %w", err)
	}
	return roster.Rule{SkillID: skill, ReasonID: &reason}, nil
}

func first(a account.Account) string {
	for i, r := range a.Email {
		if r == '@' {
			return a.Email[:i]
		}
	}
	return a.Email
}
