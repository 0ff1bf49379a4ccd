package intake

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// defaultPriority is what a ticket has until somebody or a rule says otherwise.
const defaultPriority = 3

// item is one submission on its way into a transaction. Whatever can be worked
// out beforehand is, by the goroutine that submits: the writers are two.
type item struct {
	ctx   context.Context
	until time.Time // after which it is not tried again
	in    channel.Inbound
	at    time.Time
	day   pgtype.Date // the local one of at

	origin     origin
	identities []channel.Identity
	clocks     []sla.NewClock
	next       sla.Summary
	row        string // the ticket's snapshot, but for what the transaction decides
	name       string
	preview    string
	fields     string
	data       string // of the contact
	walled     bool
	reason     string // what the ledger should say about it
	search     string

	reserved
	tried []int64 // ledger ids of earlier tries, one of which may have been committed after all
	twins []*item // the same key again, in the same group
	done  chan answer
}

// origin is where an item comes from when it is not simply new.
type origin struct {
	ledger   int64  // the row that waits for another try; 0 for what is new
	follows  *int64 // the ticket it continues
	customer *int64 // whose that ticket is: known without asking identities
	team     int64
	brand    int64
	walled   bool
	from     map[channel.IdentityKind]string // who its opener said to be
}

// reserved are the ids an item has in one try. Every try has its own: of a
// commit whose answer was lost nobody knows yet which it took.
type reserved struct {
	ledger, ticket, message, contact, customer int64
	protocol                                   string
}

type answer struct {
	receipt Receipt
	err     error
}

// main is the identity that decides who the customer is, empty when none was given.
func (it *item) main() channel.Identity {
	if len(it.identities) == 0 {
		return channel.Identity{}
	}
	return it.identities[0]
}

func (it *item) answer(r Receipt, err error) {
	it.done <- answer{r, err}
	for _, twin := range it.twins {
		switch {
		case err != nil:
			twin.done <- answer{err: err}
		case twin.in.BodyHash != it.in.BodyHash:
			twin.done <- answer{err: ErrReused}
		default:
			r.Replayed = true
			twin.done <- answer{receipt: r}
		}
	}
}

// heir is the twin that goes on for an item whose caller left.
func (it *item) heir() *item {
	if len(it.twins) == 0 {
		return nil
	}
	heir := it.twins[0]
	heir.twins, heir.tried = it.twins[1:], it.tried
	return heir
}

// told is what a contact keeps of what its sender said. From is who the sender
// claims to be, which is another thing than who the customer's record says.
type told struct {
	Form string                          `json:"form,omitempty"`
	From map[channel.IdentityKind]string `json:"from,omitempty"`
}

func givenBy(ids []channel.Identity, before map[channel.IdentityKind]string) map[channel.IdentityKind]string {
	if before != nil {
		return before
	}
	from := make(map[channel.IdentityKind]string, len(ids))
	for _, id := range ids {
		from[id.Kind] = id.Value
	}
	return from
}

// prepare works out everything about a submission that needs no database.
func (in *Intake) prepare(ctx context.Context, m channel.Inbound, o origin) *item {
	now := in.now()
	it := &item{
		ctx: ctx, until: now.Add(patience), in: m, at: m.ReceivedAt, origin: o,
		identities: m.Identities(),
		name:       m.Name,
		preview:    ticket.Preview(m.Body),
		search:     ticket.SearchText(m.Name, m.Subject, m.Body),
		fields:     "{}",
		data:       "{}",
		walled:     m.Channel == channel.Ombudsman || o.walled,
		done:       make(chan answer, 1),
	}
	if it.at.IsZero() {
		it.at = now
	}
	it.day = in.dayOf(it.at)
	if o.ledger == 0 && in.recent.note(m.BodyHash, m.SourceKey, now) {
		it.reason = ReasonSameContent
	}
	if it.name == "" {
		it.name = m.Email
	}
	d := in.defaults.Load()
	it.in.TeamID = firstOf(m.TeamID, o.team, d.team)
	it.in.BrandID = firstOf(m.BrandID, o.brand, d.brand)
	if len(m.Fields) > 0 {
		it.fields = encode(m.Fields)
	}
	if from := givenBy(it.identities, o.from); m.Form != "" || len(from) > 0 {
		it.data = encode(told{Form: m.Form, From: from})
	}
	if it.walled {
		// Who comes to the ombudsman becomes nobody's customer by it: a record that
		// the case made, or an address it added, would tell others of the case.
		it.identities = nil
	}
	it.plan(in.planner, "")
	return it
}

// plan gives the item the clocks of a customer of some segment.
func (it *item) plan(planner Planner, segment string) {
	m := it.in
	it.clocks = planner.Plan(sla.Demand{
		Channel: string(m.Channel), Kind: m.Kind, Priority: defaultPriority, Team: m.TeamID, Walled: it.walled, Segment: segment,
	}, it.at)
	it.next = sla.Summarize(it.clocks)
	it.row = encode(ticket.Ticket{
		BrandID: m.BrandID, Channel: string(m.Channel), Kind: ticket.Kind(m.Kind),
		Subject: m.Subject, Preview: it.preview, Status: ticket.New, Priority: defaultPriority,
		TeamID: m.TeamID, Walled: it.walled, Version: 1, PublicVersion: 1,
		Deadline: ticket.Deadline(it.next), WaitingSince: &it.at, OpenedAt: it.at, UpdatedAt: it.at,
	}.Snapshot())
}

// dayOf is the day of the installation's calendar on which something counts.
func (in *Intake) dayOf(at time.Time) pgtype.Date {
	return pgDate(brazil.DateOf(at, in.zone))
}

// encode marshals what cannot fail to: plain structs and maps of text.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic("intake: " + err.Error())
	}
	return string(text)
}

func firstOf(ids ...int64) int64 {
	for _, id := range ids {
		if id != 0 {
			return id
		}
	}
	return 0
}
