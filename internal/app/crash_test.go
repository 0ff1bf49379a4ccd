package app_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"github.com/escuta-sac/escuta/internal/embedded"
)

// storm says for how long things are broken: every way once, unless
// ESCUTA_CRASH_SECONDS asks for more, and by which dice: ESCUTA_CRASH_SEED
// repeats those of a failure.
func storm(t testing.TB) (seed uint64, until time.Time) {
	t.Helper()
	seed = rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("ESCUTA_CRASH_SEED"), 10, 64); err == nil {
		seed = given
	}
	seconds, _ := strconv.Atoi(os.Getenv("ESCUTA_CRASH_SECONDS"))
	t.Logf("ESCUTA_CRASH_SEED=%d", seed)
	return seed, time.Now().Add(time.Duration(seconds) * time.Second)
}

// The server and its engines are killed in the middle of work, by SIGKILL, one
// by one and all at once, and come back by themselves. Customers keep sending,
// an agent keeps writing notes, and somebody watches.
func TestWhatWasAcceptedSurvivesWhateverIsKilled(t *testing.T) {
	t.Parallel()
	seed, until := storm(t)
	dice := rand.New(rand.NewPCG(seed, 0))
	s := newServer(t)
	db := s.database()
	admin := hire(t, db, "admin")
	old := leaveBehind(t, s, db, 25)
	old.purge(admin)
	watch := follow(t, s, admin, seed)
	epoch := watch.position().Epoch
	customers := gather(t, s, 12, seed)
	customers.accept(1)
	writer := takeNotes(t, s, hire(t, db, "agent"), customers)
	stranger := eavesdrop(t, s, db)

	faults := []struct {
		what   string
		strike func()
	}{
		{"the server in the middle of a purge", old.crashAmid},
		{"PostgreSQL", func() { s.killEngine(postgresEngine) }},
		{"Redis", func() { s.killEngine(redisEngine) }},
		{"what Redis knows", func() { flush(t, s) }},
		{"everything", func() {
			s.killEngine(postgresEngine)
			s.killEngine(redisEngine)
			s.crash()
			s.start()
		}},
	}
	for round := 0; round == 0 || time.Now().Before(until); round++ {
		for _, i := range dice.Perm(len(faults)) {
			customers.accept(30 + dice.IntN(100))
			began := time.Now()
			faults[i].strike()
			customers.accept(30)
			t.Logf("%s: served again after %v", faults[i].what, time.Since(began).Round(time.Millisecond))
			eventually(t, "be ready after the loss of "+faults[i].what, s.ready)
		}
	}
	customers.leave()
	writer.leave()
	customers.repeat(200)

	customers.kept(db)
	writer.kept(db)
	stranger.knowsNothing(db)
	old.gone()
	summed(t, s, admin, len(customers.accepted))
	toldInOrder(t, db)
	watch.upToDate(db)
	if at := watch.position(); at.Epoch != epoch {
		t.Errorf("the epoch was %s and is %s, though nothing was lost", epoch, at.Epoch)
	}
}

// flush takes away all that Redis holds.
func flush(t testing.TB, s *server) {
	t.Helper()
	addresses, _, err := embedded.Reach(t.Context(), embedded.Options{Dir: s.dir, Redis: true})
	if err != nil {
		t.Fatal(err)
	}
	options, err := redis.ParseURL(addresses.Redis)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(options)
	defer rdb.Close()
	if err := rdb.FlushAll(t.Context()).Err(); err != nil {
		t.Errorf("empty Redis: %v", err)
	}
}

// notes is an agent who takes tickets and writes about them. Nothing is sent
// twice, so what was confirmed must be there once, and the rest at most once.
type notes struct {
	t      testing.TB
	cancel context.CancelFunc
	all    sync.WaitGroup

	sent, confirmed []string
}

func takeNotes(t testing.TB, s *server, who colleague, customers *crowd) *notes {
	ctx, cancel := context.WithCancel(context.Background())
	n := &notes{t: t, cancel: cancel}
	t.Cleanup(cancel)
	n.all.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			n.write(ctx, s, who, "/api/tickets/"+customers.last(), fmt.Sprintf("nota %d", i))
		}
	})
	return n
}

func (n *notes) write(ctx context.Context, s *server, who colleague, ticket, text string) {
	status, _, err := who.post(ctx, s, ticket+"/claim", struct{}{})
	if err != nil || status != http.StatusOK {
		select { // the server is away
		case <-ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	n.sent = append(n.sent, text)
	// The test waits for the answer, however it ends.
	status, _, err = who.post(context.WithoutCancel(ctx), s, ticket+"/notes", map[string]string{"body": text})
	if err == nil && status == http.StatusCreated {
		n.confirmed = append(n.confirmed, text)
	}
}

func (n *notes) leave() {
	n.cancel()
	n.all.Wait()
}

func (n *notes) kept(db *pgxpool.Pool) {
	n.t.Helper()
	var confirmed, all, texts int
	query(n.t, db, `SELECT count(*) FILTER (WHERE body = ANY($1)), count(*), count(DISTINCT body) FROM notes`,
		[]any{n.confirmed}, &confirmed, &all, &texts)
	if confirmed != len(n.confirmed) || all != texts || len(n.confirmed) == 0 {
		n.t.Errorf("%d notes confirmed, %d of them kept; %d notes of %d texts", len(n.confirmed), confirmed, all, texts)
	}
	n.t.Logf("%d notes sent, %d confirmed, %d kept", len(n.sent), len(n.confirmed), all)
}
