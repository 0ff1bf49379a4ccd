package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/emersion/go-smtp"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/channel/email"
	"github.com/escuta-sac/escuta/internal/channel/spool"
	"github.com/escuta-sac/escuta/internal/fault"
)

// session is one connection's conversation.
type session struct {
	server   *Server
	conn     *conn
	envelope email.Envelope
	bad      int // recipients it named that are not ours
}

func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	se := &session{server: s, conn: connOf(c.Conn())}
	se.envelope.Helo = c.Hostname()
	if tcp, ok := c.Conn().RemoteAddr().(*net.TCPAddr); ok {
		se.envelope.RemoteIP = tcp.AddrPort().Addr().Unmap().String()
	}
	return se, nil
}

// Reset forgets the mail, not who is there.
func (s *session) Reset() {
	s.envelope.MailFrom, s.envelope.Recipients = "", nil
}

// Logout ends the conversation.
func (s *session) Logout() error { return nil }

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.Reset()
	s.envelope.MailFrom = from
	return nil
}

// Rcpt adds a recipient, when it is ours: anything else would be relaying.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !s.server.options.Recipients.Takes(to) {
		if s.bad++; s.bad > maxBadRecipients {
			s.conn.Close() // it is guessing addresses
		}
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "There is no such mailbox here"}
	}
	if !slices.Contains(s.envelope.Recipients, to) {
		s.envelope.Recipients = append(s.envelope.Recipients, to)
	}
	return nil
}

// Data takes the mail in. Its answer is the client's.
func (s *session) Data(r io.Reader) error {
	s.conn.beginData()
	defer s.conn.endData()
	ctx := s.server.accepting
	held, err := s.server.options.Spool.Read(ctx, r)
	if err != nil {
		return s.refuse(ctx, err)
	}
	defer held.Release()
	key, sum := email.SourceKey(held.Bytes)
	_, err = s.server.options.Acceptor.Accept(ctx, channel.Arrival{
		Channel: channel.Email, SourceKey: key, BodyHash: sum, Raw: held.Bytes, Envelope: s.envelope.JSON(),
	})
	if err != nil {
		return s.refuse(ctx, err)
	}
	return nil
}

var (
	notNow    = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not now, please try again later"}
	noRoom    = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "There is no room at the moment, please try again later"}
	refused   = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "This mail cannot be taken"}
	longLine  = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A line of this mail is too long"}
	cutShort  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "The mail did not arrive whole"}
	oversized = "This mail has more than %d bytes"
)

// refuse says what went wrong so that the client does the right thing: keep the
// mail and come again, or tell its sender at once what will never pass.
func (s *session) refuse(ctx context.Context, err error) error {
	var own *smtp.SMTPError
	var told *fault.Error
	switch {
	case errors.Is(err, smtp.ErrDataTooLarge), errors.Is(err, spool.ErrTooLarge):
		return &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 3, 4}, Message: fmt.Sprintf(oversized, s.server.options.Spool.Limit())}
	case errors.Is(err, smtp.ErrTooLongLine):
		return longLine
	case errors.As(err, &own):
		return own
	case errors.Is(err, spool.ErrFull):
		s.warn(ctx, err)
		return noRoom
	case errors.As(err, &told):
		s.warn(ctx, err)
		if told.Kind == fault.Invalid || told.Kind == fault.TooLarge {
			return refused
		}
		return notNow
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, smtp.ErrDataReset), isNet(err):
		return cutShort // the client left
	}
	s.warn(ctx, err)
	return notNow
}

func isNet(err error) bool {
	var n net.Error
	return errors.As(err, &n)
}

func (s *session) warn(ctx context.Context, err error) {
	s.server.options.Log.WarnContext(ctx, "a mail was not taken; its sender keeps it", "from", s.envelope.RemoteIP, "error", err)
}
