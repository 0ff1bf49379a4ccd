// Package intake takes in whatever customers send, by whatever channel, so that
// nothing accepted is lost and nothing is taken in twice.
//
// Everything first becomes a row of the ledger, under a key that makes a
// repetition recognisable; that row then has a fate: a ticket, a reply, or a
// place where a person looks at it. Submit returns after the commit, so a source
// is acknowledged when the thing is safe. Many submissions commit together:
// what waits is gathered into one pipelined transaction.
package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/sla"
)

const (
	writers   = 2                    // while one commits, the next group gathers
	groupSize = 64                   // more gains nothing and makes everybody in the group wait longer
	linger    = 2 * time.Millisecond // how long a group waits for company
	queueSize = 2048                 // a quarter of a second's work; the rest is told to come back
	patience  = 15 * time.Second     // how long an item is tried when the engine fails
	writeTime = 10 * time.Second     // how long one try may take
)

// Faults of taking something in.
var (
	ErrBusy        = fault.New(fault.Unavailable, "intake_busy").After(time.Second)
	ErrStopped     = fault.New(fault.Unavailable, "intake_stopped").After(2 * time.Second)
	ErrUnconfirmed = fault.New(fault.Unavailable, "intake_unconfirmed").After(time.Second) // it may or may not have been stored
	ErrReused      = fault.New(fault.Invalid, "idempotency_key_reused")
	ErrRefused     = fault.New(fault.Invalid, "submission_refused")
)

// Planner says which clocks a demand gets, and which a ticket gets when its
// customer writes again after an answer. It is asked for every item, so it has to
// be quick. *sla.Policies is one.
type Planner interface {
	Plan(sla.Demand, time.Time) []sla.NewClock
	PlanNext(sla.Demand, time.Time) []sla.NewClock
	AskSegments() bool
}

// Receipt is the answer to something accepted. A repetition gets the same one.
type Receipt struct {
	LedgerID int64
	TicketID int64 // 0 when it waits for a person instead
	Protocol string
	// MessageID is that of the message it became, 0 when it became none, or when
	// this is a repetition.
	MessageID int64
	AnswerBy  *time.Time // the first deadline the ticket had, nil when none
	Replayed  bool       // it had been accepted before
}

// Intake is the way in. It has a pool of its own, whose plans are pinned.
type Intake struct {
	own       *postgres.DB
	pool      *pgxpool.Pool // of own
	db        *postgres.DB
	blobs     *blob.Store
	planner   Planner
	calendars sla.Calendars
	zone      *time.Location

	poke event.Poker
	now  func() time.Time
	log  *slog.Logger

	numbers  *numbers
	tokens   *Tokens
	recent   recent
	defaults atomic.Pointer[defaults]

	queue   chan *item
	writing lane
	stopped chan struct{}

	arrivals  chan *arrival
	accepting lane
	digesters map[channel.Name]Digester
	wake      chan struct{} // a token for each worker that finds something to digest
	pace      pace
}

// Options is what an Intake is made of.
type Options struct {
	URL       string // of the database, for the intake's own pool
	DB        *postgres.DB
	Blobs     *blob.Store // where large raw sources go
	Planner   Planner
	Calendars sla.Calendars // by which clocks go on when a customer speaks

	Poke event.Poker
	Now  func() time.Time // PostgreSQL's time, see postgres.Clock
	Zone *time.Location   // whose days the protocols count
	Log  *slog.Logger
}

// pinned are the settings of the intake's own sessions. Plans made while the
// tables were empty would otherwise stay, and run at a quarter of the speed; and
// planning anew for every group costs more than the group.
var pinned = map[string]string{
	"enable_seqscan":   "off",
	"enable_hashjoin":  "off",
	"enable_mergejoin": "off",
	"plan_cache_mode":  "force_generic_plan",
	"jit":              "off",
}

// New opens the intake's pool and reads what it needs to know. Close it after
// Run has returned.
func New(ctx context.Context, o Options) (*Intake, error) {
	own, err := postgres.Open(ctx, o.URL, postgres.Options{MaxConns: 2*writers + 2*digestWorkers + 2, Params: pinned, Server: true, Name: "escuta intake", Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open the pool of the intake: %w", err)
	}
	in := &Intake{
		own: own, pool: own.Pool, db: o.DB, blobs: o.Blobs, planner: o.Planner, calendars: o.Calendars, zone: o.Zone,
		poke: o.Poke, now: o.Now, log: o.Log,
		numbers: &numbers{pool: own.Pool, zone: o.Zone, now: o.Now},
		queue:   make(chan *item, queueSize),
		stopped: make(chan struct{}),

		arrivals:  make(chan *arrival, queueSize),
		digesters: map[channel.Name]Digester{},
		wake:      make(chan struct{}, digestWorkers),
		pace:      usualPace,
	}
	if err := in.refresh(ctx); err != nil {
		own.Close()
		return nil, err
	}
	if in.tokens, err = LoadTokens(ctx, o.DB); err != nil {
		own.Close()
		return nil, err
	}
	return in, nil
}

// Close gives the pool back.
func (in *Intake) Close() { in.own.Close() }

// Tokens derives and checks what lets a customer at a ticket.
func (in *Intake) Tokens() *Tokens { return in.tokens }

// Submit takes in what opens a ticket and returns when that is committed.
//
// When ctx ends first, the answer is unknown and so is the error's: submitting
// the same key again finds out. When more waits than can be written soon, it
// fails at once with ErrBusy. A key that came before with the same content gets
// the same receipt, with other content ErrReused.
func (in *Intake) Submit(ctx context.Context, m channel.Inbound) (Receipt, error) {
	return in.enqueue(ctx, in.prepare(ctx, m, origin{}))
}

func (in *Intake) enqueue(ctx context.Context, it *item) (Receipt, error) {
	select {
	case <-in.stopped:
		return Receipt{}, ErrStopped
	default:
	}
	select {
	case in.queue <- it:
	default:
		return Receipt{}, ErrBusy
	}
	select {
	case a := <-it.done:
		return a.receipt, a.err
	case <-ctx.Done():
		return Receipt{}, ErrUnconfirmed.Because(ctx.Err())
	case <-in.stopped:
		// The last writer answers everything it still has before it says so.
		select {
		case a := <-it.done:
			return a.receipt, a.err
		default:
			return Receipt{}, ErrStopped
		}
	}
}

// Run writes until ctx ends, finishes what it has begun, and refuses the rest:
// whoever still waits has been told nothing and tries again.
func (in *Intake) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	for range writers {
		parts.Go(func() { in.writer(ctx) })
		parts.Go(func() { in.accepter(ctx) })
	}
	if len(in.digesters) > 0 {
		for n := range digestWorkers {
			parts.Go(func() { in.digestAll(ctx, n == 0) })
		}
	}
	parts.Go(func() { in.keepHouse(ctx) })
	parts.Wait()
	close(in.stopped)
	for {
		select {
		case it := <-in.queue:
			it.answer(Receipt{}, ErrStopped)
		case a := <-in.arrivals:
			a.done <- accepted{err: ErrStopped}
		default:
			return nil
		}
	}
}

// keepHouse does what the writers should not wait for: it reads the defaults
// anew, folds the tallies together and tries again what is pending.
func (in *Intake) keepHouse(ctx context.Context) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err := errors.Join(in.refresh(ctx), foldTallies(ctx, in.db.Pool), in.retryPending(ctx))
			if err != nil && ctx.Err() == nil {
				in.log.WarnContext(ctx, "the intake could not keep house", "error", err)
			}
		}
	}
}

// defaults is where a ticket goes that does not say.
type defaults struct{ team, brand int64 }

func (in *Intake) refresh(ctx context.Context) error {
	var d defaults
	err := in.pool.QueryRow(ctx, `SELECT (SELECT id FROM teams WHERE is_default), (SELECT min(id) FROM brands)`).Scan(&d.team, &d.brand)
	if err != nil {
		return fmt.Errorf("read the default team and brand: %w", err)
	}
	in.defaults.Store(&d)
	return nil
}
