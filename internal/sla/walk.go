package sla

import (
	"slices"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
)

// farthestDays bounds one computation. A calendar that opens a minute a week
// cannot hold a term of years, and says so instead of counting for ever.
const farthestDays = 80 * 366

// walk counts one term from its start.
type walk struct {
	c      *Calendar
	start  time.Time
	term   Term
	pauses []Standstill // in order, without overlaps
	tell   func(Step)
	told   time.Time // end of the last step
	done   time.Duration
	warned int
	out    Deadline
}

// step tells of the time since the last step.
func (w *walk) step(to time.Time, s Step) {
	s.From, s.To = w.told, to
	w.told = to
	w.tell(s)
}

// days counts whole days. A day counts at its end, if the clock is running
// then: a pause from Monday noon to Tuesday noon costs Monday, and one of five
// minutes costs nothing.
func (w *walk) days() (Deadline, error) {
	d := brazil.DateOf(w.start, w.c.hours.Zone)
	w.told = w.start
	w.step(d.AddDays(1).In(w.c.hours.Zone).UTC(), Step{Reason: StartDay})
	total := time.Duration(w.term.Amount) * 24 * time.Hour
	for counted, looked := 0, 0; counted < w.term.Amount; looked++ {
		if looked == farthestDays {
			return Deadline{}, ErrUnreachable
		}
		d = d.AddDays(1)
		begin, end := w.told, d.AddDays(1).In(w.c.hours.Zone).UTC()
		hours, why, name := w.c.on(d)
		p, paused := w.pausedAt(end.Add(-instantLong))
		switch {
		case paused && p.To.IsZero():
			return w.standing(p), nil
		case len(hours) == 0 && w.term.Unit == BusinessDays:
			w.step(end, Step{Reason: why, Name: name})
		case paused:
			w.step(end, Step{Reason: Paused, Name: p.Reason})
		default:
			w.warn(begin, end, 24*time.Hour, total)
			w.step(end, Step{Counted: true, Amount: 1})
			counted++
		}
	}
	w.out.Target = w.c.dayEnd(d)
	return w.roll(d)
}

// roll finds the legal limit: the target, or the end of the first open day
// after it. Only a term that rolls tells of the days between, and can be paused
// in them; for the others the limit is there to be shown beside the target.
func (w *walk) roll(d brazil.Date) (Deadline, error) {
	w.out.Due, w.out.LegalLimit = w.out.Target, w.out.Target
	hours, _, _ := w.c.on(d)
	for looked := 0; len(hours) == 0; looked++ {
		if looked == farthestDays {
			return Deadline{}, ErrUnreachable
		}
		d = d.AddDays(1)
		var why Reason
		var name string
		hours, why, name = w.c.on(d)
		w.out.LegalLimit = w.c.dayEnd(d)
		if !w.term.Roll {
			continue
		}
		p, paused := w.pausedAt(w.out.LegalLimit)
		switch {
		case paused && p.To.IsZero():
			return w.standing(p), nil
		case paused:
			hours, why, name = nil, Paused, p.Reason
		case len(hours) > 0:
			why, name = Rolled, ""
		}
		w.step(w.out.LegalLimit.Add(instantLong), Step{Reason: why, Name: name})
	}
	if w.term.Roll {
		w.out.Due = w.out.LegalLimit
	}
	return w.out, nil
}

// hours counts opening hours to the microsecond, minute by minute as Código
// Civil art. 132 par. 4 says.
func (w *walk) hours() (Deadline, error) {
	unit := time.Hour
	if w.term.Unit == Minutes {
		unit = time.Minute
	}
	total := time.Duration(w.term.Amount) * unit
	w.told = w.start
	d := brazil.DateOf(w.start, w.c.hours.Zone)
	var room [8]span
	for range farthestDays {
		for _, open := range w.c.openOn(room[:0], d) {
			if !open.to.After(w.start) {
				continue
			}
			if open.from.Before(w.start) {
				open.from = w.start
			}
			if p, standing := w.spend(open, total); standing {
				return w.standing(p), nil
			}
			if w.done == total {
				w.out.Target, w.out.LegalLimit, w.out.Due = w.told, w.told, w.told
				return w.out, nil
			}
		}
		d = d.AddDays(1)
	}
	return Deadline{}, ErrUnreachable
}

// spend counts what of an open stretch is not paused, up to the total.
func (w *walk) spend(open span, total time.Duration) (standing Standstill, stands bool) {
	at := open.from.UTC()
	for _, p := range w.pauses {
		if !p.To.IsZero() && !p.To.After(at) {
			continue
		}
		if !p.From.Before(open.to) {
			break
		}
		if p.From.After(at) {
			if w.run(at, p.From, total); w.done == total {
				return Standstill{}, false
			}
			at = p.From
		}
		if p.To.IsZero() {
			w.closed(at)
			return p, true
		}
		until := p.To
		if until.After(open.to) {
			until = open.to
		}
		w.closed(at)
		at = until.UTC()
		w.step(at, Step{Reason: Paused, Name: p.Reason})
	}
	if at.Before(open.to) {
		w.run(at, open.to.UTC(), total)
	}
	return Standstill{}, false
}

// run counts from one instant to another, or until the total is reached.
func (w *walk) run(from, to time.Time, total time.Duration) {
	w.closed(from)
	if left := total - w.done; to.Sub(from) > left {
		to = from.Add(left)
	}
	w.warn(from, to, to.Sub(from), total)
	w.step(to, Step{Counted: true, Amount: int64(to.Sub(from) / time.Second)})
}

// closed tells, day by day, why the time since the last step was not counted.
func (w *walk) closed(until time.Time) {
	for w.told.Before(until) {
		d := brazil.DateOf(w.told, w.c.hours.Zone)
		to := d.AddDays(1).In(w.c.hours.Zone).UTC()
		if to.After(until) {
			to = until
		}
		hours, why, name := w.c.on(d)
		if len(hours) > 0 && why == "" {
			why = Closed
		}
		w.step(to, Step{Reason: why, Name: name})
	}
}

// warn adds what is counted to what is done, and notes the parts of the total
// that are over with it. The stretch may be longer or shorter than its worth: a
// day has 23 hours where clocks change, and counts as one.
func (w *walk) warn(from, to time.Time, worth, total time.Duration) {
	for ; w.warned < len(warnPercent); w.warned++ {
		part := total / 100 * time.Duration(warnPercent[w.warned])
		if part > w.done+worth {
			break
		}
		into := part - w.done
		if length := to.Sub(from); length != worth {
			into = time.Duration(float64(into) * (float64(length) / float64(worth))).Truncate(time.Second)
		}
		w.out.Warn[w.warned] = from.Add(into)
	}
	w.done += worth
}

// pausedAt finds the pause that holds an instant.
func (w *walk) pausedAt(t time.Time) (Standstill, bool) {
	for _, p := range w.pauses {
		if p.From.After(t) {
			break
		}
		if p.To.IsZero() || p.To.After(t) {
			return p, true
		}
	}
	return Standstill{}, false
}

// standing is the answer while a pause has no end: the last step has none either.
func (w *walk) standing(p Standstill) Deadline {
	w.tell(Step{From: w.told, Reason: Paused, Name: p.Reason})
	return Deadline{Standing: true}
}

// merge puts pauses in order and joins those that touch, so that no instant is
// taken off twice.
func merge(pauses []Standstill) []Standstill {
	if len(pauses) == 0 {
		return nil
	}
	list := slices.Clone(pauses)
	slices.SortStableFunc(list, func(a, b Standstill) int { return a.From.Compare(b.From) })
	var out []Standstill
	for _, p := range list {
		if !p.To.IsZero() && !p.To.After(p.From) {
			continue
		}
		last := len(out) - 1
		if last < 0 || !out[last].To.IsZero() && p.From.After(out[last].To) {
			out = append(out, p)
			continue
		}
		if out[last].To.IsZero() {
			break
		}
		if p.To.IsZero() || p.To.After(out[last].To) {
			out[last].To = p.To
		}
	}
	return out
}
