package intake

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/sla"
)

// group is what commits together: a pipeline of statements over the columns of
// its items (a statement over unnest costs a fraction of as many single ones),
// and what they find out.
type group struct {
	items []*item
	batch pgx.Batch
	found map[string]found // by source key: what was there before
	taken int64            // rows the ledger's statement wrote
}

// found is a ledger row that was there before, with what its receipt said.
type found struct {
	ledger, ticket int64
	hash           []byte
	protocol       string
	answerBy       *time.Time
}

// newGroup queues the statements. claim is the one that makes the ledger's rows
// the group's own.
//
// All writers touch tables, and rows within a table, in this order: unsorted
// rivals deadlock. Identities go in three phases (e-mail, phone, document), each
// sorted: one that decides who somebody is and one that only comes along may
// meet in any of them, and an order by role instead of kind would let two groups
// wait for each other.
func newGroup(items []*item, claim string) *group {
	g := &group{items: items}
	ledger := column(items, func(it *item) int64 { return it.ledger })
	ticket := column(items, func(it *item) int64 { return it.ticket })
	message := column(items, func(it *item) int64 { return it.message })
	contact := column(items, func(it *item) int64 { return it.contact })
	key := column(items, func(it *item) string { return it.in.SourceKey })
	channels := column(items, func(it *item) string { return string(it.in.Channel) })
	at := column(items, func(it *item) time.Time { return it.at })

	g.batch.Queue(claim, ledger, channels, key,
		column(items, func(it *item) []byte { return it.in.BodyHash[:] }),
		column(items, func(it *item) []byte { return it.in.Raw }),
		ticket, message, at,
		column(items, func(it *item) string { return it.reason }),
		column(items, func(it *item) pgtype.Date { return it.day }),
		column(items, func(it *item) bool { return it.walled })).Exec(g.claimed)
	for phase := range phase(phases) {
		g.queueSenders(phase)
	}
	g.batch.Queue(insertTickets, ledger, ticket,
		column(items, func(it *item) string { return it.protocol }),
		column(items, func(it *item) int64 { return it.in.BrandID }),
		column(items, func(it *item) *int64 { return it.origin.customer }),
		column(items, func(it *item) string { return string(it.main().Kind) }),
		column(items, func(it *item) string { return it.main().Value }),
		column(items, func(it *item) string { return it.name }),
		channels,
		column(items, func(it *item) string { return it.in.Kind }),
		column(items, func(it *item) string { return it.in.Subject }),
		column(items, func(it *item) string { return it.preview }),
		column(items, func(it *item) int64 { return it.in.TeamID }),
		column(items, func(it *item) bool { return it.walled }),
		column(items, func(it *item) pgtype.Timestamptz { return orNull(it.next.Due) }),
		column(items, func(it *item) string { return it.next.Clock }),
		column(items, func(it *item) pgtype.Timestamptz { return orNull(it.next.From) }),
		column(items, func(it *item) pgtype.Timestamptz { return orNull(it.next.Warn) }),
		column(items, func(it *item) int16 { return int16(it.next.Clocks) }),
		column(items, func(it *item) string { return it.fields }),
		column(items, func(it *item) *int64 { return it.origin.follows }),
		column(items, func(it *item) int64 { return it.in.ReasonID }),
		at)
	g.batch.Queue(insertProtocols, ticket)
	g.batch.Queue(insertContacts, ticket, contact, column(items, func(it *item) string { return it.data }))
	g.batch.Queue(insertLinks, ticket, contact)
	g.batch.Queue(insertMessages, ticket, message, contact,
		column(items, func(it *item) string { return it.in.Name }),
		column(items, func(it *item) string { return it.in.Body }),
		column(items, func(it *item) string { return it.search }),
		column(items, func(it *item) string { return it.in.HTML }),
		column(items, func(it *item) string { return it.in.Folded }),
		column(items, func(it *item) string { return object(it.in.Origin) }))
	g.queueClocks()
	g.batch.Queue(insertEvents, ticket, message, column(items, func(it *item) string { return it.row }))
	g.queueFiles()
	if slices.ContainsFunc(items, func(it *item) bool { return it.in.Kind == "cancelamento" }) {
		g.batch.Queue(insertDuties, ticket)
	}
	g.batch.Queue(insertTallies, ledger, ticket)
	g.batch.Queue(selectFound, key, ledger).Query(g.read)
	return g
}

func (g *group) queueSenders(phase phase) {
	type sender struct {
		*item
		channel.Identity
		extra bool // not the one that decides who it is
	}
	var all []sender
	for _, it := range g.items {
		if it.origin.customer != nil {
			continue
		}
		for i, id := range it.identities {
			if phaseOf(id.Kind) == phase {
				all = append(all, sender{it, id, i > 0})
			}
		}
	}
	if len(all) == 0 {
		return
	}
	g.batch.Queue(insertSenders,
		column(all, func(s sender) int64 { return s.ledger }),
		column(all, func(s sender) int64 { return s.customer }),
		column(all, func(s sender) string { return string(s.Kind) }),
		column(all, func(s sender) string { return s.Value }),
		column(all, func(s sender) string { return s.name }),
		column(all, func(s sender) bool { return s.extra }))
}

// phase is when identities of a kind are stored.
type phase int

const phases = 3 // e-mail, phone, document

func phaseOf(k channel.IdentityKind) phase {
	switch k {
	case channel.IdentityEmail:
		return 0
	case channel.IdentityPhone:
		return 1
	}
	return 2
}

func (g *group) queueClocks() {
	type clock struct {
		ticket int64
		*sla.NewClock
	}
	var all []clock
	for _, it := range g.items {
		for i := range it.clocks {
			all = append(all, clock{it.ticket, &it.clocks[i]})
		}
	}
	if len(all) == 0 {
		return
	}
	g.batch.Queue(insertClocks,
		column(all, func(c clock) int64 { return c.ticket }),
		column(all, func(c clock) string { return string(c.Kind) }),
		column(all, func(c clock) *int64 { return c.PolicyID }),
		column(all, func(c clock) string { return c.Policy }),
		column(all, func(c clock) string { return c.Why }),
		column(all, func(c clock) string { return c.Calendar }),
		column(all, func(c clock) int32 { return int32(c.Amount) }),
		column(all, func(c clock) string { return string(c.Unit) }),
		column(all, func(c clock) bool { return c.Roll }),
		column(all, func(c clock) bool { return c.Pauses }),
		column(all, func(c clock) string { return c.LegalRef }),
		column(all, func(c clock) time.Time { return c.StartedAt }),
		column(all, func(c clock) time.Time { return c.Due }),
		column(all, func(c clock) time.Time { return c.Target }),
		column(all, func(c clock) time.Time { return c.Warn50 }),
		column(all, func(c clock) time.Time { return c.Warn75 }),
		column(all, func(c clock) time.Time { return c.Warn90 }),
		column(all, func(c clock) int32 { return int32(c.CalendarVersion) }))
}

func (g *group) queueFiles() {
	type file struct {
		*item
		channel.File
	}
	var all []file
	for _, it := range g.items {
		for _, f := range it.in.Files {
			all = append(all, file{it, f})
		}
	}
	if len(all) == 0 {
		return
	}
	g.batch.Queue(insertFiles,
		column(all, func(f file) int64 { return f.ticket }),
		column(all, func(f file) int64 { return f.message }),
		column(all, func(f file) string { return f.Blob }),
		column(all, func(f file) string { return f.Name }),
		column(all, func(f file) string { return f.Mime }),
		column(all, func(f file) int64 { return f.Size }),
		column(all, func(file) string { return rand.Text() }),
		column(all, func(f file) string { return f.ContentID }))
}

// column takes one value of each row.
func column[R, V any](rows []R, value func(R) V) []V {
	values := make([]V, len(rows))
	for i, r := range rows {
		values[i] = value(r)
	}
	return values
}

// object is what a jsonb column that is never null holds of it.
func object(j json.RawMessage) string {
	if len(j) == 0 {
		return "{}"
	}
	return string(j)
}

func orNull(t *time.Time) pgtype.Timestamptz {
	if t == nil {
		return pgtype.Timestamptz{}
	}
	return pgtype.Timestamptz{Time: *t, Valid: true}
}
