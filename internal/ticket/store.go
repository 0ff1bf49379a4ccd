package ticket

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
)

// row is a ticket as the table holds it. The generated column open is left to
// PostgreSQL.
type row struct {
	ID            int64
	Protocol      string
	BrandID       int64
	CustomerID    *int64
	CustomerName  string
	Channel       string
	Kind          Kind
	Subject       string
	Preview       string
	Status        Status
	Priority      int
	LegalPriority int
	TeamID        int64
	AssigneeID    *int64
	HolderID      *int64
	Fence         int64
	LeaseUntil    *time.Time
	ReasonID      *int64
	Tags          textArray
	IncidentID    *int64
	Walled        bool
	Barred        access.Barred
	Version       int
	PublicVersion int
	NextDue       orNever
	NextClock     string
	NextFrom      *time.Time
	NextWarn      *time.Time
	Clocks        int
	Paused        string
	Breached      bool
	WaitingSince  orNever
	ReopenedAt    *time.Time
	PromisedAt    *time.Time
	Unread        bool
	Mentioned     idArray
	Fields        string
	LinkedFrom    *int64
	AskedArea     string

	AreaAnsweredAt *time.Time

	OpenedAt   time.Time
	UpdatedAt  time.Time `gorm:"autoUpdateTime:false"`
	ResolvedAt *time.Time
	ClosedAt   *time.Time
}

func (row) TableName() string { return "tickets" }

func (r row) ticket() Ticket {
	return Ticket{
		ID: r.ID, Protocol: r.Protocol, BrandID: r.BrandID,
		CustomerID: r.CustomerID, CustomerName: r.CustomerName,
		Channel: r.Channel, Kind: r.Kind, Subject: r.Subject, Preview: r.Preview,
		Status: r.Status, Priority: r.Priority, LegalPriority: r.LegalPriority,
		TeamID: r.TeamID, Walled: r.Walled, Barred: r.Barred,
		AssigneeID: r.AssigneeID, HolderID: r.HolderID, Fence: r.Fence, LeaseUntil: r.LeaseUntil,
		ReasonID: r.ReasonID, Tags: r.Tags, IncidentID: r.IncidentID,
		Version: r.Version, PublicVersion: r.PublicVersion,
		Deadline: Deadline{
			Due: r.NextDue.at, Clock: r.NextClock, From: r.NextFrom, Warn: r.NextWarn,
			Clocks: r.Clocks, Paused: r.Paused, Breached: r.Breached,
		},
		WaitingSince: r.WaitingSince.at, ReopenedAt: r.ReopenedAt, PromisedAt: r.PromisedAt,
		Unread: r.Unread, Mentioned: r.Mentioned,
		Fields: json.RawMessage(r.Fields), LinkedFrom: r.LinkedFrom,
		OpenedAt: r.OpenedAt, UpdatedAt: r.UpdatedAt, ResolvedAt: r.ResolvedAt, ClosedAt: r.ClosedAt,
		AskedArea: r.AskedArea, AreaAnsweredAt: r.AreaAnsweredAt,
	}
}

func rowOf(t Ticket) row {
	return row{
		ID: t.ID, Protocol: t.Protocol, BrandID: t.BrandID,
		CustomerID: t.CustomerID, CustomerName: t.CustomerName,
		Channel: t.Channel, Kind: t.Kind, Subject: t.Subject, Preview: t.Preview,
		Status: t.Status, Priority: t.Priority, LegalPriority: t.LegalPriority,
		TeamID: t.TeamID, Walled: t.Walled, Barred: t.Barred,
		AssigneeID: t.AssigneeID, HolderID: t.HolderID, Fence: t.Fence, LeaseUntil: micro(t.LeaseUntil),
		ReasonID: t.ReasonID, Tags: t.Tags, IncidentID: t.IncidentID,
		Version: t.Version, PublicVersion: t.PublicVersion,
		NextDue: orNever{micro(t.Deadline.Due)}, NextClock: t.Deadline.Clock,
		NextFrom: micro(t.Deadline.From), NextWarn: micro(t.Deadline.Warn),
		Clocks: t.Deadline.Clocks, Paused: t.Deadline.Paused, Breached: t.Deadline.Breached,
		WaitingSince: orNever{micro(t.WaitingSince)}, ReopenedAt: micro(t.ReopenedAt), PromisedAt: micro(t.PromisedAt),
		Unread: t.Unread, Mentioned: t.Mentioned,
		Fields: string(t.Fields), LinkedFrom: t.LinkedFrom,
		OpenedAt: *micro(&t.OpenedAt), UpdatedAt: *micro(&t.UpdatedAt),
		ResolvedAt: micro(t.ResolvedAt), ClosedAt: micro(t.ClosedAt),
		AskedArea: t.AskedArea, AreaAnsweredAt: micro(t.AreaAnsweredAt),
	}
}

// Get finds a ticket by its id or by any protocol that leads to it, aliases
// included. Whatever cannot be either is ErrNotFound. It does not ask who is
// asking: use See for that.
func Get(ctx context.Context, db *gorm.DB, ref string) (Ticket, error) {
	id, protocol := parseRef(ref)
	switch {
	case protocol != "":
		return one(db.WithContext(ctx).Where("id = (SELECT ticket_id FROM protocols WHERE protocol = ?)", protocol))
	case id > 0:
		return ByID(ctx, db, id)
	}
	return Ticket{}, ErrNotFound
}

// ByID finds a ticket by its id.
func ByID(ctx context.Context, db *gorm.DB, id int64) (Ticket, error) {
	return one(db.WithContext(ctx).Where("id = ?", id))
}

// See is Get for an actor: what is hidden is absent.
func See(ctx context.Context, db *gorm.DB, actor access.Actor, ref string) (Ticket, error) {
	t, err := Get(ctx, db, ref)
	if err == nil && !actor.MaySee(t.Audience()) {
		return Ticket{}, ErrNotFound
	}
	return t, err
}

func one(db *gorm.DB) (Ticket, error) {
	var r row
	switch err := db.Take(&r).Error; {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return Ticket{}, ErrNotFound
	case err != nil:
		return Ticket{}, fmt.Errorf("read a ticket: %w", err)
	}
	return r.ticket(), nil
}

// parseRef tells an id from a protocol by its length: a protocol has 17 digits,
// and no id will live to see 17.
func parseRef(ref string) (id int64, protocol string) {
	if len(ref) == 0 || len(ref) > protocolLength {
		return 0, ""
	}
	for _, c := range []byte(ref) {
		if c < '0' || c > '9' {
			return 0, ""
		}
		id = id*10 + int64(c-'0')
	}
	if len(ref) == protocolLength {
		return 0, ref
	}
	return id, ""
}

const protocolLength = 17

// orNever is an instant of a NOT NULL column in which infinity means none.
type orNever struct{ at *time.Time }

// Scan reads what the driver gives: a time, or the word infinity.
func (n *orNever) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		at := v.UTC()
		n.at = &at
	case string:
		n.at = nil
		if v != "infinity" {
			return fmt.Errorf("%q is neither an instant nor infinity", v)
		}
	default:
		return fmt.Errorf("cannot read %T as an instant", src)
	}
	return nil
}

// Value writes infinity for none.
func (n orNever) Value() (driver.Value, error) {
	if n.at == nil {
		return "infinity", nil
	}
	return *n.at, nil
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

// idArray is bigint[] for database/sql.
type idArray []int64

// Scan reads PostgreSQL's array literal.
func (a *idArray) Scan(src any) error {
	return pgtype.NewMap().SQLScanner((*[]int64)(a)).Scan(src)
}

// Value writes PostgreSQL's array literal; nil is the empty array.
func (a idArray) Value() (driver.Value, error) {
	if len(a) == 0 {
		return "{}", nil
	}
	text, err := pgtype.NewMap().Encode(pgtype.Int8ArrayOID, pgtype.TextFormatCode, []int64(a), nil)
	return string(text), err
}
