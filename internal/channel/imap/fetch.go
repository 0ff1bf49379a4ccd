package imap

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/fault"
)

const (
	batchMails = 64      // fetched with one command
	batchBytes = 4 << 20 // the same; a larger mail comes alone
	accepting  = 16      // mails of a batch on their way into the ledger at once
	// patienceWithMail is how often a mail is tried alone before those behind it go on.
	patienceWithMail = 4
)

// fetcher fetches one mailbox under one lease.
type fetcher struct {
	Account
	cursor   *cursor
	session  *session
	acceptor channel.Acceptor
	pool     *spool.Pool
	// oversized are mails that turned out larger than the server had said.
	oversized map[uint32]bool
}

// align makes the position one of the folder as it is now.
func (f *fetcher) align(ctx context.Context) error {
	// A server that was restored from its backup gives numbers out again that it
	// gave before: what it has now may be other mails.
	fellBack := f.session.uidNext != 0 && f.session.uidNext <= f.cursor.uid
	if f.session.validity != f.cursor.validity || fellBack {
		clear(f.oversized)
		return f.cursor.begin(ctx, f.session.validity)
	}
	return nil
}

// all fetches everything there is after the cursor.
func (f *fetcher) all(ctx context.Context) error {
	for {
		mails, more, err := f.session.list(ctx, f.cursor.uid, f.Since)
		if err != nil {
			return err
		}
		for len(mails) > 0 {
			n := f.batch(mails)
			if err := f.some(ctx, mails[:n]); err != nil {
				return err
			}
			mails = mails[n:]
		}
		if !more {
			return nil
		}
	}
}

// batch is how many of the mails are fetched together: one, when it is large or
// gave trouble.
func (f *fetcher) batch(mails []listed) int {
	if f.cursor.stuck > 0 || f.withheld(mails[0]) != "" {
		return 1
	}
	bytes := int64(0)
	for i, m := range mails {
		if bytes += m.size; i == batchMails || i > 0 && (bytes > batchBytes || f.withheld(m) != "") {
			return i
		}
	}
	return len(mails)
}

// withheld is the reason for which a mail is not fetched whole, empty for none.
func (f *fetcher) withheld(m listed) string {
	switch {
	case m.size > f.pool.Limit() || f.oversized[m.uid]:
		return email.Oversized
	case f.cursor.stuck >= patienceWithMail:
		return email.Unfetchable
	}
	return ""
}

// some fetches mails and passes those that were accepted.
func (f *fetcher) some(ctx context.Context, mails []listed) error {
	if why := f.withheld(mails[0]); why != "" {
		return f.without(ctx, mails[0], why)
	}
	done, err := f.bring(ctx, mails)
	for i, m := range mails {
		// What did not come although all went well is not there any more.
		if !done[m.uid] && err != nil {
			mails = mails[:i]
			break
		}
	}
	if len(mails) > 0 {
		if err := f.cursor.pass(ctx, mails[len(mails)-1].uid, true); err != nil {
			return err
		}
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if large := (tooLarge{}); errors.As(err, &large) && large.uid != 0 {
		f.oversized[large.uid] = true
		return err
	}
	if len(mails) == 0 && !errors.Is(err, errPassing) {
		return errors.Join(err, f.cursor.stumble(ctx))
	}
	return err
}

// errPassing means that nothing is wrong with the mail.
var errPassing = errors.New("it could not be kept now")

// bring fetches mails and has them accepted, several at once.
func (f *fetcher) bring(ctx context.Context, mails []listed) (done map[uint32]bool, err error) {
	var mu sync.Mutex
	done = map[uint32]bool{}
	var group errgroup.Group
	group.SetLimit(accepting)
	fetched := f.session.bodies(ctx, mails, f.pool, false, func(b body) {
		group.Go(func() error {
			defer b.held.Release()
			key, sum := email.SourceKey(b.held.Bytes)
			err := f.accept(ctx, channel.Arrival{SourceKey: key, BodyHash: sum, Raw: b.held.Bytes}, b.uid, "")
			mu.Lock()
			defer mu.Unlock()
			done[b.uid] = err == nil
			return err
		})
	})
	// Both: which one stands in the way of the first mail is seen from done.
	return done, errors.Join(group.Wait(), fetched)
}

// without has an arrival accepted that says of a mail why it was not fetched,
// with its header when that can be had.
func (f *fetcher) without(ctx context.Context, m listed, why string) error {
	var header []byte
	fetched := f.session.bodies(ctx, []listed{m}, f.pool, true, func(b body) {
		header = b.held.Bytes
		b.held.Release()
	})
	if fetched != nil && f.cursor.stuck < 2*patienceWithMail {
		// The connection is gone, so another one has to try.
		return errors.Join(fetched, f.cursor.stumble(ctx))
	}
	key, sum := email.SourceKey(header)
	if len(header) == 0 {
		key = fmt.Sprintf("imap:%d/%d/%d", f.MailboxID, f.cursor.validity, m.uid)
	}
	if err := f.accept(ctx, channel.Arrival{SourceKey: key, BodyHash: sum, Raw: header}, m.uid, why); err != nil {
		return err
	}
	if err := f.cursor.pass(ctx, m.uid, true); err != nil {
		return err
	}
	return fetched
}

func (f *fetcher) accept(ctx context.Context, a channel.Arrival, uid uint32, why string) error {
	a.Channel = channel.Email
	a.Envelope = email.Envelope{MailboxID: f.MailboxID, Folder: f.Folder, UIDValidity: f.cursor.validity, UID: uid, Withheld: why}.JSON()
	_, err := f.acceptor.Accept(ctx, a)
	if err == nil {
		return nil
	}
	if kind := fault.From(err).Kind; kind == fault.Invalid || kind == fault.TooLarge {
		return ErrAccept.Because(err)
	}
	return ErrAccept.Because(errors.Join(errPassing, err))
}
