package sla

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
)

type policyRow struct {
	ID         int64
	RegimeID   int64
	Position   int
	Name       string
	Channels   array[string]
	Kinds      array[string]
	Priorities array[int]
	Teams      array[int64]
	Walled     *bool
	Clock      Kind
	Calendar   string
	Amount     int
	Unit       Unit
	Roll       bool
	Pauses     bool
	LegalRef   string
	Active     bool
	Segments   array[string]
	ByHand     bool
	ValidFrom  *time.Time
	ValidTo    *time.Time
	Replaces   *int64
	RetiredAt  *time.Time
	Duty       string
}

func (policyRow) TableName() string { return "sla_policies" }

func readPolicies(ctx context.Context, db *gorm.DB) ([]Policy, error) {
	var rows []policyRow
	err := db.WithContext(ctx).Where("active AND regime_id IN (SELECT id FROM regimes WHERE active)").Order("position, id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the SLA policies: %w", err)
	}
	list := make([]Policy, len(rows))
	for i, r := range rows {
		list[i] = r.policy()
	}
	return list, nil
}

func (r policyRow) policy() Policy {
	return Policy{
		ID: r.ID, Regime: r.RegimeID, Name: r.Name, Position: r.Position,
		Channels: r.Channels, Kinds: r.Kinds, Priorities: r.Priorities, Teams: r.Teams, Walled: r.Walled,
		Clock: r.Clock, Calendar: r.Calendar, Term: Term{r.Amount, r.Unit, r.Roll},
		Pauses: r.Pauses, LegalRef: r.LegalRef,
		Segments: r.Segments, ByHand: r.ByHand, Duty: r.Duty, From: dayOf(r.ValidFrom), To: dayOf(r.ValidTo),
	}
}

func (r policyRow) listed() Listed { return Listed{r.policy(), r.Active, r.Replaces} }

// dayOf reads a date column.
func dayOf(at *time.Time) brazil.Date {
	if at == nil {
		return brazil.Date{}
	}
	return brazil.DateOf(*at, time.UTC)
}

type clockRow struct {
	ID                     int64
	TicketID               int64
	Kind                   Kind
	PolicyID               *int64
	Policy, Why, Calendar  string
	Amount                 int
	Unit                   Unit
	Roll, Pauses           bool
	LegalRef               string
	State                  State
	StartedAt, Due, Target time.Time
	Warn50, Warn75, Warn90 time.Time
	Stage                  int
	StoppedAt, BreachedAt  *time.Time
	Version                int
	Extension              int
	CalendarVersion        int
}

func (clockRow) TableName() string { return "clocks" }

func (r clockRow) term() Term { return Term{r.Amount + r.Extension, r.Unit, r.Roll} }

func (r clockRow) clock() Clock {
	return Clock{
		ID: r.ID, TicketID: r.TicketID, Kind: r.Kind, Policy: r.Policy, PolicyID: r.PolicyID, Why: r.Why, Calendar: r.Calendar,
		Term: r.term(), Pauses: r.Pauses, LegalRef: r.LegalRef, State: r.State, Extension: r.Extension,
		StartedAt: r.StartedAt, Due: r.Due, Target: r.Target, Warn: [3]time.Time{r.Warn50, r.Warn75, r.Warn90},
		Stage: r.Stage, StoppedAt: r.StoppedAt, BreachedAt: r.BreachedAt, CalendarVersion: r.CalendarVersion,
	}
}

type pauseRow struct {
	ID        int64
	ClockID   int64
	FromAt    time.Time
	ToAt      *time.Time
	Reason    string
	AccountID *int64
}

func (pauseRow) TableName() string { return "clock_pauses" }

func (r pauseRow) pause() Standstill {
	p := Standstill{ID: r.ID, From: r.FromAt, Reason: r.Reason, AccountID: r.AccountID}
	if r.ToAt != nil {
		p.To = *r.ToAt
	}
	return p
}

// readPauses reads the pauses of some clocks, in order, by clock.
func readPauses(tx *gorm.DB, clocks []clockRow) (map[int64][]Standstill, error) {
	list := make(ids, len(clocks))
	for i, c := range clocks {
		list[i] = c.ID
	}
	var rows []pauseRow
	if err := tx.Where("clock_id = ANY(?)", list).Order("clock_id, from_at, id").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the pauses of clocks: %w", err)
	}
	by := map[int64][]Standstill{}
	for _, r := range rows {
		by[r.ClockID] = append(by[r.ClockID], r.pause())
	}
	return by, nil
}

// array reads an array column.
type array[T any] []T

func (a *array[T]) Scan(src any) error {
	return pgtype.NewMap().SQLScanner((*[]T)(a)).Scan(src)
}

// GormDataType keeps GORM from looking for a relation.
func (array[T]) GormDataType() string { return "array" }

// ids is a list given to a statement as one bigint[], which GORM would spread.
type ids []int64

func (l ids) Value() (driver.Value, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, id := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.FormatInt(id, 10))
	}
	b.WriteByte('}')
	return b.String(), nil
}

// GormDataType keeps GORM from taking the list for several values.
func (ids) GormDataType() string { return "bigint[]" }
