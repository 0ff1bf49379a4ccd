// Package smtp receives mail by SMTP, or by LMTP from a mail server of the
// company's own. It understands nothing of what it carries: the bytes, and who
// sent them to whom, go to a channel.Acceptor, and the client is told that its
// mail was taken only when that has committed. Whatever goes wrong before, the
// client keeps its mail and comes again.
//
// It relays nothing and knows no log-in: who may be written to decides whether a
// mail is taken. Only <CR><LF>.<CR><LF> ends a mail; a lone CR or LF is a byte
// like any other, so that nobody smuggles a second mail past the server before us.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/spool"
)

const (
	maxRecipients = 100 // of one mail (RFC 5321 4.5.3.1.8)
	// maxLine is the longest line of a mail. The standard has 1000; who sends more
	// means no harm, and a server on the way cuts it anyway.
	maxLine = 2 << 20
	// maxBadRecipients is how many unknown ones a connection may try.
	maxBadRecipients = 20
	writeTimeout     = time.Minute
	patience         = 10 * time.Second // for mails that are coming in when the server stops
)

// Recipients says who may be written to.
type Recipients interface {
	// Takes reports whether mail for the address is for us.
	Takes(address string) bool
}

// Options is what a server is made of.
type Options struct {
	Name       string // by which it greets: the host of the base URL
	TLS        *tls.Config
	Recipients Recipients
	Acceptor   channel.Acceptor
	Spool      *spool.Pool // bounds the size of a mail, and the memory of all
	Log        *slog.Logger

	// Bounds of connections; 0 is what suits one node.
	MaxConns, MaxConnsPerIP int
}

// Server receives mail on one address.
type Server struct {
	options Options
	ln      *listener
	smtp    *smtp.Server
	// accepting ends what is still being accepted, when patience has.
	accepting context.Context
	giveUp    context.CancelFunc
}

// Listen opens an address: host:port speaks SMTP, lmtp://host:port and
// lmtp:///path/of/socket LMTP.
func Listen(address string, o Options) (*Server, error) {
	network, address, lmtp := Parse(address)
	if network == "unix" {
		removeStale(address)
	}
	ln, err := net.Listen(network, address)
	if err != nil {
		return nil, fmt.Errorf("listen for mail on %s: %w", address, err)
	}
	if network == "unix" {
		// Whoever shares the group delivers: the mail server.
		if err := os.Chmod(address, 0o660); err != nil {
			ln.Close()
			return nil, fmt.Errorf("open the socket for mail: %w", err)
		}
	}
	s := &Server{options: o, ln: newListener(ln, o.MaxConns, o.MaxConnsPerIP)}
	s.accepting, s.giveUp = context.WithCancel(context.Background())
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.LMTP = lmtp
	s.smtp.Domain = o.Name
	s.smtp.TLSConfig = o.TLS
	s.smtp.MaxRecipients = maxRecipients
	// The library refuses what fills its limit exactly.
	s.smtp.MaxMessageBytes = o.Spool.Limit() + 1
	s.smtp.MaxLineLength = maxLine
	s.smtp.ReadTimeout = commandTimeout
	s.smtp.WriteTimeout = writeTimeout
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = complaints{o.Log}
	return s, nil
}

// Parse splits an address into what net.Listen wants.
func Parse(address string) (network, at string, lmtp bool) {
	at, lmtp = strings.CutPrefix(address, "lmtp://")
	if lmtp && strings.HasPrefix(at, "/") {
		return "unix", at, true
	}
	return "tcp", at, lmtp
}

// removeStale removes a socket that an earlier process left behind and nobody listens on.
func removeStale(path string) {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return
	}
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		_ = os.Remove(path)
	}
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Close gives the address back, when Run is never called.
func (s *Server) Close() error {
	s.giveUp()
	if err := s.ln.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Run receives mail until ctx ends. Connections between mails are sent away
// then; a mail that is coming in is finished, for as long as patience lasts.
func (s *Server) Run(ctx context.Context) error {
	defer s.giveUp()
	served := make(chan error, 1)
	go func() { served <- s.smtp.Serve(s.ln) }()
	select {
	case err := <-served:
		s.ln.closeAll()
		return err
	case <-ctx.Done():
	}
	gone := make(chan error, 1)
	go func() { gone <- s.smtp.Shutdown(context.Background()) }()
	s.ln.dismiss()
	select {
	case <-gone:
	case <-time.After(patience):
		s.giveUp()
		s.ln.closeAll()
		<-gone
	}
	return <-served
}

// complaints takes what the library has to say.
type complaints struct{ log *slog.Logger }

func (c complaints) Printf(format string, v ...any) {
	c.log.Warn("smtp", "says", strings.TrimSpace(fmt.Sprintf(format, v...)))
}

func (c complaints) Println(v ...any) {
	c.log.Warn("smtp", "says", strings.TrimSpace(fmt.Sprintln(v...)))
}
