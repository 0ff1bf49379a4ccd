package realtime

import (
	"strconv"
	"sync"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
)

// group is the connections whose actors see the same, so that what they get of
// a batch, and most of their counters, is worked out once.
type group struct {
	sight      access.Actor // any of theirs
	projection *projection
	clients    map[*client]struct{} // guarded by the hub's lock

	// The rail's people, guarded by the hub's lock as well.
	team    []byte
	size    int       // how many they are
	teamAt  time.Time // when it was worked out
	stirred uint64    // from which state of the hub

	mu     sync.Mutex
	shared Counts
	from   uint64 // the state of the projection that shared was counted from
}

// keyOf names the group of an actor: equal keys see the same events and have the
// same counters, but for those of one person.
func keyOf(a access.Actor) string {
	s := a.Scope()
	key := make([]byte, 0, 16)
	key = strconv.AppendBool(key, s.AllTeams)
	key = strconv.AppendBool(key, s.Walled)
	if s.Walled { // each may be barred from something else
		key = strconv.AppendInt(key, a.AccountID, 10)
	}
	for _, team := range a.Teams { // also of those who see all: the view "team" asks for them
		key = append(key, ' ')
		key = strconv.AppendInt(key, team, 10)
	}
	return string(key)
}

// countsFor gives the counters of one of the group.
func (g *group) countsFor(a access.Actor) (Counts, []SavedCount, event.Position) {
	pinned := g.projection.pinned(a)
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.projection
	p.mu.RLock()
	defer p.mu.RUnlock()
	if g.from != p.changes {
		g.shared, g.from = p.sharedLocked(a), p.changes
	}
	c := g.shared
	p.ownLocked(a, &c)
	return c, p.savedLocked(a, pinned), p.at
}
