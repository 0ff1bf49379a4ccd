package intake_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/webform"
	"github.com/escuta-sac/escuta/internal/intake"
	"github.com/escuta-sac/escuta/internal/sla"
)

// BenchmarkSubmit takes in tickets of new customers from 64 submitters, under the
// real policies. The engine is pgtest's: set TEST_DATABASE_URL to a durable one
// for a number that counts.
func BenchmarkSubmit(b *testing.B) {
	o := newOffice(b)

	policies := must(sla.LoadPolicies(b.Context(), o.db.Gorm, sla.BuiltIn(zone)))
	in := o.node(func(o *intake.Options) { o.Planner = policies })
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	began := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n.Add(1)
			m, err := webform.Check(submission())
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := in.Submit(b.Context(), m); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(n.Load())/time.Since(began).Seconds(), "tickets/s")
}
