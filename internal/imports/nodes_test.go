package imports

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/blob"
	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/ticket/tickettest"
)

// paused is a node whose way into the ledger stands still at one row.
type paused struct {
	*kept
	at      string // end of the row's key
	reached chan struct{}
	goOn    chan struct{}
	once    sync.Once
}

func (p *paused) Accept(ctx context.Context, a channel.Arrival) (channel.Acceptance, error) {
	if strings.HasSuffix(a.SourceKey, p.at) {
		p.once.Do(func() { close(p.reached) })
		<-p.goOn
	}
	return p.kept.Accept(ctx, a)
}

// Two nodes: one import has one runner. When that one stands still beyond its
// lease another goes on, and what the first does afterwards counts for nothing:
// each row is in the ledger once, and counted once.
func TestTwoNodesRunOneImportOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	boss := tickettest.Account(t, db, access.Ombudsman, tickettest.DefaultTeam)
	files, err := blob.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ledger := &kept{rows: map[string][32]byte{}}
	slow := &paused{kept: ledger, at: ":400", reached: make(chan struct{}), goOn: make(chan struct{})}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	now := func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
	first, second := New(db, files, slow, now, log), New(db, files, ledger, now, log)
	const rows = 700
	var list strings.Builder
	list.WriteString("protocolo;assunto;descricao\n")
	for n := range rows {
		fmt.Fprintf(&list, "%d;Assunto %d;Texto %d\n", n, n, n)
	}
	p, err := first.Upload(t.Context(), boss, "lista.csv", strings.NewReader(list.String()), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Start(t.Context(), boss, p.Import.ID, Procon, nil); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := first.RunNext(t.Context())
		ended <- err
	}()
	<-slow.reached
	if worked, err := second.RunNext(t.Context()); worked || err != nil {
		t.Errorf("while the first one has it: %v %v", worked, err)
	}
	if err := db.Gorm.Exec("UPDATE imports SET lease_until = now() - interval '1 second'").Error; err != nil {
		t.Fatal(err)
	}
	if worked, err := second.RunNext(t.Context()); !worked || err != nil {
		t.Fatalf("when its lease is over: %v %v", worked, err)
	}
	done, err := second.Get(t.Context(), boss, p.Import.ID)
	if err != nil || done.State != Done || done.Rows != rows || done.Imported+done.Already != rows || done.Failed != 0 {
		t.Errorf("%+v %v", done, err)
	}
	close(slow.goOn)
	if err := <-ended; err != nil {
		t.Errorf("the first one, afterwards: %v", err)
	}
	after, err := second.Get(t.Context(), boss, p.Import.ID)
	if err != nil || after.State != Done || after.Rows != done.Rows || after.Imported != done.Imported || after.Already != done.Already {
		t.Errorf("afterwards it stands at %+v, not %+v: %v", after, done, err)
	}
	if len(ledger.rows) != rows {
		t.Errorf("%d rows in the ledger", len(ledger.rows))
	}
}
