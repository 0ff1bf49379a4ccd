package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// recorder notes which messages it was asked to deliver.
type recorder struct {
	river.WorkerDefaults[jobs.DeliverReply]
	got  chan int64
	hold chan struct{} // when set, a job ends only after this is closed
}

func (r *recorder) Work(_ context.Context, j *river.Job[jobs.DeliverReply]) error {
	r.got <- j.Args.MessageID
	if r.hold != nil {
		<-r.hold
	}
	return nil
}

func start(t *testing.T, c *jobs.Client) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	ended := false
	stop = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-done
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return stop
}

// listening waits until the workers hear notifications.
func listening(t *testing.T, db *postgres.DB) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); ; {
		var n int64
		err := db.Gorm.Raw(`SELECT count(*) FROM pg_stat_activity
		  WHERE datname = current_database() AND query ~ '^(LISTEN|-- ping)'`).Scan(&n).Error
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the workers do not listen")
		}
	}
}

func next(t *testing.T, got <-chan int64) int64 {
	t.Helper()
	select {
	case id := <-got:
		return id
	case <-time.After(20 * time.Second):
		t.Fatal("no job ran")
		return 0
	}
}

func TestAJobRunsIfAndOnlyIfItsTransactionCommits(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	worker := &recorder{got: make(chan int64, 8)}
	c, err := jobs.New(db, slog.New(slog.DiscardHandler), jobs.Work(worker))
	if err != nil {
		t.Fatal(err)
	}
	start(t, c)

	undone := errors.New("undone")
	err = db.InTx(t.Context(), func(tx *gorm.DB) error {
		if err := c.Insert(tx, jobs.DeliverReply{MessageID: 1}); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx *gorm.DB) error { return c.Insert(tx, jobs.DeliverReply{MessageID: 2}) })
	if err != nil {
		t.Fatal(err)
	}
	if id := next(t, worker.got); id != 2 {
		t.Errorf("the job of message %d ran", id)
	}
	var rows int64
	if err := db.Gorm.Raw(`SELECT count(*) FROM river_job`).Scan(&rows).Error; err != nil || rows != 1 {
		t.Errorf("%d jobs are kept, %v", rows, err)
	}
}

func TestAJobOfACommitIsFoundLongBeforeThePoll(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	worker := &recorder{got: make(chan int64, 8)}
	c, err := jobs.New(db, slog.New(slog.DiscardHandler), jobs.Work(worker))
	if err != nil {
		t.Fatal(err)
	}
	start(t, c)
	listening(t, db)
	began := time.Now()
	for id := range int64(5) {
		err := db.InTx(t.Context(), func(tx *gorm.DB) error { return c.Insert(tx, jobs.DeliverReply{MessageID: id}) })
		if err != nil {
			t.Fatal(err)
		}
		next(t, worker.got)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("five jobs, one after the other, took %v", took)
	}
}

func TestStoppingLetsARunningJobFinish(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	worker := &recorder{got: make(chan int64, 8), hold: make(chan struct{})}
	c, err := jobs.New(db, slog.New(slog.DiscardHandler), jobs.Work(worker))
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, c)
	err = db.InTx(t.Context(), func(tx *gorm.DB) error { return c.Insert(tx, jobs.DeliverReply{MessageID: 1}) })
	if err != nil {
		t.Fatal(err)
	}
	next(t, worker.got)
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	select {
	case err := <-stopped:
		t.Fatalf("it stopped (%v) while a job was running", err)
	default:
	}
	close(worker.hold)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	var state string
	if err := db.Gorm.Raw(`SELECT state FROM river_job`).Scan(&state).Error; err != nil || state != "completed" {
		t.Errorf("the job is %q, %v", state, err)
	}
}

func TestAClientWithoutWorkersOnlyInserts(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	c, err := jobs.New(db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	stop := start(t, c)
	err = db.InTx(t.Context(), func(tx *gorm.DB) error { return c.Insert(tx, jobs.DeliverReply{MessageID: 1}) })
	if err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	var state string
	if err := db.Gorm.Raw(`SELECT state FROM river_job`).Scan(&state).Error; err != nil || state != "available" {
		t.Errorf("the job is %q, %v", state, err)
	}
}
