package event

import (
	"fmt"

	"gorm.io/gorm"
)

// Quiet reports whether nothing but clocks, their rules, deliveries, people who looked, calls
// for help, clocks that were computed anew, the desk's giving out and the office's own papers raised a ticket's
// version from after to upto. They do so at any moment and change nothing that
// people edit: whoever saw version after has seen all there is to be seen for an
// edit of upto. The ticket is locked in tx.
func Quiet(tx *gorm.DB, ticketID int64, after, upto int) (bool, error) {
	if after < 1 || after > upto {
		return false, nil
	}
	var quiet int
	err := tx.Raw(`SELECT count(*) FROM events WHERE ticket_id = ? AND version > ? AND version <= ? AND (kind IN ? OR kind = 'ticket.clock' AND actor_id IS NULL)`,
		ticketID, after, upto, []string{TicketDelivered, TicketRead, TicketHelp, CaseChanged, ClockWarned, ClockBreached, ClockEscalated, ClockMoved, TicketPlanned, TicketRouted, TicketUnrouted}).Scan(&quiet).Error
	if err != nil {
		return false, fmt.Errorf("look what happened to ticket %d since version %d: %w", ticketID, after, err)
	}
	return quiet == upto-after, nil
}
