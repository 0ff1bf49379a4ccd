package realtime

import (
	"strconv"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
)

// item is one member of a frame's array, encoded once for everybody.
type item struct {
	pos    int64
	ticket int64
	body   []byte
}

// parcel is what one audience may see of one batch of events. It is shared and
// never written again.
type parcel struct {
	items []item
	bytes int
}

// after is the part of the parcel beyond a position.
func (p *parcel) after(pos int64) *parcel {
	if len(p.items) == 0 || p.items[0].pos > pos {
		return p
	}
	var rest parcel
	for _, it := range p.items {
		if it.pos > pos {
			rest.items = append(rest.items, it)
			rest.bytes += len(it.body)
		}
	}
	return &rest
}

// batch holds the events of one batch with their encodings, made at first use.
type batch struct {
	epoch  string
	events []event.Event
	shown  [][]byte // the event, for whoever sees the ticket now
	gone   [][]byte // for whoever saw it before only
}

func newBatch(epoch string, events []event.Event) *batch {
	return &batch{epoch: epoch, events: events, shown: make([][]byte, len(events)), gone: make([][]byte, len(events))}
}

// forWhom gives what somebody with this sight gets of the batch.
func (b *batch) forWhom(sees func(access.Audience) bool) *parcel {
	var p parcel
	for i, e := range b.events {
		var body []byte
		switch {
		case sees(e.Audience) && e.Kind == event.TicketErased:
			body = appendGone(nil, b.epoch, e)
		case sees(e.Audience):
			if b.shown[i] == nil {
				b.shown[i] = appendEvent(nil, b.epoch, e)
			}
			body = b.shown[i]
		case e.Before != nil && sees(*e.Before):
			if b.gone[i] == nil {
				b.gone[i] = appendGone(nil, b.epoch, e)
			}
			body = b.gone[i]
		default:
			continue
		}
		p.items = append(p.items, item{pos: e.Pos, ticket: e.TicketID, body: body})
		p.bytes += len(body)
	}
	return &p
}

// appendEvent encodes {"id","kind","ticket_id","version","row","data"}. The
// payload is {"row":…,"data":…} as PostgreSQL keeps it, so its members are taken
// over as they stand.
func appendEvent(b []byte, epoch string, e event.Event) []byte {
	b = appendHead(b, epoch, e.Pos, e.Kind)
	b = append(b, `,"ticket_id":`...)
	b = strconv.AppendInt(b, e.TicketID, 10)
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, int64(e.Version), 10)
	if n := len(e.Payload); n > 2 && e.Payload[0] == '{' && e.Payload[n-1] == '}' {
		b = append(b, ',')
		b = append(b, e.Payload[1:n-1]...)
	}
	return append(b, '}')
}

// appendGone says that a ticket went out of sight, and nothing about where to.
func appendGone(b []byte, epoch string, e event.Event) []byte {
	b = appendHead(b, epoch, e.Pos, "gone")
	b = append(b, `,"ticket_id":`...)
	b = strconv.AppendInt(b, e.TicketID, 10)
	return append(b, '}')
}

// appendHead begins an item. Epochs and kinds are our own words and need no escaping.
func appendHead(b []byte, epoch string, pos int64, kind string) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, epoch...)
	b = append(b, '.')
	b = strconv.AppendInt(b, pos, 10)
	b = append(b, `","kind":"`...)
	b = append(b, kind...)
	return append(b, '"')
}

// appendMany says how many events are not told one by one.
func appendMany(b []byte, epoch string, pos int64, count int) []byte {
	b = appendHead(b, epoch, pos, "many")
	b = append(b, `,"count":`...)
	b = strconv.AppendInt(b, int64(count), 10)
	return append(b, '}')
}

// appendBare is an item without anything but its kind and position: hello, resync.
func appendBare(b []byte, p event.Position, kind string) []byte {
	return append(appendHead(b, p.Epoch, p.Pos, kind), '}')
}

func appendCounts(b []byte, p event.Position, c Counts, saved []SavedCount) []byte {
	b = appendHead(b, p.Epoch, p.Pos, "counts")
	b = append(b, `,"counts":{`...)
	for i, part := range c.parts() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), part.name...), `":`...)
		b = strconv.AppendInt(b, int64(part.n), 10)
	}
	b = append(b, `},"saved":{`...)
	for i, s := range saved {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendInt(append(b, '"'), s.View, 10), `":`...)
		b = strconv.AppendInt(b, int64(s.N), 10)
	}
	return append(b, "}}"...)
}
