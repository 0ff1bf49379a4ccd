package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/fault"
)

// usualDays is how many days a summary tells apart that was asked for none.
const usualDays = 31

// maxDays is how many it tells apart at most.
const maxDays = 366

// ErrPeriod is a summary of a period that ends before it begins, or is too long.
var ErrPeriod = fault.New(fault.Invalid, "intake_period").With("max", maxDays)

// Account says how many things came in and what became of them. Received is
// always Accounted plus Pending.
type Account struct {
	Received, Accounted, Pending int64
	ByFate                       map[Fate]int64
}

func (a *Account) add(fate Fate, n int64) {
	if a.ByFate == nil {
		a.ByFate = map[Fate]int64{}
	}
	a.ByFate[fate] += n
	a.Received += n
	if fate == FatePending {
		a.Pending += n
	} else {
		a.Accounted += n
	}
}

// Day is the account of what one channel received on one local day, whenever it
// got its fate.
type Day struct {
	Day     brazil.Date
	Channel channel.Name
	Account
}

// Summary is the account of all channels.
type Summary struct {
	Account
	ByChannel map[channel.Name]int64
	Days      []Day // the newest first, and by channel within one
}

// Period bounds a summary by local days, both included. The zero value is all
// that ever came; of that, only the last month is told by day.
type Period struct{ From, To brazil.Date }

// Summary adds up the tallies: a few rows for each day, however long the ledger
// is. What stood behind the ombudsman's wall when it came is left out for who does
// not see behind it, and a case for whom it accuses. What is moved there later
// stays counted: that it came was known before, and a number that falls would tell
// what happened to it.
func (in *Intake) Summary(ctx context.Context, p Period, see access.Scope) (Summary, error) {
	s := Summary{Account: Account{ByFate: map[Fate]int64{}}, ByChannel: map[channel.Name]int64{}}
	from, to, since, err := in.bounds(p)
	if err != nil {
		return s, err
	}
	rows, err := in.db.Pool.Query(ctx, `
		WITH told AS (
		  SELECT channel, fate, day, n FROM intake_tallies
		  WHERE ($1::text[] IS NOT NULL OR NOT walled AND channel <> $2) AND day >= $3 AND day <= $4
		  UNION ALL
		  SELECT g.channel, g.fate, g.day, -1 FROM intake_ledger g JOIN tickets t ON t.id = g.ticket_id
		  WHERE g.channel = 'ombudsman' AND g.day >= $3 AND g.day <= $4 AND string_to_array(t.barred, ' ') && $1
		    AND EXISTS (SELECT FROM case_accused a WHERE 'a' || a.account_id = ANY($1) OR 't' || a.team_id = ANY($1))
		  UNION ALL
		  SELECT g.channel, g.fate, g.day, -1 FROM intake_ledger g
		  WHERE g.fate IN ('pending', 'quarantined', 'discarded') AND g.day >= $3 AND g.day <= $4 AND $1 IS NOT NULL AND `+accuses+`)
		SELECT channel, fate, day, sum(n)::bigint FROM told
		GROUP BY channel, fate, day HAVING sum(n) <> 0 ORDER BY day DESC, channel, fate`, wall(see), channel.Ombudsman, from, to)
	if err != nil {
		return s, fmt.Errorf("add up the intake: %w", err)
	}
	var ch channel.Name
	var fate Fate
	var at pgtype.Date
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&ch, &fate, &at, &n}, func() error {
		s.add(fate, n)
		s.ByChannel[ch] += n
		day := brazil.DateOf(at.Time, time.UTC)
		if day.Before(since) {
			return nil
		}
		if last := len(s.Days) - 1; last < 0 || s.Days[last].Day != day || s.Days[last].Channel != ch {
			s.Days = append(s.Days, Day{Day: day, Channel: ch})
		}
		s.Days[len(s.Days)-1].add(fate, n)
		return nil
	})
	if err != nil {
		return s, fmt.Errorf("add up the intake: %w", err)
	}
	return s, nil
}

// bounds turns a period into what the query asks, and says since when days are
// told apart.
func (in *Intake) bounds(p Period) (from, to pgtype.Date, since brazil.Date, err error) {
	none := brazil.Date{}
	from = pgtype.Date{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	to = pgtype.Date{InfinityModifier: pgtype.Infinity, Valid: true}
	last := brazil.DateOf(in.now(), in.zone)
	if p.To != none {
		last, to = p.To, pgDate(p.To)
	}
	since = last.AddDays(1 - usualDays)
	if p.From != none {
		since, from = p.From, pgDate(p.From)
		if last.Before(p.From) || p.From.Before(last.AddDays(1-maxDays)) {
			return from, to, since, ErrPeriod
		}
	}
	return from, to, since, nil
}

func pgDate(d brazil.Date) pgtype.Date { return pgtype.Date{Time: d.In(time.UTC), Valid: true} }

// foldTallies makes one row of each channel's, fate's and day's. Two nodes that
// do it at once fold different rows; a reader sees either all of them or the sum.
func foldTallies(ctx context.Context, pool *pgxpool.Pool) error {
	_, err := pool.Exec(ctx, `
		WITH old AS (
		  SELECT id FROM intake_tallies
		  WHERE (channel, fate, walled, day) IN (
		    SELECT channel, fate, walled, day FROM intake_tallies GROUP BY channel, fate, walled, day HAVING count(*) > 1)
		  ORDER BY id LIMIT 20000 FOR UPDATE SKIP LOCKED),
		gone AS (DELETE FROM intake_tallies t USING old WHERE t.id = old.id RETURNING t.channel, t.fate, t.walled, t.day, t.n)
		INSERT INTO intake_tallies (channel, fate, walled, day, n) SELECT channel, fate, walled, day, sum(n) FROM gone
		GROUP BY channel, fate, walled, day HAVING sum(n) <> 0`)
	if err != nil {
		return fmt.Errorf("fold the tallies of the intake: %w", err)
	}
	return nil
}
