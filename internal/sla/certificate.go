package sla

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/fault"
)

// Faults of asking for a certificate.
var (
	ErrMonth = fault.New(fault.Invalid, "extension_month")
)

// Certificate is what a month's extensions of a regime were, for whom it
// concerns to keep: the figures of the side of the wall that its reader sees, and
// each extension that the reader may see.
type Certificate struct {
	Regime, Norm, Evidence, CheckedBy string
	CheckedOn                         *time.Time
	Month                             string // such as 2026-11
	Ended                             bool   // whether the month is over, so that the figures stand
	Quota                             Quota
	Cancelled                         int // of the demands, those whose term was taken back
	Extensions                        []Extended
}

// Share is the extensions per hundred demands.
func (c Certificate) Share() float64 {
	if c.Quota.Demands == 0 {
		return 0
	}
	return 100 * float64(c.Quota.Extensions) / float64(c.Quota.Demands)
}

// Extended is one extension that was made.
type Extended struct {
	ClockID, TicketID int64
	Protocol          string
	Amount            int
	Reason            string
	AccountID         int64
	Author            string
	MessageID         *int64
	OldDue, NewDue    time.Time
	At                time.Time
}

// readGrounds reads what the policies of some clocks stand on, by policy.
func readGrounds(db *gorm.DB, clocks []clockRow) (map[int64]Ground, error) {
	var list ids
	for _, c := range clocks {
		if c.PolicyID != nil {
			list = append(list, *c.PolicyID)
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	var rows []struct {
		ID     int64
		Ground Ground `gorm:"embedded"`
	}
	err := db.Raw(`SELECT p.id, g.name AS regime, g.norm, g.evidence, g.source, g.checked_by, g.checked_on, g.extension
		FROM sla_policies p JOIN regimes g ON g.id = p.regime_id WHERE p.id = ANY(?::bigint[])`, list).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read what deadlines stand on: %w", err)
	}
	by := map[int64]Ground{}
	for _, r := range rows {
		by[r.ID] = r.Ground
	}
	return by, nil
}

// extendedOf reads the extensions of a ticket, by clock.
func extendedOf(db *gorm.DB, ticketID int64) (map[int64]*Extended, error) {
	var rows []Extended
	if err := db.Raw(extensions+"x.ticket_id = ?", ticketID).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the extensions of ticket %d: %w", ticketID, err)
	}
	by := map[int64]*Extended{}
	for i := range rows {
		by[rows[i].ClockID] = &rows[i]
	}
	return by, nil
}

const extensions = `SELECT x.clock_id, x.ticket_id, t.protocol, x.amount, x.reason, x.account_id, a.name AS author, x.message_id, x.old_due, x.new_due, x.at
	FROM clock_extensions x JOIN tickets t ON t.id = x.ticket_id JOIN accounts a ON a.id = x.account_id WHERE `

// CertificateOf reads a month (such as 2026-11) of a regime in the desk's zone.
// Its figures count every team, but only the reader's side of the wall, and
// nothing that accuses the reader.
func CertificateOf(ctx context.Context, db *gorm.DB, calendars Calendars, who access.Actor, regime int64, month string, now time.Time) (c Certificate, err error) {
	all := who.Scope()
	all.AllTeams = true
	return certificateOf(db.WithContext(ctx), calendars, access.Condition, all, who.Scope(), regime, month, now)
}

// CertificateOfSide reads a month of a regime on one side of the ombudsman's
// wall: figures of what one scope sees of it, a list of what another does.
func CertificateOfSide(ctx context.Context, db *gorm.DB, calendars Calendars, walled bool, counted, listed access.Scope, regime int64, month string, now time.Time) (Certificate, error) {
	seen := "NOT t.walled AND " + access.Condition
	if walled {
		seen = "t.walled AND " + access.Condition
	}
	return certificateOf(db.WithContext(ctx), calendars, seen, counted, listed, regime, month, now)
}

func certificateOf(db *gorm.DB, calendars Calendars, seen string, counted, listed access.Scope, regime int64, month string, now time.Time) (c Certificate, err error) {
	zone, err := deskZone(calendars)
	if err != nil {
		return c, err
	}
	from, err := time.ParseInLocation("2006-01", month, zone)
	if err != nil || from.Year() < firstYear || from.Year() > lastYear {
		return c, ErrMonth
	}
	to := from.AddDate(0, 1, 0)
	var g struct {
		Name, Norm, Evidence, CheckedBy string
		CheckedOn                       *time.Time
		Cap                             *int
	}
	found := db.Raw("SELECT name, norm, evidence, checked_by, checked_on, cap FROM regimes WHERE id = ?", regime).Scan(&g)
	switch {
	case found.Error != nil:
		return c, fmt.Errorf("read regime %d: %w", regime, found.Error)
	case found.RowsAffected == 0:
		return c, ErrNoRegime
	}
	c = Certificate{Regime: g.Name, Norm: g.Norm, Evidence: g.Evidence, CheckedBy: g.CheckedBy, CheckedOn: g.CheckedOn,
		Month: month, Ended: !now.Before(to), Quota: Quota{Cap: g.Cap}, Extensions: []Extended{}}
	named := map[string]any{"regime": regime, "from": from, "to": to, "month": from.Format(time.DateOnly)}
	var figures struct{ Demands, Cancelled int }
	err = db.Raw(`SELECT count(*) AS demands, count(*) FILTER (WHERE gone) AS cancelled FROM (
		SELECT t.id, bool_and(c.state = 'cancelled') AS gone FROM `+registered+` AND `+seen+` GROUP BY t.id) d`,
		counted.Named(named)).Scan(&figures).Error
	if err == nil {
		err = db.Raw("SELECT count(*) FROM "+extendedIn+" AND "+seen, counted.Named(named)).Scan(&c.Quota.Extensions).Error
	}
	if err == nil {
		err = db.Raw(extensions+`x.regime_id = @regime AND x.month = CAST(@month AS date) AND `+seen+` ORDER BY x.at, x.clock_id LIMIT 2000`,
			listed.Named(named)).Scan(&c.Extensions).Error
	}
	if err != nil {
		return c, fmt.Errorf("read the extensions of regime %d: %w", regime, err)
	}
	c.Quota.Demands, c.Cancelled = figures.Demands, figures.Cancelled
	return c, nil
}
