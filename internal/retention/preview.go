package retention

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
)

// Effect is what would go if the rules were as they are asked about, of what the
// asker may see.
type Effect struct {
	Records    int
	Oldest     *time.Time // when the record was opened that would go first
	Recordings int
	Originals  int
	Strays     int
	Imports    int        // files of imports
	Held       int        // records whose time is over and that a hold keeps
	Waiting    int        // records whose time is over and of which something still has to happen
	Shown      []Instance // the first records of each fate, at most twenty of each
	// Seen stands for all of this. Whoever changes the rules or switches purging on
	// sends it back, and nothing is done when it is not so any more.
	Seen string
}

// Fate is what a record whose time is over comes to.
type Fate string

// The fates.
const (
	Goes    Fate = "goes"
	Held    Fate = "held"
	Waiting Fate = "waiting" // something of it still has to happen
)

// Instance is a record that a preview shows by name.
type Instance struct {
	Fate     Fate
	Protocol string
	Ended    time.Time
	Kept     brazil.Date // the last day on which it has to be kept
	Rule     string      // that decided, by its name
}

// shown bounds the records of a fate that a preview names.
const shown = 20

// Preview tells what would go now. With a change, if that rule were so.
func (s *Service) Preview(ctx context.Context, actor access.Actor, change *Rule) (Effect, error) {
	return s.foresee(ctx, s.DB.Pool, actor, change)
}

func (s *Service) foresee(ctx context.Context, q asker, actor access.Actor, change *Rule) (Effect, error) {
	rules, err := readRules(ctx, q)
	if err != nil {
		return Effect{}, err
	}
	settings, err := readSettings(ctx, q, "")
	if err != nil {
		return Effect{}, err
	}
	if change != nil {
		rules = with(rules, *change)
	}
	today := brazil.DateOf(s.Now(), s.Zone)
	var e Effect
	for cursor := (place{}); ; {
		ids, next, err := over(ctx, q, rules, Record, s.Now(), cursor, 1000)
		if err != nil {
			return e, err
		}
		if len(ids) == 0 {
			break
		}
		cursor = next
		found, err := readGroups(ctx, q, ids)
		if err != nil {
			return e, err
		}
		for _, g := range found {
			e.add(g, actor, rules, today, s.Zone)
		}
	}
	if e.Recordings, err = s.countRecordings(ctx, q, actor, rules, today); err != nil {
		return e, err
	}
	if e.Originals, err = s.countOriginals(ctx, q, actor, rules, today); err != nil {
		return e, err
	}
	if e.Strays, err = s.countStrays(ctx, q, actor, rules, today); err != nil {
		return e, err
	}
	if e.Imports, err = s.countImports(ctx, q, actor, rules); err != nil {
		return e, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %v %d %d %d %d %d %v %+v", settings.Revision, today, e.Records, e.Recordings, e.Originals, e.Strays, e.Imports, e.Oldest, wording(change)))
	e.Seen = hex.EncodeToString(sum[:12])
	return e, nil
}

// add counts a record in, if the actor may know of all its parts.
func (e *Effect) add(g group, actor access.Actor, rules []Rule, today brazil.Date, zone *time.Location) {
	for _, p := range g {
		if !actor.MaySee(p.audience) {
			return
		}
	}
	until := g.until(rules, zone)
	switch {
	case until == nil || !until.Before(today):
	case g.held():
		e.Held++
		e.show(Held, e.Held, g, rules, *until, zone)
	case g.busy():
		e.Waiting++
		e.show(Waiting, e.Waiting, g, rules, *until, zone)
	default:
		e.Records++
		e.show(Goes, e.Records, g, rules, *until, zone)
		for _, p := range g {
			if e.Oldest == nil || p.facts.Opened.Before(*e.Oldest) {
				opened := p.facts.Opened
				e.Oldest = &opened
			}
		}
	}
}

// show names the n-th record of a fate.
func (e *Effect) show(fate Fate, n int, g group, rules []Rule, kept brazil.Date, zone *time.Location) {
	if n > shown {
		return
	}
	main := g.main()
	e.Shown = append(e.Shown, Instance{fate, main.protocol, main.facts.Ended, kept, keeps(rules, Record, main.facts, zone)[0].Rule.Name})
}

// with is the rules as they would be with one changed or added.
func with(rules []Rule, change Rule) []Rule {
	all := make([]Rule, 0, len(rules)+1)
	found := false
	for _, r := range rules {
		if r.ID == change.ID {
			r, found = change, true
		}
		all = append(all, r)
	}
	if !found {
		all = append(all, change)
	}
	return all
}

// wording is what of a change decides something.
func wording(change *Rule) any {
	if change == nil {
		return nil
	}
	r := *change
	var regime int64
	if r.RegimeID != nil {
		regime = *r.RegimeID
	}
	side := ""
	if r.Walled != nil {
		side = fmt.Sprint(*r.Walled)
	}
	return []any{r.ID, r.Subject, r.Since, r.Term, regime, r.Channels, r.Kinds, side, r.Active}
}

// place is how far somebody has walked along what is over.
type place struct {
	ended time.Time
	id    int64
}

const overSQL = `SELECT t.id, coalesce(t.resolved_at, t.closed_at, t.updated_at) FROM tickets t
	WHERE NOT t.open AND t.merged_into IS NULL
	AND (coalesce(t.resolved_at, t.closed_at, t.updated_at), t.id) > ($1, $2) AND coalesce(t.resolved_at, t.closed_at, t.updated_at) < $3
	ORDER BY coalesce(t.resolved_at, t.closed_at, t.updated_at), t.id LIMIT $4`

// over lists tickets that have ended so long ago that a rule may let them go, the
// oldest first.
func over(ctx context.Context, q asker, rules []Rule, subject Subject, now time.Time, after place, most int) ([]int64, place, error) {
	before, some := latest(rules, subject, now)
	if !some {
		return nil, after, nil
	}
	rows, err := q.Query(ctx, overSQL, after.ended, after.id, before, most)
	if err != nil {
		return nil, after, fmt.Errorf("look for what is over: %w", err)
	}
	var ids []int64
	_, err = pgx.ForEachRow(rows, []any{&after.id, &after.ended}, func() error {
		ids = append(ids, after.id)
		return nil
	})
	if err != nil {
		return nil, after, fmt.Errorf("look for what is over: %w", err)
	}
	return ids, after, nil
}

// latest is before when something must have ended to be let go by any rule. A day
// more than the shortest term is left to the rules themselves.
func latest(rules []Rule, subject Subject, now time.Time) (before time.Time, some bool) {
	for _, r := range rules {
		if !r.Active || r.Subject != subject {
			continue
		}
		end := now
		if r.Since == Resolved || subject == Stray {
			switch r.Term.Unit {
			case Days:
				end = now.AddDate(0, 0, 1-r.Term.Amount)
			case Months:
				end = now.AddDate(0, -r.Term.Amount, 4)
			case Years:
				end = now.AddDate(-r.Term.Amount, 0, 4)
			}
		}
		if !some || end.After(before) {
			before, some = end, true
		}
	}
	return before, some
}
