package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/channel/xoauth2"
)

const (
	// maxListed is how many mails one listing names; the rest is listed next time.
	maxListed = 200_000
	// chatter is how much a server may send around what was asked for, in bytes.
	chatter = 1 << 20
	// maxHeader is how much is fetched of a mail that is too large.
	maxHeader = 256 << 10
)

// session is a connection with the folder open. Its commands are bounded in time
// and in what they may bring; one that fails leaves the session unusable.
type session struct {
	conn     *meter
	client   *imapclient.Client
	times    times
	news     chan struct{} // something happened in the folder
	validity uint32
	uidNext  uint32 // 0 when the server does not say
	idles    bool
}

// connect logs in and opens the folder.
func connect(ctx context.Context, d Dialer, a Account, t times, roots *tls.Config) (*session, error) {
	password, token, err := a.Login(ctx)
	if err != nil {
		return nil, ErrLogin.Because(err)
	}
	s := &session{times: t, news: make(chan struct{}, 1)}
	ctx, cancel := context.WithTimeout(ctx, t.command)
	defer cancel()
	if err := s.open(ctx, d, a, roots); err != nil {
		return nil, ErrConnect.Because(err)
	}
	defer context.AfterFunc(ctx, s.conn.hangUp)()
	if err := s.login(a.User, password, token); err != nil {
		s.close()
		return nil, ErrLogin.Because(err)
	}
	caps := s.client.Caps()
	s.idles = caps.Has(imap.CapIdle)
	folder, err := s.client.Select(a.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		s.close()
		return nil, ErrFolder.Because(err)
	}
	if folder.UIDValidity == 0 {
		s.close()
		return nil, ErrFolder.Because(errors.New("the server numbers no mails"))
	}
	s.validity, s.uidNext = folder.UIDValidity, uint32(folder.UIDNext)
	return s, nil
}

func (s *session) open(ctx context.Context, d Dialer, a Account, roots *tls.Config) error {
	raw, err := d.DialContext(ctx, "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)))
	if err != nil {
		return err
	}
	s.conn = &meter{Conn: raw}
	s.conn.allow(chatter)
	defer context.AfterFunc(ctx, s.conn.hangUp)()
	config := roots.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	config.ServerName, config.MinVersion = a.Host, tls.VersionTLS12
	options := &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(m *imapclient.UnilateralDataMailbox) {
			if m.NumMessages != nil {
				s.wake()
			}
		},
	}}
	switch a.Security {
	case TLS:
		secured := tls.Client(s.conn, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			raw.Close()
			return err
		}
		s.client = imapclient.New(secured, options)
	case StartTLS:
		options.TLSConfig = config
		if s.client, err = imapclient.NewStartTLS(s.conn, options); err != nil {
			raw.Close()
			return err
		}
	default:
		s.client = imapclient.New(s.conn, options)
	}
	if err := s.client.WaitGreeting(); err != nil {
		s.close()
		return err
	}
	return nil
}

func (s *session) login(user, password, token string) error {
	if token != "" {
		return s.client.Authenticate(xoauth2.NewClient(user, token))
	}
	return s.client.Login(user, password).Wait()
}

func (s *session) wake() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// close ends the session, at once.
func (s *session) close() {
	s.conn.hangUp()
	_ = s.client.Close()
}

// bounded runs a command that may bring so many bytes in so much time.
func (s *session) bounded(ctx context.Context, bytes int64, d time.Duration, command func() error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	defer context.AfterFunc(ctx, s.conn.hangUp)()
	s.conn.allow(bytes + chatter)
	if err := command(); err != nil {
		if ctx.Err() != nil {
			return ErrBroken.Because(ctx.Err())
		}
		return ErrBroken.Because(err)
	}
	return nil
}

// listed is a mail that is there.
type listed struct {
	uid  uint32
	size int64 // as the server says
}

// list names the mails after uid, in order, as many as one listing may name.
// since leaves out those that came to the server before that day.
func (s *session) list(ctx context.Context, after uint32, since time.Time) (mails []listed, more bool, err error) {
	from := imap.UIDSet{imap.UIDRange{Start: imap.UID(after) + 1}} // to the end
	var wanted imap.UIDSet
	if !since.IsZero() {
		err := s.bounded(ctx, maxListed*16, s.times.command, func() error {
			found, err := s.client.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{from}, Since: since}, nil).Wait()
			if err == nil {
				wanted, _ = found.All.(imap.UIDSet)
			}
			return err
		})
		if err != nil || len(wanted) == 0 {
			return nil, false, err
		}
	}
	ordered := true
	err = s.bounded(ctx, maxListed*64, s.times.command, func() error {
		command := s.client.Fetch(from, &imap.FetchOptions{UID: true, RFC822Size: true})
		defer command.Close()
		for message := command.Next(); message != nil; message = command.Next() {
			buffer, err := message.Collect()
			if err != nil {
				return err
			}
			// "17:*" names the last mail even when there is none after 16.
			uid := uint32(buffer.UID)
			if uid <= after || wanted != nil && !wanted.Contains(buffer.UID) {
				continue
			}
			if len(mails) == maxListed {
				more = true
				continue
			}
			ordered = ordered && (len(mails) == 0 || mails[len(mails)-1].uid < uid)
			mails = append(mails, listed{uid, buffer.RFC822Size})
		}
		return command.Close()
	})
	if err == nil && more && !ordered {
		// What was left out may come before what was listed.
		return nil, false, ErrBroken.Because(errors.New("too many mails in no order"))
	}
	slices.SortFunc(mails, func(a, b listed) int { return int(int64(a.uid) - int64(b.uid)) })
	return slices.CompactFunc(mails, func(a, b listed) bool { return a.uid == b.uid }), more, err
}

// body is the bytes of a mail, or of its header.
type body struct {
	uid   uint32
	held  *spool.Held
	short bool // the connection ended within its bytes
}

// counted notes whether a reader ends before it has given left bytes.
type counted struct {
	io.Reader
	left  int64
	short *bool
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.left -= int64(n)
	*c.short = *c.short || err != nil && c.left > 0
	return n, err
}

// tooLarge is what a mail turned out to be although the server said otherwise.
type tooLarge struct{ uid uint32 }

func (t tooLarge) Error() string { return fmt.Sprintf("mail %d is larger than the server said", t.uid) }

// bodies fetches mails and gives each to take as it comes. Those the server does
// not bring are not there any more.
func (s *session) bodies(ctx context.Context, mails []listed, pool *spool.Pool, header bool, take func(body)) error {
	var set imap.UIDSet
	var expected int64
	for _, m := range mails {
		set.AddNum(imap.UID(m.uid))
		expected += m.size
	}
	section := &imap.FetchItemBodySection{Peek: true}
	if header {
		section.Specifier = imap.PartSpecifierHeader
		section.Partial = &imap.SectionPartial{Offset: 0, Size: maxHeader}
		expected = maxHeader
	}
	// Sizes are often a little wrong; one mail alone is believed none.
	allowed := 2*expected + int64(len(mails))*4096
	if len(mails) == 1 {
		allowed = pool.Limit() + chatter
	}
	return s.bounded(ctx, allowed, s.times.mail, func() error {
		command := s.client.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{section}})
		for message := command.Next(); message != nil; message = command.Next() {
			b, err := s.body(ctx, message, pool)
			if err != nil {
				s.conn.hangUp() // else closing the command would read the rest
				if b.short {
					// The client reads on by itself: closing the command reads, too.
					<-s.client.Closed()
				}
				_ = command.Close()
				return err
			}
			if b.held != nil {
				take(b)
			}
		}
		return command.Close()
	})
}

func (s *session) body(ctx context.Context, message *imapclient.FetchMessageData, pool *spool.Pool) (b body, err error) {
	for item := message.Next(); item != nil; item = message.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			b.uid = uint32(item.UID)
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil || b.held != nil {
				continue
			}
			size := item.Literal.Size()
			if size > pool.Limit() {
				return b, tooLarge{b.uid}
			}
			if b.held, err = pool.Read(ctx, &counted{item.Literal, size, &b.short}); err != nil {
				return b, err
			}
			if int64(len(b.held.Bytes)) != size {
				b.held.Release()
				return body{short: true}, io.ErrUnexpectedEOF
			}
		}
	}
	return b, nil
}

// wait returns when there may be new mail: the server says so, or it was time to
// look anyway.
func (s *session) wait(ctx context.Context) error {
	timer := time.NewTimer(s.times.poll)
	defer timer.Stop()
	if !s.idles {
		select {
		case <-timer.C:
		case <-s.news:
		case <-s.client.Closed():
			return ErrBroken.Because(io.ErrUnexpectedEOF)
		case <-ctx.Done():
			return nil
		}
		return s.bounded(ctx, 0, s.times.command, func() error { return s.client.Noop().Wait() })
	}
	var idle *imapclient.IdleCommand
	err := s.bounded(ctx, 0, s.times.command, func() (err error) {
		idle, err = s.client.Idle()
		return err
	})
	if err != nil {
		return err
	}
	select {
	case <-timer.C:
	case <-s.news:
	case <-s.client.Closed():
		return ErrBroken.Because(io.ErrUnexpectedEOF)
	case <-ctx.Done():
		return nil // the session ends, and the command with it
	}
	return s.bounded(ctx, 0, s.times.command, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return idle.Wait()
	})
}

// meter is a connection from which only so much is read as was asked for.
type meter struct {
	net.Conn
	left atomic.Int64
}

var errChatter = errors.New("the server sends more than was asked for")

func (m *meter) allow(bytes int64) { m.left.Store(bytes) }

func (m *meter) Read(p []byte) (int, error) {
	if m.left.Load() <= 0 {
		return 0, errChatter
	}
	n, err := m.Conn.Read(p)
	m.left.Add(int64(-n))
	return n, err
}

// hangUp ends all that waits for the connection.
func (m *meter) hangUp() { _ = m.Conn.Close() }
