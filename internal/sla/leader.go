package sla

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/escuta-sac/escuta/internal/event"
)

// campaign tries to become the leader, and leads as long as it can.
func (t *Timers) campaign(ctx context.Context) {
	for ctx.Err() == nil {
		won, err := t.alarm.lead(ctx, t.me, leadLease)
		t.heard(ctx, err)
		if won {
			if err := t.term(ctx); err != nil && ctx.Err() == nil {
				t.deps.Log.WarnContext(ctx, "SLA timers start again", slog.Any("error", err))
			}
			t.resign(ctx)
		}
		sleep(ctx, leadRenew)
	}
}

// resign lets the next leader begin at once instead of waiting for the lease to
// run out. It does no harm when the lead is lost already, or Redis is.
func (t *Timers) resign(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = t.alarm.lead(ctx, t.me, 0)
}

var errLeadLost = errors.New("another node has the lead")

// term is one time of leading: from the events' head on, with all clocks
// loaded. It ends with ctx (nil), with the lead, or with what failed; the next
// one starts from scratch, so nothing needs to be mended here.
func (t *Timers) term(ctx context.Context) error {
	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return t.renew(ctx) })
	parts.Go(func() error {
		// The position first: what changes while the clocks are loaded is told again.
		from, err := t.deps.Feed.Head(ctx)
		if err != nil {
			return err
		}
		if err := t.loadAndPoke(ctx); err != nil {
			return err
		}
		parts.Go(func() error { return t.reloads(ctx) })
		return t.deps.Feed.Follow(ctx, from, func(events []event.Event) error { return t.follow(ctx, events) })
	})
	for _, l := range t.lanes {
		parts.Go(func() error { l.run(ctx); return nil })
	}
	return parts.Wait()
}

// renew keeps the lead until it is lost, and looks whether the timers are.
func (t *Timers) renew(ctx context.Context) error {
	for sleep(ctx, leadRenew) {
		won, err := t.alarm.lead(ctx, t.me, leadLease)
		if err == nil && !won {
			return errLeadLost
		}
		var complete bool
		if err == nil {
			complete, err = t.alarm.isComplete(ctx)
		}
		t.heard(ctx, err)
		if err != nil {
			return err
		}
		if !complete {
			t.missing()
		}
	}
	return nil
}

// missing asks for everything to be loaded again, unless that is asked already.
func (t *Timers) missing() {
	select {
	case t.reload <- struct{}{}:
	default:
	}
}

// reloads loads everything again when timers turn out to be gone.
func (t *Timers) reloads(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.reload:
		}
		// It may have been asked for before the last load was done.
		complete, err := t.alarm.isComplete(ctx)
		if err == nil && !complete {
			t.deps.Log.WarnContext(ctx, "degraded: the SLA timers are gone from Redis, loading them again")
			err = t.loadAndPoke(ctx)
		}
		if err != nil {
			return err
		}
	}
}

func (t *Timers) loadAndPoke(ctx context.Context) error {
	if err := t.load(ctx); err != nil {
		return err
	}
	for _, l := range t.lanes {
		l.poke()
	}
	return nil
}

// moving are the events after which a ticket's clocks may stand elsewhere. What
// the timers themselves caused is not among them.
var moving = map[string]bool{
	event.TicketOpened: true, event.TicketMessageIn: true, event.TicketReplied: true,
	event.TicketChanged: true, event.TicketStatus: true, event.TicketReopened: true,
	event.TicketUndone: true,
}

// follow sets the timers of the tickets that events are about.
func (t *Timers) follow(ctx context.Context, events []event.Event) error {
	seen := map[int64]bool{}
	var tickets []int64
	for _, e := range events {
		if moving[e.Kind] && !seen[e.TicketID] {
			seen[e.TicketID] = true
			tickets = append(tickets, e.TicketID)
		}
	}
	if len(tickets) == 0 {
		return nil
	}
	settings, err := t.ofTickets(ctx, tickets)
	if err != nil {
		return err
	}
	if err := t.alarm.set(ctx, settings); err != nil {
		t.heard(ctx, err)
		return err
	}
	t.expect(settings)
	return nil
}

// expect tells the lanes of timers that others than themselves have set.
func (t *Timers) expect(settings []setting) {
	for _, s := range settings {
		if !s.at.IsZero() {
			t.lanes[shardOf(s.clock)%laneCount].expect(s.at)
		}
	}
}
