package ticket_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

var saoPaulo = func() *time.Location {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		panic(err)
	}
	return zone
}()

// desk is a database with some hundred tickets of every sort, many of them equal
// in what they are sorted by, and one actor of each role.
func desk(t *testing.T) (*postgres.DB, []ticket.Ticket, []access.Actor) {
	t.Helper()
	db := pgtest.New(t)
	second, third := tickettest.Team(t, db, "Cobrança"), tickettest.Team(t, db, "Técnica")
	actors := []access.Actor{
		tickettest.Account(t, db, access.Agent, tickettest.DefaultTeam),
		tickettest.Account(t, db, access.Agent, second, third),
		tickettest.Account(t, db, access.Agent),
		tickettest.Account(t, db, access.Supervisor, third),
		tickettest.Account(t, db, access.Ombudsman, second),
		tickettest.Account(t, db, access.Admin),
	}
	random := rand.New(rand.NewPCG(2, 5))
	var all []ticket.Ticket
	for range 300 {
		tk := ticket.Ticket{
			TeamID:  []int64{tickettest.DefaultTeam, second, third}[random.IntN(3)],
			Walled:  random.IntN(6) == 0,
			Channel: []string{"webform", "email", "phone"}[random.IntN(3)],
			Status:  ticket.Statuses[random.IntN(len(ticket.Statuses))],

			OpenedAt: noon.Add(time.Duration(random.IntN(40)) * time.Minute),
		}
		if tk.Walled && random.IntN(2) == 0 {
			accused := actors[random.IntN(len(actors))]
			tk.Barred = access.Bar([]int64{accused.AccountID}, accused.Teams)
		}
		since := noon.Add(-time.Duration(random.IntN(4)) * time.Hour)
		if tk.Status.IsOpen() {
			tk.Deadline.Breached = random.IntN(4) == 0
			if tk.Status != ticket.WaitingCustomer {
				tk.WaitingSince = &since
			}
			if random.IntN(4) > 0 {
				due := noon.Add(time.Duration(random.IntN(12)-4) * 3 * time.Hour)
				tk.Deadline.Due = &due
			}
		} else {
			tk.ResolvedAt = &since
		}
		if random.IntN(2) == 0 {
			tk.AssigneeID = &actors[random.IntN(len(actors))].AccountID
		}
		if random.IntN(4) == 0 {
			tk.ReopenedAt = &since
		}
		if random.IntN(4) == 0 {
			tk.PromisedAt = &since
		}
		tk.Unread = tk.AssigneeID != nil && random.IntN(2) == 0
		for _, a := range actors {
			if random.IntN(8) == 0 {
				tk.Mentioned = append(tk.Mentioned, a.AccountID)
			}
		}
		all = append(all, tickettest.Open(t, db, tk))
	}
	return db, all, actors
}

// walk reads a list to its end.
func walk(ctx context.Context, db *postgres.DB, q ticket.Query) (ids []int64, err error) {
	for {
		page, err := ticket.List(ctx, db.Gorm, q)
		if err != nil {
			return nil, err
		}
		for _, row := range page.Items {
			ids = append(ids, row.ID)
		}
		if page.Next == "" {
			return ids, nil
		}
		if len(page.Items) == 0 {
			return nil, errors.New("an empty page that promises another")
		}
		q.Cursor = page.Next
	}
}

func TestEveryViewInEveryOrderHoldsExactlyWhatTheActorMaySee(t *testing.T) {
	t.Parallel()
	db, all, actors := desk(t)
	now := noon.In(saoPaulo)
	for _, actor := range actors {
		who := ticket.Viewer{AccountID: actor.AccountID, Teams: actor.Teams, Now: now}
		for _, view := range ticket.Views {
			for sort, before := range orders {
				var want []ticket.Snapshot
				for _, tk := range all {
					if s := tk.Snapshot(); actor.MaySee(tk.Audience()) && view.Holds(s, who) {
						want = append(want, s)
					}
				}
				if view == ticket.ViewResolved {
					before = orders[ticket.SortNewest]
				}
				slices.SortFunc(want, before)
				for _, limit := range []int{1 + len(want)/3, 100} {
					got, err := walk(t.Context(), db, ticket.Query{Actor: actor, Now: now, View: view, Sort: sort, Limit: limit})
					if err != nil {
						t.Fatalf("%s %s by %s: %v", actor.Role, view, sort, err)
					}
					if !slices.Equal(got, idsOf(want)) {
						t.Errorf("%s %s by %s, %d a page:\n got %v\nwant %v", actor.Role, view, sort, limit, got, idsOf(want))
					}
				}
				for _, most := range []int{len(want) + 1, len(want), max(0, len(want)-1)} {
					got, more, err := ticket.All(t.Context(), db.Gorm, ticket.Query{Actor: actor, Now: now, View: view, Sort: sort}, most)
					if held := min(most, len(want)); err != nil || more != (most < len(want)) || !slices.Equal(got, idsOf(want[:held])) {
						t.Errorf("%s %s by %s, all of it up to %d:\n got %v, %v, %v\nwant %v", actor.Role, view, sort, most, got, more, err, idsOf(want))
					}
				}
			}
		}
	}
}

func TestFiltersNarrowAndNeverWiden(t *testing.T) {
	t.Parallel()
	db, all, actors := desk(t)
	me := actors[1] // of two teams
	filters := map[string]struct {
		q    ticket.Query
		want func(ticket.Ticket) bool
	}{
		"status=open is everything not done": {ticket.Query{Status: "open"}, func(tk ticket.Ticket) bool { return tk.Status.IsOpen() }},
		"status=waiting_third":               {ticket.Query{Status: "waiting_third"}, func(tk ticket.Ticket) bool { return tk.Status == ticket.WaitingThird }},
		"status=closed":                      {ticket.Query{Status: "closed"}, func(tk ticket.Ticket) bool { return tk.Status == ticket.Closed }},
		"one of my teams":                    {ticket.Query{Team: me.Teams[0]}, func(tk ticket.Ticket) bool { return tk.Status.IsOpen() && tk.TeamID == me.Teams[0] }},
		"a team I do not see":                {ticket.Query{Team: tickettest.DefaultTeam}, func(ticket.Ticket) bool { return false }},
		"channel":                            {ticket.Query{Channel: "phone"}, func(tk ticket.Ticket) bool { return tk.Status.IsOpen() && tk.Channel == "phone" }},
		"assignee": {ticket.Query{Assignee: actors[0].AccountID}, func(tk ticket.Ticket) bool {
			return tk.Status.IsOpen() && tk.AssigneeID != nil && *tk.AssigneeID == actors[0].AccountID
		}},
		"what is done, of one assignee": {ticket.Query{View: ticket.ViewResolved, Assignee: actors[0].AccountID}, func(tk ticket.Ticket) bool {
			return !tk.Status.IsOpen() && tk.AssigneeID != nil && *tk.AssigneeID == actors[0].AccountID
		}},
		"an open status among the resolved is nothing": {ticket.Query{View: ticket.ViewResolved, Status: "open"}, func(ticket.Ticket) bool { return false }},
	}
	for name, tt := range filters {
		tt.q.Actor, tt.q.Now, tt.q.Sort, tt.q.Limit = me, noon, ticket.SortNewest, 7
		var want []ticket.Snapshot
		for _, tk := range all {
			if me.MaySee(tk.Audience()) && tt.want(tk) {
				want = append(want, tk.Snapshot())
			}
		}
		slices.SortFunc(want, orders[ticket.SortNewest])
		got, err := walk(t.Context(), db, tt.q)
		if err != nil || !slices.Equal(got, idsOf(want)) {
			t.Errorf("%s: %v\n got %v\nwant %v", name, err, got, idsOf(want))
		}
	}
}

// attacks.md row 92: parameters of a list that nobody should send.
func TestAttack92AbsurdParametersAreCappedOrRefused(t *testing.T) {
	t.Parallel()
	db, _, actors := desk(t)
	admin := actors[5]
	page, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Limit: 1e9})
	if err != nil || len(page.Items) != ticket.MaxLimit || page.Next == "" {
		t.Errorf("limit=1e9: %d rows, next %q, %v", len(page.Items), page.Next, err)
	}
	if page, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Limit: -5}); err != nil || len(page.Items) != ticket.DefaultLimit {
		t.Errorf("limit=-5: %d rows, %v", len(page.Items), err)
	}
	for field, q := range map[string]ticket.Query{
		"sort":     {Sort: "id; drop table tickets"},
		"view":     {View: "everything"},
		"status":   {Status: "OPEN"},
		"channel":  {Channel: "fax"},
		"team":     {Team: -1},
		"assignee": {Assignee: -1},
	} {
		q.Actor, q.Now = admin, noon
		_, err := ticket.List(t.Context(), db.Gorm, q)
		if f := fault.From(err); !errors.Is(err, ticket.ErrInvalid) || len(f.Details) != 1 || f.Details[0].Field != field {
			t.Errorf("a wrong %s: %v", field, err)
		}
	}
	byDue, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, cursor := range []string{"x", "AAAA", "%00", strings.Repeat("A", 5000), byDue.Next + "A", byDue.Next[:len(byDue.Next)-1],
		"ZHVlLjAuLTE", "ZHVlLnp6enp6enp6enp6ei4x", "b2Zmc2V0LjEuMQ"} {
		if _, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Cursor: cursor}); !errors.Is(err, ticket.ErrCursor) {
			t.Errorf("cursor %.20q: %v", cursor, err)
		}
	}
	if _, err := ticket.List(t.Context(), db.Gorm, ticket.Query{Actor: admin, Now: noon, Sort: ticket.SortNewest, Cursor: byDue.Next}); !errors.Is(err, ticket.ErrCursor) {
		t.Errorf("the cursor of another order: %v", err)
	}
}

func TestTheTicketsOfACustomerAreThoseTheActorMaySee(t *testing.T) {
	t.Parallel()
	db, _, actors := desk(t)
	var customer int64
	if err := db.Gorm.Raw("INSERT INTO customers (name) VALUES ('Ana') RETURNING id").Scan(&customer).Error; err != nil {
		t.Fatal(err)
	}
	var seen []int64
	for _, tk := range []ticket.Ticket{{}, {Walled: true}, {TeamID: actors[1].Teams[0]}, {Status: ticket.Closed}} {
		tk.CustomerID = &customer
		if tk = tickettest.Open(t, db, tk); actors[0].MaySee(tk.Audience()) {
			seen = append([]int64{tk.ID}, seen...)
		}
	}
	got, err := ticket.OfCustomer(t.Context(), db.Gorm, actors[0], customer, 5)
	if err != nil || len(seen) != 2 || !slices.Equal(idsOf(got), seen) {
		t.Errorf("got %v, want %v, %v", idsOf(got), seen, err)
	}
}

// orders say in Go what the lists' ORDER BY says in SQL.
var orders = map[ticket.Sort]func(a, b ticket.Snapshot) int{
	ticket.SortDue: func(a, b ticket.Snapshot) int { return cmp.Or(byTime(a.NextDue, b.NextDue), cmp.Compare(a.ID, b.ID)) },
	ticket.SortWaiting: func(a, b ticket.Snapshot) int {
		return cmp.Or(byTime(a.WaitingSince, b.WaitingSince), cmp.Compare(a.ID, b.ID))
	},
	ticket.SortNewest: func(a, b ticket.Snapshot) int {
		return cmp.Or(b.OpenedAt.Compare(a.OpenedAt), cmp.Compare(b.ID, a.ID))
	},
}

func byTime(a, b *time.Time) int {
	never := time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	return cmp.Or(a, &never).Compare(*cmp.Or(b, &never))
}

func idsOf(rows []ticket.Snapshot) []int64 {
	var ids []int64
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestADayEndsAtMidnightOfTheCompanysZone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ now, want string }{
		{"2026-11-23T02:30:00Z", "2026-11-23T03:00:00Z"}, // still the 22nd in São Paulo
		{"2026-11-23T15:00:00Z", "2026-11-24T03:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(ticket.Tomorrow(now.In(saoPaulo)).UTC().Format(time.RFC3339)); got != tt.want {
			t.Errorf("tomorrow of %s is %s, want %s", tt.now, got, tt.want)
		}
	}
}
