package httpapi

import (
	"net"
	"os"
	"sync"
	"time"
)

// A request's body is in memory before any handler can ask who sends it, so how
// many large ones there are at once is bounded where the bytes come in. Those
// that have to wait do so in the kernel's buffers and in the sender's.
const (
	heavyFrom     = maxJSON + 64<<10 // bytes from which on a request is a heavy one; headers count
	heavyAtOnce   = 8                // of them; each may hold maxBody, and once more while its form is read
	heavyPatience = 20 * time.Second // for a place; who gets none is told that it took too long
)

// heavyListener gives out connections that share the places for heavy requests.
type heavyListener struct {
	net.Listener
	places chan struct{}
}

func boundHeavy(ln net.Listener) net.Listener {
	return heavyListener{ln, make(chan struct{}, heavyAtOnce)}
}

// Accept waits for the next connection.
func (l heavyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &heavyConn{Conn: c, places: l.places}, nil
}

// heavyConn counts what has been read since the last answer.
type heavyConn struct {
	net.Conn
	places chan struct{}

	mu     sync.Mutex // a live connection reads and writes at once
	read   int
	placed bool
	closed bool
}

// Read waits for a place before it goes on with a heavy request.
func (c *heavyConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	wait := c.read > heavyFrom && !c.placed
	c.mu.Unlock()
	if wait {
		if err := c.take(); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	c.read += n
	c.mu.Unlock()
	return n, err
}

func (c *heavyConn) take() error {
	patience := time.NewTimer(heavyPatience)
	defer patience.Stop()
	select {
	case c.places <- struct{}{}:
	case <-patience.C:
		return os.ErrDeadlineExceeded
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		<-c.places
		return net.ErrClosed
	}
	c.placed = true
	return nil
}

// Write answers: the request is done with.
func (c *heavyConn) Write(p []byte) (int, error) {
	c.leave(false)
	return c.Conn.Write(p)
}

// Close gives the place back, too.
func (c *heavyConn) Close() error {
	c.leave(true)
	return c.Conn.Close()
}

func (c *heavyConn) leave(closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read, c.closed = 0, c.closed || closed
	if c.placed {
		c.placed = false
		<-c.places
	}
}
