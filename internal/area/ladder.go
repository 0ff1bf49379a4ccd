package area

import (
	"strconv"
	"time"

	"github.com/escuta-sac/escuta/internal/sla"
)

// The stages of a request beside those called "chased-1", "chased-2" and so on.
const (
	stageReminded = "reminded" // before it is due
	stageOverdue  = "overdue"  // recorded once a round
	stageChased   = "chased-"
)

// rung is one stage of a request and when it comes.
type rung struct {
	stage string
	at    time.Time
}

// ladder gives every stage of a round, in order. It is a pure function of the
// area's rules and the request's term: the same after a restart, and for ever.
func ladder(c *sla.Calendar, a Area, due time.Time, warn [3]time.Time) ([]rung, error) {
	var all []rung
	for i, percent := range [3]int{50, 75, 90} {
		if a.RemindAt == percent && warn[i].Before(due) && !warn[i].IsZero() {
			all = append(all, rung{stageReminded, warn[i]})
		}
	}
	all = append(all, rung{stageOverdue, due})
	for k := 1; k <= a.ChaseMost; k++ {
		d, err := c.Due(due, sla.Term{Amount: k * max(a.ChaseEvery, 1), Unit: sla.BusinessDays}, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, rung{stageChased + strconv.Itoa(k), d.Due})
	}
	return all, nil
}

// climb splits a ladder: what has come by now and is not among done, and the next
// one to wait for, if there is one.
func climb(all []rung, done map[string]bool, now time.Time) (come []rung, next *rung) {
	for _, r := range all {
		switch {
		case done[r.stage]:
		case !r.at.After(now):
			come = append(come, r)
		case next == nil:
			next = &r
		}
	}
	return come, next
}
