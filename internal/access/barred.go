package access

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Barred names the accounts and teams that see nothing of something walled,
// whatever their role: those whom a case accuses. It is text in one canonical
// spelling ("a12 t3": account 12, team 3), so that audiences can be compared and
// a database can ask for overlap with Scope.Keys. Empty bars nobody.
type Barred string

// Bar bars accounts and the members of teams, as they are at the time of asking.
func Bar(accounts, teams []int64) Barred {
	keys := make([]string, 0, len(accounts)+len(teams))
	for _, id := range slices.Compact(slices.Sorted(slices.Values(accounts))) {
		keys = append(keys, accountKey(id))
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(teams))) {
		keys = append(keys, teamKey(id))
	}
	return Barred(strings.Join(keys, " "))
}

// Parties gives back what Bar was given. Text that Bar never wrote is an error.
func (b Barred) Parties() (accounts, teams []int64, err error) {
	for key := range strings.FieldsSeq(string(b)) {
		id, err := strconv.ParseInt(key[1:], 10, 64)
		switch {
		case err == nil && key[0] == 'a':
			accounts = append(accounts, id)
		case err == nil && key[0] == 't':
			teams = append(teams, id)
		default:
			return nil, nil, fmt.Errorf("%q bars nobody that is known", key)
		}
	}
	return accounts, teams, nil
}

// Bars reports whether the actor is one of them, by account or by team.
func (b Barred) Bars(a Actor) bool {
	if b == "" {
		return false
	}
	for key := range strings.FieldsSeq(string(b)) {
		if slices.Contains(a.keys(), key) {
			return true
		}
	}
	return false
}

// BarsTeam reports whether the team is accused as a whole.
func (b Barred) BarsTeam(id int64) bool {
	return slices.Contains(strings.Fields(string(b)), teamKey(id))
}

func (a Actor) keys() []string {
	keys := make([]string, 0, 1+len(a.Teams))
	keys = append(keys, accountKey(a.AccountID))
	for _, id := range a.Teams {
		keys = append(keys, teamKey(id))
	}
	return keys
}

func accountKey(id int64) string { return "a" + strconv.FormatInt(id, 10) }
func teamKey(id int64) string    { return "t" + strconv.FormatInt(id, 10) }
