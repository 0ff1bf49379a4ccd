package event

import "sync"

// tailKept is how many of the newest events are held in memory for followers.
const tailKept = 2048

// tail is the newest stretch of the log. One goroutine, Log.Run, extends it;
// followers read it at their own pace and turn to PostgreSQL when they have
// fallen out of it, so that a slow one holds up nobody.
type tail struct {
	mu      sync.Mutex
	live    bool // Run is at work
	epoch   string
	from    int64         // the position before the first event held
	events  []Event       // positions from+1, from+2, …; never written again once visible
	changed chan struct{} // closed at the next change
}

// reset begins anew after p with nothing held.
func (t *tail) reset(p Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live, t.epoch, t.from, t.events = true, p.Epoch, p.Pos, nil
	t.announce()
}

// stop sends followers back to PostgreSQL.
func (t *tail) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.live, t.events = false, nil
	t.announce()
}

// extend adds the events that follow the newest one held.
func (t *tail) extend(events []Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, events...)
	if drop := len(t.events) - tailKept; drop > tailKept {
		// A copy, because a follower may still be reading the old array.
		t.events = append(make([]Event, 0, 2*tailKept), t.events[drop:]...)
		t.from += int64(drop)
	}
	t.announce()
}

func (t *tail) announce() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// after gives what is held after p, at most a page of it. covered is false when
// the tail cannot speak for p and PostgreSQL has to be asked. changed is closed
// when asking again makes sense.
func (t *tail) after(p Position) (events []Event, covered bool, changed <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	if !t.live || t.epoch != p.Epoch || p.Pos < t.from {
		return nil, false, t.changed
	}
	if at := p.Pos - t.from; at < int64(len(t.events)) {
		events = t.events[at:min(at+page, int64(len(t.events)))]
		return events[:len(events):len(events)], true, t.changed
	}
	return nil, true, t.changed // also when the tail has yet to reach p
}
