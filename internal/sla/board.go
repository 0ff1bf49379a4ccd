package sla

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/brazil"
)

// Bounds of the board.
const (
	quarter    = 15 * time.Minute
	ahead      = 4 * time.Hour
	paceOver   = 2 * time.Hour // over which the present rate is measured
	BoardDays  = 30            // of compliance
	boardSlots = int(ahead / quarter)
)

// BoardQuery asks for the board of what an actor sees. Zero values do not narrow it.
type BoardQuery struct {
	Scope   access.Scope
	Team    int64
	Channel string
	Regime  int64
	Now     time.Time
}

// Board is what a supervisor must know of deadlines now. It counts clocks: a
// ticket with two that fall counts twice.
type Board struct {
	Breached int       // over and not answered
	Hour     int       // due within an hour
	Quarters []Quarter // the next four hours, from the present quarter hour on
	Teams    []Share[int64]
	Channels []Share[string]
	Regimes  []Share[int64] // 0: of none
	Pace     float64        // clocks that ended in the last two hours, an hour
}

// Quarter is a quarter hour to come.
type Quarter struct {
	From   time.Time
	Due    int // fall in it
	Misses int // of them, by the forecast
}

// Share is the part of one team, channel or regime.
type Share[K comparable] struct {
	Key                   K
	Breached, Hour, Ahead int // Ahead: due in the next four hours, the next one included
	Misses                int // of those ahead, by the forecast
}

type boardRow struct {
	Minute  int
	TeamID  int64
	Channel string
	Regime  int64
	N       int
}

// ReadBoard counts what is over and what falls in the next four hours, and says
// what of it will be missed if each team goes on as in the last two hours.
func ReadBoard(ctx context.Context, db *gorm.DB, q BoardQuery) (Board, error) {
	begin := q.Now.Truncate(quarter)
	var rows []boardRow
	db = db.WithContext(ctx)
	err := db.Raw(`
		WITH near AS (
			(SELECT ticket_id, policy_id, due FROM clocks WHERE state = 'running' AND stage = 100)
			UNION ALL
			(SELECT ticket_id, policy_id, due FROM clocks WHERE state = 'running' AND stage < 100 AND due < @until))
		SELECT CASE WHEN n.due <= @now THEN 0 ELSE ceil(extract(epoch FROM n.due - @now) / 60)::int END AS minute,
		       t.team_id, t.channel, coalesce(p.regime_id, 0) AS regime, count(*) AS n
		  FROM near n JOIN tickets t ON t.id = n.ticket_id LEFT JOIN sla_policies p ON p.id = n.policy_id
		 WHERE `+access.Condition+`
		 GROUP BY 1, 2, 3, 4`, q.Scope.Named(map[string]any{"now": q.Now, "until": begin.Add(ahead)})).Scan(&rows).Error
	if err != nil {
		return Board{}, fmt.Errorf("count what is due: %w", err)
	}
	var paces []struct {
		TeamID int64
		N      int
	}
	err = db.Raw(`SELECT t.team_id, count(*) AS n FROM clocks c JOIN tickets t ON t.id = c.ticket_id
		WHERE c.stopped_at > @since AND c.state IN ('met', 'missed') AND `+access.Condition+` GROUP BY 1`,
		q.Scope.Named(map[string]any{"since": q.Now.Add(-paceOver)})).Scan(&paces).Error
	if err != nil {
		return Board{}, fmt.Errorf("measure how quickly deadlines are met: %w", err)
	}
	b := board{q: q, begin: begin, teams: map[int64][]boardRow{}, pace: map[int64]float64{}}
	for _, r := range rows {
		b.teams[r.TeamID] = append(b.teams[r.TeamID], r)
	}
	for _, p := range paces {
		b.pace[p.TeamID] = float64(p.N) / paceOver.Minutes()
	}
	return b.add(), nil
}

// board adds up what was read. The forecast is made of whole teams, because the
// queue is theirs; what it says is then shared out to what was asked for.
type board struct {
	q     BoardQuery
	begin time.Time
	teams map[int64][]boardRow
	pace  map[int64]float64 // a minute
	out   Board
	parts struct {
		teams, regimes map[int64]*part
		channels       map[string]*part
	}
	misses []float64 // by quarter
}

type part struct {
	breached, hour, ahead int
	misses                float64
}

func (b *board) add() Board {
	b.misses = make([]float64, boardSlots)
	b.parts.teams, b.parts.regimes, b.parts.channels = map[int64]*part{}, map[int64]*part{}, map[string]*part{}
	b.out.Quarters = make([]Quarter, boardSlots)
	for i := range b.out.Quarters {
		b.out.Quarters[i].From = b.begin.Add(time.Duration(i) * quarter)
	}
	for team, rows := range b.teams {
		b.team(rows, b.pace[team])
	}
	for team, pace := range b.pace {
		if b.q.Team == 0 || b.q.Team == team {
			b.out.Pace += pace * 60
		}
	}
	for i := range b.out.Quarters {
		b.out.Quarters[i].Misses = rounded(b.misses[i])
	}
	b.out.Teams, b.out.Regimes, b.out.Channels = shares(b.parts.teams), shares(b.parts.regimes), shares(b.parts.channels)
	return b.out
}

func (b *board) team(rows []boardRow, pace float64) {
	total := map[int]int{}
	for _, r := range rows {
		total[r.Minute] += r.N
	}
	var falling []Falling
	for minute, n := range total {
		falling = append(falling, Falling{minute, n})
	}
	missed := map[int]float64{} // which part of a minute's
	for _, f := range Forecast(falling, pace) {
		missed[f.Minute] = float64(f.N) / float64(total[f.Minute])
	}
	for _, r := range rows {
		if b.q.Team != 0 && r.TeamID != b.q.Team || b.q.Channel != "" && r.Channel != b.q.Channel || b.q.Regime != 0 && r.Regime != b.q.Regime {
			continue
		}
		b.count(r, missed[r.Minute]*float64(r.N))
	}
}

func (b *board) count(r boardRow, misses float64) {
	all := []*part{partOf(b.parts.teams, r.TeamID), partOf(b.parts.regimes, r.Regime), partOf(b.parts.channels, r.Channel)}
	if r.Minute == 0 {
		b.out.Breached += r.N
		for _, p := range all {
			p.breached += r.N
		}
		return
	}
	// A minute is named by its end, which the last one shares with the next quarter.
	at := b.q.Now.Add(time.Duration(r.Minute)*time.Minute - time.Nanosecond)
	if i := int(at.Sub(b.begin) / quarter); i < boardSlots {
		b.out.Quarters[i].Due += r.N
		b.misses[i] += misses
	}
	hour := 0
	if r.Minute <= 60 {
		hour = r.N
	}
	b.out.Hour += hour
	for _, p := range all {
		p.hour += hour
		p.ahead += r.N
		p.misses += misses
	}
}

func partOf[K comparable](parts map[K]*part, key K) *part {
	p, known := parts[key]
	if !known {
		p = &part{}
		parts[key] = p
	}
	return p
}

// shares are the parts, those with most to do first.
func shares[K int64 | string](parts map[K]*part) []Share[K] {
	out := make([]Share[K], 0, len(parts))
	for key, p := range parts {
		out = append(out, Share[K]{key, p.breached, p.hour, p.ahead, rounded(p.misses)})
	}
	slices.SortFunc(out, func(a, b Share[K]) int {
		if n := b.Breached + b.Ahead - a.Breached - a.Ahead; n != 0 {
			return n
		}
		if a.Key < b.Key {
			return -1
		}
		return 1
	})
	return out
}

func rounded(n float64) int { return int(n + 0.5) }

// DayOutcome is how many deadlines were met and missed on one day. One that was missed
// counts on the day it ran out, whenever it was answered; one that was met, on the
// day it ended. Cancelled ones count nowhere.
type DayOutcome struct {
	Day         brazil.Date
	Met, Missed int
}

// Compliance counts, day by day of a zone, the last BoardDays days. Days on which
// nothing ended have zeros.
func Compliance(ctx context.Context, db *gorm.DB, q BoardQuery, zone *time.Location) ([]DayOutcome, error) {
	last := brazil.DateOf(q.Now, zone)
	first := last.AddDays(1 - BoardDays)
	days := make([]DayOutcome, BoardDays)
	for i := range days {
		days[i].Day = first.AddDays(i)
	}
	var rows []struct {
		Day    time.Time
		Missed bool
		N      int
	}
	err := db.WithContext(ctx).Raw(`
		WITH ended AS (
			SELECT ticket_id, policy_id, stopped_at AS at, false AS missed FROM clocks WHERE stopped_at >= @since AND state = 'met'
			UNION ALL
			SELECT s.ticket_id, c.policy_id, s.at, true FROM clock_stages s JOIN clocks c ON c.id = s.clock_id
			 WHERE s.stage = 100 AND s.at >= @since AND c.state <> 'cancelled')
		SELECT (e.at AT TIME ZONE @zone)::date AS day, e.missed, count(*) AS n
		  FROM ended e JOIN tickets t ON t.id = e.ticket_id LEFT JOIN sla_policies p ON p.id = e.policy_id
		 WHERE (@team = 0 OR t.team_id = @team) AND (@channel = '' OR t.channel = @channel) AND (@regime = 0 OR p.regime_id = @regime) AND `+access.Condition+`
		 GROUP BY 1, 2`, q.Scope.Named(map[string]any{"since": first.In(zone), "zone": zone.String(), "team": q.Team, "channel": q.Channel, "regime": q.Regime})).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the deadlines of the last days: %w", err)
	}
	for _, r := range rows {
		i := slices.IndexFunc(days, func(k DayOutcome) bool { return k.Day == brazil.DateOf(r.Day, time.UTC) })
		switch {
		case i < 0:
		case r.Missed:
			days[i].Missed += r.N
		default:
			days[i].Met += r.N
		}
	}
	return days, nil
}

// RegimeNames are the names of all regimes by their id.
func RegimeNames(ctx context.Context, db *gorm.DB) (map[int64]string, error) {
	var rows []struct {
		ID   int64
		Name string
	}
	if err := db.WithContext(ctx).Raw("SELECT id, name FROM regimes").Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the names of the regimes: %w", err)
	}
	names := make(map[int64]string, len(rows))
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, nil
}
