package app_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// I6: over a thousand clocks run out while nodes are killed and frozen, Redis is
// flushed, PostgreSQL is killed, and the clock on its wall is set two hours ahead
// and one behind. Each stage is recorded once and told once, each step of a ladder
// is done once, no deadline is another, and what is not due is left alone.
func TestEachDeadlineBreaksOnceWhateverBreaks(t *testing.T) {
	t.Parallel()
	engine, wall := pgtest.EngineWithWall(t)
	db, rdb := open(t, engine.URL()), redistest.Start(t)
	flush := func() {
		t.Helper()
		if err := rdb.Client().FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var nodes []*server
	for range 2 {
		nodes = append(nodes, newServer(t, "ESCUTA_DATABASE_URL="+engine.URL(), "ESCUTA_REDIS_URL="+rdb.URL()))
	}
	front := balance(t, nodes)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	watch := follow(t, front, hire(t, db, "admin"), seed)
	hire(t, db, "supervisor")
	customers := gather(t, front, 8, seed)
	customers.accept(1000)
	customers.leave()
	clocks := spreadOut(t, db)
	flush() // the timers are loaded anew, as the clocks are now

	clocks.wait("soon", 0.1)
	nodes[0].crash()
	clocks.wait("soon", 0.3)
	nodes[0].start()
	nodes[1].signal(syscall.SIGSTOP)
	clocks.wait("soon", 0.6)
	nodes[1].signal(syscall.SIGCONT)
	flush()
	engine.Kill()
	engine.Start()
	clocks.wait("soon", 1)

	wall.Set(2 * time.Hour)
	clocks.wait("hour", 0.5)
	nodes[1].crash()
	nodes[1].start()
	clocks.wait("hour", 1)
	wall.Set(-time.Hour)
	flush()
	nodes[0].crash()
	nodes[0].start()
	wall.Set(0)
	flush()
	eventually(t, "set the clock right", func() error {
		var now time.Time
		query(t, db, "SELECT clock_timestamp()", nil, &now)
		if wrong := time.Since(now); wrong.Abs() > 5*time.Second {
			return fmt.Errorf("%v", wrong)
		}
		return nil
	})
	dueSoon(t, db, clocks.last) // when this one is recorded, all others had their chance
	breached(t, db, clocks.last)

	clocks.once()
	watch.upToDate(db)
}

// spread are running clocks by when they are due: soon, within the hours by which a
// wall clock is set, or in days.
type spread struct {
	t    testing.TB
	db   *pgxpool.Pool
	last int64 // one that is due in days
}

func spreadOut(t testing.TB, db *pgxpool.Pool) spread {
	t.Helper()
	_, err := db.Exec(t.Context(), `CREATE TABLE spread AS
		SELECT id, CASE WHEN n < 0.6 THEN 'soon' WHEN n < 0.85 THEN 'hour' ELSE 'days' END AS part, clock_timestamp() AS began,
		       clock_timestamp() + CASE WHEN n < 0.6 THEN interval '4 s' + random() * interval '16 s'
		                  WHEN n < 0.85 THEN interval '40 min' + random() * interval '40 min' ELSE interval '3 days' END AS due
		  FROM (SELECT id, random() AS n FROM clocks WHERE state = 'running') c`)
	if err == nil {
		_, err = db.Exec(t.Context(), `UPDATE clocks c SET due = s.due, target = s.due, warn50 = s.began + (s.due - s.began) * 0.5,
			warn75 = s.began + (s.due - s.began) * 0.75, warn90 = s.began + (s.due - s.began) * 0.9 FROM spread s WHERE s.id = c.id`)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := spread{t: t, db: db}
	var n int
	query(t, db, "SELECT count(*), min(id) FILTER (WHERE part = 'days') FROM spread", nil, &n, &s.last)
	if n < 1000 {
		t.Fatalf("%d clocks run", n)
	}
	return s
}

// wait waits until a share of the breaches of a part is recorded.
func (s spread) wait(part string, share float64) {
	s.t.Helper()
	eventually(s.t, "record breaches of "+part, func() error {
		var all, recorded int
		// The engine may be starting again.
		err := s.db.QueryRow(s.t.Context(), `SELECT count(*), count(g.clock_id) FROM spread s LEFT JOIN clock_stages g ON g.clock_id = s.id AND g.stage = 100
			WHERE s.part = $1`, part).Scan(&all, &recorded)
		if err == nil && float64(recorded) < share*float64(all) {
			err = fmt.Errorf("%d of %d", recorded, all)
		}
		return err
	})
}

// once fails on what was recorded, told or done twice, or not at all.
func (s spread) once() {
	s.t.Helper()
	eventually(s.t, "do every step of the ladders", func() error {
		var waiting int
		query(s.t, s.db, "SELECT count(*) FROM escalations WHERE done_at IS NULL AND at <= now()", nil, &waiting)
		if waiting > 0 {
			return fmt.Errorf("%d are waiting", waiting)
		}
		return nil
	})
	for what, sql := range map[string]string{
		"stages that are not recorded": `SELECT count(*) FROM spread s CROSS JOIN (VALUES (50), (75), (90), (100)) v (stage)
			WHERE s.part <> 'days' AND NOT EXISTS (SELECT FROM clock_stages g WHERE g.clock_id = s.id AND g.stage = v.stage)`,
		"breaches of what is due in days": fmt.Sprintf(`SELECT count(*) FROM spread s JOIN clock_stages g ON g.clock_id = s.id WHERE s.part = 'days' AND s.id <> %d`, s.last),
		"deadlines that are others":       fmt.Sprintf(`SELECT count(*) FROM spread s JOIN clocks c USING (id) WHERE c.due <> s.due AND s.id <> %d`, s.last),
		"stages told not once": `SELECT count(*) FROM clock_stages g FULL JOIN (
				SELECT (x->>'clock_id')::bigint AS clock_id, (x->>'stage')::int AS stage, count(*) AS n
				  FROM events e, jsonb_array_elements(e.payload->'data'->'stages') x WHERE e.kind IN ('clock.warned', 'clock.breached') GROUP BY 1, 2
			) e ON e.clock_id = g.clock_id AND e.stage = g.stage WHERE e.n IS DISTINCT FROM 1 OR g.clock_id IS NULL`,
		"steps that are forgotten": `SELECT count(*) FROM clock_stages g JOIN clocks c ON c.id = g.clock_id JOIN sla_policies p ON p.id = c.policy_id
			JOIN escalation_rungs r ON r.regime_id = p.regime_id AND r.stage = g.stage AND r.retired_at IS NULL
			LEFT JOIN escalations e ON e.clock_id = g.clock_id AND e.stage = g.stage AND e.act = r.act AND e.after = r.after WHERE e.id IS NULL`,
		"steps told not once": `SELECT abs((SELECT count(*) FROM escalations WHERE done_at IS NOT NULL AND outcome = 'done') -
			(SELECT count(*) FROM events e, jsonb_array_elements(e.payload->'data'->'steps') x WHERE e.kind IN ('clock.escalated', 'ticket.escalated') AND x->>'outcome' = 'done'))`,
	} {
		var n int
		query(s.t, s.db, sql, nil, &n)
		if n != 0 {
			s.t.Errorf("%d %s", n, what)
		}
	}
}
