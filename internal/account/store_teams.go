package account

import (
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
)

type memberRow struct {
	AccountID int64
	TeamID    int64
}

func (memberRow) TableName() string { return "account_teams" }

type teamRow struct {
	ID        int64
	Name      string
	IsDefault bool
}

func (teamRow) TableName() string { return "teams" }

func (r teamRow) team() Team { return Team{ID: r.ID, Name: r.Name, Default: r.IsDefault} }

func insertTeam(db *gorm.DB, name string) (Team, error) {
	r := teamRow{Name: name}
	if err := db.Create(&r).Error; err != nil {
		if postgres.IsUnique(err, "") {
			return Team{}, ErrTeamTaken.Because(err)
		}
		return Team{}, fmt.Errorf("insert a team: %w", err)
	}
	return r.team(), nil
}

func listTeams(db *gorm.DB) ([]Team, error) {
	var rows []teamRow
	if err := db.Order("is_default DESC, lower(name), id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list teams: %w", err)
	}
	teams := make([]Team, len(rows))
	for i, r := range rows {
		teams[i] = r.team()
	}
	return teams, nil
}

func membersOf(db *gorm.DB, teamID int64) ([]int64, error) {
	if err := db.Take(&teamRow{}, teamID).Error; errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, ErrTeamUnknown
	} else if err != nil {
		return nil, fmt.Errorf("read team %d: %w", teamID, err)
	}
	ids := []int64{}
	err := db.Model(&memberRow{}).Joins("JOIN accounts a ON a.id = account_teams.account_id AND a.active").
		Where("team_id = ?", teamID).Order("account_id").Pluck("account_id", &ids).Error
	if err != nil {
		return nil, fmt.Errorf("list the members of team %d: %w", teamID, err)
	}
	return ids, nil
}

// teamsOf returns the teams of the given accounts, sorted; without ids, of all.
func teamsOf(tx *gorm.DB, ids ...int64) (map[int64][]int64, error) {
	if len(ids) > 0 {
		tx = tx.Where("account_id IN ?", ids)
	}
	var rows []memberRow
	if err := tx.Order("account_id, team_id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read who is in which team: %w", err)
	}
	teams := map[int64][]int64{}
	for _, r := range rows {
		teams[r.AccountID] = append(teams[r.AccountID], r.TeamID)
	}
	return teams, nil
}

// knownTeams checks that all the teams exist, or gives the default one for none.
func knownTeams(tx *gorm.DB, ids []int64) ([]int64, error) {
	tx = tx.Model(&teamRow{})
	if len(ids) == 0 {
		tx = tx.Where("is_default")
	} else {
		tx = tx.Where("id IN ?", ids)
	}
	var found []int64
	if err := tx.Order("id").Pluck("id", &found).Error; err != nil {
		return nil, fmt.Errorf("read teams: %w", err)
	}
	if len(ids) > 0 && !slices.Equal(found, ids) {
		return nil, ErrInvalid.Field("body.teams", "account_team_unknown")
	}
	return found, nil
}

func setTeams(tx *gorm.DB, id int64, teams []int64) error {
	if err := tx.Where("account_id = ?", id).Delete(&memberRow{}).Error; err != nil {
		return fmt.Errorf("empty the teams of account %d: %w", id, err)
	}
	rows := make([]memberRow, len(teams))
	for i, team := range teams {
		rows[i] = memberRow{id, team}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := tx.Create(&rows).Error; err != nil {
		return fmt.Errorf("set the teams of account %d: %w", id, err)
	}
	return nil
}
