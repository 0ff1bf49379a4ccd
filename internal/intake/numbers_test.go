package intake_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/intake"
)

func TestNodesNeverGiveTheSameNumber(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	var seen sync.Map
	var all sync.WaitGroup
	for range 4 {
		take := intake.Numbers(o.db.Pool, zone, o.clock.Now)
		for range 3 {
			all.Go(func() {
				for range 25 {
					numbers, err := take(t.Context(), 37)
					if err != nil {
						t.Error(err)
						return
					}
					for _, p := range numbers {
						if _, err := brazil.ParseProtocol(string(p)); err != nil {
							t.Errorf("%s: %v", p, err)
						}
						if _, twice := seen.LoadOrStore(p, true); twice {
							t.Errorf("%s twice", p)
						}
					}
				}
			})
		}
	}
	all.Wait()
}

func TestTheDayOfANumberIsTheLocalDay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"America/Sao_Paulo", "Pacific/Kiritimati", "Pacific/Pago_Pago"} {
		zone := must(time.LoadLocation(name))
		before := brazil.DateOf(o.clock.Now(), zone)
		numbers, err := intake.Numbers(o.db.Pool, zone, o.clock.Now)(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if day := numbers[0].Day(); day != before && day != brazil.DateOf(o.clock.Now(), zone) {
			t.Errorf("%s: %v, where it is %v", name, day, before)
		}
	}
}

func TestABlockOfYesterdayIsLeftAtMidnight(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	now := o.clock.Now
	shift := time.Duration(0)
	take := intake.Numbers(o.db.Pool, zone, func() time.Time { return now().Add(shift) })
	first, err := take(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	// By the node's estimate it is tomorrow, so it asks again; PostgreSQL's word on the day counts.
	shift = 24 * time.Hour
	second, err := take(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if sequence(second[0]) != sequence(first[0])+1000 {
		t.Errorf("%s after %s: the old block was used", second[0], first[0])
	}
}

func TestAnotherEpochLeavesAMillionNumbersOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	take := func() brazil.Protocol {
		t.Helper()
		numbers, err := intake.Numbers(o.db.Pool, zone, o.clock.Now)(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return numbers[0]
	}
	if p := take(); sequence(p) != 1 {
		t.Errorf("the first number of all is %s", p)
	}
	o.exec(`UPDATE event_head SET epoch = 'restored'`)
	if p := take(); sequence(p) != 1_001_001 {
		t.Errorf("a day that went on under another epoch gives %s", p)
	}
	if p := take(); sequence(p) != 1_002_001 {
		t.Errorf("and then %s", p)
	}
	// A copy from before today, which knows nothing of today's numbers.
	o.exec(`DELETE FROM protocol_days WHERE day > '2000-01-01'`)
	o.exec(`UPDATE event_head SET epoch = 'restored again'`)
	if p := take(); sequence(p) != 1_000_001 {
		t.Errorf("a day that had not begun in the copy gives %s", p)
	}
}

func TestADayWithoutNumbersIsRefusedOrWaits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	in := o.node()
	o.exec(`INSERT INTO protocol_days (day, epoch, next) SELECT (now() AT TIME ZONE 'America/Sao_Paulo')::date, epoch, 9999000 FROM event_head`)
	r, err := in.Submit(t.Context(), checked(t, submission())) // the last block: 9,999,000 to 9,999,999
	if err != nil || sequence(brazil.Protocol(r.Protocol)) != 9_999_000 {
		t.Fatalf("%+v, %v", r, err)
	}
	other := o.node()
	if _, err := other.Submit(t.Context(), checked(t, submission())); !errors.Is(err, intake.ErrExhausted) {
		t.Errorf("err = %v", err)
	}
	mail := checked(t, submission())
	mail.Keep = true
	kept, err := other.Submit(t.Context(), mail)
	if err != nil || kept.LedgerID == 0 || kept.TicketID != 0 {
		t.Errorf("what cannot be refused: %+v, %v", kept, err)
	}
	if s, err := other.Summary(t.Context(), intake.Period{}, inside); err != nil || s.Received != 2 || s.Pending != 1 || s.Accounted != 1 {
		t.Errorf("summary %+v, %v", s, err)
	}
	if done, err := in.Retry(t.Context(), kept.LedgerID, inside); err != nil || done.TicketID == 0 {
		t.Errorf("by a node that has numbers: %+v, %v", done, err)
	}
	o.consistent()
}

// sequence is the number within its day.
func sequence(p brazil.Protocol) (n int) {
	for _, d := range strings.TrimLeft(string(p[8:15]), "0") {
		n = n*10 + int(d-'0')
	}
	return n
}
