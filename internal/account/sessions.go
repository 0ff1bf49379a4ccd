package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// How long a session lasts: a shift without use ends it, and a week does even
// with. A browser left open with nobody at it does not count as use, see Still.
const (
	SessionIdle = 12 * time.Hour
	SessionLife = 7 * 24 * time.Hour
)

// maxSessions bounds the sessions of one account; the oldest make room.
const maxSessions = 50

// Client is where somebody comes from, for the list of their sessions.
type Client struct {
	IP        string
	UserAgent string
}

// Session is one browser in which an account is logged in.
type Session struct {
	ID         int64
	AccountID  int64
	IP         string
	UserAgent  string
	CreatedAt  time.Time
	LastSeenAt time.Time // to the minute
	ExpiresAt  time.Time // unless used again before
}

// Open logs the account in and returns the token for the cookie, which is not
// stored and cannot be shown again. It is always a new one. The session of
// previous, the token that came with the log-in, if any, ends: whoever planted
// it or knows it is left with nothing.
//
// If the account was changed since it was read, the session is born dead.
func (s *Service) Open(ctx context.Context, a Account, from Client, previous string) (token string, session Session, err error) {
	if err := s.LogOut(ctx, previous); err != nil {
		return "", Session{}, err
	}
	token = newToken()
	now := s.now()
	row := sessionRow{
		TokenHash: hashOf(token), AccountID: a.ID, Generation: a.generation,
		IP: cut(from.IP, 64), UserAgent: cut(from.UserAgent, 512),
		CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(SessionIdle),
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		row.ID = 0 // a second try is a new row
		return openSession(tx, &row, placeOf(from.IP))
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, row.session(), nil
}

// LogOut ends the session of a token. No token, or one whose session has ended
// already, is no error.
func (s *Service) LogOut(ctx context.Context, token string) error {
	if !isToken(token) {
		return nil
	}
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		return endSessionOf(tx, hashOf(token))
	})
	s.cache.recheck()
	return err
}

// Sessions returns the living sessions of an account, the last used first.
func (s *Service) Sessions(ctx context.Context, accountID int64) ([]Session, error) {
	return listSessions(s.db.Gorm.WithContext(ctx), accountID, s.now())
}

// EndSession ends one session of an account, here at once and on every other
// node within 5 s. Somebody else's session is not found.
func (s *Service) EndSession(ctx context.Context, accountID, sessionID int64) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		return endSession(tx, accountID, sessionID)
	})
	s.cache.recheck()
	return err
}

// EndSessions ends all sessions of an account but one; keep 0 ends all.
func (s *Service) EndSessions(ctx context.Context, accountID, keep int64) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := endSessions(tx, accountID, keep); err != nil {
			return err
		}
		return accessChanged(tx, accountID)
	})
	s.cache.recheck()
	return err
}

// Resolve returns who stands behind a session's token and counts as a use of
// the session. ErrSession when there is no such session (any more).
func (s *Service) Resolve(ctx context.Context, token string) (access.Actor, Session, error) {
	g, err := s.session(ctx, token)
	if err != nil {
		return access.Actor{}, Session{}, err
	}
	if s.cache.use(g, s.now()) {
		s.uses.note(g.use, s.now())
	}
	return g.actor, g.session, nil
}

// Still is Resolve, or ResolveToken for an API token, for a connection that
// stays open and asks again every few seconds. It does not count as a use, so
// that the session of a forgotten tab expires.
func (s *Service) Still(ctx context.Context, token string) (access.Actor, error) {
	find := s.session
	if strings.HasPrefix(token, TokenPrefix) {
		find = s.token
	}
	g, err := find(ctx, token)
	return g.actor, err
}

// ActorOf returns an active account as an actor, for whoever has only its id.
func (s *Service) ActorOf(ctx context.Context, accountID int64) (access.Actor, error) {
	g, err := s.cache.get(ctx, cacheKey{account: accountID}, s.now(), s.findActor)
	return g.actor, err
}

func (s *Service) session(ctx context.Context, token string) (grant, error) {
	if !isToken(token) {
		return grant{}, ErrSession
	}
	return s.cache.get(ctx, cacheKey{hash: sha256.Sum256([]byte(token))}, s.now(), s.findSession)
}

// CSRFToken is what a page has to send back with every unsafe call. It follows
// from the session's token, so every node knows it and nothing is stored, and it
// tells nothing about that token.
func CSRFToken(sessionToken string) string {
	mac := hmac.New(sha256.New, []byte(sessionToken))
	mac.Write([]byte("escuta csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckCSRF compares in constant time.
func CheckCSRF(sessionToken, given string) bool {
	return sessionToken != "" && hmac.Equal([]byte(CSRFToken(sessionToken)), []byte(given))
}

// newToken returns 256 random bits as text safe in a cookie and a header.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// isToken turns away what cannot be a token before anybody is asked about it.
func isToken(s string) bool {
	var b [33]byte
	if len(s) != 43 {
		return false
	}
	n, err := base64.RawURLEncoding.Decode(b[:], []byte(s))
	return err == nil && n == 32
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// cut keeps the first n characters of what a stranger sent, as text PostgreSQL takes.
func cut(s string, n int) string {
	out := make([]rune, 0, n)
	for _, r := range s {
		if len(out) == n {
			break
		}
		if r != 0 {
			out = append(out, r)
		}
	}
	return string(out)
}

func (r sessionRow) session() Session {
	return Session{r.ID, r.AccountID, r.IP, r.UserAgent, r.CreatedAt, r.LastSeenAt, r.ExpiresAt}
}
