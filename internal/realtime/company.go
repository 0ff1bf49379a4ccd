package realtime

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/presence"
)

const (
	// maxWatched bounds the rows of which one browser is told who is on them: more
	// do not stand on a screen.
	maxWatched = 100
	// rowsGap is how often the rows of a list are told anew, at most.
	rowsGap = time.Second
	// maxPeople bounds whom the rail of one browser shows; the others are counted.
	maxPeople = 200
	// fewPeople are so few that their list is told every second; a longer one every
	// peopleGap, since each change tells all of it.
	fewPeople = 40
	peopleGap = 3 * time.Second
)

// watching is of whom and of what a browser is told. A client's lock guards it.
//
// Nothing waits in a queue here: what has changed is noted, and what is true when
// the frame is written goes into it. However much happens, a browser gets each
// ticket and each list once.
type watching struct {
	rows   map[int64]struct{}        // on the screen
	stale  map[int64]struct{}        // tickets of which others are to be told
	told   map[int64]access.Audience // rows last told with somebody on them, and to whom that was told
	rowsAt time.Time
	people bool   // the rail is shown
	team   []byte // is to be told
	had    []byte // was told last
	mine   bool   // how the person themselves is here is to be told
}

// watch takes in what a browser shows: rows, and whether the rail with people.
func (h *Hub) watch(c *client, m heard) {
	ids := m.Tickets[:min(len(m.Tickets), maxWatched)]
	rows := make(map[int64]struct{}, len(ids))
	for _, id := range ids {
		rows[id] = struct{}{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, here := h.clients[c]; !here {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.w.rows {
		if _, still := rows[id]; !still && id != c.here.Ticket {
			h.unview(c, id)
			delete(c.w.told, id)
			delete(c.w.stale, id)
		}
	}
	for id := range rows {
		if _, was := c.w.rows[id]; !was {
			h.view(c, id)
			if len(h.board.On(id)) > 0 {
				c.w.stale[id] = struct{}{}
			}
		}
	}
	c.w.rows = rows
	if m.People && !c.w.people {
		c.w.mine = true
		if g := c.group; g.team == nil {
			g.team, g.size = teamOf(g.sight, h.board.People())
		}
		c.w.team = c.group.team
	}
	c.w.people = m.People
	c.arm()
}

func (h *Hub) view(c *client, id int64) {
	if h.viewers[id] == nil {
		h.viewers[id] = map[*client]struct{}{}
	}
	h.viewers[id][c] = struct{}{}
}

func (h *Hub) unview(c *client, id int64) {
	delete(h.viewers[id], c)
	if len(h.viewers[id]) == 0 {
		delete(h.viewers, id)
	}
}

// LookAgain notes what a change of presence has made stale: who is on a ticket for
// those who have it before them, and how people are here for themselves and for
// their colleagues' rails.
func (h *Hub) LookAgain(change presence.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range change.Tickets {
		for c := range h.viewers[id] {
			c.lookAt(id)
		}
	}
	for _, id := range change.Accounts {
		h.stirred++
		for c := range h.own[id] {
			c.lookAtSelf()
		}
	}
}

// lookAt notes that somebody came to a ticket or left it. Of the one that is open
// it is told at once, of rows when their time has come.
func (c *client) lookAt(id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w.stale[id] = struct{}{}
	if id == c.here.Ticket {
		c.arm()
	}
}

func (c *client) lookAtSelf() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.w.people {
		c.w.mine = true
		c.arm()
	}
}

// watchDue reports whether something of it would go into a frame now. The client
// is locked.
func (c *client) watchDue() bool {
	_, open := c.w.stale[c.here.Ticket]
	return open || c.w.team != nil || c.w.mine
}

// rowsDue has the rows told when their time has come.
func (c *client) rowsDue(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.w.stale) > 0 && now.Sub(c.w.rowsAt) >= rowsGap {
		c.arm()
	}
}

// tellPeople tells the rails who is here, when that has changed: of each group of
// people who see the same it is worked out once.
func (h *Hub) tellPeople(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.board == nil {
		return
	}
	var all []presence.Person
	for _, g := range h.groups {
		if g.stirred == h.stirred || g.size > fewPeople && now.Sub(g.teamAt) < peopleGap {
			continue
		}
		if all == nil {
			all = h.board.People()
		}
		g.stirred, g.teamAt = h.stirred, now
		was := g.team
		if g.team, g.size = teamOf(g.sight, all); bytes.Equal(was, g.team) {
			continue
		}
		for c := range g.clients {
			c.tellTeam(g.team)
		}
	}
}

func (c *client) tellTeam(team []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.w.people {
		c.w.team = team
		c.arm()
	}
}

// onPerson is how somebody is here, as colleagues are told. Why they are in a break
// is not told.
type onPerson struct {
	ID    int64          `json:"account_id"`
	Name  string         `json:"name"`
	State presence.State `json:"state"`
	Until *time.Time     `json:"until,omitempty"`
}

// teamOf is the item that tells who of one's own teams is here, of all teams for
// those who see all, and how many that are.
func teamOf(sight access.Actor, all []presence.Person) (item []byte, size int) {
	every := sight.Scope().AllTeams
	told := struct {
		Kind   string     `json:"kind"`
		People []onPerson `json:"people"`
		More   int        `json:"more"`
	}{"people", []onPerson{}, 0}
	for _, p := range all {
		switch {
		case !every && !p.Teams.Meets(sight.Teams):
		case len(told.People) < maxPeople:
			told.People = append(told.People, onPerson{p.Account, p.Name, p.State, p.Standing.Until})
		default:
			told.More++
		}
	}
	return asItem(told), len(told.People) + told.More
}

// presences are what of the watched has changed. The client is locked.
func (c *client) presences() (items [][]byte) {
	h := c.hub
	now := time.Now()
	add := func(item []byte) {
		if item != nil {
			items = append(items, item)
		}
	}
	if id := c.here.Ticket; id != 0 {
		if _, stale := c.w.stale[id]; stale {
			delete(c.w.stale, id)
			add(h.company(c, id))
		}
	}
	if now.Sub(c.w.rowsAt) >= rowsGap && len(c.w.stale) > 0 {
		for id := range c.w.stale {
			add(h.company(c, id))
		}
		clear(c.w.stale)
		c.w.rowsAt = now
	}
	if c.w.team != nil {
		if !bytes.Equal(c.w.team, c.w.had) {
			add(c.w.team)
		}
		c.w.had, c.w.team = c.w.team, nil
	}
	if c.w.mine {
		c.w.mine = false
		add(h.standing(c.actor.AccountID))
	}
	return items
}

// standing is how somebody is here, as they themselves are told.
func (h *Hub) standing(account int64) []byte {
	p, _ := h.board.Person(account)
	told := struct {
		Kind   string          `json:"kind"`
		State  presence.State  `json:"state"`
		Reason presence.Reason `json:"reason"`
		Since  *time.Time      `json:"since"`
		Until  *time.Time      `json:"until"`
	}{Kind: "state", State: p.State, Reason: p.Standing.Reason, Until: p.Standing.Until}
	if p.Standing.State != "" {
		told.State, told.Since = p.Standing.State, &p.Standing.Since
	}
	return asItem(told)
}

// company is who else is on a ticket, as far as a connection's person may know;
// nil when there is nothing to tell. The ticket's audience of now counts, for as
// long as it is open. The client is locked.
//
// Of a row with nobody on it nothing is told, unless somebody was: who names the
// tickets of others gets no answer, not even at the moment when something happens
// there.
func (h *Hub) company(c *client, id int64) []byte {
	type other struct {
		ID    int64          `json:"account_id"`
		Name  string         `json:"name"`
		Doing presence.Doing `json:"doing"`
	}
	told := struct {
		Kind   string  `json:"kind"`
		Ticket int64   `json:"ticket_id"`
		People []other `json:"people"`
	}{"presence", id, []other{}}
	now, open := h.projection.audience(id)
	seen := false
	if last, was := c.w.told[id]; was {
		seen = c.actor.MaySee(last)
	}
	if id == c.here.Ticket {
		seen = c.actor.MaySee(c.here.Audience)
	}
	for _, s := range h.board.On(id) {
		if open {
			s.Audience = now
		}
		if s.Account != c.actor.AccountID && c.actor.MaySee(s.Audience) {
			told.People = append(told.People, other{s.Account, s.Name, s.Doing})
			c.w.told[id], seen = s.Audience, true
		}
	}
	if len(told.People) == 0 {
		delete(c.w.told, id)
	}
	if !seen || open && !c.actor.MaySee(now) {
		return nil
	}
	return asItem(told)
}

func asItem(told any) []byte {
	text, err := json.Marshal(told)
	if err != nil {
		panic("realtime: " + err.Error()) // names, numbers and times always have a form
	}
	return text
}
