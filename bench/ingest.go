package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/errgroup"
)

const clients = 64

// ingest measures how many web tickets of new customers are accepted over HTTP,
// everything durable before the 201, against both limits of this machine.
func ingest(ctx context.Context, w *world, o options) ([]result, error) {
	var product, one, many, slow []float64
	accepted := 0
	// Warm up: connections, plans, the first pages of every table.
	if n, _, err := post(ctx, w, time.Second); err != nil {
		return nil, err
	} else {
		accepted += n
	}
	for round := range o.rounds {
		limit, err := onePerTransaction(ctx, w, clients, o.seconds)
		if err != nil {
			return nil, err
		}
		group, err := grouped(ctx, w, o.seconds)
		if err != nil {
			return nil, err
		}
		n, times, err := post(ctx, w, o.seconds)
		if err != nil {
			return nil, err
		}
		accepted += n
		rate := float64(n) / o.seconds.Seconds()
		p99 := times[len(times)*99/100]
		fmt.Printf("ingest %d/%d: %.0f tickets/s, p99 %v (one a transaction %.0f, grouped %.0f)\n", round+1, o.rounds, rate, p99, limit, group)
		product, one, many, slow = append(product, rate), append(one, limit), append(many, group), append(slow, float64(p99.Microseconds())/1000)
	}
	if err := kept(ctx, w, accepted); err != nil {
		return nil, err
	}
	rate, spread := median(product)
	first, _ := median(one)
	second, _ := median(many)
	p99, p99spread := median(slow)
	return []result{
		{"tickets accepted over HTTP, against one a transaction", rate, "/s", spread, first, rate / first, "≥ 2.0 ×, ≥ 8000/s", rate >= 2*first && rate >= 8000},
		{"the same, against grouped inserts without HTTP", rate, "/s", spread, second, rate / second, "≥ 0.3 ×", rate >= 0.3*second},
		{"slowest hundredth of the answers (p99)", p99, "ms", p99spread, 0, 0, "≤ 40 ms", p99 <= 40},
	}, nil
}

// post sends tickets from 64 clients, each waiting for its answer, and returns
// how many were answered 201 and the sorted times.
func post(ctx context.Context, w *world, d time.Duration) (int, []time.Duration, error) {
	client := &fasthttp.Client{MaxConnsPerHost: clients}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var times []time.Duration
	end := time.Now().Add(d)
	group, ctx := errgroup.WithContext(ctx)
	for range clients {
		group.Go(func() error {
			own, err := postUntil(ctx, client, w.URL+"/api/public/tickets", end)
			mu.Lock()
			times = append(times, own...)
			mu.Unlock()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, nil, err
	}
	if len(times) == 0 {
		return 0, nil, fmt.Errorf("no ticket was accepted")
	}
	slices.Sort(times)
	return len(times), times, nil
}

func postUntil(ctx context.Context, client *fasthttp.Client, url string, end time.Time) ([]time.Duration, error) {
	var times []time.Duration
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	req.SetRequestURI(url)
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/json")
	for time.Now().Before(end) && ctx.Err() == nil {
		who := rand.Uint64()
		req.SetBodyString(fmt.Sprintf(`{"name":"Cliente da Silva","email":"c%d@example.net","kind":"reclamacao","subject":"Não recebi o pedido","body":%q}`, who, limitBody))
		start := time.Now()
		if err := client.Do(req, res); err != nil {
			return times, err
		}
		if res.StatusCode() != fasthttp.StatusCreated {
			return times, fmt.Errorf("answered %d: %s", res.StatusCode(), res.Body())
		}
		times = append(times, time.Since(start))
	}
	return times, nil
}

// kept holds what was answered 201 against what is stored: every ticket once,
// with its ledger row, its message, its event and a protocol of its own.
func kept(ctx context.Context, w *world, accepted int) error {
	var tickets, ledger, messages, events, protocols int
	err := w.Product.QueryRow(ctx, `select
		(select count(*) from tickets), (select count(*) from intake_ledger where fate = 'ticket'),
		(select count(*) from messages), (select count(*) from events where kind = 'ticket.opened' and version = 1),
		(select count(distinct protocol) from tickets)`).Scan(&tickets, &ledger, &messages, &events, &protocols)
	if err != nil {
		return err
	}
	for what, n := range map[string]int{"tickets": tickets, "ledger rows": ledger, "messages": messages, "events": events, "protocols": protocols} {
		if n != accepted {
			return fmt.Errorf("%d accepted, %d %s stored", accepted, n, what)
		}
	}
	return nil
}

// median returns the middle value and how far the others lie apart, as a share of it.
func median(values []float64) (middle, spread float64) {
	sorted := slices.Sorted(slices.Values(values))
	middle = sorted[len(sorted)/2]
	return middle, (sorted[len(sorted)-1] - sorted[0]) / middle
}
