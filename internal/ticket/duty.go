package ticket

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrNoDuty is a duty that the ticket does not bring.
var ErrNoDuty = fault.New(fault.NotFound, "duty_not_found")

// Duty is what a demand obliges to at once, whatever else becomes of it.
type Duty string

// The duties.
const (
	// Cancellation takes effect with the request, on every channel, and meets no
	// attempt to keep the customer (Decreto 11.034/2022, art. 14).
	Cancellation Duty = "cancellation"
	// UndueCharge is suspended at once (the same, art. 13, par. 3).
	UndueCharge Duty = "undue_charge"
)

// Obligation is a duty of one ticket.
type Obligation struct {
	Duty        Duty
	EffectiveAt time.Time  // since when it counts: the moment of the request
	ConfirmedAt *time.Time // when it was recorded as carried out
	ConfirmedBy *int64
	How         string
}

// OweDuties writes down the duties that a ticket's kind and reason bring. They
// stay when either changes afterwards: what was asked for was asked for.
func OweDuties(ctx context.Context, tx *gorm.DB, t Ticket, at time.Time) error {
	err := tx.WithContext(ctx).Exec(`INSERT INTO duties (ticket_id, duty, effective_at)
		SELECT @ticket, d.duty, CAST(@at AS timestamptz) FROM (
			SELECT 'cancellation' AS duty WHERE @kind = 'cancelamento'
			UNION SELECT r.duty FROM reasons r WHERE r.id = @reason AND r.duty <> '') d
		ON CONFLICT DO NOTHING`, map[string]any{"ticket": t.ID, "kind": string(t.Kind), "reason": t.ReasonID, "at": at}).Error
	if err != nil {
		return fmt.Errorf("write down the duties of ticket %d: %w", t.ID, err)
	}
	return nil
}

// Duties are those of a ticket.
func Duties(ctx context.Context, db *gorm.DB, ticketID int64) ([]Obligation, error) {
	var all []Obligation
	err := db.WithContext(ctx).Raw(`SELECT duty, effective_at, confirmed_at, confirmed_by, how FROM duties
		WHERE ticket_id = ? ORDER BY id`, ticketID).Scan(&all).Error
	if err != nil {
		return nil, fmt.Errorf("read the duties of ticket %d: %w", ticketID, err)
	}
	return all, nil
}

// ConfirmDuty records within a change of t that a duty was carried out, and how.
// One that was confirmed before stays as it was: ErrUnchanged.
func ConfirmDuty(ctx context.Context, tx *gorm.DB, t Ticket, d Duty, account int64, how string, at time.Time) error {
	result := tx.WithContext(ctx).Exec(`UPDATE duties SET confirmed_at = ?, confirmed_by = ?, how = ?
		WHERE ticket_id = ? AND duty = ? AND confirmed_at IS NULL`, at, account, how, t.ID, string(d))
	if result.Error != nil {
		return fmt.Errorf("confirm a duty of ticket %d: %w", t.ID, result.Error)
	}
	if result.RowsAffected > 0 {
		return nil
	}
	all, err := Duties(ctx, tx, t.ID)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.Duty == d {
			return ErrUnchanged
		}
	}
	return ErrNoDuty
}
