package sla

import (
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// owes reports whether a demand brings the rule's duty from its beginning: the kind
// of a cancellation does. Others are owed by what staff find out, see BeginDuties.
func (r *rule) owes(d Demand) bool {
	return r.Duty == "cancellation" && d.Kind == "cancelamento" && r.misses(d) == ""
}

// BeginDuties starts the clocks of the duties that a ticket owes by now and that
// have none: from at on, whenever the ticket was opened. The caller has locked it.
func (p *Policies) BeginDuties(tx *gorm.DB, ticketID int64, d Demand, at time.Time) error {
	var owed []string
	err := tx.Raw(`SELECT o.duty FROM duties o WHERE o.ticket_id = ? AND o.confirmed_at IS NULL AND NOT EXISTS (
		SELECT FROM clocks c JOIN sla_policies p ON p.id = c.policy_id WHERE c.ticket_id = o.ticket_id AND p.duty = o.duty) ORDER BY o.id`, ticketID).Scan(&owed).Error
	if err != nil {
		return fmt.Errorf("read the duties of ticket %d: %w", ticketID, err)
	}
	var clocks []NewClock
	for _, g := range p.current.Load().groups {
		for _, r := range g.rules {
			if slices.Contains(owed, r.Duty) && r.misses(d) == "" && r.valid(at) {
				clocks = append(clocks, r.clock("duty="+r.Duty, at))
			}
		}
	}
	return Start(tx, ticketID, clocks)
}

// EndDuty stops the clock of a duty that was carried out: met, or missed when it
// has run out. The caller has locked the ticket.
func EndDuty(tx *gorm.DB, ticketID int64, duty string, at time.Time) error {
	if err := settle(tx, ticketID, at); err != nil {
		return err
	}
	err := tx.Exec(`UPDATE clocks c SET state = CASE WHEN stage = 100 THEN 'missed' ELSE 'met' END, stopped_at = ?, version = version + 1
		FROM sla_policies p WHERE p.id = c.policy_id AND p.duty = ? AND c.ticket_id = ? AND c.state IN ('running', 'paused')`, at, duty, ticketID).Error
	if err != nil {
		return fmt.Errorf("stop the clock of a duty of ticket %d: %w", ticketID, err)
	}
	return nil
}
