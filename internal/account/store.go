package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/postgres"
)

type accountRow struct {
	ID            int64
	Email         string
	Name          string
	Role          access.Role
	PasswordHash  string
	Locale        string
	Active        bool
	Generation    int
	OfficeRank    Rank
	OfficePending bool
	Extension     string
	CreatedAt     time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"` // from PostgreSQL's clock, not GORM's
}

func (accountRow) TableName() string { return "accounts" }

func (r accountRow) account(teams []int64) Account {
	return Account{
		ID: r.ID, Email: r.Email, Name: r.Name, Role: r.Role, Locale: r.Locale, Active: r.Active,
		TeamIDs: teams, Extension: r.Extension, Office: Office{r.OfficeRank, r.OfficePending}, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt, generation: r.Generation,
	}
}

// insertAccount stores an account and its teams.
func insertAccount(tx *gorm.DB, r *accountRow, teams []int64) error {
	if err := tx.Create(r).Error; err != nil {
		if postgres.IsUnique(err, "accounts_email") {
			return ErrEmailTaken.Because(err)
		}
		return fmt.Errorf("insert an account: %w", err)
	}
	return setTeams(tx, r.ID, teams)
}

func saveAccount(tx *gorm.DB, r *accountRow) error {
	if err := tx.Omit("CreatedAt").Save(r).Error; err != nil {
		if postgres.IsUnique(err, "accounts_email") {
			return ErrEmailTaken.Because(err)
		}
		if postgres.IsUnique(err, "accounts_extension") {
			return ErrExtension.Because(err)
		}
		return fmt.Errorf("save account %d: %w", r.ID, err)
	}
	return nil
}

func readAccount(db *gorm.DB, id int64) (Account, error) {
	var r accountRow
	if err := db.Take(&r, id).Error; errors.Is(err, gorm.ErrRecordNotFound) {
		return Account{}, ErrNotFound
	} else if err != nil {
		return Account{}, fmt.Errorf("read account %d: %w", id, err)
	}
	teams, err := teamsOf(db, id)
	if err != nil {
		return Account{}, err
	}
	return r.account(teams[id]), nil
}

func listAccounts(db *gorm.DB) ([]Account, error) {
	var rows []accountRow
	if err := db.Order("lower(name), id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	teams, err := teamsOf(db)
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, len(rows))
	for i, r := range rows {
		accounts[i] = r.account(teams[r.ID])
	}
	return accounts, nil
}

func noAccounts(tx *gorm.DB) (bool, error) {
	var some bool
	if err := tx.Raw("SELECT EXISTS (SELECT FROM accounts)").Scan(&some).Error; err != nil {
		return false, fmt.Errorf("look for accounts: %w", err)
	}
	return !some, nil
}

// lockAccount reads an account and holds it until the transaction ends. Rows
// that refer to it may still be inserted: NO KEY lets their foreign keys pass.
func lockAccount(tx *gorm.DB, id int64) (accountRow, error) {
	var r accountRow
	err := tx.Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&r, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("lock account %d: %w", id, err)
	}
	return r, nil
}

// lockAdmins holds all active admins, in order, and returns their ids: two of
// them who remove each other at the same time must not both succeed.
func lockAdmins(tx *gorm.DB) ([]int64, error) {
	var ids []int64
	err := tx.Raw("SELECT id FROM accounts WHERE role = ? AND active ORDER BY id FOR NO KEY UPDATE", access.Admin).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("lock the admins: %w", err)
	}
	return ids, nil
}

// accessChanged tells every node, with the commit, to read again what it knows
// about the account. It comes last in its transaction: see access_head.
func accessChanged(tx *gorm.DB, id int64) error {
	if _, err := lockAccount(tx, id); err != nil { // account first, head second, everywhere
		return err
	}
	err := tx.Exec(`
		WITH head AS (UPDATE access_head SET change = change + 1 RETURNING change)
		UPDATE accounts SET access_change = head.change FROM head WHERE id = ?`, id).Error
	if err != nil {
		return fmt.Errorf("announce what changed for account %d: %w", id, err)
	}
	return nil
}

// login is what is needed to check a password.
type login struct {
	account Account
	hash    string // "" for nobody
	usual   bool   // has logged in from this place before
}

// findLogin reads it. An unknown e-mail is a login of nobody, not an error, so
// that both go the same way.
func findLogin(ctx context.Context, db *postgres.DB, email string, from place) (login, error) {
	var l login
	a := &l.account
	err := db.Pool.QueryRow(ctx, `
		SELECT a.id, a.email, a.name, a.role, a.locale, a.active, a.generation, a.office_rank, a.office_pending, a.created_at, a.updated_at,
		       array(SELECT team_id FROM account_teams WHERE account_id = a.id ORDER BY team_id),
		       a.password_hash,
		       EXISTS (SELECT FROM account_places p WHERE p.account_id = a.id AND p.place = $2)
		FROM accounts a WHERE a.email = $1`, email, from).
		Scan(&a.ID, &a.Email, &a.Name, &a.Role, &a.Locale, &a.Active, &a.generation, &a.Office.Rank, &a.Office.Pending, &a.CreatedAt, &a.UpdatedAt,
			&a.TeamIDs, &l.hash, &l.usual)
	if errors.Is(err, pgx.ErrNoRows) {
		return login{}, nil
	}
	if err != nil {
		return login{}, fmt.Errorf("look up a log-in: %w", err)
	}
	return l, nil
}
