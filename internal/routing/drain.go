package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/roster"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Told is what the events of giving out and taking off tell beside the row.
type Told struct {
	From     *int64     `json:"from,omitempty"`
	Gone     Obstacle   `json:"gone,omitempty"` // why it no longer is theirs
	To       *int64     `json:"to,omitempty"`
	Due      *time.Time `json:"due,omitempty"`
	Skills   []string   `json:"skills,omitempty"` // demanded, by name
	Load     int        `json:"load,omitempty"`   // what To has in hand with it
	Capacity int        `json:"capacity,omitempty"`
	Bond     Bond       `json:"bond,omitempty"` // why to them of all
	Met      *time.Time `json:"met,omitempty"`  // when the bond came to be
}

// drainLock is the advisory lock of whoever drains.
const drainLock = 0x45_53_43_52_54 // "ESCRT"

var errAnotherDrains = errors.New("another node gives out")

// drain gives out and takes off until there is nothing more to do, and returns
// when to look again at the latest; zero for whenever it is woken.
func (r *Router) drain(ctx context.Context) time.Time {
	idle, err := r.nothing(ctx)
	r.idle.Store(idle && err == nil)
	for err == nil && !idle {
		var more bool
		var next time.Time
		more, next, err = r.Pass(ctx)
		if err == nil && !more {
			return next
		}
	}
	if err == nil || ctx.Err() != nil {
		return time.Time{}
	}
	if !errors.Is(err, errAnotherDrains) {
		r.deps.Log.ErrorContext(ctx, "tickets are given out later", "error", err)
	}
	return r.deps.Now().Add(retry)
}

// nothing reports that nobody is ever given anything, and nobody is ever gone.
func (r *Router) nothing(ctx context.Context) (idle bool, err error) {
	err = r.deps.DB.Gorm.WithContext(ctx).Raw(`SELECT NOT EXISTS (SELECT FROM teams WHERE routing = 'push')
		AND NOT EXISTS (SELECT FROM account_shifts) AND NOT EXISTS (SELECT FROM absences WHERE to_at > now())`).Scan(&idle).Error
	if err != nil {
		return false, fmt.Errorf("look whether anything is given out: %w", err)
	}
	return idle, nil
}

// Pass gives out and takes off once. more says that there may be more to do at
// once, next when somebody's time next begins or ends.
func (r *Router) Pass(ctx context.Context) (more bool, next time.Time, err error) {
	states, gone, patience := r.attend()
	changed := 0
	err = r.deps.DB.InTx(ctx, func(tx *gorm.DB) error {
		var mine bool
		if err := tx.Raw("SELECT pg_try_advisory_xact_lock(?)", drainLock).Scan(&mine).Error; err != nil {
			return fmt.Errorf("ask to give out: %w", err)
		}
		if !mine {
			return errAnotherDrains
		}
		// A node that stands still must not keep the others from it.
		if err := tx.Exec("SET LOCAL idle_in_transaction_session_timeout = '5s'").Error; err != nil {
			return fmt.Errorf("bound the giving out: %w", err)
		}
		d, err := r.load(ctx, tx, everybody, map[string]any{}, states, gone)
		if err != nil {
			return err
		}
		next = earliest(d.turns, patience)
		var p pass
		err = r.give(ctx, tx, d, &p)
		if changed, more = p.changed, p.more; p.locked {
			next = earliest(next, r.deps.Now().Add(retry))
		}
		return err
	})
	if err != nil {
		return false, time.Time{}, err
	}
	if changed > 0 {
		r.deps.Poke.Poke()
	}
	return more && changed > 0, next, nil
}

// pass is what one look has done.
type pass struct {
	changed int
	more    bool // it stopped before the end
	locked  bool // somebody was at a ticket that was to be given
}

func (r *Router) give(ctx context.Context, tx *gorm.DB, d desk, p *pass) error {
	lost, err := d.deserted(ctx, tx)
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		if err := tie(ctx, tx, lost); err != nil {
			return err
		}
	}
	p.more = len(lost) == page
	q := d.queue()
	for !q.end && p.changed < page {
		tickets, err := q.more(ctx, tx, d)
		if err != nil {
			return err
		}
		// What the gone have left is as urgent as what was nobody's.
		tickets, lost = append(lost, tickets...), nil
		if err := r.apply(ctx, tx, d, p, Decide(r.deps.Now(), d.agents, tickets)); err != nil {
			return err
		}
	}
	p.more = p.more || !q.end
	return nil
}

// apply changes the tickets that still are as they were when it was decided.
func (r *Router) apply(ctx context.Context, tx *gorm.DB, d desk, p *pass, decided []Decision) error {
	if len(decided) == 0 {
		return nil
	}
	by := map[int64]Decision{}
	ids := make([]int64, len(decided))
	for i, dec := range decided {
		by[dec.Ticket.ID], ids[i] = dec, dec.Ticket.ID
	}
	slices.Sort(ids)
	// Whoever has one locked is at it: it is looked at again when they are done.
	var free []int64
	err := tx.WithContext(ctx).Raw("SELECT id FROM tickets WHERE id IN ? ORDER BY id FOR NO KEY UPDATE SKIP LOCKED", ids).Scan(&free).Error
	if err != nil {
		return fmt.Errorf("lock what is given out: %w", err)
	}
	if len(free) == 0 {
		return nil
	}
	p.locked = p.locked || len(free) < len(ids)
	at := r.deps.Now()
	names, err := d.skillNames(ctx, tx)
	if err != nil {
		return err
	}
	_, err = ticket.ChangeAll(ctx, tx, free, func(t *ticket.Ticket) (ticket.Cause, error) {
		dec := by[t.ID]
		if t.Status != ticket.New && t.Status != ticket.Open || t.Walled || t.HolderID != nil ||
			t.TeamID != dec.Ticket.Team || or0(t.AssigneeID) != dec.Ticket.From {
			return ticket.Cause{}, ticket.ErrUnchanged
		}
		p.changed++
		told := dec.told(names)
		t.AssigneeID = told.To
		c := ticket.Cause{Kind: event.TicketRouted, Data: told, At: at}
		if told.To == nil {
			c.Kind = event.TicketUnrouted
		}
		return c, nil
	})
	return err
}

func (d Decision) told(names map[int64]string) Told {
	t := Told{From: orNil(d.Ticket.From), Gone: d.Ticket.Gone, To: orNil(d.To)}
	if d.To == 0 {
		return t
	}
	t.Due, t.Load, t.Capacity, t.Bond = d.Ticket.Due, d.Load, d.Of, d.Tie.Bond
	if d.Tie.Bond != "" {
		t.Met = &d.Tie.At
	}
	for _, skill := range d.Ticket.Skills {
		t.Skills = append(t.Skills, names[skill])
	}
	return t
}

func (d desk) skillNames(ctx context.Context, tx *gorm.DB) (map[int64]string, error) {
	skills, err := roster.Skills(ctx, tx)
	names := map[int64]string{}
	for _, s := range skills {
		names[s.ID] = s.Name
	}
	return names, err
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func orNil(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

func or0(id *int64) int64 {
	if id == nil {
		return 0
	}
	return *id
}
