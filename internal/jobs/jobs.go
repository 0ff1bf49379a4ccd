// Package jobs keeps work that must happen exactly once in effect: a job is a
// row, inserted in the transaction of the change that asks for it, so that it
// exists if and only if the change does. River does the keeping; this package
// is the little that the rest of the program needs of it.
//
// A job may run twice (a crash after the effect, before the note of it). Its
// worker therefore makes the effect conditional, in one transaction of its own.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
)

const (
	// workers bounds how many jobs run at once on a node. One queue is enough:
	// each queue is polled, and an idle desk must be idle.
	workers = 16
	// poll is how long a job waits whose notification got lost.
	poll = 15 * time.Second
	// cooldown gathers jobs that are committed together into one fetch.
	cooldown = 10 * time.Millisecond
	// orphaned is when a job that still runs has lost its process: longer than any
	// job may take.
	orphaned = 8 * time.Minute
	// patience is how long running jobs get to end when the program stops.
	patience = 10 * time.Second
)

// DeliverReply asks for a reply to be brought to its customer.
type DeliverReply struct {
	MessageID int64 `json:"message_id"`
}

// Kind names the job in the table.
func (DeliverReply) Kind() string { return "deliver_reply" }

// Client inserts jobs and, when it was given workers, runs them.
type Client struct {
	river *river.Client[pgx.Tx]
	log   *slog.Logger
	works bool
}

// Work registers the worker of one kind of job with New.
func Work[T river.JobArgs](w river.Worker[T]) func(*river.Workers) {
	return func(all *river.Workers) { river.AddWorker(all, w) }
}

// New makes a client that runs the given workers; without any it only inserts.
func New(db *postgres.DB, log *slog.Logger, work ...func(*river.Workers)) (*Client, error) {
	cfg := &river.Config{
		Logger:            log,
		FetchPollInterval: poll,
		FetchCooldown:     cooldown,
		JobTimeout:        time.Minute,
		// Jobs may be begun again, so no customer waits for as long as the library would.
		RescueStuckJobsAfter: orphaned,
		// A node may be older than the one that inserted a job: it leaves alone
		// what it does not know.
		FetchOnlyKnownKinds: true,
		SkipUnknownJobCheck: true,
	}
	if len(work) > 0 {
		cfg.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}}
		cfg.Workers = river.NewWorkers()
		for _, register := range work {
			register(cfg.Workers)
		}
	}
	client, err := river.NewClient(riverpgxv5.New(db.Pool), cfg)
	if err != nil {
		return nil, fmt.Errorf("make the client of the jobs: %w", err)
	}
	return &Client{river: client, log: log, works: len(work) > 0}, nil
}

// Insert adds a job to the transaction tx of postgres.DB.InTx. The workers are
// told when it commits.
func (c *Client) Insert(tx *gorm.DB, args river.JobArgs) error {
	return c.insert(tx, args, nil)
}

// InsertAt adds a job that is not begun before at.
func (c *Client) InsertAt(tx *gorm.DB, args river.JobArgs, at time.Time) error {
	return c.insert(tx, args, &river.InsertOpts{ScheduledAt: at})
}

// bare only inserts, into whatever transaction it is given.
var bare = sync.OnceValues(func() (*river.Client[pgx.Tx], error) {
	return river.NewClient(riverpgxv5.New(nil), &river.Config{SkipUnknownJobCheck: true})
})

// Insert adds a job that is not begun before at, for those who have a
// transaction and no Client. The zero time is at once.
func Insert(tx *gorm.DB, args river.JobArgs, at time.Time) error {
	client, err := bare()
	if err != nil {
		return fmt.Errorf("make a client that inserts: %w", err)
	}
	return (&Client{river: client}).InsertAt(tx, args, at)
}

func (c *Client) insert(tx *gorm.DB, args river.JobArgs, opts *river.InsertOpts) error {
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return err
	}
	if _, err := c.river.InsertTx(tx.Statement.Context, borrowed, args, opts); err != nil {
		return fmt.Errorf("insert the job %s: %w", args.Kind(), err)
	}
	// River tells the workers of an insert only if it has not just told of another
	// one, which may have been committed and fetched before this one commits: the
	// job would wait for the next poll. Told twice costs nothing.
	if err := tx.Exec(wake, `{"queue": "`+river.QueueDefault+`"}`).Error; err != nil {
		return fmt.Errorf("tell the workers of the job %s: %w", args.Kind(), err)
	}
	return nil
}

// wake is heard by River's workers when the transaction commits.
const wake = `SELECT pg_notify(current_schema() || '.river_insert', ?)`

// Run works until ctx ends, then lets the running jobs finish. A job that does
// not finish in time is cancelled and tried again, by whichever node.
func (c *Client) Run(ctx context.Context) error {
	if !c.works {
		<-ctx.Done()
		return nil
	}
	if !c.start(ctx) {
		return nil
	}
	<-ctx.Done()
	soft, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := c.river.Stop(soft)
	if errors.Is(err, context.DeadlineExceeded) {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		err = c.river.StopAndCancel(hard)
	}
	if err != nil {
		return fmt.Errorf("stop the workers: %w", err)
	}
	return nil
}

// start lets the workers begin, and waits for PostgreSQL to answer when it is away
// just then: an outage in the first moment is one like any other. It is false
// when ctx ended first.
func (c *Client) start(ctx context.Context) bool {
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		// Not ctx: its end would cancel the jobs that are running.
		err := c.river.Start(context.WithoutCancel(ctx))
		if err == nil {
			return true
		}
		c.log.WarnContext(ctx, "the workers start later", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return false
		case <-again.C:
		}
	}
}
