package account

import "context"

// CreateTeam makes a team without members; an account joins it by Update.
func (s *Service) CreateTeam(ctx context.Context, name string) (Team, error) {
	name, ok := normalName(name)
	if !ok {
		return Team{}, ErrTeamInvalid.Field("body.name", "account_name_invalid")
	}
	return insertTeam(s.db.Gorm.WithContext(ctx), name)
}

// Teams returns all teams, the default one first, then by name.
func (s *Service) Teams(ctx context.Context) ([]Team, error) {
	return listTeams(s.db.Gorm.WithContext(ctx))
}

// Members returns the ids of the active accounts of a team, sorted.
func (s *Service) Members(ctx context.Context, teamID int64) ([]int64, error) {
	return membersOf(s.db.Gorm.WithContext(ctx), teamID)
}
