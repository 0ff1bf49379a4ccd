package mailbox

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/escuta-sac/escuta/internal/channel/imap"
	"github.com/escuta-sac/escuta/internal/channel/xoauth2"
)

// testTime is when a test that has not succeeded ends.
const testTime = 8 * time.Second

// Outcome is what came of trying one of a mailbox's servers.
type Outcome string

// The outcomes. Failed is all that is said of whatever went wrong, and it is said
// after a fixed time: else the test would tell which ports of which hosts are open.
const (
	Works  Outcome = "works"
	Failed Outcome = "failed"
	Absent Outcome = "absent" // there is no such server
)

// Tested is what came of trying both servers.
type Tested struct{ IMAP, SMTP Outcome }

// Test logs in to the servers of the mailbox that c makes of mailbox id, or of a
// new one when id is 0. Nothing is stored and no mail is sent.
func (s *Service) Test(ctx context.Context, id int64, c Change) (Tested, error) {
	m := Blank()
	if id != 0 {
		before, err := read(s.db.Gorm.WithContext(ctx), id)
		if err != nil {
			return Tested{}, err
		}
		m = before.mailbox()
	}
	old := m
	m, err := old.with(c)
	if err != nil {
		return Tested{}, err
	}
	if err := old.mayKeep(m, c); err != nil {
		return Tested{}, err
	}
	if err := s.sealInto(&m, Change{Secret: c.Secret, ClientSecret: c.ClientSecret}); err != nil {
		return Tested{}, err
	}
	if c.Auth != nil || c.Secret != nil || c.TokenURL != nil || c.ClientID != nil || c.ClientSecret != nil {
		m.ID = 0 // its tokens are not the stored mailbox's
	}
	ctx, cancel := context.WithTimeout(ctx, s.testTime)
	defer cancel()
	var t Tested
	var both sync.WaitGroup
	both.Go(func() {
		t.IMAP = outcome(ctx, m.IMAP, func() error { return imap.Check(ctx, s.dialer, s.account(m)) })
	})
	both.Go(func() {
		t.SMTP = outcome(ctx, m.SMTP, func() error { return s.checkSMTP(ctx, m) })
	})
	both.Wait()
	return t, nil
}

func outcome(ctx context.Context, at Server, try func() error) Outcome {
	if at.Host == "" {
		return Absent
	}
	if try() == nil {
		return Works
	}
	<-ctx.Done()
	return Failed
}

// checkSMTP logs in, and leaves.
func (s *Service) checkSMTP(ctx context.Context, m Mailbox) error {
	login, err := s.Login(ctx, m, m.SMTP)
	if err != nil {
		return err
	}
	conn, err := s.dialer.DialContext(ctx, "tcp", net.JoinHostPort(m.SMTP.Host, strconv.Itoa(m.SMTP.Port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	config := &tls.Config{ServerName: m.SMTP.Host, MinVersion: tls.VersionTLS12}
	var client *smtp.Client
	switch m.SMTP.Security {
	case TLS:
		client = smtp.NewClient(tls.Client(conn, config))
	case StartTLS:
		if client, err = smtp.NewClientStartTLS(conn, config); err != nil {
			return err
		}
	default:
		client = smtp.NewClient(conn)
	}
	if err := client.Hello("localhost"); err != nil {
		return err
	}
	switch {
	case login.Token != "":
		err = client.Auth(xoauth2.NewClient(login.User, login.Token))
	case login.Password != "":
		if ok, _ := client.Extension("AUTH"); !ok {
			return errors.New("the server knows no log-in")
		}
		err = client.Auth(sasl.NewPlainClient("", login.User, login.Password))
	}
	if err != nil {
		return err
	}
	return client.Quit()
}
