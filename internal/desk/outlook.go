package desk

import (
	"context"
	"fmt"

	"github.com/escuta-sac/escuta/internal/reach"
)

// Outlook is how an answer to a ticket would reach its customer now. The page
// shows it in any case.
type Outlook struct {
	TicketID int64
	Mail     bool
	Reason   string // the gate's, why no mail goes to the address; empty when none is known
}

// Outlook looks ahead for many tickets on this side of the wall at once, in two
// statements however many they are.
func (s *Service) Outlook(ctx context.Context, ids []int64) ([]Outlook, error) {
	db := s.db.Gorm
	sends, err := s.post.Sends(ctx, db)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var known []struct {
		ID         int64
		CustomerID *int64
		Address    string
	}
	err = db.WithContext(ctx).Raw(`SELECT t.id, t.customer_id, coalesce(a.value, '') AS address FROM tickets t LEFT JOIN LATERAL (`+addressQuery("t.id", "t.customer_id")+`) a ON true
		WHERE t.id IN ? AND NOT t.walled ORDER BY t.id`, ids).Scan(&known).Error
	if err != nil {
		return nil, fmt.Errorf("find where to answer %d tickets: %w", len(ids), err)
	}
	all := make([]Outlook, len(known))
	questions := make([]reach.Question, len(known))
	for n, k := range known {
		all[n].TicketID = k.ID
		questions[n] = reach.Question{CustomerID: k.CustomerID, Address: k.Address, Way: reach.Email, Purpose: reach.Reply, At: s.now()}
	}
	if !sends {
		return all, nil
	}
	answers, err := reach.MayAll(ctx, db, questions)
	if err != nil {
		return nil, err
	}
	for n, a := range answers {
		all[n].Mail = a.Allowed
		if !a.Allowed && a.Reason != reach.NoAddress {
			all[n].Reason = a.Reason
		}
	}
	return all, nil
}
