package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

const (
	// climbing is how often steps are looked for that time alone makes due, or that
	// a dead node has left behind.
	climbing = 5 * time.Second
	// climbAtOnce bounds the tickets whose steps are done in one transaction.
	climbAtOnce = 100
)

// Escalated is what the event of steps of a ladder tells beside the row.
type Escalated struct {
	Steps  []Step            `json:"steps"`
	Told   []int64           `json:"told"`             // the accounts, each once however many steps name it
	Fields map[string]FromTo `json:"fields,omitempty"` // what is different of the ticket
}

// Step is one step that was done, or why there was nothing to do.
type Step struct {
	Clock   sla.Kind `json:"clock"`
	Policy  string   `json:"policy"`
	Stage   int      `json:"stage"` // per cent
	After   int      `json:"after"` // minutes past it
	Act     sla.Rise `json:"act"`
	Outcome string   `json:"outcome"` // done, ended, paused, nobody, highest
}

// Climb does the steps of escalation ladders as they come, until ctx ends: soon
// after this node has recorded a stage, and every few seconds what other nodes have
// left or what waits for its time.
func (s *Service) Climb(ctx context.Context) error {
	tick := time.NewTicker(climbing)
	defer tick.Stop()
	for {
		for more := true; more && ctx.Err() == nil; {
			done, err := s.climbSome(ctx)
			if err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "steps of escalation are done later", slog.Any("error", err))
			}
			more = err == nil && done == climbAtOnce
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.climb:
		case <-tick.C:
		}
	}
}

// climbSome asks one question when there is nothing to do, which is nearly always.
func (s *Service) climbSome(ctx context.Context) (done int, err error) {
	var waits struct{ Steps, Stages bool }
	err = s.db.Gorm.WithContext(ctx).Raw(`SELECT EXISTS (SELECT FROM escalations WHERE done_at IS NULL AND at <= ?) AS steps,
		EXISTS (SELECT FROM clock_stages WHERE NOT told) AS stages`, s.now()).Scan(&waits).Error
	if err == nil && waits.Steps {
		done, err = s.ClimbDue(ctx)
	}
	if err == nil && waits.Stages {
		err = s.TellSettled(ctx)
	}
	return done, wrapped(err, "look for what deadlines have left to do")
}

// TellSettled tells the stages that were recorded in the middle of an act.
func (s *Service) TellSettled(ctx context.Context) error {
	var ids []int64
	err := s.db.Gorm.WithContext(ctx).Raw("SELECT DISTINCT ticket_id FROM clock_stages WHERE NOT told ORDER BY ticket_id LIMIT ?", climbAtOnce).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return wrapped(err, "look for stages that nobody has told")
	}
	var told []sla.Due
	err = s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		tx = tx.WithContext(ctx)
		if ids, err = lockFree(tx, ids, false); err != nil || len(ids) == 0 {
			return err
		}
		if told, err = sla.Untold(tx, ids); err != nil {
			return err
		}
		return s.tellStages(ctx, tx, told)
	})
	if err == nil && len(told) > 0 {
		s.poke.Poke()
	}
	return wrapped(err, "tell stages that were passed")
}

// bell wakes one waiter: rung twice before it looks, it looks once.
type bell chan struct{}

func (b bell) look() {
	select {
	case b <- struct{}{}:
	default:
	}
}

// climbStep is a step as its row has it, with the clock that it is about.
type climbStep struct {
	ID       int64
	TicketID int64
	Stage    int
	After    int
	Act      sla.Rise
	TeamID   *int64
	Kind     sla.Kind
	Policy   string
	State    sla.State
	OwnerID  *int64 // who is to keep the promise that it is
}

// climbed is what became of a step.
type climbed struct {
	ID      int64   `json:"id"`
	Outcome string  `json:"outcome"`
	Told    []int64 `json:"told"`
	// until is when a step that has to wait is looked at again.
	until *time.Time
}

// ClimbDue does the steps that have come of some tickets, with one event a ticket,
// and returns of how many. Each step is done once, whoever else looks: its ticket
// is locked first, and a step that is done is not found again. Steps that came
// together, as after a time without any server, tell everybody once.
func (s *Service) ClimbDue(ctx context.Context) (int, error) {
	var ids []int64
	err := s.db.Gorm.WithContext(ctx).Raw(`SELECT ticket_id FROM (SELECT ticket_id, at FROM escalations WHERE done_at IS NULL AND at <= ? ORDER BY at, id LIMIT ?) e
		GROUP BY ticket_id ORDER BY ticket_id`, s.now(), climbAtOnce).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return 0, wrapped(err, "look for steps of escalation")
	}
	var freed []int64
	told := false
	err = s.db.InTx(ctx, func(tx *gorm.DB) (err error) {
		tx = tx.WithContext(ctx)
		freed, told, err = s.climbAll(ctx, tx, ids)
		return err
	})
	if err != nil {
		return 0, wrapped(err, "do steps of escalation")
	}
	if told {
		s.poke.Poke()
	}
	for _, id := range freed {
		s.leases.Forget(ctx, id)
	}
	return len(ids), nil
}

func wrapped(err error, doing string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

func (s *Service) climbAll(ctx context.Context, tx *gorm.DB, ids []int64) (freed []int64, told bool, err error) {
	if ids, err = lockFree(tx, ids, false); err != nil || len(ids) == 0 { // whoever is at one of them is done at the next look
		return nil, false, err
	}
	now := s.now()
	var rows []climbStep
	err = tx.Raw(`SELECT e.id, e.ticket_id, e.stage, e.after, e.act, g.team_id, c.kind, c.policy, c.state, m.owner_id
		FROM escalations e JOIN clocks c ON c.id = e.clock_id JOIN escalation_rungs g ON g.id = e.rung_id
		LEFT JOIN commitments m ON m.clock_id = c.id
		WHERE e.ticket_id IN ? AND e.done_at IS NULL AND e.at <= ? ORDER BY e.ticket_id, e.stage, e.after, e.id`, ids, now).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, false, err
	}
	leads, err := leaders(ctx, tx)
	if err != nil {
		return nil, false, err
	}
	steps := map[int64][]climbStep{}
	for _, r := range rows {
		steps[r.TicketID] = append(steps[r.TicketID], r)
	}
	var all []climbed
	_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
		was := *t
		e := Escalated{Told: []int64{}}
		done := ladderOf(t, steps[t.ID], leads, now, &e)
		all = append(all, done...)
		c := ticket.Cause{Kind: event.ClockEscalated, Data: &e, At: now}
		e.Fields = difference(was, *t)
		if len(e.Fields) == 0 && len(e.Told) == 0 {
			return c, ticket.ErrUnchanged
		}
		told = true
		if was.HolderID != nil && t.HolderID == nil {
			freed = append(freed, t.ID)
		}
		if len(e.Fields) > 0 {
			c.Kind = event.TicketEscalated
		}
		if demandOf(was) != demandOf(*t) && t.Status.IsOpen() {
			moved, err := s.replanChanged(tx, was, *t, now)
			if err != nil {
				return c, err
			}
			tellMoves(&c, moved)
			current, err := sla.Current(tx, t.ID)
			t.Deadline = ticket.Deadline(current)
			return c, err
		}
		return c, nil
	})
	if err != nil {
		return nil, false, err
	}
	return freed, told, writeClimbed(tx, all, now)
}

// ladderOf does a ticket's steps to it, and notes in e what is to be told.
func ladderOf(t *ticket.Ticket, steps []climbStep, leads []access.Actor, now time.Time, e *Escalated) []climbed {
	var all []climbed
	for _, step := range steps {
		c := climbed{ID: step.ID}
		c.rise(t, step, leads, now)
		all = append(all, c)
		if c.until != nil {
			continue
		}
		e.Steps = append(e.Steps, Step{step.Kind, step.Policy, step.Stage, step.After, step.Act, c.Outcome})
		for _, id := range c.Told {
			if !slices.Contains(e.Told, id) {
				e.Told = append(e.Told, id)
			}
		}
	}
	return all
}

func (c *climbed) rise(t *ticket.Ticket, step climbStep, leads []access.Actor, now time.Time) {
	answering := t.HolderID != nil && t.LeaseUntil != nil && t.LeaseUntil.After(now)
	c.Outcome = "done"
	switch {
	case step.State == sla.Standing:
		c.Outcome = "paused"
	case step.State != sla.Running:
		c.Outcome = "ended"
	case step.Act == sla.RiseHolder:
		switch {
		case step.OwnerID != nil:
			c.Told = []int64{*step.OwnerID}
		case answering:
			c.Told = []int64{*t.HolderID}
		case t.AssigneeID != nil:
			c.Told = []int64{*t.AssigneeID}
		default:
			c.Outcome = "nobody"
		}
	case step.Act == sla.RiseSupervisors:
		if c.Told = answerFor(*t, leads); len(c.Told) == 0 {
			c.Outcome = "nobody"
		}
	case !t.Status.IsOpen(): // its answer is owed yet, but nobody works on it
		c.Outcome = "ended"
	case step.Act == sla.RisePriority:
		if t.Priority == ticket.MostUrgent {
			c.Outcome = "highest"
		} else {
			t.Priority--
		}
	case step.Act == sla.RiseReassign && answering: // whoever is writing the answer may finish it
		until := t.LeaseUntil.Add(time.Second)
		c.until = &until
	case step.Act == sla.RiseReassign:
		goes := step.TeamID != nil && *step.TeamID != t.TeamID && !t.Walled
		if t.AssigneeID == nil && !goes {
			c.Outcome = "nobody"
			break
		}
		t.AssigneeID, t.HolderID, t.LeaseUntil = nil, nil, nil
		if goes {
			t.TeamID = *step.TeamID
		}
	}
}

// writeClimbed notes what became of the steps, and whom they told.
func writeClimbed(tx *gorm.DB, all []climbed, now time.Time) error {
	done := []climbed{}
	for _, c := range all {
		if c.until == nil {
			done = append(done, c)
		} else if err := tx.Exec("UPDATE escalations SET at = ? WHERE id = ?", *c.until, c.ID).Error; err != nil {
			return fmt.Errorf("put off a step of escalation: %w", err)
		}
	}
	raw, err := json.Marshal(done)
	if err == nil {
		err = tx.Exec(`WITH done AS (SELECT * FROM jsonb_to_recordset(?::jsonb) AS d (id bigint, outcome text, told bigint[])), told AS (
				INSERT INTO escalation_told (escalation_id, account_id) SELECT id, unnest(told) FROM done ON CONFLICT DO NOTHING)
			UPDATE escalations e SET done_at = ?, outcome = d.outcome FROM done d WHERE e.id = d.id`, string(raw), now).Error
	}
	if err != nil {
		return fmt.Errorf("note steps of escalation: %w", err)
	}
	return nil
}

// leaders are the active people who may take over, by role and teams.
func leaders(ctx context.Context, tx *gorm.DB) ([]access.Actor, error) {
	var rows []struct {
		ID    int64
		Role  access.Role
		Teams string
	}
	err := tx.WithContext(ctx).Raw(`SELECT a.id, a.role, coalesce(json_agg(m.team_id ORDER BY m.team_id) FILTER (WHERE m.team_id IS NOT NULL), '[]')::text AS teams
		FROM accounts a LEFT JOIN account_teams m ON m.account_id = a.id
		WHERE a.active AND NOT a.office_pending AND a.role <> 'agent' GROUP BY a.id ORDER BY a.id`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read who leads: %w", err)
	}
	leads := make([]access.Actor, len(rows))
	for i, r := range rows {
		leads[i] = access.Actor{AccountID: r.ID, Role: r.Role}
		if err := json.Unmarshal([]byte(r.Teams), &leads[i].Teams); err != nil {
			return nil, fmt.Errorf("read the teams of account %d: %w", r.ID, err)
		}
	}
	return leads, nil
}

// answerFor are those who answer for a ticket: the supervisors of its team, of what
// is behind the wall the ombudsman's office. Where there is none, the admins who
// may see it.
func answerFor(t ticket.Ticket, leads []access.Actor) []int64 {
	office := access.Supervisor
	if t.Walled {
		office = access.Ombudsman
	}
	for _, role := range []access.Role{office, access.Admin} {
		var told []int64
		for _, a := range leads {
			if a.Role == role && a.MaySee(t.Audience()) {
				told = append(told, a.AccountID)
			}
		}
		if len(told) > 0 {
			return told
		}
	}
	return nil
}
