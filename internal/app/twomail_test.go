package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/escuta-sac/escuta/internal/channel/imap/dovecottest"
	"github.com/escuta-sac/escuta/internal/delivery/sinktest"
	"github.com/escuta-sac/escuta/internal/postgres/pgtest"
	"github.com/escuta-sac/escuta/internal/rediskit/redistest"
)

// Two servers receive, fetch from one mailbox, and send through one relay. One
// is killed in the middle of it and comes back later: each mail is one ticket or
// one message of it, and each mail of ours is handed over once.
func TestTwoServersTakeAndSendEachMailOnce(t *testing.T) {
	t.Parallel()
	url, rdb := pgtest.URL(t), redistest.Start(t)
	dovecot, sink := dovecottest.Start(t), sinktest.New(t)
	environ := append(mailServer(sink), "ESCUTA_DATABASE_URL="+url, "ESCUTA_REDIS_URL="+rdb.URL())
	a, b := newServer(t, environ...), newServer(t, environ...)
	db := open(t, url)
	admin := hire(t, db, "admin")
	mailboxOf(t, a, admin, dovecot)
	w := newWriters(t, dovecot, a, b)
	x := converse(t, sink, w, hire(t, db, "agent"), 1)
	w.write(6, 10*time.Millisecond, 1)
	written := func(n int) {
		t.Helper()
		eventually(t, fmt.Sprintf("have %d mails taken over", n), func() error {
			if have := w.count(); have < n {
				return fmt.Errorf("%d", have)
			}
			return nil
		})
	}
	written(60)
	a.crash()
	written(120)
	w.leave()
	// Whoever was fetching, the one that is left fetches the rest.
	eventually(t, "have the other server fetch", func() error { return w.fetched(db) })
	b.crash()
	timePasses(t, db)
	a.start()
	b.start()
	calm(t, db, w, x, time.Minute)
	x.leave()

	balanced(t, b, db, admin)
	w.kept(db)
	x.kept(db)
	handedOverOnce(t, db, sink)
	toldInOrder(t, db)
}
