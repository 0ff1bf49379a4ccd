package realtime

import "github.com/escuta-sac/escuta/internal/event"

// Told is up to where everybody who is connected has been told: whoever joins now
// is told what comes after it as it happens. It follows Position.
func (h *Hub) Told() event.Position {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

// Watched is how many tickets somebody has before them.
func (h *Hub) Watched() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers)
}
