package smtp

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	maxConns      = 200
	maxConnsPerIP = 50

	commandTimeout = 5 * time.Minute  // between commands (RFC 5321 4.5.3.2.7)
	crowdedTimeout = 10 * time.Second // the same, when connections are running out
	dataIdle       = 3 * time.Minute  // between two blocks of a mail (RFC 5321 4.5.3.2.5)
	dataTimeout    = 15 * time.Minute // for a whole mail
	// maxCommand bounds what is read before the next answer, outside of mails. A
	// command has at most 512 bytes (RFC 5321 4.5.3.1.4), a TLS client's first
	// flight a few thousand; many commands may come in one piece.
	maxCommand = 64 << 10
)

// listener admits connections up to its bounds and turns the others away with a
// word, so that whoever holds many leaves room for the rest.
type listener struct {
	net.Listener
	most, mostPerIP int

	mu        sync.Mutex
	conns     map[*conn]netip.Addr
	perIP     map[netip.Addr]int
	dismissed bool
}

func newListener(ln net.Listener, most, mostPerIP int) *listener {
	if most == 0 {
		most = maxConns
	}
	if mostPerIP == 0 {
		mostPerIP = maxConnsPerIP
	}
	return &listener{Listener: ln, most: most, mostPerIP: mostPerIP, conns: map[*conn]netip.Addr{}, perIP: map[netip.Addr]int{}}
}

// Accept waits for the next connection there is room for.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if admitted := l.admit(c); admitted != nil {
			return admitted, nil
		}
		// A fresh connection has room for a line: this does not wait.
		_ = c.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = c.Write([]byte("421 4.7.0 Too many connections, please try again later\r\n"))
		c.Close()
	}
}

func (l *listener) admit(c net.Conn) *conn {
	from := network(c.RemoteAddr())
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) >= l.most || from.IsValid() && l.perIP[from] >= l.mostPerIP {
		return nil
	}
	admitted := &conn{Conn: c, of: l, dismissed: l.dismissed}
	l.conns[admitted] = from
	l.perIP[from]++
	return admitted
}

// network is what is counted as one: an IPv4 address, or the /64 that one
// customer of a provider has for himself. A socket's peer is none.
func network(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if ip.Is6() {
		p, _ := ip.WithZone("").Prefix(64)
		return p.Addr()
	}
	return ip
}

func (l *listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, known := l.conns[c]
	if !known {
		return
	}
	delete(l.conns, c)
	if l.perIP[from]--; l.perIP[from] <= 0 {
		delete(l.perIP, from)
	}
}

func (l *listener) crowded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns) > l.most*3/4
}

func (l *listener) all() []*conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*conn, 0, len(l.conns))
	for c := range l.conns {
		all = append(all, c)
	}
	return all
}

// dismiss sends away everybody who is not in the middle of a mail.
func (l *listener) dismiss() {
	l.mu.Lock()
	l.dismissed = true
	l.mu.Unlock()
	for _, c := range l.all() {
		c.dismiss()
	}
}

func (l *listener) closeAll() {
	for _, c := range l.all() {
		c.Close()
	}
}

// conn is a connection whose reading is bounded in time and, outside of mails,
// in size.
type conn struct {
	net.Conn
	of *listener

	mu        sync.Mutex
	unread    int       // bytes read since the last answer
	dataUntil time.Time // not zero while a mail is coming in
	answering bool      // the mail is decided on; what still comes of it is thrown away
	dismissed bool
}

// connOf finds it below TLS.
func connOf(c net.Conn) *conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.(*conn)
}

func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	if data := !c.dataUntil.IsZero(); data {
		until := time.Now().Add(dataIdle)
		if until.After(c.dataUntil) {
			until = c.dataUntil
		}
		_ = c.Conn.SetReadDeadline(until)
	} else if c.unread > maxCommand {
		c.mu.Unlock()
		return 0, smtp.ErrTooLongLine
	}
	c.mu.Unlock()
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	c.unread += n
	c.mu.Unlock()
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.unread = 0
	if c.answering {
		c.dataUntil, c.answering = time.Time{}, false
	}
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// SetReadDeadline is how the library says until when it waits for a command.
func (c *conn) SetReadDeadline(until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dataUntil.IsZero() {
		if c.dismissed {
			until = time.Unix(1, 0)
		} else if c.of.crowded() {
			until = time.Now().Add(crowdedTimeout)
		}
	}
	return c.Conn.SetReadDeadline(until)
}

func (c *conn) beginData() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dataUntil, c.answering = time.Now().Add(dataTimeout), false
}

// endData lets the next answer end the mail: until then the rest of one that was
// refused is on its way.
func (c *conn) endData() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answering = true
}

func (c *conn) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dismissed = true
	if c.dataUntil.IsZero() {
		_ = c.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// Close ends the connection and makes room for the next.
func (c *conn) Close() error {
	c.of.forget(c)
	return c.Conn.Close()
}
