package realtime

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// opened makes n events of new tickets, as a busy hour would.
func opened(tb testing.TB, n int) []event.Event {
	tb.Helper()
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	events := make([]event.Event, n)
	for i := range events {
		id := int64(i + 1)
		payload, err := json.Marshal(ticket.Payload{Row: ticket.Ticket{
			ID: id, Protocol: "20261122000000139", Subject: "Cobrança em duplicidade na fatura de novembro",
			Preview: "Bom dia, a fatura deste mês veio com duas cobranças do mesmo serviço, e o atendimento não resolveu",
			BrandID: 1, CustomerName: "Pessoa de Teste", Channel: "webform", Kind: "reclamacao", Status: ticket.New, Priority: 3,
			TeamID: 1 + id%3, Version: 1, PublicVersion: 1, OpenedAt: at, UpdatedAt: at, WaitingSince: &at,
			Deadline: ticket.Deadline{Due: &at, Clock: "first_response", From: &at, Warn: &at, Clocks: 2},
		}.Snapshot(), Data: map[string]any{"message_id": id}})
		if err != nil {
			tb.Fatal(err)
		}
		events[i] = event.Event{ID: id, TicketID: id, Version: 1, Kind: event.TicketOpened, Pos: id, At: at,
			Audience: access.Audience{Team: 1 + id%3}, Payload: payload}
	}
	return events
}

func TestAnItemIsValidJSONWithThePayloadsMembers(t *testing.T) {
	t.Parallel()
	events := opened(t, 2)
	events[1].Payload = []byte(`{}`)
	b := newBatch("0a1b", events)
	p := b.forWhom(func(access.Audience) bool { return true })
	for i, want := range []int{6, 4} {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(p.items[i].body, &members); err != nil || len(members) != want {
			t.Errorf("%v in %s", err, p.items[i].body)
		}
	}
	if got := string(p.items[1].body); got != `{"id":"0a1b.2","kind":"ticket.opened","ticket_id":2,"version":1}` {
		t.Errorf("an event without a payload became %s", got)
	}
	if rest := p.after(1); len(rest.items) != 1 || rest.items[0].pos != 2 || rest.bytes != len(p.items[1].body) {
		t.Errorf("after the first: %+v", rest)
	}
	for _, body := range [][]byte{
		appendMany(nil, "0a1b", 7, 99), appendBare(nil, event.Position{Epoch: "0a1b", Pos: 7}, "hello"),
		appendCounts(nil, event.Position{Epoch: "0a1b", Pos: 7}, Counts{Mine: 1, All: 2}, []SavedCount{{3, 4}, {5, 0}}),
	} {
		if !json.Valid(body) {
			t.Errorf("%s is no JSON", body)
		}
	}
}

// BenchmarkBatch shows what an event costs a hub before anybody is told of it.
func BenchmarkBatch(b *testing.B) {
	events := opened(b, 500)
	seen := func(a access.Audience) bool { return a.Team == 1 }
	for b.Loop() {
		p := newProjection(time.UTC, time.Now, nil)
		if err := p.apply("e", events); err != nil {
			b.Fatal(err)
		}
		newBatch("e", events).forWhom(seen)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(events)), "ns/event")
}
