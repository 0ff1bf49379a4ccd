package intake_test

import (
	"errors"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/intake"
)

func TestASourceThatFailsOrIsQuietIsSeen(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	monday := time.Date(2026, 11, 16, 15, 0, 0, 0, zone)
	in := o.node(func(o *intake.Options) { o.Now = func() time.Time { return monday } })
	sources := in.Sources()
	box := intake.Source{Channel: channel.Email, Name: "sac@aroeira.example"}
	only := func() intake.Health {
		t.Helper()
		all, err := sources.List(t.Context(), false)
		if err != nil || len(all) != 1 || all[0].Source != box {
			t.Fatal(all, err)
		}
		return all[0]
	}
	for _, err := range []error{sources.Arrived(t.Context(), box), sources.Failed(t.Context(), box, "refused")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if h := only(); !h.Failing() || h.Failure != "refused" || h.LastFailure == nil || h.LastOK == nil {
		t.Errorf("failing: %+v", h)
	}
	if err := sources.Alive(t.Context(), box); err != nil {
		t.Fatal(err)
	}
	if h := only(); h.Failing() {
		t.Errorf("alive again: %+v", h)
	}
	// Friday 16:00 to Monday 15:00 is nine business hours; 14:00 would be eleven.
	for _, c := range []struct {
		last  time.Time
		quiet bool
	}{{monday.Add(-71 * time.Hour), false}, {monday.Add(-73 * time.Hour), true}} {
		o.exec(`UPDATE channel_sources SET since = '2026-01-01', last_arrival_at = $1`, c.last)
		if h := only(); h.Quiet() != c.quiet {
			t.Errorf("last %v: %+v", c.last, h)
		}
	}
	if err := sources.ExpectWithin(t.Context(), box, 30, false); err != nil {
		t.Fatal(err)
	}
	if h := only(); h.Quiet() || h.QuietAfter != 30 {
		t.Errorf("with more patience: %+v", h)
	}
	if err := sources.ExpectWithin(t.Context(), box, -1, false); !errors.Is(err, intake.ErrQuiet) {
		t.Error(err)
	}
	if err := sources.ExpectWithin(t.Context(), intake.Source{Channel: channel.Email, Name: "x"}, 1, false); !errors.Is(err, intake.ErrSource) {
		t.Error(err)
	}
	// A mailbox that is none any more is neither quiet nor failing.
	other := intake.Source{Channel: channel.Email, Name: "imap:antiga@aroeira.example"}
	for _, err := range []error{sources.Failed(t.Context(), other, "refused"), sources.Only(t.Context(), channel.Email, "imap:", []string{"imap:outra@aroeira.example"})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	only()
	if _, err := in.Accept(t.Context(), script{}.arrival("1")); err != nil {
		t.Fatal(err)
	}
	seen := prometheus.NewPedanticRegistry()
	seen.MustRegister(in.Collectors()...)
	figures := map[string]float64{}
	families, err := seen.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		figures[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	if figures["escuta_intake_pending"] != 1 || figures["escuta_intake_received"] != 1 || figures["escuta_intake_sources_failing"] != 0 || figures["escuta_intake_oldest_pending_seconds"] < 0 {
		t.Errorf("figures %v", figures)
	}
	if err := sources.Only(t.Context(), channel.Email, "sac@", nil); err != nil {
		t.Fatal(err)
	}
	if all, err := sources.List(t.Context(), false); err != nil || len(all) != 1 || all[0].Name != "" {
		t.Errorf("after it is forgotten, the channel stands for itself: %+v, %v", all, err)
	}
}
