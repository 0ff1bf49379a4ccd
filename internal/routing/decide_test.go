package routing

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var at = time.Date(2026, 11, 23, 13, 20, 0, 0, time.UTC)

func due(after time.Duration) *time.Time {
	d := at.Add(after)
	return &d
}

func person(id int64, change func(*Agent)) *Agent {
	a := &Agent{ID: id, Teams: []int64{1}, Capacity: 8, Bounds: map[string]int{}, Loads: map[string]int{}}
	if change != nil {
		change(a)
	}
	return a
}

func TestWhoGetsATicket(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		agents []*Agent
		ticket Ticket
		to     int64
		bond   Bond
	}{
		{"the one who has less in hand", []*Agent{person(1, func(a *Agent) { a.Load = 3 }), person(2, func(a *Agent) { a.Load = 2 })}, Ticket{}, 2, ""},
		{"for what each is given at once", []*Agent{person(1, func(a *Agent) { a.Load, a.Capacity = 3, 10 }), person(2, func(a *Agent) { a.Load, a.Capacity = 2, 4 })}, Ticket{}, 1, ""},
		{"nobody who is full", []*Agent{person(1, func(a *Agent) { a.Load = 8 })}, Ticket{}, 0, ""},
		{"nobody who is full of its channel", []*Agent{person(1, func(a *Agent) { a.Bounds["email"], a.Loads["email"] = 2, 2 })}, Ticket{Channel: "email"}, 0, ""},
		{"who is full of another channel", []*Agent{person(1, func(a *Agent) { a.Bounds["phone"], a.Loads["phone"] = 2, 2 })}, Ticket{Channel: "email"}, 1, ""},
		{"nobody of another team", []*Agent{person(1, func(a *Agent) { a.Teams = []int64{2} })}, Ticket{}, 0, ""},
		{"only with every skill", []*Agent{person(1, func(a *Agent) { a.Skills = []int64{4} }), person(2, func(a *Agent) { a.Skills = []int64{4, 7} })}, Ticket{Skills: []int64{4, 7}}, 2, ""},
		{"nobody who has just given it back", []*Agent{person(1, nil)}, Ticket{GaveBack: []int64{1}, Ties: []Tie{{Account: 1, Bond: Answered}}}, 0, ""},
		{"nobody in a break", []*Agent{person(1, func(a *Agent) { a.Obstacle = Break })}, Ticket{}, 0, ""},
		{"who answered it last, however much they have", []*Agent{person(1, nil), person(2, func(a *Agent) { a.Load = 7 })},
			Ticket{Ties: []Tie{{Account: 2, Bond: Answered}}}, 2, Answered},
		{"anybody when who answered it is full", []*Agent{person(1, nil), person(2, func(a *Agent) { a.Load = 8 })},
			Ticket{Ties: []Tie{{Account: 2, Bond: Answered}}}, 1, ""},
		{"who knows the customer, when who answered is gone", []*Agent{person(1, nil), person(2, func(a *Agent) { a.Load = 5 }), person(3, func(a *Agent) { a.Obstacle = OffShift })},
			Ticket{Ties: []Tie{{Account: 3, Bond: Answered}, {Account: 2, Bond: Dealt}}}, 2, Dealt},
		{"nobody where people take by themselves", []*Agent{person(1, nil)}, Ticket{Stays: true, From: 9, Gone: Absent}, 0, ""},
	} {
		tt.ticket.ID, tt.ticket.Team = 1, 1
		var to int64
		var bond Bond
		for _, d := range Decide(at, tt.agents, []Ticket{tt.ticket}) {
			to, bond = d.To, d.Tie.Bond
		}
		if to != tt.to || bond != tt.bond {
			t.Errorf("%s: to %d by %q, want %d by %q", tt.name, to, bond, tt.to, tt.bond)
		}
	}
}

func TestTheMostUrgentIsGivenFirst(t *testing.T) {
	t.Parallel()
	tickets := []Ticket{
		{ID: 1, Due: nil},
		{ID: 2, Due: due(3*time.Hour + 20*time.Minute)},
		{ID: 3, Due: due(3*time.Hour + 30*time.Minute), Legal: 3},
		{ID: 4, Due: due(10 * time.Minute), Legal: 3},
		{ID: 5, Due: due(-10 * time.Minute)}, // of the same hour, and overdue
		{ID: 6, Due: due(-5 * time.Hour)},
	}
	for i := range tickets {
		tickets[i].Team = 1
	}
	var order []int64
	for _, d := range Decide(at, []*Agent{person(1, nil)}, tickets) {
		order = append(order, d.Ticket.ID)
	}
	if want := []int64{6, 5, 4, 3, 2, 1}; !slices.Equal(order, want) {
		t.Errorf("given out as %v, want %v", order, want)
	}
}

// With a quiet desk nobody is always the first.
func TestEqualsAreServedInTurn(t *testing.T) {
	t.Parallel()
	got := map[int64]int{}
	for id := range int64(300) {
		agents := []*Agent{person(1, nil), person(2, nil), person(3, nil)}
		got[Decide(at, agents, []Ticket{{ID: id, Team: 1}})[0].To]++
	}
	for id, n := range got {
		if n < 60 || n > 140 {
			t.Errorf("of 300 tickets %d got %d", id, n)
		}
	}
}

// Whatever people and tickets there are: nobody gets more than they can have, or
// what they cannot have; whatever is left nobody could have; and no ticket was
// passed over for one that is less urgent.
func TestGivingOutKeepsItsRules(t *testing.T) {
	t.Parallel()
	channels := []string{"email", "phone", "webform"}
	rapid.Check(t, func(t *rapid.T) {
		ids := func(what string, of ...int64) []int64 {
			picked := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID).Draw(t, what)
			slices.Sort(picked)
			return picked
		}
		var agents []*Agent
		for i := range rapid.IntRange(0, 5).Draw(t, "people") {
			a := person(int64(i+1), func(a *Agent) {
				a.Teams, a.Skills = ids("teams", 1, 2), ids("skills", 1, 2, 3)
				a.Capacity = rapid.IntRange(0, 4).Draw(t, "capacity")
				a.Obstacle = rapid.SampledFrom([]Obstacle{"", "", "", Absent, OffShift, Offline, Left, Break, OnCall, Away, Inactive}).Draw(t, "obstacle")
				for _, c := range channels {
					a.Loads[c] = rapid.IntRange(0, 2).Draw(t, "load of "+c)
					a.Load += a.Loads[c]
				}
				if rapid.Bool().Draw(t, "bounded") {
					a.Bounds[rapid.SampledFrom(channels).Draw(t, "channel")] = rapid.IntRange(0, 2).Draw(t, "bound")
				}
			})
			agents = append(agents, a)
		}
		var tickets []Ticket
		for i := range rapid.IntRange(0, 15).Draw(t, "tickets") {
			tk := Ticket{ID: int64(i + 1), Team: rapid.Int64Range(1, 2).Draw(t, "team"), Channel: rapid.SampledFrom(channels).Draw(t, "channel"),
				Skills: ids("demanded", 1, 2, 3), Legal: rapid.IntRange(0, 3).Draw(t, "legal")}
			if rapid.IntRange(0, 5).Draw(t, "clock") > 0 {
				tk.Due = due(time.Duration(rapid.IntRange(-300, 300).Draw(t, "due")) * time.Minute)
			}
			if rapid.IntRange(0, 3).Draw(t, "tied") == 0 {
				tk.Ties = []Tie{{Account: rapid.Int64Range(1, 5).Draw(t, "to"), Bond: Answered}}
			}
			tickets = append(tickets, tk)
		}
		was := map[int64]Agent{}
		for _, a := range agents {
			was[a.ID] = *a
			copied := map[string]int{}
			for c, n := range a.Loads {
				copied[c] = n
			}
			a.Loads = copied
		}
		decided := Decide(at, agents, slices.Clone(tickets))
		given := map[int64]Decision{}
		for i, d := range decided {
			a := was[d.To]
			switch {
			case a.Obstacle != "":
				t.Fatalf("ticket %d went to somebody who is %s", d.Ticket.ID, a.Obstacle)
			case !slices.Contains(a.Teams, d.Ticket.Team) || len(a.lacks(d.Ticket)) > 0:
				t.Fatalf("ticket %d went to somebody who cannot do it", d.Ticket.ID)
			case i > 0 && urgency(at, decided[i-1].Ticket, d.Ticket) > 0:
				t.Fatalf("ticket %d was given out before %d", decided[i-1].Ticket.ID, d.Ticket.ID)
			}
			if _, twice := given[d.Ticket.ID]; twice {
				t.Fatalf("ticket %d was given out twice", d.Ticket.ID)
			}
			given[d.Ticket.ID] = d
		}
		for _, a := range agents {
			if before := was[a.ID]; a.Load > before.Load && a.Load > a.Capacity {
				t.Fatalf("%d has %d of %d", a.ID, a.Load, a.Capacity)
			}
			for c, bound := range a.Bounds {
				if a.Loads[c] > was[a.ID].Loads[c] && a.Loads[c] > bound {
					t.Fatalf("%d has %d of %d by %s", a.ID, a.Loads[c], bound, c)
				}
			}
		}
		for _, tk := range tickets {
			if _, got := given[tk.ID]; got {
				continue
			}
			for _, a := range agents {
				if a.Refuses(tk) == "" {
					t.Fatalf("ticket %d is left, and %d could have it", tk.ID, a.ID)
				}
			}
		}
	})
}
