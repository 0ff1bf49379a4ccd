package mailbox

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Login is what a mail server is told to be let in: a password or, when Token is
// set, an access token (see package xoauth2). Both empty asks for no log-in.
type Login struct {
	User     string
	Password string
	Token    string
}

// Login returns how the mailbox logs in to one of its servers, m.IMAP or m.SMTP.
// The error is ErrLogin when no token could be had, seal.ErrBroken when the
// secret was sealed by another installation.
func (s *Service) Login(ctx context.Context, m Mailbox, at Server) (Login, error) {
	l := Login{User: at.User}
	if l.User == "" {
		l.User = m.Address
	}
	if m.Auth == XOAuth2 {
		token, err := s.token(ctx, m)
		l.Token = token
		return l, err
	}
	password, err := s.sealer.Unseal(purposeSecret, m.sealed.secret)
	l.Password = string(password)
	return l, err
}

// DKIM returns the key with which mail from the mailbox is signed, nil when it
// has none.
func (s *Service) DKIM(m Mailbox) (crypto.Signer, error) {
	der, err := s.sealer.Unseal(purposeDKIM, m.sealed.dkimKey)
	if err != nil || len(der) == 0 {
		return nil, err
	}
	return readDKIMKey(der)
}

const (
	// renewBefore is how long before its end a token is not used any more.
	renewBefore = 2 * time.Minute
	// assumedLife is that of a token whose server does not say.
	assumedLife = 5 * time.Minute
)

// token is a mailbox's access token, and who is getting one now.
type token struct {
	mu      sync.Mutex
	of      string // what it was got with
	access  string
	expires time.Time // monotonic
}

// tokenOf is the place of a mailbox's token, so that one slow token server keeps
// nobody else waiting.
func (s *Service) tokenOf(id int64) *token {
	s.tokensMu.Lock()
	defer s.tokensMu.Unlock()
	if s.tokens[id] == nil {
		s.tokens[id] = &token{}
	}
	return s.tokens[id]
}

// token returns an access token that is good for a while.
func (s *Service) token(ctx context.Context, m Mailbox) (string, error) {
	if m.ID == 0 { // it is only being tried out
		g, err := s.grantOf(m)
		if err != nil {
			return "", err
		}
		answer, err := s.refresh(ctx, g)
		return answer.Access, err
	}
	t := s.tokenOf(m.ID)
	t.mu.Lock()
	defer t.mu.Unlock()
	// Another node may have got a new refresh token since this was read.
	current, err := read(s.db.Gorm.WithContext(ctx), m.ID)
	if err != nil {
		return "", err
	}
	g, err := s.grantOf(current.mailbox())
	if err != nil {
		return "", err
	}
	if t.access != "" && t.of == g.identity() && time.Until(t.expires) > renewBefore {
		return t.access, nil
	}
	answer, err := s.refresh(ctx, g)
	if err != nil {
		return "", err
	}
	t.of, t.access, t.expires = g.identity(), answer.Access, time.Now().Add(answer.life())
	if answer.Refresh != "" && answer.Refresh != g.refresh {
		// The old one may be good no more: the new one has to be kept, whoever asked left or not.
		kept := s.sealer.Seal(purposeSecret, []byte(answer.Refresh))
		if err := saveSecret(s.db.Gorm.WithContext(context.WithoutCancel(ctx)), m.ID, current.Secret, kept); err != nil {
			return "", err
		}
	}
	return t.access, nil
}

// grant is what a token server is asked with.
type grant struct{ url, id, secret, refresh string }

// identity leaves out the refresh token, which changes by itself.
func (g grant) identity() string { return g.url + "\n" + g.id }

func (s *Service) grantOf(m Mailbox) (grant, error) {
	refresh, err := s.sealer.Unseal(purposeSecret, m.sealed.secret)
	if err != nil {
		return grant{}, err
	}
	secret, err := s.sealer.Unseal(purposeClient, m.sealed.clientSecret)
	return grant{m.TokenURL, m.ClientID, string(secret), string(refresh)}, err
}

// granted is a token server's answer (RFC 6749, sections 5.1 and 5.2).
type granted struct {
	Access  string      `json:"access_token"`
	Refresh string      `json:"refresh_token"`
	Expires json.Number `json:"expires_in"`
	Error   string      `json:"error"`
}

func (g granted) life() time.Duration {
	if n, err := g.Expires.Int64(); err == nil && n > 0 && n < 1<<31 {
		return time.Duration(n) * time.Second
	}
	return assumedLife
}

// refresh asks the token server (RFC 6749, section 6).
func (s *Service) refresh(ctx context.Context, g grant) (granted, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.refresh}, "client_id": {g.id}}
	if g.secret != "" {
		form.Set("client_secret", g.secret)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, strings.NewReader(form.Encode()))
	if err != nil {
		return granted{}, ErrLogin.Because(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	answer, err := s.web.Do(r)
	if err != nil {
		return granted{}, ErrLogin.Because(bare(err))
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return granted{}, ErrLogin.Because(bare(err))
	}
	var got granted
	if err := json.Unmarshal(text, &got); err != nil || got.Access == "" || strings.ContainsAny(got.Access, "\x00\x01\r\n") {
		// Its words are for the log only, and no more of them than a code.
		return granted{}, ErrLogin.Because(fmt.Errorf("the token server answered %d %.60q", answer.StatusCode, got.Error))
	}
	return got, nil
}

// bare is the error without the address, which may be long and is known.
func bare(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}
