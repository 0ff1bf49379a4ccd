package imap

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/escuta-sac/escuta/internal/fault"
)

// Fetchers keeps a fetcher for each mailbox, on this node or another.
type Fetchers struct {
	o     Options
	times times
	me    string
	roots *tls.Config // whose certificates are believed; nil is the machine's
}

// New makes the fetchers; nothing is fetched before Run.
func New(o Options) *Fetchers { return &Fetchers{o: o, times: o.times.orUsual(), me: rand.Text()} }

// keeper is what fetches one mailbox here.
type keeper struct {
	version string
	stop    context.CancelFunc
	done    chan struct{}
}

// Run fetches until ctx ends. Each mailbox has a goroutine of its own, so that
// one whose server hangs keeps nobody else waiting.
func (f *Fetchers) Run(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	keepers := map[int64]keeper{}
	for {
		changed := f.o.Directory.Changed()
		wanted := map[int64]bool{}
		sources := []string{}
		for _, a := range f.o.Directory.Accounts() {
			wanted[a.MailboxID] = true
			sources = append(sources, sourceOf(a))
			before, running := keepers[a.MailboxID]
			if running && before.version == a.Version {
				continue
			}
			mine, stop := context.WithCancel(ctx)
			next := keeper{a.Version, stop, make(chan struct{})}
			keepers[a.MailboxID] = next
			all.Go(func() {
				defer close(next.done)
				if running { // it gives its lease back first
					before.stop()
					<-before.done
				}
				f.keep(mine, a)
			})
		}
		for id, k := range keepers {
			if !wanted[id] {
				k.stop()
				delete(keepers, id)
			}
		}
		if f.o.Sources != nil {
			f.o.Sources.Only(ctx, sources)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// keep fetches one mailbox whenever no other node does, until ctx ends.
func (f *Fetchers) keep(ctx context.Context, a Account) {
	failures := 0
	oversized := map[uint32]bool{}
	for ctx.Err() == nil {
		began := time.Now()
		mine, err := f.turn(ctx, a, oversized)
		switch {
		case err == nil && !mine:
			failures = 0
			pause(ctx, f.times.lease/3)
			continue
		case err == nil || ctx.Err() != nil || errors.Is(err, errLost):
			failures = 0
		case time.Since(began) > f.times.longest: // it had worked
			failures = 1
		default:
			failures++
		}
		if err != nil && ctx.Err() == nil {
			f.o.Log.WarnContext(ctx, "fetching a mailbox failed; it is tried again", "mailbox", a.Address, "failures", failures, "error", err)
		}
		pause(ctx, backOff(f.times, failures))
	}
}

// backOff doubles with each failure in a row.
func backOff(t times, failures int) time.Duration {
	return min(t.retry<<min(max(failures-1, 0), 20), t.longest)
}

// pause waits for d, give or take a quarter: nodes that failed together shall not
// come back together.
func pause(ctx context.Context, d time.Duration) {
	d = d*3/4 + mathrand.N(d/2+1)
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// turn fetches the mailbox for as long as all goes well; mine is false when
// another node does.
func (f *Fetchers) turn(ctx context.Context, a Account, oversized map[uint32]bool) (mine bool, err error) {
	cursor, mine, err := take(ctx, f.o.DB.Pool, f.me, a, f.times.lease)
	if err != nil || !mine {
		return mine, err
	}
	held, drop := context.WithCancelCause(ctx)
	renewing := make(chan struct{})
	go func() {
		defer close(renewing)
		f.renew(held, drop, cursor)
	}()
	err = f.fetch(held, a, cursor, oversized)
	if cause := context.Cause(held); err != nil && errors.Is(cause, errLost) {
		err = cause
	}
	drop(nil)
	<-renewing
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err != nil && ctx.Err() == nil && !errors.Is(err, errLost) {
		f.fared(last, a, cursor, fault.From(err).Code)
	}
	if e := cursor.release(last); e != nil && !errors.Is(e, errLost) {
		err = errors.Join(err, e) // it expires by itself
	}
	return true, err
}

// renew keeps the lease, and says when it is lost: to another node, or to a
// database that does not answer.
func (f *Fetchers) renew(ctx context.Context, lost context.CancelCauseFunc, c *cursor) {
	good := time.Now()
	tick := time.NewTicker(f.times.lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		asked := time.Now()
		try, cancel := context.WithTimeout(ctx, f.times.lease/3)
		err := c.renew(try)
		cancel()
		switch {
		case err == nil:
			good = asked
		case errors.Is(err, errLost) || time.Since(good) > f.times.lease*2/3:
			lost(errLost)
			return
		}
	}
}

// fetch connects and fetches, then whenever something comes.
func (f *Fetchers) fetch(ctx context.Context, a Account, c *cursor, oversized map[uint32]bool) error {
	session, err := connect(ctx, f.o.Dialer, a, f.times, f.roots)
	if err != nil {
		return err
	}
	defer session.close()
	one := &fetcher{Account: a, cursor: c, session: session, acceptor: f.o.Acceptor, pool: f.o.Spool, oversized: oversized}
	if err := one.align(ctx); err != nil {
		return err
	}
	for ctx.Err() == nil {
		before := c.uid
		if err := one.all(ctx); err != nil {
			return err
		}
		f.fared(ctx, a, c, "")
		if c.uid > before && f.o.Sources != nil {
			f.o.Sources.Arrived(ctx, sourceOf(a))
		}
		if err := session.wait(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// fared tells how the mailbox fares. That it could not be told is no trouble.
func (f *Fetchers) fared(ctx context.Context, a Account, c *cursor, failure string) {
	if err := c.fared(ctx, failure); err != nil && !errors.Is(err, errLost) && ctx.Err() == nil {
		f.o.Log.WarnContext(ctx, "how a mailbox fares could not be noted", "mailbox", a.Address, "error", err)
	}
	if f.o.Sources == nil {
		return
	}
	if source := sourceOf(a); failure == "" {
		f.o.Sources.Alive(ctx, source)
	} else {
		f.o.Sources.Failed(ctx, source, failure)
	}
}

// sourceOf names a mailbox as a place from which mail comes.
func sourceOf(a Account) string { return "imap:" + a.Address }

// Check logs in and opens the folder, to see whether that works.
func Check(ctx context.Context, d Dialer, a Account) error {
	session, err := connect(ctx, d, a, times{}.orUsual(), nil)
	if err != nil {
		return err
	}
	session.close()
	return nil
}
