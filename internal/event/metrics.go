package event

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	head     prometheus.Gauge
	numbered prometheus.Counter
	filled   prometheus.Counter
	lag      prometheus.Histogram
}

func newMetrics() metrics {
	return metrics{
		head: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "escuta_events_head", Help: "Newest position this node has read.",
		}),
		numbered: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "escuta_events_numbered_total", Help: "Events this node's sequencer gave a position.",
		}),
		filled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "escuta_events_filled_total", Help: "Events read from PostgreSQL because the stream did not have them.",
		}),
		lag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "escuta_sequencer_lag_seconds",
			Help:    "Age of the oldest event of a batch when it got its position.",
			Buckets: []float64{.001, .002, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		}),
	}
}

func (m metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.head, m.numbered, m.filled, m.lag}
}
