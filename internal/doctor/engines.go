package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/postgres"
)

const (
	oldestPostgres = 15
	oldestRedis    = 6
	testedRedis    = 7

	clockToWarn = time.Second
	clockToFail = 5 * time.Minute
)

func (r *Report) postgresVersion(ctx context.Context, db *postgres.DB) {
	var number int
	var version string
	err := db.Pool.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, current_setting('server_version')").Scan(&number, &version)
	if err != nil {
		r.failed("postgres", err)
		return
	}
	state := OK
	if number/10_000 < oldestPostgres {
		state = Fail
	}
	r.add("postgres", state, "version", map[string]any{"version": version, "oldest": oldestPostgres})
}

func (r *Report) durability(ctx context.Context, db *postgres.DB) {
	if err := postgres.CheckDurable(ctx, db); err != nil {
		r.failed("durability", err)
		return
	}
	r.add("durability", OK, "on", nil)
}

// clock compares the middle of a round trip with what PostgreSQL said in it, so
// half of the trip is the most it can be wrong by.
func (r *Report) clock(ctx context.Context, db *postgres.DB) {
	best, off := time.Hour, time.Duration(0)
	for range 5 {
		var theirs time.Time
		before := time.Now()
		if err := db.Pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
			r.failed("clock", fmt.Errorf("ask PostgreSQL for the time: %w", err))
			return
		}
		trip := time.Since(before)
		if trip < best {
			best, off = trip, theirs.Sub(before.Add(trip/2))
		}
	}
	state := OK
	switch {
	case off.Abs() > clockToFail:
		state = Fail
	case off.Abs() > clockToWarn:
		state = Warn
	}
	r.add("clock", state, "offset", map[string]any{"offset": off.Round(time.Millisecond).String()})
}

// timezone asks both sides for the same instants: an old tzdata on either still
// believes in daylight saving time, which Brazil gave up in 2019, and would put
// deadlines an hour off.
func (r *Report) timezone(ctx context.Context, db *postgres.DB, zone *time.Location) {
	args := map[string]any{"zone": zone.String()}
	for _, month := range []time.Month{time.January, time.July} {
		at := time.Date(time.Now().Year(), month, 15, 12, 0, 0, 0, time.UTC)
		var theirs time.Time // the wall clock of the zone, told as if it were UTC
		err := db.Pool.QueryRow(ctx, "SELECT ($1::timestamptz AT TIME ZONE $2) AT TIME ZONE 'UTC'", at, zone.String()).Scan(&theirs)
		if err != nil {
			r.failed("timezone", fmt.Errorf("ask PostgreSQL for the zone %s: %w", zone, err))
			return
		}
		_, ours := at.In(zone).Zone()
		if theirs.Sub(at) != time.Duration(ours)*time.Second {
			r.add("timezone", Fail, "differ", args)
			return
		}
	}
	r.add("timezone", OK, "agree", args)
}

func (r *Report) migrations(ctx context.Context, db *postgres.DB) {
	n, err := postgres.Pending(ctx, db)
	if err != nil {
		r.failed("migrations", err)
		return
	}
	if n > 0 {
		r.add("migrations", Warn, "pending", map[string]any{"n": n})
		return
	}
	r.add("migrations", OK, "done", nil)
}

func (r *Report) redisVersion(ctx context.Context, client redis.UniversalClient) {
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		r.failed("redis", fmt.Errorf("reach Redis: %w", err))
		return
	}
	version := line(info, "redis_version")
	if valkey := line(info, "valkey_version"); valkey != "" {
		version = "Valkey " + valkey
	}
	first, _, _ := strings.Cut(line(info, "redis_version"), ".")
	major, _ := strconv.Atoi(first)
	state := OK
	switch {
	case major < oldestRedis:
		state = Fail
	case major < testedRedis:
		state = Warn
	}
	r.add("redis", state, "version", map[string]any{"version": version, "tested": testedRedis})

	policy, err := client.ConfigGet(ctx, "maxmemory-policy").Result()
	if err != nil {
		return // hosted ones keep their configuration to themselves
	}
	state, text := OK, "keeps"
	if p := policy["maxmemory-policy"]; p != "noeviction" {
		state, text = Warn, "evicts"
	}
	r.add("redis_memory", state, text, map[string]any{"policy": policy["maxmemory-policy"]})
}

func line(info, name string) string {
	for l := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(l, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
