package account

import (
	"context"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/i18n"
)

// Create makes an active account.
func (s *Service) Create(ctx context.Context, n New) (Account, error) {
	n, err := n.normal()
	if err != nil {
		return Account{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		a, err = s.insert(tx, n, hash)
		return err
	})
	return a, err
}

func (s *Service) insert(tx *gorm.DB, n New, hash string) (Account, error) {
	teams, err := knownTeams(tx, n.TeamIDs)
	if err != nil {
		return Account{}, err
	}
	now := s.now()
	r := accountRow{
		Email: n.Email, Name: n.Name, Role: n.Role, PasswordHash: hash, Locale: n.Locale,
		Active: true, Generation: 1, CreatedAt: now, UpdatedAt: now,
	}
	entry, err := admit(tx, &r)
	if err != nil {
		return Account{}, err
	}
	if err := insertAccount(tx, &r, teams); err != nil {
		return Account{}, err
	}
	if err := logOffice(tx, r.ID, entry, nil, now); err != nil {
		return Account{}, err
	}
	return r.account(teams), nil
}

// firstAdminLock is the advisory lock under which an empty database gets its admin.
const firstAdminLock = 0x45_53_43_41_44_4d // "ESCADM"

// FirstAdmin makes an admin when there is no account at all, and reports
// whether it did. Nodes that start together make one. A password that nobody
// would be allowed to choose is taken, with a warning: whoever starts a server
// for the first time is not stopped by it.
func (s *Service) FirstAdmin(ctx context.Context, email, password string) (created bool, err error) {
	if empty, err := noAccounts(s.db.Gorm.WithContext(ctx)); err != nil || !empty {
		return false, err // decided before a hash is made, at nearly every start
	}
	n, bad := New{
		Email: email, Name: i18n.Text(i18n.Default, "account.first_admin", nil), Role: access.Admin, Password: password,
	}.fields()
	switch code := refusePassword(password, n.Email); code {
	case "":
	case "password_too_short", "password_common":
		s.log.WarnContext(ctx, "the first admin's password is easy to guess: change it after logging in")
	default:
		bad.add("body.password", code)
	}
	if err := bad.err(); err != nil {
		return false, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return false, err
	}
	return s.insertFirst(ctx, n, hash)
}

func (s *Service) insertFirst(ctx context.Context, n New, hash string) (created bool, err error) {
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", firstAdminLock).Error; err != nil {
			return fmt.Errorf("wait to make the first admin: %w", err)
		}
		if created, err = noAccounts(tx); err != nil || !created {
			return err
		}
		_, err := s.insert(tx, n, hash)
		return err
	})
	return created && err == nil, err
}

// Update changes an account. A new role, other teams, another password or
// deactivation end its sessions, on every node within 5 s; a new password and
// deactivation revoke its API tokens too, since they may be in the wrong hands.
// The last active admin stays one.
func (s *Service) Update(ctx context.Context, id int64, c Change) (Account, error) {
	before, err := s.Get(ctx, id)
	if err != nil {
		return Account{}, err
	}
	if c, err = c.normal(before.Email); err != nil {
		return Account{}, err
	}
	var hash string
	if c.Password != nil {
		if hash, err = s.hasher.hash(ctx, *c.Password); err != nil {
			return Account{}, err
		}
	}
	var a Account
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		a, err = s.update(tx, id, c, hash)
		return err
	})
	s.cache.recheck()
	return a, err
}

func (s *Service) update(tx *gorm.DB, id int64, c Change, hash string) (Account, error) {
	var admins []int64
	if c.Role != nil || c.Active != nil {
		var err error
		if admins, err = lockAdmins(tx); err != nil {
			return Account{}, err
		}
	}
	r, err := lockAccount(tx, id)
	if err != nil {
		return Account{}, err
	}
	member, err := teamsOf(tx, id)
	if err != nil {
		return Account{}, err
	}
	was, teams := r, member[id]

	set(&r.Email, c.Email)
	set(&r.Name, c.Name)
	set(&r.Role, c.Role)
	set(&r.Locale, c.Locale)
	set(&r.Active, c.Active)
	set(&r.Extension, c.Extension)
	if hash != "" {
		r.PasswordHash = hash
	}
	if slices.Equal(admins, []int64{id}) && (r.Role != access.Admin || !r.Active) {
		return Account{}, ErrLastAdmin
	}
	moved := false
	if c.TeamIDs != nil {
		if teams, err = knownTeams(tx, *c.TeamIDs); err != nil {
			return Account{}, err
		}
		if moved = !slices.Equal(teams, member[id]); moved {
			if err := setTeams(tx, id, teams); err != nil {
				return Account{}, err
			}
		}
	}
	entry, err := reseat(tx, was, &r)
	if err != nil {
		return Account{}, err
	}
	lost := hash != "" || was.Active && !r.Active
	if lost || moved || r.Role != was.Role || r.OfficePending != was.OfficePending {
		r.Generation++
		if err := endSessions(tx, id, 0); err != nil {
			return Account{}, err
		}
	}
	if lost {
		if err := revokeTokens(tx, id, s.now()); err != nil {
			return Account{}, err
		}
	}
	r.UpdatedAt = s.now()
	if err := saveAccount(tx, &r); err != nil {
		return Account{}, err
	}
	if err := logOffice(tx, id, entry, nil, r.UpdatedAt); err != nil {
		return Account{}, err
	}
	return r.account(teams), accessChanged(tx, id)
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// Get returns one account, active or not.
func (s *Service) Get(ctx context.Context, id int64) (Account, error) {
	return readAccount(s.db.Gorm.WithContext(ctx), id)
}

// Acting tells as whom an account acts at this moment, for what goes on in its name
// after its call has ended. One that is not active any more sees nothing.
func (s *Service) Acting(ctx context.Context, id int64) (access.Actor, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return access.Actor{}, err
	}
	if !a.Active {
		return access.Actor{AccountID: id}, nil
	}
	return a.Actor(), nil
}

// List returns all accounts by name, also inactive ones: a company has some
// thousands at most, and whoever left still is the author of what they wrote.
func (s *Service) List(ctx context.Context) ([]Account, error) {
	return listAccounts(s.db.Gorm.WithContext(ctx))
}
