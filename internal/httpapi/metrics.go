package httpapi

import (
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests by route pattern. A label by path would let anybody
// outside fill the memory with series.
type metrics struct {
	seconds *prometheus.HistogramVec
	handler fiber.Handler
}

func newMetrics(registry *prometheus.Registry) *metrics {
	m := &metrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "escuta_http_request_seconds",
			Help:    "Time from the request's last byte read to the answer written, by route pattern.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
		handler: adaptor.HTTPHandler(promhttp.HandlerFor(registry, promhttp.HandlerOpts{})),
	}
	registry.MustRegister(m.seconds)
	return m
}

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	m.seconds.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}
