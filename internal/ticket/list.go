package ticket

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// Bounds of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 100
)

// Query asks for one page of what an actor sees. Everything but Actor and Now
// may be left out; what is left out does not narrow.
type Query struct {
	Actor access.Actor
	Now   time.Time // in the company's zone, whose midnight ends today

	View     View
	Rule     *Bound // of a saved view, of open tickets
	Status   string // a Status, or "open" for everything neither resolved nor closed
	Team     int64
	Assignee int64
	Channel  string
	Q        string // what to search for, as typed; blank does not search

	Sort   Sort   // SortDue, or SortRelevance when something is searched
	Cursor string // from the page before
	Limit  int    // DefaultLimit when not positive, MaxLimit at most
}

// Page is one page of a list.
type Page struct {
	Items []Snapshot
	Next  string // cursor of the page after; empty on the last
}

// List reads one page. Without a view a search goes through everything the
// actor sees, a list through what is open. What is resolved or closed has no
// deadline and nobody waiting, so it comes newest first whatever was asked.
//
// A ticket that changes its place while somebody pages may come twice or not at
// all; its event repairs the screen. Unknown views, sorts and filters are
// ErrInvalid with the field, a cursor of another list is ErrCursor.
func List(ctx context.Context, db *gorm.DB, q Query) (Page, error) {
	l, rows, err := read(ctx, db, q, MaxLimit)
	if err != nil {
		return Page{}, err
	}
	page := Page{Items: make([]Snapshot, 0, min(len(rows), l.limit))}
	for i, r := range rows {
		// One row more than asked for tells that there is another page, without a count.
		if i == l.limit {
			last := rows[i-1]
			page.Next = keyOf(l.sort, last.Row.ticket(), last.Rank).String()
			break
		}
		page.Items = append(page.Items, r.Row.ticket().Snapshot())
	}
	return page, nil
}

// read reads a page and, when there is another, the row after it.
func read(ctx context.Context, db *gorm.DB, q Query, most int) (l *list, rows []ranked, err error) {
	q.Q = strings.TrimSpace(q.Q)
	if l, err = newList(q, most); err != nil {
		return nil, nil, err
	}
	switch {
	case l.search != nil:
		rows, err = l.searched(ctx, db)
	case q.Rule != nil:
		rows, err = l.ruled(ctx, db)
	default:
		err = db.WithContext(ctx).Raw(l.sql, l.args...).Scan(&rows).Error
	}
	if err != nil {
		return nil, nil, fmt.Errorf("list tickets: %w", err)
	}
	return l, rows, nil
}

// OfCustomer reads the newest tickets of a customer that the actor may see.
func OfCustomer(ctx context.Context, db *gorm.DB, actor access.Actor, customerID int64, limit int) ([]Snapshot, error) {
	var w where
	w.add("t.customer_id = ?", customerID)
	w.visible(actor.Scope())
	var rows []row
	err := db.WithContext(ctx).Raw("SELECT t.* FROM tickets t WHERE "+w.String()+" ORDER BY t.id DESC LIMIT ?",
		append(w.args, limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list the tickets of customer %d: %w", customerID, err)
	}
	found := make([]Snapshot, len(rows))
	for i, r := range rows {
		found[i] = r.ticket().Snapshot()
	}
	return found, nil
}

// Many reads tickets by their ids, in order of id; those that do not exist are
// left out. It does not ask who is asking.
func Many(ctx context.Context, db *gorm.DB, ids []int64) ([]Ticket, error) {
	var rows []row
	if err := db.WithContext(ctx).Where("id IN ?", ids).Order("id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read %d tickets: %w", len(ids), err)
	}
	tickets := make([]Ticket, len(rows))
	for i, r := range rows {
		tickets[i] = r.ticket()
	}
	return tickets, nil
}

// All gives the ids of what a list holds, as it is at one moment: the first most,
// and whether there are more. A search holds what it finds, maxHits at most.
func All(ctx context.Context, db *gorm.DB, q Query, most int) (ids []int64, more bool, err error) {
	q.Cursor, q.Limit = "", most
	_, rows, err := read(ctx, db, q, most)
	if err != nil {
		return nil, false, err
	}
	for _, r := range rows[:min(len(rows), most)] {
		ids = append(ids, r.Row.ID)
	}
	return ids, len(rows) > most, nil
}

// ranked is a row of a list; Rank is how well it matches a search.
type ranked struct {
	Row  row `gorm:"embedded"`
	Rank int64
}

// where is a conjunction under construction.
type where struct {
	terms []string
	args  []any
}

func (w *where) add(term string, args ...any) {
	w.terms = append(w.terms, term)
	w.args = append(w.args, args...)
}

// visible is access.Actor.MaySee as SQL, for lists that start from elsewhere
// than the team.
func (w *where) visible(s access.Scope) {
	teams, args := "TRUE", []any{}
	if !s.AllTeams {
		teams, args = "t.team_id IN ?", []any{s.Teams}
	}
	if s.Walled {
		w.add("(t.walled OR "+teams+")", args...)
		w.unbarred(s)
	} else {
		w.add("NOT t.walled AND "+teams, args...)
	}
}

// unbarred leaves out what its actor is barred from.
func (w *where) unbarred(s access.Scope) {
	if len(s.Keys) > 0 {
		w.add("(t.barred = '' OR NOT string_to_array(t.barred, ' ') && string_to_array(?, ' '))", strings.Join(s.Keys, " "))
	}
}

func (w where) String() string {
	if len(w.terms) == 0 {
		return "TRUE"
	}
	return strings.Join(w.terms, " AND ")
}

func (w where) with(term string, args ...any) where {
	more := where{terms: slices.Clone(w.terms), args: slices.Clone(w.args)}
	more.add(term, args...)
	return more
}
