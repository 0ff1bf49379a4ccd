package intake

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Collectors are the figures of the intake. They are the whole installation's,
// whichever node is asked.
func (in *Intake) Collectors() []prometheus.Collector {
	name := func(what, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("escuta_intake_"+what, help, labels, nil)
	}
	return []prometheus.Collector{&figures{
		in:       in,
		received: name("received", "Things that came in and stand in the ledger.", "channel"),
		pending:  name("pending", "Things in the ledger that have no fate yet.", "channel"),
		kept:     name("quarantined", "Things in the ledger that wait for a person.", "channel"),
		oldest:   name("oldest_pending_seconds", "Age of the oldest thing without a fate, 0 when there is none."),
		failing:  name("sources_failing", "Sources that could not be reached the last time."),
		quiet:    name("sources_quiet", "Sources from which nothing has come for longer than usual."),
	}}
}

const (
	figuresLast = 5 * time.Second // how old they may be: asking often costs nothing
	figuresTime = 2 * time.Second // how long reading them may take
)

type figures struct {
	in                                              *Intake
	received, pending, kept, oldest, failing, quiet *prometheus.Desc

	mu   sync.Mutex
	at   time.Time
	last []prometheus.Metric
}

// Describe implements prometheus.Collector.
func (f *figures) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.received, f.pending, f.kept, f.oldest, f.failing, f.quiet} {
		to <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out.
func (f *figures) Collect(to chan<- prometheus.Metric) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.at) > figuresLast {
		ctx, cancel := context.WithTimeout(context.Background(), figuresTime)
		defer cancel()
		read, err := f.read(ctx)
		if err != nil {
			f.in.log.WarnContext(ctx, "the figures of the intake cannot be read", "error", err)
		}
		f.at, f.last = time.Now(), read
	}
	for _, m := range f.last {
		to <- m
	}
}

func (f *figures) read(ctx context.Context) (all []prometheus.Metric, err error) {
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		all = append(all, prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...))
	}
	rows, err := f.in.db.Pool.Query(ctx, `SELECT channel, sum(n)::float8, coalesce(sum(n) FILTER (WHERE fate = 'pending'), 0)::float8,
		coalesce(sum(n) FILTER (WHERE fate = 'quarantined'), 0)::float8 FROM intake_tallies GROUP BY channel`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var ch channel.Name
		var received, pending, kept float64
		if err := rows.Scan(&ch, &received, &pending, &kept); err != nil {
			return nil, err
		}
		gauge(f.received, received, string(ch))
		gauge(f.pending, pending, string(ch))
		gauge(f.kept, kept, string(ch))
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var age float64
	err = f.in.db.Pool.QueryRow(ctx, `SELECT greatest(coalesce(extract(epoch FROM now() - min(received_at)), 0), 0)::float8
		FROM intake_ledger WHERE fate = 'pending'`).Scan(&age)
	if err != nil {
		return nil, err
	}
	gauge(f.oldest, age)
	sources, err := f.in.Sources().List(ctx, true)
	if err != nil {
		return nil, err
	}
	var failing, quiet float64
	for _, h := range sources {
		if h.Failing() {
			failing++
		}
		if h.Quiet() {
			quiet++
		}
	}
	gauge(f.failing, failing)
	gauge(f.quiet, quiet)
	return all, nil
}
