package realtime

// Watched is how many tickets somebody has before them.
func (h *Hub) Watched() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.viewers)
}
