package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

func TestTimesComeBackInUTC(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	var byGorm, byPgx time.Time
	if err := db.Gorm.Raw("SELECT now()").Row().Scan(&byGorm); err != nil {
		t.Fatal(err)
	}
	if err := db.Pool.QueryRow(t.Context(), "SELECT now()").Scan(&byPgx); err != nil {
		t.Fatal(err)
	}
	if byGorm.Location() != time.UTC || byPgx.Location() != time.UTC {
		t.Errorf("times in %v (GORM) and %v (pgx)", byGorm.Location(), byPgx.Location())
	}
}

func TestParamsReachEachSession(t *testing.T) {
	t.Parallel()
	db := pgtest.Open(t, pgtest.URL(t), postgres.Options{Name: "intake", Params: map[string]string{"enable_seqscan": "off"}})
	var seqscan, zone, name string
	err := db.Pool.QueryRow(t.Context(), "SELECT current_setting('enable_seqscan'), current_setting('timezone'), current_setting('application_name')").Scan(&seqscan, &zone, &name)
	if err != nil || seqscan != "off" || zone != "UTC" || name != "intake" {
		t.Errorf("got %q, %q, %q, %v", seqscan, zone, name, err)
	}
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	results := make(chan error, 3)
	for range cap(results) {
		db := pgtest.Open(t, url, postgres.Options{MaxConns: 4})
		go func() { results <- postgres.Migrate(context.Background(), db) }()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	db := pgtest.Open(t, url, postgres.Options{})
	if n, err := postgres.Pending(t.Context(), db); n != 0 || err != nil {
		t.Errorf("%d migrations pending, %v", n, err)
	}
}

type jobArgs struct {
	N int `json:"n"`
}

func (jobArgs) Kind() string { return "test_job" }

func TestJobAndRowAreKeptOrLostTogether(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if _, err := db.Pool.Exec(t.Context(), "CREATE TABLE kept (n int)"); err != nil {
		t.Fatal(err)
	}
	jobs, err := river.NewClient(riverpgxv5.New(db.Pool), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	oops := errors.New("oops")
	run := func(n int, end error) error {
		return db.InTx(t.Context(), func(tx *gorm.DB) error {
			if err := tx.Exec("INSERT INTO kept VALUES (?)", n).Error; err != nil {
				return err
			}
			ptx, err := postgres.PgxTx(tx)
			if err != nil {
				return err
			}
			if _, err := jobs.InsertTx(t.Context(), ptx, jobArgs{n}, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true}}); err != nil {
				return err
			}
			if err := tx.Exec("INSERT INTO kept VALUES (?)", n).Error; err != nil {
				return err
			}
			return end
		})
	}
	if err := run(1, nil); err != nil {
		t.Fatal(err)
	}
	if err := run(2, oops); !errors.Is(err, oops) {
		t.Fatalf("got %v", err)
	}
	var rows, queued int
	if err := db.Pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM kept), (SELECT count(*) FROM river_job)").Scan(&rows, &queued); err != nil {
		t.Fatal(err)
	}
	if rows != 2 || queued != 1 {
		t.Errorf("%d rows and %d jobs, want 2 and 1", rows, queued)
	}
}

func TestBorrowedTransactionIsEndedByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if _, err := db.Pool.Exec(t.Context(), "CREATE TABLE steps (n int)"); err != nil {
		t.Fatal(err)
	}
	err := db.InTx(t.Context(), func(tx *gorm.DB) error {
		outer, err := postgres.PgxTx(tx.WithContext(t.Context()))
		if err != nil {
			return err
		}
		if outer.Commit(t.Context()) == nil || outer.Rollback(t.Context()) == nil {
			t.Error("a borrowed transaction let itself be ended")
		}
		kept, err := outer.Begin(t.Context())
		if err != nil {
			return err
		}
		if _, err := kept.Exec(t.Context(), "INSERT INTO steps VALUES (1)"); err != nil {
			return err
		}
		undone, err := kept.Begin(t.Context())
		if err != nil {
			return err
		}
		if _, err := undone.Exec(t.Context(), "INSERT INTO steps VALUES (2)"); err != nil {
			return err
		}
		if err := undone.Rollback(t.Context()); err != nil {
			return err
		}
		if err := kept.Commit(t.Context()); err != nil {
			return err
		}
		if err := kept.Rollback(t.Context()); !errors.Is(err, pgx.ErrTxClosed) {
			t.Errorf("rollback after commit: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	rows, err := db.Pool.Query(t.Context(), "SELECT n FROM steps")
	if err != nil {
		t.Fatal(err)
	}
	if got, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil || len(got) != 1 || got[0] != 1 {
		t.Errorf("kept %v, %v", got, err)
	}
}

func TestPgxTxRefusesWhatIsNoTransaction(t *testing.T) {
	t.Parallel()
	if _, err := postgres.PgxTx(pgtest.New(t).Gorm); err == nil {
		t.Error("a pool passed for a transaction")
	}
}

func TestDeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if _, err := db.Pool.Exec(t.Context(), "CREATE TABLE pair (id int PRIMARY KEY, n int); INSERT INTO pair VALUES (1, 0), (2, 0)"); err != nil {
		t.Fatal(err)
	}
	// Both hold their first row before either asks for its second.
	both := make(chan struct{}, 2)
	gate := make(chan struct{})
	go func() {
		<-both
		<-both
		close(gate)
	}()
	results := make(chan error, 2)
	calls := make(chan struct{}, 2*4)
	for _, order := range [][2]int{{1, 2}, {2, 1}} {
		go func() {
			first := true
			results <- db.InTx(context.Background(), func(tx *gorm.DB) error {
				calls <- struct{}{}
				if err := tx.Exec("UPDATE pair SET n = n + 1 WHERE id = ?", order[0]).Error; err != nil {
					return err
				}
				if first {
					first = false
					both <- struct{}{}
					<-gate
				}
				return tx.Exec("UPDATE pair SET n = n + 1 WHERE id = ?", order[1]).Error
			})
		}()
	}
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	var sum int
	if err := db.Pool.QueryRow(t.Context(), "SELECT sum(n) FROM pair").Scan(&sum); err != nil || sum != 4 {
		t.Errorf("sum %d, %v: each transaction counts once", sum, err)
	}
	if len(calls) < 3 {
		t.Errorf("%d runs: the two never collided", len(calls))
	}
}

func TestIsUniqueKnowsTheConstraint(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	if _, err := db.Pool.Exec(t.Context(), "CREATE TABLE once (n int CONSTRAINT once_n UNIQUE)"); err != nil {
		t.Fatal(err)
	}
	_, err := db.Pool.Exec(t.Context(), "INSERT INTO once VALUES (1), (1)")
	if !postgres.IsUnique(err, "once_n") || !postgres.IsUnique(err, "") || postgres.IsUnique(err, "other") {
		t.Errorf("misjudged %v", err)
	}
	if err := db.Gorm.Exec("INSERT INTO once VALUES (2)").Error; err != nil {
		t.Fatal(err)
	}
	if err := db.Gorm.Exec("INSERT INTO once VALUES (2)").Error; !postgres.IsUnique(err, "once_n") {
		t.Errorf("through GORM: misjudged %v", err)
	}
}
