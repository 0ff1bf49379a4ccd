package sla

import (
	"fmt"
	"time"

	"gorm.io/gorm"
)

// Complement is the reason of a pause while a demandant owes us what we asked
// for, without which there is no answer.
const Complement = "complement"

// Suspend makes the ticket's clocks of the answer itself stand still, also those
// whose policy knows no pause: terms of law run while we wait for anybody, but
// not for what the demandant has to add. Resume lets them go on.
func Suspend(tx *gorm.DB, ticketID int64, account *int64, at time.Time) error {
	if err := settle(tx, ticketID, at); err != nil {
		return err
	}
	err := tx.Exec(`
		WITH stood AS (
			UPDATE clocks SET state = 'paused', version = version + 1
			 WHERE ticket_id = @ticket AND state = 'running' AND kind IN ('resolution', 'legal') RETURNING id)
		INSERT INTO clock_pauses (clock_id, from_at, reason, account_id)
		SELECT id, CAST(@at AS timestamptz), CAST(@reason AS text), CAST(@account AS bigint) FROM stood`,
		map[string]any{"ticket": ticketID, "reason": Complement, "account": account, "at": at}).Error
	if err != nil {
		return fmt.Errorf("suspend the clocks of ticket %d: %w", ticketID, err)
	}
	return nil
}
