package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/jobs"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// tells passes on that a warning was written.
type tells struct {
	slog.Handler
	warned chan struct{}
}

func (h tells) Enabled(context.Context, slog.Level) bool { return true }

func (h tells) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelWarn && strings.Contains(r.Message, "start later") {
		select {
		case h.warned <- struct{}{}:
		default:
		}
	}
	return nil
}

// A PostgreSQL that is away in the very moment in which the workers start must not
// end the server: they start when it is back.
func TestWorkersStartWhenPostgreSQLIsBack(t *testing.T) {
	t.Parallel()
	db, admin := pgtest.New(t), pgtest.Open(t, pgtest.Empty(t), postgres.Options{MaxConns: 1})
	worker := &recorder{got: make(chan int64, 1)}
	log := tells{slog.DiscardHandler, make(chan struct{}, 1)}
	c, err := jobs.New(db, slog.New(log), jobs.Work(worker))
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx *gorm.DB) error { return c.Insert(tx, jobs.DeliverReply{MessageID: 7}) })
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if err := db.Gorm.Raw("SELECT quote_ident(current_database())").Scan(&name).Error; err != nil {
		t.Fatal(err)
	}
	do := func(sql string) {
		t.Helper()
		if err := admin.Gorm.Exec(sql).Error; err != nil {
			t.Fatal(err)
		}
	}
	do("ALTER DATABASE " + name + " ALLOW_CONNECTIONS false")
	do("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE quote_ident(datname) = '" + name + "'")
	start(t, c)
	<-log.warned
	do("ALTER DATABASE " + name + " ALLOW_CONNECTIONS true")
	if id := next(t, worker.got); id != 7 {
		t.Errorf("the job of message %d ran", id)
	}
}
