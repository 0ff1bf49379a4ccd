package ticket

import (
	"fmt"
	"slices"
	"strings"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Channels are the ways by which a ticket can have come.
var Channels = []channel.Name{channel.Phone, channel.Webform, channel.Email, channel.Ombudsman}

// list is a checked Query and the statement that answers it.
type list struct {
	sort   Sort
	limit  int
	sql    string
	args   []any
	search *search
}

// order is what a sort means in SQL. Columns in ORDER BY are always qualified:
// a bare name that is also an output column sorts the whole result instead of
// walking the index.
type order struct {
	key   string // expression of the key
	by    string // of the rows of tickets t
	keyed string // of the merged keys x
	after string // the row comes after the cursor; takes key and id
}

var orders = map[Sort]order{
	SortDue:     {"t.next_due", "t.next_due, t.id", "x.key, x.id", "(t.next_due, t.id) > (?::timestamptz, ?)"},
	SortWaiting: {"t.waiting_since", "t.waiting_since, t.id", "x.key, x.id", "(t.waiting_since, t.id) > (?::timestamptz, ?)"},
	SortNewest:  {"t.opened_at", "t.opened_at DESC, t.id DESC", "x.key DESC, x.id DESC", "(t.opened_at, t.id) < (?::timestamptz, ?)"},
}

// newList checks a query and writes the statement of a page of most rows at most.
func newList(q Query, most int) (*list, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	l := &list{sort: q.Sort, limit: q.Limit}
	if q.Q != "" {
		l.search = newSearch(q.Q)
	}
	done := q.View == ViewResolved || q.Status == string(Resolved) || q.Status == string(Closed)
	switch {
	case l.search != nil && l.sort == "":
		l.sort = SortRelevance
	case l.sort == "":
		l.sort = SortDue
	}
	if done && l.search == nil {
		l.sort = SortNewest
	}
	if l.limit <= 0 {
		l.limit = DefaultLimit
	}
	l.limit = min(l.limit, most)

	var after *cursor
	if q.Cursor != "" {
		c, err := parseCursor(q.Cursor, l.sort)
		if err != nil {
			return nil, err
		}
		after = &c
	}
	filters := q.filters()
	if done || l.search != nil {
		filters.add("t.merged_into IS NULL") // it is found as what it became part of
	}
	if l.search != nil {
		if q.View != "" || q.Status != "" || q.Rule != nil {
			filters.add(openness(done))
		}
		l.search.narrow(q, filters, after)
		return l, nil
	}
	l.pages(q, filters, openness(done), after)
	return l, nil
}

func openness(done bool) string {
	if done {
		return "NOT t.open"
	}
	return "t.open"
}

func (q Query) check() error {
	switch {
	case q.View != "" && !q.View.Valid():
		return Wrong("view", "unknown_choice")
	case q.Rule != nil && (q.View != "" || q.Status == string(Resolved) || q.Status == string(Closed)):
		return Wrong("status", "unknown_choice")
	case q.Status != "" && !Status(q.Status).Valid():
		return Wrong("status", "unknown_choice")
	case q.Sort != "" && q.Sort != SortDue && q.Sort != SortWaiting && q.Sort != SortNewest &&
		(q.Sort != SortRelevance || q.Q == ""):
		return Wrong("sort", "unknown_choice")
	case q.Channel != "" && !slices.Contains(Channels, channel.Name(q.Channel)):
		return Wrong("channel", "unknown_choice")
	case q.Team < 0:
		return Wrong("team", "unknown_choice")
	case q.Assignee < 0:
		return Wrong("assignee", "unknown_choice")
	}
	return nil
}

// ends reports whether the list ends where its deadlines reach tomorrow. It is
// cut there after the merge: a condition on both ends of a range makes the
// planner expect few rows, read all of the day and sort them.
func (q Query) ends() bool {
	return q.View == ViewDueToday && q.Q == "" && (q.Sort == SortDue || q.Sort == "")
}

// filters are the conditions on a ticket that a view and the filters make,
// apart from its team, the wall and whether it is open.
func (q Query) filters() where {
	var w where
	switch q.View {
	case ViewMine:
		w.add("t.assignee_id = ?", q.Actor.AccountID)
	case ViewUnread:
		w.add("t.unread AND t.assignee_id = ?", q.Actor.AccountID)
	case ViewMentions:
		w.add("? = ANY (t.mentioned)", q.Actor.AccountID)
	case ViewPromised:
		w.add("t.promised_at IS NOT NULL")
	case ViewReopened:
		w.add("t.reopened_at IS NOT NULL")
	case ViewUnassigned:
		w.add("t.assignee_id IS NULL")
	case ViewDueToday:
		w.add("NOT t.breached")
		if !q.ends() {
			w.add("t.next_due < ?", Tomorrow(q.Now))
		}
	case ViewBreached:
		w.add("t.breached")
	case ViewWaitingCustomer:
		w.add("t.status = 'waiting_customer'") // as a literal: the index is partial
	}
	switch {
	case q.Status == string(Open) && q.View == ViewResolved:
		w.add("FALSE")
	case q.Status != "" && q.Status != string(Open):
		w.add("t.status = ?", q.Status)
	}
	if q.Rule != nil {
		condition, args := q.Rule.SQL(q.Now)
		w.add(condition, args...)
	}
	if q.Assignee > 0 {
		w.add("t.assignee_id = ?", q.Assignee)
	}
	if q.Channel != "" {
		w.add("t.channel = ?", q.Channel)
	}
	return w
}

// teams are the conditions on the team, whose id is called column. The scope
// stands first: nothing that is asked can widen it.
func (q Query) teams(column string) where {
	var w where
	if s := q.Actor.Scope(); !s.AllTeams {
		w.add(column+" IN ?", s.Teams)
	}
	if q.View == ViewTeam {
		w.add(column+" IN ?", q.Actor.Teams)
	}
	if q.Team > 0 {
		w.add(column+" = ?", q.Team)
	}
	return w
}

// pages writes the statement of a list: from every index that can have rows of
// it the first ids, merged, and only then the rows. Walled tickets have indexes
// of their own, so that those who do not see them do not read past them.
func (l *list) pages(q Query, filters where, open string, after *cursor) {
	o := orders[l.sort]
	if after != nil {
		filters = filters.with(o.after, after.at(), after.id)
	}
	ids := func(w where) string {
		return fmt.Sprintf("SELECT %s AS key, t.id FROM tickets t WHERE %s ORDER BY %s LIMIT %d", o.key, w, o.by, l.limit+1)
	}
	var branches []string
	if open == "t.open" && q.View == ViewMentions {
		w := filters.with("NOT t.walled")
		teams := q.teams("t.team_id")
		w.add(teams.String(), teams.args...)
		// Apart, so that no other index looks better: a person is named in few tickets.
		named := strings.Replace(ids(w), "FROM tickets t", "FROM (SELECT * FROM tickets n WHERE n.open AND n.mentioned <> '{}' AND n.mentioned @> ARRAY[?::bigint] OFFSET 0) t", 1)
		branches, l.args = append(branches, "("+named+")"), append(append(l.args, q.Actor.AccountID), w.args...)
	} else if open == "t.open" && (q.View == ViewMine || q.View == ViewUnread || q.Assignee > 0) {
		w := filters.with(open + " AND NOT t.walled")
		teams := q.teams("t.team_id")
		w.add(teams.String(), teams.args...)
		branches, l.args = append(branches, "("+ids(w)+")"), append(l.args, w.args...)
	} else {
		w, teams := filters.with("t.team_id = m.id AND NOT t.walled AND "+open), q.teams("m.id")
		branches = append(branches, "(SELECT y.key, y.id FROM teams m CROSS JOIN LATERAL ("+ids(w)+") y WHERE "+teams.String()+")")
		l.args = append(append(l.args, w.args...), teams.args...)
	}
	if q.Actor.Scope().Walled && q.View != ViewTeam {
		w := filters.with("t.walled AND " + open)
		w.unbarred(q.Actor.Scope())
		teams := q.teams("t.team_id")
		w.add(teams.String(), teams.args...)
		branches, l.args = append(branches, "("+ids(w)+")"), append(l.args, w.args...)
	}
	var within where
	if q.ends() {
		within.add("x.key < ?", Tomorrow(q.Now))
	}
	l.args = append(l.args, within.args...)
	l.sql = fmt.Sprintf(`WITH k AS MATERIALIZED (SELECT x.id FROM (%s) x WHERE %s ORDER BY %s LIMIT %d)
		SELECT t.*, 0 AS rank FROM k JOIN tickets t ON t.id = k.id ORDER BY %s`,
		strings.Join(branches, " UNION ALL "), within, o.keyed, l.limit+1, o.by)
}
