// Command bench measures what Escuta exists for against this machine's own
// limit, in the same run and in turns with it, because absolute times do not
// travel. It prints a table and writes bench/out/latest.json.
//
//	go run ./bench [-run NAME] [-rounds N] [-seconds N]
//
// Everything runs on this machine, over loopback, on engines of its own; a
// wrong result (a ticket lost or doubled) fails the line however fast it was.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"text/tabwriter"
	"time"
)

// result is one line of the table.
type result struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Spread float64 `json:"spread"` // (max-min)/median of the rounds
	Limit  float64 `json:"limit"`  // the machine's own, 0 when the goal is absolute
	Ratio  float64 `json:"ratio"`  // value to limit
	Goal   string  `json:"goal"`
	Pass   bool    `json:"pass"`
}

// scenario measures one thing, round by round, and says what came out.
type scenario struct {
	name string
	run  func(ctx context.Context, w *world, o options) ([]result, error)
}

type options struct {
	rounds  int
	seconds time.Duration
}

var scenarios = []scenario{{"ingest", ingest}}

func main() {
	only := flag.String("run", "", "the one scenario to run")
	rounds := flag.Int("rounds", 3, "how often each measure is taken; the median counts")
	seconds := flag.Int("seconds", 5, "how long one measure takes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, *only, options{*rounds, time.Duration(*seconds) * time.Second}); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, only string, o options) (err error) {
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	var all []result
	for _, s := range scenarios {
		if only != "" && s.name != only {
			continue
		}
		got, err := s.run(ctx, w, o)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		all = append(all, got...)
	}
	if len(all) == 0 {
		return fmt.Errorf("no scenario is called %q", only)
	}
	show(all)
	return save(all)
}

func show(all []result) {
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nwhat\tseen\tspread\tlimit here\tratio\tgoal\t")
	for _, r := range all {
		verdict := "met"
		if !r.Pass {
			verdict = "MISSED"
		}
		limit, ratio := "-", "-"
		if r.Limit > 0 {
			limit, ratio = fmt.Sprintf("%.0f", r.Limit), fmt.Sprintf("%.2f", r.Ratio)
		}
		fmt.Fprintf(t, "%s\t%.1f %s\t±%.0f%%\t%s\t%s\t%s\t%s\n", r.Name, r.Value, r.Unit, 50*r.Spread, limit, ratio, r.Goal, verdict)
	}
	t.Flush()
}

func save(all []result) error {
	text, err := json.MarshalIndent(map[string]any{
		"machine": fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
		"at":      time.Now().UTC().Format(time.RFC3339),
		"results": all,
	}, "", "  ")
	if err != nil {
		return err
	}
	out := filepath.Join("bench", "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "latest.json"), append(text, '\n'), 0o644)
}
