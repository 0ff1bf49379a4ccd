package intake

import (
	"sync"
	"time"
)

const (
	recentFor  = 10 * time.Minute
	recentSize = 1 << 15 // of a generation: some 3 MB
)

// ReasonSameContent marks an entry whose sender had sent the very same a moment
// ago under another key, or under none: a second click, most often. It is taken
// in all the same, since only a person can tell that it was meant once.
const ReasonSameContent = "same_content"

// recent remembers what has come in lately, in two generations: the older one
// goes when the younger is old or full. Each node remembers what it took in
// itself; the mark is a hint.
type recent struct {
	mu         sync.Mutex
	young, old map[[32]byte]string // content to the key under which it came first
	since      time.Time
}

// note reports whether the content came lately under another key.
func (r *recent) note(content [32]byte, key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.young) >= recentSize || now.Sub(r.since) >= recentFor {
		r.old, r.young, r.since = r.young, make(map[[32]byte]string), now
	}
	first, known := r.young[content]
	if !known {
		first, known = r.old[content]
	}
	if !known {
		r.young[content] = key
	}
	return known && first != key
}
