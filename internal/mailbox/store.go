package mailbox

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

type row struct {
	ID           int64
	BrandID      int64
	TeamID       *int64
	Address      string
	Aliases      textArray
	DisplayName  string
	Signature    string
	Acknowledges bool
	UndoSeconds  int
	IsDefault    bool
	Active       bool
	IMAPHost     string     `gorm:"column:imap_host"`
	IMAPPort     int        `gorm:"column:imap_port"`
	IMAPTLS      Security   `gorm:"column:imap_tls"`
	IMAPUser     string     `gorm:"column:imap_user"`
	IMAPFolder   string     `gorm:"column:imap_folder"`
	IMAPSince    *time.Time `gorm:"column:imap_since;type:date"`
	SMTPHost     string     `gorm:"column:smtp_host"`
	SMTPPort     int        `gorm:"column:smtp_port"`
	SMTPTLS      Security   `gorm:"column:smtp_tls"`
	SMTPUser     string     `gorm:"column:smtp_user"`
	Auth         Auth
	Secret       []byte
	TokenURL     string `gorm:"column:token_url"`
	ClientID     string `gorm:"column:client_id"`
	ClientSecret []byte
	DKIMDomain   string    `gorm:"column:dkim_domain"`
	DKIMSelector string    `gorm:"column:dkim_selector"`
	DKIMKey      []byte    `gorm:"column:dkim_key"`
	CreatedAt    time.Time `gorm:"autoCreateTime:false"`
	UpdatedAt    time.Time `gorm:"autoUpdateTime:false"` // from PostgreSQL's clock, not GORM's
}

func (row) TableName() string { return "mailboxes" }

func rowOf(m Mailbox) row {
	r := row{
		ID: m.ID, BrandID: m.BrandID, Address: m.Address, Aliases: m.Aliases,
		DisplayName: m.DisplayName, Signature: m.Signature, Acknowledges: m.Acknowledges, UndoSeconds: m.UndoSeconds,
		IsDefault: m.Default, Active: m.Active,
		IMAPHost: m.IMAP.Host, IMAPPort: m.IMAP.Port, IMAPTLS: m.IMAP.Security, IMAPUser: m.IMAP.User,
		IMAPFolder: m.Folder, IMAPSince: m.Since,
		SMTPHost: m.SMTP.Host, SMTPPort: m.SMTP.Port, SMTPTLS: m.SMTP.Security, SMTPUser: m.SMTP.User,
		Auth: m.Auth, Secret: m.sealed.secret, TokenURL: m.TokenURL, ClientID: m.ClientID, ClientSecret: m.sealed.clientSecret,
		DKIMDomain: m.DKIMDomain, DKIMSelector: m.DKIMSelector, DKIMKey: m.sealed.dkimKey,
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
	if m.TeamID != 0 {
		r.TeamID = &m.TeamID
	}
	return r
}

func (r row) mailbox() Mailbox {
	m := Mailbox{
		ID: r.ID, BrandID: r.BrandID, Address: r.Address, Aliases: r.Aliases,
		DisplayName: r.DisplayName, Signature: r.Signature, Acknowledges: r.Acknowledges, UndoSeconds: r.UndoSeconds,
		Default: r.IsDefault, Active: r.Active,
		IMAP: Server{r.IMAPHost, r.IMAPPort, r.IMAPTLS, r.IMAPUser}, Folder: r.IMAPFolder, Since: r.IMAPSince,
		SMTP: Server{r.SMTPHost, r.SMTPPort, r.SMTPTLS, r.SMTPUser},
		Auth: r.Auth, HasSecret: len(r.Secret) > 0, TokenURL: r.TokenURL, ClientID: r.ClientID, HasClientSecret: len(r.ClientSecret) > 0,
		DKIMDomain: r.DKIMDomain, DKIMSelector: r.DKIMSelector,
		CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
		sealed: sealed{r.Secret, r.ClientSecret, r.DKIMKey},
	}
	if r.TeamID != nil {
		m.TeamID = *r.TeamID
	}
	return m
}

// changes is the advisory lock under which mailboxes change: that no two have an
// address in common is more than one row's affair.
const changes = 0x45_53_43_4d_42_58 // "ESCMBX"

func lockAll(tx *gorm.DB) error {
	if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", changes).Error; err != nil {
		return fmt.Errorf("wait to change mailboxes: %w", err)
	}
	return nil
}

func list(db *gorm.DB) ([]row, error) {
	var rows []row
	if err := db.Order("is_default DESC, active DESC, address").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	return rows, nil
}

func read(db *gorm.DB, id int64) (row, error) {
	var r row
	err := db.Take(&r, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("read mailbox %d: %w", id, err)
	}
	return r, nil
}

// save stores a mailbox, a new one when it has no id.
func save(tx *gorm.DB, r *row) error {
	if r.IsDefault {
		// First, as there is never more than one.
		if err := tx.Model(&row{}).Where("is_default AND id <> ?", r.ID).UpdateColumn("is_default", false).Error; err != nil {
			return fmt.Errorf("take the default from the other mailbox: %w", err)
		}
	}
	if r.ID == 0 {
		if err := tx.Create(r).Error; err != nil {
			return fmt.Errorf("insert a mailbox: %w", err)
		}
		return nil
	}
	if err := tx.Omit("CreatedAt", clause.Associations).Save(r).Error; err != nil {
		return fmt.Errorf("save mailbox %d: %w", r.ID, err)
	}
	return nil
}

// exists reports whether there is a row of this id, of a table of ours.
func exists(tx *gorm.DB, table string, id int64) (bool, error) {
	var found int64
	if err := tx.Table(table).Where("id = ?", id).Count(&found).Error; err != nil {
		return false, fmt.Errorf("look for %d in %s: %w", id, table, err)
	}
	return found == 1, nil
}

// saveSecret replaces the refresh token, unless somebody gave another one since.
func saveSecret(db *gorm.DB, id int64, before, after []byte) error {
	err := db.Model(&row{}).Where("id = ? AND secret = ?", id, before).UpdateColumn("secret", after).Error
	if err != nil {
		return fmt.Errorf("keep the new refresh token of mailbox %d: %w", id, err)
	}
	return nil
}

// textArray is text[] for database/sql, which knows no arrays.
type textArray []string

// Scan reads PostgreSQL's array literal.
func (a *textArray) Scan(src any) error {
	return pgtype.NewMap().SQLScanner((*[]string)(a)).Scan(src)
}

// Value writes PostgreSQL's array literal; nil is the empty array.
func (a textArray) Value() (driver.Value, error) {
	if len(a) == 0 {
		return "{}", nil
	}
	text, err := pgtype.NewMap().Encode(pgtype.TextArrayOID, pgtype.TextFormatCode, []string(a), nil)
	return string(text), err
}
