package imap

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/email/hostile"
	"github.com/escuta-sac/escuta/internal/channel/imap/dovecottest"
	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/postgres"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
)

// ledger keeps what it accepts, once by source key, as the intake does.
type ledger struct {
	mu       sync.Mutex
	all      []channel.Arrival
	byKey    map[string]bool
	replayed int
	fail     func(channel.Arrival) error
}

func (l *ledger) Accept(_ context.Context, a channel.Arrival) (channel.Acceptance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		if err := l.fail(a); err != nil {
			return channel.Acceptance{}, err
		}
	}
	if l.byKey[a.SourceKey] {
		l.replayed++
		return channel.Acceptance{Replayed: true}, nil
	}
	l.byKey[a.SourceKey] = true
	a.Raw = bytes.Clone(a.Raw)
	l.all = append(l.all, a)
	return channel.Acceptance{LedgerID: int64(len(l.all))}, nil
}

func (l *ledger) kept() []channel.Arrival {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

func (l *ledger) replays() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.replayed
}

func envelope(t *testing.T, a channel.Arrival) email.Envelope {
	t.Helper()
	var e email.Envelope
	if err := json.Unmarshal(a.Envelope, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// boxes is a directory whose mailboxes change.
type boxes struct {
	mu      sync.Mutex
	all     []Account
	changed chan struct{}
}

func (b *boxes) Accounts() []Account {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.all)
}

func (b *boxes) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

func (b *boxes) set(all ...Account) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = all
	close(b.changed)
	b.changed = make(chan struct{})
}

// health remembers the last word of each source, and from which mail came.
type health struct {
	mu      sync.Mutex
	last    map[string]string
	arrived map[string]int
}

func (h *health) Alive(_ context.Context, source string) { h.set(source, "alive") }

func (h *health) Failed(_ context.Context, source, code string) { h.set(source, code) }

func (h *health) set(source, word string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last[source] = word
}

func (h *health) Arrived(_ context.Context, source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arrived[source]++
}

func (h *health) Only(_ context.Context, sources []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	maps.DeleteFunc(h.last, func(name, _ string) bool { return !slices.Contains(sources, name) })
}

func (h *health) mailOf(source string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.arrived[source]
}

func (h *health) of(source string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.last[source]
}

// world is what fetchers work in; nodes share it.
type world struct {
	*ledger
	t      *testing.T
	db     *postgres.DB
	boxes  *boxes
	health *health
	pool   *spool.Pool
}

var quick = times{lease: 3 * time.Second, poll: 300 * time.Millisecond, retry: 20 * time.Millisecond, longest: 300 * time.Millisecond, command: 20 * time.Second, mail: 30 * time.Second}

func newWorld(t *testing.T, limit int64) *world {
	t.Helper()
	pool, err := spool.New(t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	return &world{&ledger{byKey: map[string]bool{}}, t, pgtest.New(t), &boxes{changed: make(chan struct{})}, &health{last: map[string]string{}, arrived: map[string]int{}}, pool}
}

// node runs fetchers; stop ends them and waits.
func (w *world) node() (f *Fetchers, stop func()) {
	w.t.Helper()

	f = New(Options{DB: w.db, Directory: w.boxes, Dialer: here, Acceptor: w.ledger, Spool: w.pool, Sources: w.health, Log: slog.New(slog.DiscardHandler), times: quick})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(stop)
	return f, stop
}

// box makes a mailbox of the database, fetched from a server here.
func (w *world) box(id int64, port int) Account {
	w.t.Helper()
	address := fmt.Sprintf("caixa%d@empresa.example", id)
	err := w.db.Gorm.Exec("INSERT INTO mailboxes (id, brand_id, address) VALUES (?, (SELECT min(id) FROM brands), ?)", id, address).Error
	if err != nil {
		w.t.Fatal(err)
	}
	return Account{
		MailboxID: id, Address: address, Host: "127.0.0.1", Port: port, Security: Plain, User: address, Folder: "INBOX", Version: "1",
		Login: func(context.Context) (string, string, error) { return dovecottest.Password, "", nil },
	}
}

// position reads the stored cursor of a mailbox.
func (w *world) position(id int64) (validity, uid uint32, fence int64) {
	w.t.Helper()
	err := w.db.Pool.QueryRow(context.Background(), "SELECT uidvalidity, uid, fence FROM mailbox_cursors WHERE mailbox_id = $1", id).Scan(&validity, &uid, &fence)
	if err != nil {
		return 0, 0, 0
	}
	return validity, uid, fence
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func ordinary(i int) []byte {
	return fmt.Appendf(nil, "From: ana@cliente.example\r\nTo: sac@empresa.example\r\nSubject: pedido %d\r\nMessage-ID: <%d@cliente.example>\r\n\r\nBom dia %d\r\n", i, i, i)
}

func many(n int) (mails [][]byte) {
	for i := range n {
		mails = append(mails, ordinary(i))
	}
	return mails
}

// Attack 31, over IMAP: each file of the collection is one arrival, as Dovecot
// gives it out, and all that is behind it comes too.
func TestAttack031HostileMailsAreFetchedAsTheyAre(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 50<<20)
	a := w.box(1, dovecot.Port)
	var mails [][]byte
	for i, f := range hostile.Mails() {
		data := f.Data
		if len(data) == 0 || bytes.IndexByte(data, 0) >= 0 {
			continue // IMAP knows no empty literal in APPEND, and no NUL (RFC 3501, section 4.3)
		}
		mails = append(mails, data, ordinary(i))
	}
	dovecot.Append(a.User, mails...)
	w.boxes.set(a)
	w.node()
	eventually(t, "all mails fetched", func() bool { _, uid, _ := w.position(1); return int(uid) == len(mails) })
	all := w.kept()
	if len(all) != len(mails) {
		t.Errorf("%d arrivals of %d mails", len(all), len(mails))
	}
	byUID := map[uint32][]byte{}
	for _, got := range all {
		if key, sum := email.SourceKey(got.Raw); got.Channel != channel.Email || got.SourceKey != key || got.BodyHash != sum {
			t.Errorf("an arrival on %s with the key %s", got.Channel, got.SourceKey)
		}
		e := envelope(t, got)
		byUID[e.UID] = got.Raw
		if e.MailboxID != 1 || e.Folder != "INBOX" || e.UIDValidity == 0 || e.Withheld != "" {
			t.Errorf("envelope %+v", e)
		}
	}
	for i, raw := range mails {
		if got := byUID[uint32(i+1)]; !sameText(got, raw) {
			t.Errorf("mail %d arrived otherwise: %.80q", i+1, got)
		}
	}
	// Nothing on the server was touched.
	c := dovecot.Client(a.User)
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	seen, err := c.UIDSearch(&imap.SearchCriteria{Flag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || len(seen.AllUIDs()) != 0 {
		t.Errorf("%d mails are seen, %v", len(seen.AllUIDs()), err)
	}
	if word := w.health.of("imap:" + a.Address); word != "alive" {
		t.Errorf("the source is %q", word)
	}
}

// sameText compares as Dovecot keeps mail: with LF, given out as CRLF.
func sameText(a, b []byte) bool {
	unix := func(s []byte) []byte { return bytes.ReplaceAll(s, []byte("\r\n"), []byte("\n")) }
	return bytes.Equal(unix(a), unix(b))
}

// New mail is noticed, mail before a day is left, another numbering makes no doubles.
func TestAttack036AnotherNumberingMakesNoDoubles(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	dovecot.Append(a.User, many(30)...)
	w.boxes.set(a)
	_, stop := w.node()
	eventually(t, "thirty mails", func() bool { return len(w.kept()) == 30 })
	dovecot.Append(a.User, ordinary(30))
	eventually(t, "the one that came meanwhile", func() bool { return len(w.kept()) == 31 })
	before, _, _ := w.position(1)
	stop()

	dovecot.Kill()
	dovecot.Renumber(a.User)
	dovecot.Start()
	dovecot.Append(a.User, ordinary(31))
	w.node()
	eventually(t, "the one after the renumbering", func() bool { return len(w.kept()) == 32 })
	eventually(t, "all seen again", func() bool { _, uid, _ := w.position(1); return uid >= 32 })
	after, _, _ := w.position(1)
	if before == after || w.replays() < 31 || len(w.kept()) != 32 {
		t.Errorf("validity %d, then %d; %d replays; %d kept", before, after, w.replays(), len(w.kept()))
	}
}

func TestMailBeforeTheFirstDayIsLeft(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	a.Since = time.Now().UTC().AddDate(0, 0, 2).Truncate(24 * time.Hour)
	dovecot.Append(a.User, many(3)...)
	w.boxes.set(a)
	w.node()
	eventually(t, "a look", func() bool { return w.health.of("imap:"+a.Address) == "alive" })
	if n := len(w.kept()); n != 0 {
		t.Fatalf("%d were fetched", n)
	}
	a.Since, a.Version = time.Now().UTC().AddDate(0, 0, -2).Truncate(24*time.Hour), "2"
	w.boxes.set(a)
	eventually(t, "all three", func() bool { return len(w.kept()) == 3 })
}

// Kill -9 of the server while it is being read, several times: nothing lost,
// nothing twice.
func TestAServerThatCrashesCostsNothing(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	const n = 600
	dovecot.Append(a.User, many(n)...)
	w.boxes.set(a)
	w.node()
	for i := 1; i <= 3; i++ {
		eventually(t, "some mails", func() bool { return len(w.kept()) >= i*64 })
		dovecot.Kill()
		dovecot.Start()
	}
	eventually(t, "all of them", func() bool { return len(w.kept()) == n })
	eventually(t, "the cursor at the end", func() bool { _, uid, _ := w.position(1); return uid == n })
}

// Two nodes: one fetches each mailbox. When it stops the other goes on; when it
// vanishes the other goes on after the lease.
func TestTwoNodesShareTheMailboxes(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a, b := w.box(1, dovecot.Port), w.box(2, dovecot.Port)
	dovecot.Append(a.User, many(50)...)
	dovecot.Append(b.User, ordinary(100), ordinary(101))
	w.boxes.set(a, b)
	_, stopOne := w.node()
	w.node()
	eventually(t, "all fetched", func() bool { return len(w.kept()) == 52 })
	if w.replays() != 0 {
		t.Errorf("%d were fetched twice", w.replays())
	}
	stopOne()
	dovecot.Append(a.User, ordinary(200))
	dovecot.Append(b.User, ordinary(201))
	eventually(t, "the other node's turn", func() bool { return len(w.kept()) == 54 })
	if w.replays() != 0 {
		t.Errorf("%d were fetched twice", w.replays())
	}
}

// What a mailbox brings is its own news: one that is busy does not hide that
// another one is silent. One that is fetched no more is expected to bring nothing.
func TestEachMailboxTellsOfItsOwnMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1<<20)
	busy := w.box(1, port(serve(t, turn{uidNext: 2, mails: map[int][]byte{1: ordinary(1)}}).ln))
	silent := w.box(2, port(serve(t, turn{uidNext: 1}).ln))
	w.boxes.set(busy, silent)
	w.node()
	eventually(t, "both are reached", func() bool {
		return w.health.mailOf("imap:"+busy.Address) == 1 && w.health.of("imap:"+silent.Address) == "alive"
	})
	if n := w.health.mailOf("imap:" + silent.Address); n != 0 {
		t.Errorf("the silent mailbox brought %d", n)
	}
	w.boxes.set(busy)
	eventually(t, "nobody waits for the one that is gone", func() bool { return w.health.of("imap:"+silent.Address) == "" })
}

func TestANodePausedPastItsLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1<<20)
	a := w.box(1, 1)
	ctx := t.Context()
	paused, mine, err := take(ctx, w.db.Pool, "um", a, 50*time.Millisecond)
	if err != nil || !mine {
		t.Fatal(mine, err)
	}
	if err := paused.begin(ctx, 7); err != nil {
		t.Fatal(err)
	}
	var other *cursor
	eventually(t, "the lease over", func() bool {
		other, mine, err = take(ctx, w.db.Pool, "dois", a, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return mine
	})
	if err := other.pass(ctx, 10, true); err != nil || other.validity != 7 {
		t.Fatal(other.validity, err)
	}
	for what, err := range map[string]error{
		"pass": paused.pass(ctx, 99, true), "begin": paused.begin(ctx, 8), "stumble": paused.stumble(ctx),
		"renew": paused.renew(ctx), "release": paused.release(ctx), "fared": paused.fared(ctx, "x"),
	} {
		if err != errLost {
			t.Errorf("%s: %v", what, err)
		}
	}
	if validity, uid, fence := w.position(1); validity != 7 || uid != 10 || fence != other.fence {
		t.Errorf("position %d/%d, fence %d", validity, uid, fence)
	}
	if _, mine, _ := take(ctx, w.db.Pool, "três", a, time.Minute); mine {
		t.Error("a lease that lives was taken")
	}
	// A mailbox that now is another folder's starts from the beginning.
	if err := other.release(ctx); err != nil {
		t.Fatal(err)
	}
	a.Folder = "Outra"
	if c, _, err := take(ctx, w.db.Pool, "um", a, time.Minute); err != nil || c.uid != 0 || c.validity != 0 {
		t.Errorf("another folder at %+v, %v", c, err)
	}
}

// Attack 35, over IMAP: of a mail over the limit only the header comes, marked,
// and what is behind it is fetched.
func TestAttack035AnOversizedMailIsKeptAsItsHeader(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	large := append(ordinary(1), bytes.Repeat([]byte(strings.Repeat("a", 70)+"\r\n"), 50_000)...)
	dovecot.Append(a.User, ordinary(0), large, ordinary(2))
	w.boxes.set(a)
	w.node()
	eventually(t, "all three", func() bool { _, uid, _ := w.position(1); return uid == 3 })
	for _, got := range w.kept() {
		e := envelope(t, got)
		if (e.Withheld == email.Oversized) != (e.UID == 2) || len(got.Raw) > 1000 || !bytes.Contains(got.Raw, []byte("Message-ID: <")) {
			t.Errorf("mail %d: %q, %d bytes", e.UID, e.Withheld, len(got.Raw))
		}
	}
}

// What the ledger cannot take now is tried again; what it never takes does not
// keep the others waiting.
func TestARefusedMailKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	dovecot := dovecottest.Start(t)
	w := newWorld(t, 1<<20)
	a := w.box(1, dovecot.Port)
	busy := 5
	w.fail = func(a channel.Arrival) error {
		if busy--; busy > 0 {
			return errBusy
		}
		if bytes.Contains(a.Raw, []byte("Bom dia 3")) {
			return errNever
		}
		return nil
	}
	dovecot.Append(a.User, many(6)...)
	w.boxes.set(a)
	w.node()
	eventually(t, "the last one", func() bool { _, uid, _ := w.position(1); return uid == 6 })
	withheld := 0
	for _, got := range w.kept() {
		if e := envelope(t, got); e.Withheld == email.Unfetchable && e.UID == 4 {
			withheld++
		}
	}
	if len(w.kept()) != 6 || withheld != 1 {
		t.Errorf("%d kept, %d of them withheld", len(w.kept()), withheld)
	}
}

func port(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }
