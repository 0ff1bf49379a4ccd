package app_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/escuta-sac/escuta/internal/channel/imap/dovecottest"
	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
)

// load is how much a soak sends, by which dice, and whether it also waits for
// everything that time alone puts right.
type load struct {
	items int
	seed  uint64
	long  bool
}

// soakLoad is a short one, unless ESCUTA_SOAK_ITEMS asks for a long one.
// ESCUTA_SOAK_SEED repeats the dice of a failure.
func soakLoad(t testing.TB) load {
	t.Helper()
	l := load{items: 200, seed: rand.Uint64()}
	if given, err := strconv.ParseUint(os.Getenv("ESCUTA_SOAK_SEED"), 10, 64); err == nil {
		l.seed = given
	}
	if given, err := strconv.Atoi(os.Getenv("ESCUTA_SOAK_ITEMS")); err == nil {
		l.items, l.long = given, true
	}
	t.Logf("ESCUTA_SOAK_ITEMS=%d ESCUTA_SOAK_SEED=%d", l.items, l.seed)
	return l
}

// mailServer is the environment of a server that receives mail, sends it to the
// sink, and may fetch it on this machine.
func mailServer(sink *sinktest.Sink) []string {
	return []string{
		"ESCUTA_SMTP_ADDR=127.0.0.1:0", "ESCUTA_MAIL_FLOOD=0", "ESCUTA_OUTBOUND_NETWORKS=127.0.0.0/8",
		"ESCUTA_SMTP_RELAY=smtp://" + sink.Addr() + "?tls=none",
	}
}

// soak is a desk under load: customers who write by forms and by mail or call, an
// agent who answers by mail, customers who answer that.
type soak struct {
	t        testing.TB
	server   *server
	db       *pgxpool.Pool
	admin    colleague
	dovecot  *dovecottest.Server
	sink     *sinktest.Sink
	forms    *crowd
	letters  *writers
	exchange *exchange
	phones   *callers
	began    time.Time
	kills    map[string]int
	slowest  map[string]time.Duration // until ready again
}

func newSoak(t testing.TB, seed uint64) *soak {
	s := &soak{t: t, dovecot: dovecottest.Start(t), sink: sinktest.New(t), began: time.Now(), kills: map[string]int{}, slowest: map[string]time.Duration{}}
	s.server = newServer(t, mailServer(s.sink)...)
	s.db = s.server.database()
	s.admin = hire(t, s.db, "admin")
	mailboxOf(t, s.server, s.admin, s.dovecot)
	s.letters = newWriters(t, s.dovecot, s.server)
	s.exchange = converse(t, s.sink, s.letters, hire(t, s.db, "agent"), seed)
	s.phones = dial(t, s.server, s.admin, hire(t, s.db, "agent"), 400*time.Millisecond, seed)
	s.forms = gather(t, s.server, 3, seed)
	s.forms.pace.Reset(60 * time.Millisecond)
	s.letters.write(5, 20*time.Millisecond, seed)
	return s
}

// items is how many things were accepted, whichever way they came.
func (s *soak) items() int {
	s.forms.mu.Lock()
	n := len(s.forms.accepted)
	s.forms.mu.Unlock()
	return n + s.letters.count() + s.exchange.count() + s.phones.count()
}

// reach waits until so many are accepted. Under load nobody may be turned away
// for minutes.
func (s *soak) reach(items int) {
	s.t.Helper()
	last, moved := s.items(), time.Now()
	for now := last; now < items; now = s.items() {
		if now > last {
			last, moved = now, time.Now()
		}
		if time.Since(moved) > 2*time.Minute {
			s.t.Fatalf("nobody is served any more, after %d items; forms were told: %v, mails: %v", now, s.forms.trouble, s.letters.trouble)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// strike is a way to be killed, and what has to be back afterwards.
type strike struct {
	what string
	kill func()
}

func (s *soak) strikes() []strike {
	return []strike{
		{"the server", func() { s.server.crash(); s.server.start() }},
		{"PostgreSQL", func() { s.server.killEngine(postgresEngine) }},
		{"Redis", func() { s.server.killEngine(redisEngine) }},
		{"Dovecot", func() {
			s.dovecot.Kill()
			s.reach(s.items() + 5) // by the other ways
			s.dovecot.Start()
		}},
		{"everything", func() {
			s.server.killEngine(postgresEngine)
			s.server.killEngine(redisEngine)
			s.dovecot.Kill()
			s.server.crash()
			s.dovecot.Start()
			s.server.start()
		}},
	}
}

func (s *soak) strike(k strike) {
	s.t.Helper()
	began := time.Now()
	k.kill()
	eventually(s.t, "be ready after the loss of "+k.what, s.server.ready)
	s.reach(s.items() + 1)
	took := time.Since(began).Round(10 * time.Millisecond)
	s.kills[k.what]++
	s.slowest[k.what] = max(s.slowest[k.what], took)
}

// progress says how far it is, as a bar.
func (s *soak) progress(of int) {
	n := min(s.items(), of)
	bar := strings.Repeat("#", 30*n/of)
	s.t.Logf("[%-30s] %d of %d items, %d kills, %d mails of ours, %v", bar, n, of, s.killed(), len(s.sink.Mails()), time.Since(s.began).Round(time.Second))
}

func (s *soak) killed() (n int) {
	for _, each := range s.kills {
		n += each
	}
	return n
}

// Mails, forms, calls and answers come through all channels while the server,
// PostgreSQL, Redis and Dovecot are killed by SIGKILL at random points. In the
// end the ledger balances, each item stands once, and each mail of ours was
// handed over once.
func TestEverythingStandsOnceAfterASoak(t *testing.T) {
	t.Parallel()
	l := soakLoad(t)
	dice := rand.New(rand.NewPCG(l.seed, 0))
	s := newSoak(t, l.seed)
	strikes := s.strikes()
	gap := max(l.items/(len(strikes)+1), 1)
	if l.long {
		gap = 150
	}
	s.reach(gap / 2)
	for round := 0; round == 0 || s.items() < l.items; round++ {
		for _, i := range dice.Perm(len(strikes)) {
			s.strike(strikes[i])
			s.progress(l.items)
			if round > 0 && s.items() >= l.items {
				break
			}
			s.reach(min(s.items()+dice.IntN(gap), l.items))
			time.Sleep(time.Duration(dice.IntN(200)) * time.Millisecond) // not only right after something was accepted
		}
	}
	s.forms.leave()
	s.letters.leave()
	s.phones.leave()
	s.exchange.hush()
	patience := 6 * time.Minute // longer than anything waits for another try
	if !l.long {                // nobody waits for what only takes time
		patience = time.Minute
		s.server.crash()
		timePasses(t, s.db)
		s.server.start()
	}
	calm(t, s.db, s.letters, s.exchange, patience)
	s.exchange.leave()
	s.progress(l.items)
	for what, n := range s.kills {
		t.Logf("%s: killed %d times, served again after at most %v", what, n, s.slowest[what])
	}

	balanced(t, s.server, s.db, s.admin)
	s.forms.keptAmongOthers(s.db)
	s.letters.kept(s.db)
	s.phones.kept(s.db)
	s.exchange.kept(s.db)
	handedOverOnce(t, s.db, s.sink)
	toldInOrder(t, s.db)
}
