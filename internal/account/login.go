package account

import (
	"context"
	"errors"
	"time"
)

// Authenticate checks an e-mail and a password given from an address and returns
// the account. It opens nothing: Open does. Unknown e-mail, wrong password and
// inactive account get one answer, ErrCredentials, after the same work. Too many
// wrong guesses get ErrThrottled with the time to stay away.
func (s *Service) Authenticate(ctx context.Context, email, password, ip string) (Account, error) {
	return s.check(ctx, email, password, placeOf(ip))
}

// check is the one place where a password is tried, so that no way in is
// without the throttle.
func (s *Service) check(ctx context.Context, email, password string, from place) (Account, error) {
	var l login // of nobody
	normal, ok := NormalEmail(email)
	if ok {
		var err error
		if l, err = findLogin(ctx, s.db, normal, from); err != nil {
			return Account{}, err
		}
		email = normal
	}
	g := newGuess(email, from, l.usual)
	wait, err := s.throttle.admit(ctx, &g, s.now())
	if err != nil {
		return Account{}, err
	}
	if wait > 0 {
		seconds := (wait + time.Second - 1) / time.Second
		return Account{}, ErrThrottled.With("n", int64(seconds)).After(seconds * time.Second)
	}
	matches, err := s.hasher.matches(ctx, password, l.hash)
	if err != nil {
		s.throttle.settle(ctx, g, false) // never compared: this was no guess
		return Account{}, err
	}
	if !matches || !l.account.Active {
		return Account{}, ErrCredentials
	}
	s.throttle.settle(ctx, g, true)
	return l.account, nil
}

// ChangePassword lets somebody who knows the current password set another. All
// sessions of the account end, also the caller's, whose token may be the very
// thing that was stolen: the caller goes on with the new session returned here.
func (s *Service) ChangePassword(ctx context.Context, accountID int64, current, password string, from Client) (token string, session Session, err error) {
	a, err := s.Get(ctx, accountID)
	if err != nil {
		return "", Session{}, err
	}
	_, err = s.check(ctx, a.Email, current, placeOf(from.IP))
	if errors.Is(err, ErrCredentials) {
		return "", Session{}, ErrInvalid.Field("body.current_password", "password_wrong")
	}
	if err != nil {
		return "", Session{}, err
	}
	if a, err = s.Update(ctx, accountID, Change{Password: &password}); err != nil {
		return "", Session{}, err
	}
	return s.Open(ctx, a, from, "")
}
