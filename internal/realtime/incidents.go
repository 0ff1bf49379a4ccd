package realtime

import "strconv"

// Incident tells everybody who is connected that an incident says something else
// now; 0 is that any may. It is a hint without content: whoever shows incidents
// asks for them again, and asks once after each hello anyway.
func (h *Hub) Incident(id int64) {
	h.hint(append(strconv.AppendInt([]byte(`{"kind":"incident","incident_id":`), id, 10), '}'))
}

// Areas tells everybody who is connected that areas are others now, likewise
// without content.
func (h *Hub) Areas() { h.hint([]byte(`{"kind":"areas"}`)) }

func (h *Hub) hint(item []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c := range h.clients {
		c.tell(item)
	}
}
