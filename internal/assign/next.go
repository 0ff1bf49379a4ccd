package assign

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// ready is a ticket that waits for one of us, is nobody else's and held by
// nobody: neither by another nor by the asker, who is at it already.
const ready = `t.open AND t.status IN ('new', 'open') AND (t.holder_id IS NULL OR t.lease_until < now())`

// queue picks the next ticket and locks it: of each source the first by
// deadline, up to the end of the hour in which the 64th of all falls, so that
// the order within an hour is exact without sorting the whole queue. Only the
// best hundred are joined to their rows: with more the planner reads the table
// to do it. They are asked again whether they are ready, under the lock.
const queue = `WITH first AS MATERIALIZED (%[1]s),
	horizon AS (SELECT coalesce((SELECT date_trunc('hour', f.next_due) + interval '1 hour' FROM first f
		ORDER BY f.next_due OFFSET 63 LIMIT 1), 'infinity') AS until),
	candidates AS MATERIALIZED (%[2]s),
	best AS MATERIALIZED (SELECT c.id, row_number() OVER (ORDER BY
			c.next_due < now() DESC, date_trunc('hour', c.next_due), c.legal_priority DESC, c.next_due, c.id) AS place
		FROM candidates c ORDER BY place LIMIT 100)
	SELECT t.id FROM best b JOIN tickets t ON t.id = b.id
	WHERE ` + ready + ` AND (t.assignee_id IS NULL OR t.assignee_id = @me)` + notSkipped + `
	ORDER BY b.place LIMIT 1 FOR NO KEY UPDATE OF t`

// sources are the places where a ticket for the asker can be. %[1]s is a further
// condition, %[2]d how many to take of each, and %[3]s what a ticket must not
// demand of somebody whose it is not yet. The tickets of a team that works by
// hand are taken by hand.
var sources = []string{
	`(SELECT x.* FROM teams m CROSS JOIN LATERAL (SELECT t.next_due, t.legal_priority, t.id FROM tickets t
		WHERE t.team_id = m.id AND NOT t.walled AND t.assignee_id IS NULL AND ` + ready + `%[1]s%[3]s
		ORDER BY t.next_due, t.id LIMIT %[2]d) x WHERE m.routing <> 'manual' AND (@all OR m.id IN @teams))`,
	`(SELECT t.next_due, t.legal_priority, t.id FROM tickets t
		WHERE t.assignee_id = @me AND NOT t.walled AND (@all OR t.team_id IN @teams) AND ` + ready + `%[1]s
		ORDER BY t.next_due, t.id LIMIT %[2]d)`,
}

// walledSource is another source because the wall has indexes of its own.
const walledSource = `(SELECT t.next_due, t.legal_priority, t.id FROM tickets t
	WHERE t.walled AND NOT string_to_array(t.barred, ' ') && string_to_array(@keys, ' ')
	AND (t.assignee_id IS NULL OR t.assignee_id = @me) AND ` + ready + `%[1]s
	ORDER BY t.next_due, t.id LIMIT %[2]d)`

// atMost bounds the candidates of one source: a queue in which more than so many
// fall due in one hour is served in order of deadline from there on.
const atMost = 2000

// Next claims the most urgent ticket that the actor may have: a call that we owe
// now before all others, then overdue first,
// then by the hour of its deadline, within it by legal priority, then by the
// deadline itself. It is served to exactly one asker. found is false when
// nothing waits.
//
// What nobody has yet is served only to who has the skills that it demands. How
// much the asker has in hand does not count: whoever asks for more is given it.
func (s *Service) Next(ctx context.Context, actor access.Actor) (next ticket.Ticket, l Lease, found bool, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		id, err := owed(ctx, tx, actor)
		var t terms
		if err == nil {
			t, err = termsOf(ctx, tx, actor)
		}
		if err == nil && id == 0 {
			id, err = choose(ctx, tx, actor, t)
		}
		if err != nil {
			return err
		}
		if id == 0 {
			return errNothingWaits
		}
		if next, err = s.take(ctx, tx, actor, id, nil); err != nil {
			return err
		}
		return t.served(ctx, tx, actor, next)
	})
	switch {
	case errors.Is(err, errNothingWaits):
		return ticket.Ticket{}, Lease{}, false, nil
	case err != nil:
		return ticket.Ticket{}, Lease{}, false, err
	}
	return next, s.taken(ctx, actor, next), true, nil
}

// owed locks the ticket whose customer must be called back now: by the asker, or
// by anybody of its team. A call that we owe goes before the queue, so that it
// comes to who has promised it. It returns 0 when there is none.
func owed(ctx context.Context, tx *gorm.DB, actor access.Actor) (id int64, err error) {
	err = tx.WithContext(ctx).Raw(`SELECT t.id FROM call_backs b JOIN tickets t ON t.id = b.ticket_id
		WHERE b.state = 'open' AND b.next_at <= now() AND (b.agent_id IS NULL OR b.agent_id = @me)
		  AND t.open AND (t.holder_id IS NULL OR t.lease_until < now()) AND (t.assignee_id IS NULL OR t.assignee_id = @me)
		  AND `+access.Condition+`
		ORDER BY b.agent_id IS NULL, b.to_at, b.id LIMIT 1 FOR NO KEY UPDATE OF t SKIP LOCKED`,
		actor.Scope().Named(map[string]any{"me": actor.AccountID})).Scan(&id).Error
	if err != nil {
		return 0, fmt.Errorf("look for a call that is owed: %w", err)
	}
	return id, nil
}

// choose locks the next ticket and returns its id, 0 when there is none.
func choose(ctx context.Context, tx *gorm.DB, actor access.Actor, t terms) (id int64, err error) {
	if len(t.tired) > 0 {
		id, err = pick(ctx, tx, actor, t, true, true)
	}
	if err == nil && id == 0 {
		id, err = pick(ctx, tx, actor, t, false, true)
	}
	if err == nil && id == 0 {
		// What others have locked was skipped. They may not want it in the end
		// (a reply, a renewal), so an empty answer is asked once more, waiting.
		id, err = pick(ctx, tx, actor, t, false, false)
	}
	return id, err
}

// pick locks the first ticket by the terms, without what can wait of the heavy
// ones when it is to be lighter, and skips what others have locked or waits for it.
func pick(ctx context.Context, tx *gorm.DB, actor access.Actor, t terms, light, skip bool) (id int64, err error) {
	statement, args := t.statement(actor, light)
	if skip {
		statement += " SKIP LOCKED"
	}
	if err := tx.WithContext(ctx).Raw(statement, args).Scan(&id).Error; err != nil {
		return 0, fmt.Errorf("look for the next ticket: %w", err)
	}
	return id, nil
}

// statement writes the queue for one asker.
func (t terms) statement(actor access.Actor, light bool) (string, map[string]any) {
	scope := actor.Scope()
	from := sources
	if scope.Walled {
		from = append(from[:len(from):len(from)], walledSource)
	}
	args := map[string]any{"me": actor.AccountID, "all": scope.AllTeams, "teams": scope.Teams, "keys": strings.Join(scope.Keys, " ")}
	lacking, lighter := roster.Without(t.lacked, args), ""
	if light {
		lighter, args["heavy"], args["tired"] = lighterOnly, heavyKinds, t.tired
	}
	return fmt.Sprintf(queue, union(from, lighter, 64, lacking),
		union(from, lighter+" AND t.next_due <= (SELECT h.until FROM horizon h)", atMost, lacking)), args
}

func union(from []string, and string, limit int, lacking string) string {
	all := ""
	for i, source := range from {
		if i > 0 {
			all += " UNION ALL "
		}
		all += fmt.Sprintf(source, and, limit, lacking)
	}
	return all
}
