package sla

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Due is one stage of one clock: looked for, or recorded.
type Due struct {
	ClockID, TicketID int64
	Kind              Kind
	Stage             int       // 50, 75, 90, or 100 for the breach; 0 in a question
	Due               time.Time // when the stage was reached; in a question, when it was expected to be
}

// record writes down every stage that running clocks have passed by an instant,
// and the steps of their regimes' ladders that follow from it. The primary key of
// clock_stages is what makes it once; a clock that was stopped, paused or moved in
// the meantime is not running or has passed nothing.
const record = `
	WITH passed AS (
		SELECT c.id, c.ticket_id, c.kind, s.stage, s.at
		  FROM clocks c
		 CROSS JOIN LATERAL (VALUES (50, c.warn50), (75, c.warn75), (90, c.warn90), (100, c.due)) s (stage, at)
		 WHERE %s AND c.state = 'running' AND s.stage > c.stage AND s.at <= %s
	), recorded AS (
		INSERT INTO clock_stages (clock_id, stage, ticket_id, due, told)
		SELECT id, stage, ticket_id, at, %s FROM passed ORDER BY id, stage
		ON CONFLICT DO NOTHING RETURNING clock_id, stage, ticket_id, due
	), climbed AS (
		INSERT INTO escalations (clock_id, ticket_id, rung_id, stage, after, act, at)
		SELECT r.clock_id, r.ticket_id, g.id, r.stage, g.after, g.act, r.due + g.after * interval '1 minute'
		  FROM recorded r JOIN clocks c ON c.id = r.clock_id LEFT JOIN sla_policies p ON p.id = c.policy_id
		  JOIN escalation_rungs g ON g.stage = r.stage AND g.retired_at IS NULL
		   AND g.regime_id = coalesce(p.regime_id, (SELECT id FROM regimes WHERE key = 'own')) -- a promise has no policy
		 ORDER BY r.clock_id, g.id
		ON CONFLICT DO NOTHING
	), marked AS (
		UPDATE clocks c SET stage = p.stage, version = c.version + 1,
		       breached_at = CASE WHEN p.stage = 100 THEN c.due ELSE c.breached_at END
		  FROM (SELECT id, max(stage) AS stage FROM passed GROUP BY id) p WHERE c.id = p.id
	)
	SELECT r.clock_id, r.ticket_id, p.kind, r.stage, r.due
	  FROM recorded r JOIN passed p ON p.id = r.clock_id AND p.stage = r.stage
	 ORDER BY r.ticket_id, r.clock_id, r.stage`

// RecordStages records what these clocks have really passed by PostgreSQL's
// time, and returns that: in order of ticket, clock and stage, nothing twice.
// A clock that was found late may have passed several stages at once. The
// caller has locked the tickets, in order of their ids.
func RecordStages(tx *gorm.DB, due []Due) ([]Due, error) {
	clocks := make(ids, len(due))
	for i, d := range due {
		clocks[i] = d.ClockID
	}
	var out []Due
	if err := tx.Raw(fmt.Sprintf(record, "c.id = ANY(?::bigint[])", "now()", "true"), clocks).Scan(&out).Error; err != nil {
		return nil, fmt.Errorf("record the stages of %d clocks: %w", len(due), err)
	}
	return out, nil
}

// Untold takes the stages of these tickets that settle has recorded and nobody has
// told, in the order of RecordStages, and marks them as told. The caller has locked
// the tickets and tells them.
func Untold(tx *gorm.DB, tickets []int64) ([]Due, error) {
	var out []Due
	err := tx.Raw(`WITH told AS (UPDATE clock_stages SET told = true WHERE NOT told AND ticket_id IN ? RETURNING clock_id, ticket_id, stage, due)
		SELECT t.clock_id, t.ticket_id, c.kind, t.stage, t.due FROM told t JOIN clocks c ON c.id = t.clock_id ORDER BY 2, 1, 4`, tickets).Scan(&out).Error
	if err != nil {
		return nil, fmt.Errorf("read the untold stages of %d tickets: %w", len(tickets), err)
	}
	return out, nil
}

// settle records what a ticket's clocks have passed before something else
// happens to them. It is told afterwards, see Untold.
func settle(tx *gorm.DB, ticketID int64, at time.Time) error {
	var out []Due
	if err := tx.Raw(fmt.Sprintf(record, "c.ticket_id = ?", "?", "false"), ticketID, at).Scan(&out).Error; err != nil {
		return fmt.Errorf("record the stages of ticket %d: %w", ticketID, err)
	}
	return nil
}
