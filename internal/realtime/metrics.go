package realtime

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	connections prometheus.Gauge
	frames      prometheus.Counter
	bytes       prometheus.Counter
	dropped     *prometheus.CounterVec
}

func newMetrics() metrics {
	return metrics{
		connections: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "escuta_live_connections", Help: "Live connections of this node.",
		}),
		frames: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "escuta_live_frames_total", Help: "Frames written to live connections.",
		}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "escuta_live_bytes_total", Help: "Bytes written to live connections.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "escuta_live_dropped_total", Help: "Live connections this node ended, by reason.",
		}, []string{"reason"}),
	}
}

func (m metrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.connections, m.frames, m.bytes, m.dropped}
}
