package sla

import (
	"context"
	_ "embed" // the scripts
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

var (
	//go:embed take.lua
	takeSource string
	//go:embed done.lua
	doneSource string
	//go:embed lead.lua
	leadSource string

	takeScript = redis.NewScript(takeSource)
	doneScript = redis.NewScript(doneSource)
	leadScript = redis.NewScript(leadSource)
)

const (
	shards    = 16
	leaderKey = "escuta:sla:leader"
)

// alarm is the timers in Redis: for each running clock the next instant at
// which it has to be looked at. One timer a clock, not one a stage: setting it
// again moves it, and nothing stale is left behind.
type alarm struct{ rdb redis.UniversalClient }

// setting is what one clock's timer is to be; a zero instant is none.
type setting struct {
	clock int64
	at    time.Time
}

func shardOf(clock int64) int { return int(clock % shards) }

func timerKey(shard int) string  { return fmt.Sprintf("escuta:{sla:%d}:timers", shard) }
func takenKey(shard int) string  { return fmt.Sprintf("escuta:{sla:%d}:taken", shard) }
func loadedKey(shard int) string { return fmt.Sprintf("escuta:{sla:%d}:loaded", shard) }

// set moves timers to where they belong now, in one round trip.
func (a alarm) set(ctx context.Context, settings []setting) error {
	var timers [shards][]redis.Z
	var gone [shards][]any
	for _, s := range settings {
		i := shardOf(s.clock)
		if s.at.IsZero() {
			gone[i] = append(gone[i], s.clock)
		} else {
			timers[i] = append(timers[i], redis.Z{Score: float64(s.at.UnixMicro()), Member: s.clock})
		}
	}
	_, err := a.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range shards {
			if len(timers[i]) > 0 {
				p.ZAdd(ctx, timerKey(i), timers[i]...)
			}
			if len(gone[i]) > 0 {
				p.ZRem(ctx, timerKey(i), gone[i]...)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set %d SLA timers: %w", len(settings), err)
	}
	return nil
}

// complete marks every shard as holding all timers there are.
func (a alarm) complete(ctx context.Context) error {
	_, err := a.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range shards {
			p.Set(ctx, loadedKey(i), 1, 0)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark the SLA timers as loaded: %w", err)
	}
	return nil
}

// isComplete reports whether no shard has lost its timers.
func (a alarm) isComplete(ctx context.Context) (bool, error) {
	found := make([]*redis.IntCmd, shards)
	_, err := a.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i := range shards {
			found[i] = p.Exists(ctx, loadedKey(i))
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look whether the SLA timers are there: %w", err)
	}
	for _, f := range found {
		if f.Val() == 0 {
			return false, nil
		}
	}
	return true, nil
}

// taken is what one shard had to give.
type taken struct {
	clocks   []int64
	complete bool
	next     time.Time // when the shard has something again; zero when never
}

// take takes up to limit clocks of a shard whose timers have gone off by now.
// They go off again at the end of the lease unless they are given back before.
func (a alarm) take(ctx context.Context, shard int, now, lease time.Time, limit int) (taken, error) {
	keys := []string{timerKey(shard), takenKey(shard), loadedKey(shard)}
	reply, err := takeScript.Run(ctx, a.rdb, keys, now.UnixMicro(), lease.UnixMicro(), limit).Slice()
	if err != nil {
		return taken{}, fmt.Errorf("take SLA timers of shard %d: %w", shard, err)
	}
	t := taken{complete: reply[0] == int64(1)}
	if next, _ := reply[1].(string); next != "" {
		micros, err := strconv.ParseFloat(next, 64)
		if err != nil {
			return taken{}, fmt.Errorf("read the next SLA timer of shard %d: %w", shard, err)
		}
		t.next = time.UnixMicro(int64(micros)).UTC()
	}
	for _, v := range reply[2:] {
		text, _ := v.(string)
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return taken{}, fmt.Errorf("read an SLA timer of shard %d: %w", shard, err)
		}
		t.clocks = append(t.clocks, id)
	}
	return t, nil
}

// done gives clocks of one shard back, each with its next instant.
func (a alarm) done(ctx context.Context, shard int, settings []setting) error {
	args := make([]any, 0, 2*len(settings))
	for _, s := range settings {
		at := ""
		if !s.at.IsZero() {
			at = strconv.FormatInt(s.at.UnixMicro(), 10)
		}
		args = append(args, s.clock, at)
	}
	if err := doneScript.Run(ctx, a.rdb, []string{timerKey(shard), takenKey(shard)}, args...).Err(); err != nil {
		return fmt.Errorf("give back SLA timers of shard %d: %w", shard, err)
	}
	return nil
}

// lead takes or renews the right to be the one node that sets and hears the
// timers. It saves work; nothing depends on there being one only.
func (a alarm) lead(ctx context.Context, me string, lasts time.Duration) (bool, error) {
	n, err := leadScript.Run(ctx, a.rdb, []string{leaderKey}, me, lasts.Milliseconds()).Int()
	if err != nil {
		return false, fmt.Errorf("take the lead of the SLA timers: %w", err)
	}
	return n == 1, nil
}
