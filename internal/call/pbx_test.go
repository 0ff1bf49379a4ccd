package call_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/escuta-sac/escuta/internal/call"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// told is one event of a call, and when its exchange says that it was.
type told struct {
	kind, more string
	after      time.Duration
}

func (e told) body(id, exchangeCall string, began time.Time) string {
	return fmt.Sprintf(`{"id":%q,"event":%q,"call":%q,"at":%q%s}`, exchangeCall+"/"+id, e.kind, exchangeCall,
		began.Add(e.after).Format(time.RFC3339Nano), e.more)
}

// scripts are calls as exchanges tell of them. A caller is told with some of the
// events, and an extension that is nobody's comes before one that is.
var scripts = map[string][]told{
	"answered": {
		{"queued", `,"caller":"11988887777"`, 0}, {"ringing", `,"extension":"2001"`, time.Second},
		{"answered", `,"extension":"2001"`, 4 * time.Second}, {"hung_up", "", 90 * time.Second},
		{"recording_ready", `,"recording":"rec-1"`, 100 * time.Second},
	},
	"transferred": {
		{"queued", "", 0}, {"answered", `,"extension":"900","caller":"+5511988887777"`, 2 * time.Second},
		{"transferred", `,"extension":"2001"`, 20 * time.Second}, {"transferred", `,"extension":"2002"`, 60 * time.Second},
		{"hung_up", `,"caller":"+5511988887777"`, 300 * time.Second}, {"recording_ready", `,"recording":"rec-a"`, 310 * time.Second},
		{"recording_ready", `,"recording":"rec-b"`, 320 * time.Second},
	},
	"abandoned": {
		{"queued", `,"caller":"(11) 98888-7777"`, 0}, {"ringing", `,"extension":"2001"`, 5 * time.Second},
		{"abandoned", "", 30 * time.Second}, {"hung_up", "", 31 * time.Second},
	},
	"two callers": {
		{"queued", `,"caller":"anonymous"`, 0}, {"answered", `,"extension":"2001","caller":"+5511977776666"`, time.Second},
		{"hung_up", `,"caller":"+5511977776666"`, 9 * time.Second}, {"party line", "", 10 * time.Second},
	},
	"nobody's": {{"answered", `,"extension":"77"`, 0}, {"hung_up", `,"caller":"11988887777"`, 8 * time.Second}},
}

// state is what is known of an exchange's call in the end; it names nothing that
// depends on when it was heard.
func (o *office) state(line call.Line, exchangeCall string) (s string) {
	o.Helper()
	o.scan(&s, `SELECT coalesce(string_agg(concat_ws('|', c.caller, c.phone, c.agent_id, c.outcome, c.ended_at IS NOT NULL, c.duration,
			(SELECT r.reference FROM recordings r WHERE r.contact_id = c.contact_id), t.status, t.assignee_id, t.holder_id, t.customer_id,
			t.customer_name,
			(SELECT string_agg(concat_ws(' ', b.why, b.phone, b.agent_id), ',') FROM call_backs b WHERE b.ticket_id = t.id AND b.state = 'open')),
			E'\n'), '') FROM calls c JOIN tickets t ON t.id = c.ticket_id WHERE c.line_id = $1 AND c.pbx_call = $2`, line.ID, exchangeCall)
	return s
}

// Whatever the order in which a call's events come, and however often each does,
// it is one call, one ticket, and the same in the end as when they came in order.
func TestAttack094AnyOrderOfACallsEventsEndsInTheSameState(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	line, secret := o.line()
	// Whose number one of the callers has is known, so the note names them.
	o.exec(`WITH c AS (INSERT INTO customers (name) VALUES ('Rita Nogueira') RETURNING id)
		INSERT INTO identities (customer_id, kind, value, verified_at) SELECT id, 'phone', '+5511988887777', now() FROM c`)
	began := o.now().Add(-time.Hour)
	n := 0
	play := func(name string, order []int) string {
		n++
		exchangeCall := fmt.Sprintf("%s-%d", name, n)
		for _, i := range order {
			o.hears(o.node, line, secret, scripts[name][i].body(fmt.Sprint(i), exchangeCall, began))
		}
		if calls := o.count("SELECT count(*) FROM calls WHERE pbx_call = $1", exchangeCall); calls != 1 {
			t.Fatalf("%s in the order %v: %d calls", name, order, calls)
		}
		return o.state(line, exchangeCall)
	}
	want := map[string]string{}
	for name, events := range scripts {
		order := make([]int, len(events))
		for i := range order {
			order[i] = i
		}
		want[name] = play(name, order)
	}
	if !strings.Contains(want["answered"], "Rita Nogueira") || !strings.Contains(want["abandoned"], "abandoned +5511988887777") {
		t.Fatalf("in order: %q", want)
	}
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom([]string{"answered", "transferred", "abandoned", "two callers", "nobody's"}).Draw(r, "script")
		order := make([]int, len(scripts[name]))
		for i := range order {
			order[i] = i
		}
		order = append(order, rapid.SliceOfN(rapid.SampledFrom(order), 0, 4).Draw(r, "again")...)
		order = rapid.Permutation(order).Draw(r, "order")
		if got := play(name, order); got != want[name] {
			r.Fatalf("%s in the order %v:\n%s\nin order:\n%s", name, order, got, want[name])
		}
	})
}

// An agent opens the note before the exchange has told who calls. The number that
// it then tells names the customer, as it does in a note that the exchange opens.
func TestANoteOpenedByHandIsNamedByItsExchange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	line, secret := o.line()
	rita := o.customer("Rita Nogueira", "phone", "+5511988887777", true, tickettest.DefaultTeam)
	for number, name := range map[string]string{"11988887777": "Rita Nogueira", "11977776666": "(11) 97777-6666"} {
		note := o.opens("")
		o.hears(o.node, line, secret, told{"answered", `,"extension":"2001","caller":"` + number + `"`, 0}.body("1", number, o.now()))
		got := must(o.node.See(o.Context(), o.ana, note.Call.ContactID))
		if string(got.Call.Caller.Phone) != "+55"+number || got.Ticket.CustomerName != name {
			t.Errorf("%s: %+v of %q", number, got.Call, got.Ticket.CustomerName)
		}
		if known := got.Ticket.CustomerID != nil && *got.Ticket.CustomerID == rita; known != (name == "Rita Nogueira") {
			t.Errorf("%s: the customer is %v", number, got.Ticket.CustomerID)
		}
	}
}

// Ten thousand events, each of them several times, shuffled, at two nodes: every
// one is accounted for and every call stands once.
func TestAttack094TenThousandEventsAtTwoNodes(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	line, secret := o.line()
	nodes := []node{o.node, o.newNode()}
	began := o.now().Add(-time.Hour)
	const calls = 100
	var told []channel.Arrival
	for n := range calls {
		for i, e := range scripts["transferred"] {
			told = append(told, o.arrival(o.node, line, secret, e.body(fmt.Sprint(i), fmt.Sprintf("c%d", n), began)))
		}
	}
	events := len(told)
	for len(told) < 10_000 {
		told = append(told, told[rand.IntN(events)])
	}
	rand.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
	const senders = 64
	var sent sync.WaitGroup
	for i := range senders {
		sent.Go(func() {
			for n := i; n < len(told); n += senders {
				if _, err := nodes[n%2].in.Accept(t.Context(), told[n]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	sent.Wait()
	o.settled()
	if n := o.count("SELECT count(*) FROM intake_ledger"); n != events {
		t.Errorf("%d entries in the ledger of %d events", n, events)
	}
	if n := o.count("SELECT count(*) FROM intake_ledger WHERE fate NOT IN ('ticket', 'automatic')"); n != 0 {
		t.Errorf("%d events are not accounted for", n)
	}
	want := o.state(line, "c0")
	for n := range calls {
		if got := o.state(line, fmt.Sprintf("c%d", n)); got != want || strings.Contains(got, "\n") || got == "" {
			t.Errorf("call %d is %q, not %q", n, got, want)
		}
	}
	if n := o.count("SELECT count(*) FROM tickets"); n != calls {
		t.Errorf("%d tickets of %d calls", n, calls)
	}
}
