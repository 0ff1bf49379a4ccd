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
	"sync"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
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

// sameText compares as Dovecot keeps mail: with LF, given out as CRLF.
func sameText(a, b []byte) bool {
	unix := func(s []byte) []byte { return bytes.ReplaceAll(s, []byte("\r\n"), []byte("\n")) }
	return bytes.Equal(unix(a), unix(b))
}

func port(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }
