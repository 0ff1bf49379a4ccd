package routing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/roster"
)

const (
	// page is how many tickets are looked at together.
	page = 500
	// atMost bounds how many of one hour are put into their order.
	atMost = 2000
)

// row is a ticket as the drain reads it.
type row struct {
	ID            int64
	TeamID        int64
	Channel       string
	ReasonID      *int64
	Tags          string
	Due           *time.Time
	Key           string // next_due as PostgreSQL writes it
	LegalPriority int
	AssigneeID    int64
}

const columns = `t.id, t.team_id, t.channel, t.reason_id, array_to_string(t.tags, chr(31)) AS tags, nullif(t.next_due, 'infinity') AS due,
	t.next_due::text AS key, t.legal_priority, coalesce(t.assignee_id, 0) AS assignee_id`

// waits is what can be given: it waits for us, and nobody is answering it.
const waits = `t.open AND NOT t.walled AND t.status IN ('new', 'open') AND t.holder_id IS NULL`

func (d desk) ticket(r row) Ticket {
	asked := roster.Asked{TeamID: r.TeamID, Channel: r.Channel, ReasonID: r.ReasonID}
	if r.Tags != "" {
		asked.Tags = strings.Split(r.Tags, "\x1f")
	}
	return Ticket{ID: r.ID, Team: r.TeamID, Channel: r.Channel, Due: r.Due, Legal: r.LegalPriority,
		Skills: roster.Demanded(d.rules, asked), From: r.AssigneeID, Stays: d.teams[r.TeamID].Mode != roster.Push}
}

// deserted reads tickets of people who are gone, a page at most. Where the desk
// gives out, whoever is not here is gone; where people take, only who is not
// meant to be. A call that somebody has promised waits for them, unless they are
// away for longer.
func (d desk) deserted(ctx context.Context, tx *gorm.DB) ([]Ticket, error) {
	planned, all := d.gone(Inactive, Absent, OffShift), d.gone(Inactive, Absent, OffShift, Offline)
	if len(all) == 0 {
		return nil, nil
	}
	var rows []row
	err := tx.WithContext(ctx).Raw(`SELECT `+columns+` FROM tickets t
		WHERE t.assignee_id IN @all AND `+waits+` AND (t.team_id IN @push OR t.team_id IN @pull AND t.assignee_id IN @planned)
		AND (t.assignee_id IN @away OR NOT EXISTS (SELECT FROM call_backs b WHERE b.ticket_id = t.id AND b.state = 'open' AND b.agent_id = t.assignee_id))
		ORDER BY t.next_due, t.id LIMIT @page`,
		map[string]any{"all": all, "planned": planned, "away": d.gone(Inactive, Absent), "push": d.of(roster.Push), "pull": d.of(roster.Pull), "page": page}).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("look for tickets of people who are gone: %w", err)
	}
	why := map[int64]Obstacle{}
	for _, a := range d.agents {
		why[a.ID] = a.Obstacle
	}
	tickets := make([]Ticket, len(rows))
	for i, r := range rows {
		tickets[i] = d.ticket(r)
		tickets[i].Gone = why[r.AssigneeID]
	}
	return tickets, nil
}

// queue walks what is nobody's in the teams that are pushed to.
type queue struct {
	teams []int64
	key   string
	id    int64
	held  []row // read, of an hour that is not read to its end
	end   bool
}

func (d desk) queue() *queue { return &queue{teams: d.of(roster.Push), key: "-infinity"} }

// more reads on, to the end of an hour, so that the order within it is exact. It
// leaves out what nobody who is free can have.
func (q *queue) more(ctx context.Context, tx *gorm.DB, d desk) ([]Ticket, error) {
	free := d.free()
	if len(free) == 0 || len(q.teams) == 0 {
		q.end = true
		return nil, nil
	}
	for !q.end {
		rows, err := q.read(ctx, tx, d, free)
		if err != nil {
			return nil, err
		}
		q.end = len(rows) < page
		if len(rows) > 0 {
			last := rows[len(rows)-1]
			q.key, q.id = last.Key, last.ID
		}
		q.held = append(q.held, rows...)
		if ready := q.whole(); ready > 0 {
			tickets := make([]Ticket, ready)
			for i, r := range q.held[:ready] {
				tickets[i] = d.ticket(r)
			}
			q.held = q.held[ready:]
			return tickets, tie(ctx, tx, tickets)
		}
	}
	return nil, nil
}

// whole is how many of the first rows are of hours that were read to their end.
func (q *queue) whole() int {
	n := len(q.held)
	if q.end || n >= atMost {
		return n
	}
	last := Ticket{}
	if n > 0 {
		last.Due = q.held[n-1].Due
	}
	for n > 0 && hourOf(Ticket{Due: q.held[n-1].Due}).Equal(hourOf(last)) {
		n--
	}
	return n
}

func (q *queue) read(ctx context.Context, tx *gorm.DB, d desk, free []*Agent) (rows []row, err error) {
	args := map[string]any{"teams": q.teams, "key": q.key, "id": q.id, "page": page}
	beyond := roster.Without(slices.DeleteFunc(slices.Clone(d.rules), func(r roster.Rule) bool {
		return slices.ContainsFunc(free, func(a *Agent) bool { return len(a.lacks(Ticket{Skills: []int64{r.SkillID}})) == 0 })
	}), args)
	err = tx.WithContext(ctx).Raw(`SELECT x.* FROM teams m CROSS JOIN LATERAL (SELECT `+columns+`, t.next_due FROM tickets t
		WHERE t.team_id = m.id AND t.assignee_id IS NULL AND `+waits+` AND (t.next_due, t.id) > (CAST(@key AS timestamptz), @id)`+beyond+`
		ORDER BY t.next_due, t.id LIMIT @page) x WHERE m.id IN @teams ORDER BY x.next_due, x.id LIMIT @page`, args).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what is nobody's: %w", err)
	}
	return rows, nil
}

// tie finds who answered each ticket last, who has dealt with its customer, and
// who has given it back a while ago.
func tie(ctx context.Context, tx *gorm.DB, tickets []Ticket) error {
	ids := make([]int64, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
	}
	var found []struct {
		ID         int64
		AnsweredBy *int64
		AnsweredAt time.Time
		DealtBy    *int64
		DealtAt    time.Time
		GaveBack   string
	}
	// The customer's other tickets are of the same team: what is told here of them
	// is told to those who see them.
	err := tx.WithContext(ctx).Raw(`SELECT t.id, l.author_id AS answered_by, coalesce(l.at, t.opened_at) AS answered_at,
			c.author_id AS dealt_by, coalesce(c.at, t.opened_at) AS dealt_at,
			(SELECT coalesce(string_agg(g.account_id::text, ' '), '') FROM (
				SELECT k.account_id FROM skips k WHERE k.ticket_id = t.id AND k.until_at > now()
				UNION SELECT e.actor_id FROM events e WHERE e.ticket_id = t.id AND e.actor_id IS NOT NULL
					AND e.kind IN ('ticket.released', 'ticket.transferred') AND e.at > now() - interval '1 hour') g) AS gave_back
		FROM tickets t JOIN teams m ON m.id = t.team_id
		LEFT JOIN LATERAL (SELECT x.author_id, x.at FROM messages x
			WHERE x.ticket_id = t.id AND x.direction = 'out' AND x.author_id IS NOT NULL ORDER BY x.id DESC LIMIT 1) l ON true
		LEFT JOIN LATERAL (SELECT x.author_id, x.at FROM
			(SELECT o.id FROM tickets o WHERE m.sticky_days > 0 AND o.customer_id = t.customer_id AND o.id <> t.id
				AND o.team_id = t.team_id AND NOT o.walled ORDER BY o.id DESC LIMIT 20) o
			JOIN messages x ON x.ticket_id = o.id
			WHERE x.direction = 'out' AND x.author_id IS NOT NULL AND x.at > now() - make_interval(days => m.sticky_days)
			ORDER BY x.at DESC LIMIT 1) c ON true
		WHERE t.id IN ?`, ids).Scan(&found).Error
	if err != nil {
		return fmt.Errorf("look who dealt with %d tickets: %w", len(ids), err)
	}
	ties, backs := map[int64][]Tie{}, map[int64][]int64{}
	for _, f := range found {
		for _, text := range strings.Fields(f.GaveBack) {
			account, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return fmt.Errorf("read who gave ticket %d back: %w", f.ID, err)
			}
			backs[f.ID] = append(backs[f.ID], account)
		}
		if f.AnsweredBy != nil {
			ties[f.ID] = append(ties[f.ID], Tie{*f.AnsweredBy, Answered, f.AnsweredAt})
		}
		if f.DealtBy != nil {
			ties[f.ID] = append(ties[f.ID], Tie{*f.DealtBy, Dealt, f.DealtAt})
		}
	}
	for i := range tickets {
		tickets[i].Ties, tickets[i].GaveBack = ties[tickets[i].ID], backs[tickets[i].ID]
	}
	return nil
}
