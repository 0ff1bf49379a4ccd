package delivery

import (
	"context"
	"crypto/x509"
	"sync"
	"time"
)

const (
	// perRelay bounds the connections to one relay from this node.
	perRelay = 4
	// perConn bounds the mails of one connection: some relays cut off whoever
	// sends more.
	perConn = 50
	// idleTime is how long a connection is kept without a mail.
	idleTime = 20 * time.Second
)

// pool keeps conversations with relays, a few for each.
type pool struct {
	roots  *x509.CertPool // whose certificates are believed; nil is the machine's
	mu     sync.Mutex
	relays map[string]*lane
}

// lane is one relay: whoever sends to it holds a seat.
type lane struct {
	seats chan struct{}
	mu    sync.Mutex
	idle  []*conn
}

func (p *pool) lane(r Relay) *lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.relays == nil {
		p.relays = map[string]*lane{}
	}
	l := p.relays[r.key()]
	if l == nil {
		l = &lane{seats: make(chan struct{}, perRelay)}
		p.relays[r.key()] = l
	}
	return l
}

// send hands a mail over by a conversation that lies idle, or by a new one.
func (p *pool) send(ctx context.Context, r Relay, d Dialer, name, from, to string, mail []byte, ready func() bool) (answer string, t *trouble) {
	l := p.lane(r)
	select {
	case l.seats <- struct{}{}:
		defer func() { <-l.seats }()
	case <-ctx.Done():
		return "", &trouble{reason: "deferred", detail: ctx.Err().Error(), ours: true}
	}
	for {
		c := l.take()
		if c == nil {
			if c, t = connect(ctx, r, d, p.roots, name); t != nil {
				return "", t
			}
		}
		// The conversation ends with whoever asked for it.
		stop := context.AfterFunc(ctx, func() { _ = c.raw.SetDeadline(time.Unix(1, 0)) })
		answer, t = c.send(from, to, mail, ready)
		stop()
		switch {
		case t == nil && c.used < perConn && ctx.Err() == nil:
			l.put(c)
		case t != nil && t.stale:
			c.close()
			continue
		default:
			c.close()
		}
		return answer, t
	}
}

func (l *lane) take() *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.idle) > 0 {
		c := l.idle[len(l.idle)-1]
		l.idle = l.idle[:len(l.idle)-1]
		if time.Since(c.idle) < idleTime {
			return c
		}
		c.close()
	}
	return nil
}

func (l *lane) put(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.idle = time.Now()
	l.idle = append(l.idle, c)
}

// tidy ends the conversations that have been idle for too long; all of them, to
// put the pool away.
func (p *pool) tidy(all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.relays {
		l.mu.Lock()
		kept := l.idle[:0]
		for _, c := range l.idle {
			if all || time.Since(c.idle) >= idleTime {
				c.close()
			} else {
				kept = append(kept, c)
			}
		}
		l.idle = kept
		l.mu.Unlock()
	}
}
