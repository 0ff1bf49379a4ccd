package retention

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
)

// part is a ticket as far as retention is concerned. Several are one record when
// they have become part of each other.
type part struct {
	root     int64
	id       int64
	protocol string
	customer *int64
	audience access.Audience
	reason   *int64
	breached bool
	facts    facts
	held     bool
	busy     bool // something of it still has to happen, or has just happened
	calls    []recorded
}

// recorded is a recording that has not been erased.
type recorded struct {
	id    int64
	until time.Time // what its call was told, whatever the rules say
	asked bool      // somebody waits for a copy
	facts facts
}

// group is a record: a ticket and those that became part of it.
type group []part

func (g group) held() bool { return slices.ContainsFunc(g, func(p part) bool { return p.held }) }

func (g group) busy() bool { return slices.ContainsFunc(g, func(p part) bool { return p.busy }) }

// main is the part that the others have become part of.
func (g group) main() part {
	return g[max(0, slices.IndexFunc(g, func(p part) bool { return p.id == p.root }))]
}

func (g group) ids() []int64 {
	ids := make([]int64, len(g))
	for i, p := range g {
		ids[i] = p.id
	}
	return ids
}

// until is the last day on which a record is kept: that of the part that is kept
// longest, and of its recordings. nil when there is no such day yet.
func (g group) until(rules []Rule, zone *time.Location) *brazil.Date {
	var latest *brazil.Date
	later := func(d *brazil.Date) bool {
		if d != nil && (latest == nil || latest.Before(*d)) {
			latest = d
		}
		return d != nil
	}
	for _, p := range g {
		if p.facts.Ended.IsZero() || !later(last(keeps(rules, Record, p.facts, zone))) {
			return nil
		}
		for _, r := range p.calls {
			if r.asked {
				return nil
			}
			later(r.least(rules, zone))
		}
	}
	return latest
}

// kept is the last day on which a recording is kept, when it may go before its
// record; nil while somebody waits for a copy, and when no rule is about it.
func (r recorded) kept(rules []Rule, zone *time.Location) *brazil.Date {
	if r.asked || len(keeps(rules, Recording, r.facts, zone)) == 0 {
		return nil
	}
	return r.least(rules, zone)
}

// least is the last day on which a recording has to be kept: by the rules, or as
// its call was told.
func (r recorded) least(rules []Rule, zone *time.Location) *brazil.Date {
	told := brazil.DateOf(r.until, zone)
	if until := last(keeps(rules, Recording, r.facts, zone)); until != nil && told.Before(*until) {
		return until
	}
	return &told
}

// settled is how long a ticket has been left alone before it is purged: whatever
// was told of it has then reached every node and every copy.
const settled = "interval '1 hour'"

// held says in SQL whether a ticket t is held. A hold on a customer goes with
// them when their record becomes part of another.
const held = `EXISTS (SELECT FROM retention_holds h WHERE h.lifted_at IS NULL AND h.ticket_id = t.id)
	OR t.customer_id IS NOT NULL AND EXISTS (WITH RECURSIVE known (id) AS (
	    SELECT t.customer_id UNION SELECT c.id FROM known k JOIN customers c ON c.merged_into = k.id)
	  SELECT FROM known k JOIN retention_holds h ON h.customer_id = k.id AND h.lifted_at IS NULL)`

// busy says in SQL what keeps a ticket t from going now, apart from time.
const busy = `t.open OR t.updated_at > now() - ` + settled + ` OR coalesce(t.lease_until > now(), false)
	OR EXISTS (SELECT FROM clocks c WHERE c.ticket_id = t.id AND c.state IN ('running', 'paused'))
	OR EXISTS (SELECT FROM outbox o WHERE o.ticket_id = t.id AND o.state IN ('queued', 'sending'))
	OR EXISTS (SELECT FROM copies c WHERE c.ticket_id = t.id AND c.out_id IS NULL)
	OR EXISTS (SELECT FROM area_requests r WHERE r.ticket_id = t.id AND r.state = 'open')
	OR EXISTS (SELECT FROM call_backs b WHERE b.ticket_id = t.id AND b.state = 'open')
	OR EXISTS (SELECT FROM bulk_items b WHERE b.ticket_id = t.id AND b.state = 'pending')
	OR EXISTS (SELECT FROM incident_run_tickets i WHERE i.ticket_id = t.id AND i.state = 'waiting')
	OR EXISTS (SELECT FROM commitments c WHERE c.ticket_id = t.id AND c.state = 'open')
	OR EXISTS (SELECT FROM escalations x WHERE x.ticket_id = t.id AND x.done_at IS NULL)
	OR EXISTS (SELECT FROM clock_stages s WHERE s.ticket_id = t.id AND NOT s.told)
	OR EXISTS (SELECT FROM events e WHERE e.ticket_id = t.id AND e.pos IS NULL)`

const groups = `WITH RECURSIVE part (root, id) AS (
    SELECT id, id FROM unnest($1::bigint[]) id UNION SELECT p.root, t.id FROM part p JOIN tickets t ON t.merged_into = p.id)
SELECT p.root, t.id, t.protocol, t.customer_id, t.team_id, t.walled, t.barred, t.reason_id, t.breached, t.kind, t.channel,
  ARRAY(SELECT DISTINCT y.regime_id FROM clocks c JOIN sla_policies y ON y.id = c.policy_id WHERE c.ticket_id = t.id),
  t.opened_at, CASE WHEN NOT t.open THEN coalesce(t.resolved_at, t.closed_at, t.updated_at) END,
  greatest(t.opened_at, (SELECT max(m.at) FROM messages m WHERE m.ticket_id = t.id),
    (SELECT max(c.at) FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id WHERE l.ticket_id = t.id)),
  ` + held + `, ` + busy + `
FROM part p JOIN tickets t ON t.id = p.id ORDER BY p.root, t.id`

const recordings = `SELECT c.ticket_id, r.id, coalesce(c.ended_at, c.started_at), r.retain_until,
  EXISTS (SELECT FROM recording_requests q WHERE q.recording_id = r.id AND q.answered_at IS NULL)
FROM calls c JOIN recordings r ON r.contact_id = c.contact_id WHERE c.ticket_id = ANY($1) AND r.erased_at IS NULL ORDER BY r.id`

// readGroups reads records by the ids of their tickets, in order of the ids. Those
// that do not exist are left out.
func readGroups(ctx context.Context, q asker, ids []int64) ([]group, error) {
	rows, err := q.Query(ctx, groups, ids)
	if err != nil {
		return nil, fmt.Errorf("read what is to be known of %d records: %w", len(ids), err)
	}
	var all []group
	at := map[int64][2]int{}
	var p part
	var ended *time.Time
	_, err = pgx.ForEachRow(rows, []any{&p.root, &p.id, &p.protocol, &p.customer, &p.audience.Team, &p.audience.Walled, &p.audience.Barred,
		&p.reason, &p.breached, &p.facts.Kind, &p.facts.Channel, &p.facts.Regimes, &p.facts.Opened, &ended, &p.facts.LastContact, &p.held, &p.busy},
		func() error {
			one := p
			one.facts.Regimes, one.facts.Walled = slices.Clone(p.facts.Regimes), p.audience.Walled
			if ended != nil {
				one.facts.Ended = *ended
			}
			if n := len(all); n == 0 || all[n-1][0].root != one.root {
				all = append(all, nil)
			}
			n := len(all) - 1
			at[one.id] = [2]int{n, len(all[n])}
			all[n] = append(all[n], one)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read what is to be known of %d records: %w", len(ids), err)
	}
	var members []int64
	for id := range at {
		members = append(members, id)
	}
	if rows, err = q.Query(ctx, recordings, members); err != nil {
		return nil, fmt.Errorf("read the recordings of %d tickets: %w", len(members), err)
	}
	var ticket int64
	var r recorded
	var attended time.Time
	_, err = pgx.ForEachRow(rows, []any{&ticket, &r.id, &attended, &r.until, &r.asked}, func() error {
		owner := &all[at[ticket][0]][at[ticket][1]]
		one := r
		one.facts = owner.facts
		one.facts.Attended = attended
		owner.calls = append(owner.calls, one)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the recordings of %d tickets: %w", len(members), err)
	}
	return all, nil
}
