package access

import (
	"strconv"
	"strings"
)

// Condition is MaySee as SQL, on a ticket row named t. Its named values are those
// that Scope.Named gives: every list that reads tickets takes both, so that the
// wall is written once.
const Condition = `(CASE WHEN t.walled
	THEN @sees_walled AND NOT string_to_array(t.barred, ' ') && string_to_array(@sees_keys, ' ')
	ELSE @sees_all OR t.team_id = ANY (CAST(@sees_teams AS bigint[])) END)`

// Named adds the values of Condition to those that a statement has besides, and
// returns them. The teams are an array in PostgreSQL's own spelling, because GORM
// and pgx spread a slice differently.
func (s Scope) Named(values map[string]any) map[string]any {
	teams := make([]string, len(s.Teams))
	for i, id := range s.Teams {
		teams[i] = strconv.FormatInt(id, 10)
	}
	values["sees_walled"], values["sees_all"] = s.Walled, s.AllTeams
	values["sees_keys"], values["sees_teams"] = strings.Join(s.Keys, " "), "{"+strings.Join(teams, ",")+"}"
	return values
}
