package desk

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/access"
	"github.com/escuta-sac/escuta/internal/customer"
	"github.com/escuta-sac/escuta/internal/event"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/sla"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// Faults of joining customers.
var (
	ErrSameCustomer = fault.New(fault.Invalid, "customer_same")
	ErrMerged       = fault.New(fault.Conflict, "customer_merged")     // one of the two is somebody else's already
	ErrNoMerge      = fault.New(fault.NotFound, "merge_not_found")     // or it was taken back
	ErrTwoProofs    = fault.New(fault.Conflict, "customer_two_proofs") // both are records of the same source
)

// maxMoved bounds how many tickets change hands in one transaction.
const maxMoved = 5000

// Became is what the event of a ticket whose customer turned out to be another
// one tells beside the row.
type Became struct {
	Fields map[string]FromTo `json:"fields"`
}

// UpsertCustomer keeps a record that another system sends. Customers who were
// nothing but an identity that the record has proof of become this one, with
// their tickets; open tickets get the legal priority the record gives.
func (s *Service) UpsertCustomer(ctx context.Context, actor access.Actor, r customer.Record) (customer.Upserted, error) {
	r, err := r.Check()
	if err != nil {
		return customer.Upserted{}, err
	}
	var u customer.Upserted
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if u, err = customer.Upsert(ctx, tx, r); err != nil {
			return err
		}
		for _, from := range u.Emptied {
			if _, err := s.merge(ctx, tx, actor, from, u.ID, "", nil); err != nil {
				return err
			}
		}
		return s.keepPriority(ctx, tx, actor, u.ID)
	})
	if err != nil {
		return customer.Upserted{}, err
	}
	s.poke.Poke()
	return u, nil
}

// keepPriority gives the customer's open tickets the name and the legal priority
// that the customer has now: they decide who is served next.
func (s *Service) keepPriority(ctx context.Context, tx *gorm.DB, actor access.Actor, id int64) error {
	var now struct {
		Name          string
		LegalPriority int
	}
	if err := tx.WithContext(ctx).Raw(`SELECT name, legal_priority FROM customers WHERE id = ?`, id).Scan(&now).Error; err != nil {
		return fmt.Errorf("read customer %d: %w", id, err)
	}
	var ids []int64
	err := tx.WithContext(ctx).Raw(`SELECT id FROM tickets WHERE customer_id = ? AND open
		AND (customer_name, legal_priority) IS DISTINCT FROM (?, ?) ORDER BY id LIMIT ?`, id, now.Name, now.LegalPriority, maxMoved).Scan(&ids).Error
	if err != nil || len(ids) == 0 {
		return err
	}
	_, err = ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
		told := Became{Fields: map[string]FromTo{}}
		if t.LegalPriority != now.LegalPriority {
			told.Fields["legal_priority"] = FromTo{t.LegalPriority, now.LegalPriority}
		}
		t.CustomerName, t.LegalPriority = now.Name, now.LegalPriority
		return ticket.Cause{Kind: event.TicketChanged, ActorID: &actor.AccountID, Data: told, At: s.now()}, nil
	})
	return err
}

// MergeCustomers makes one customer of two, on the word of somebody who has
// looked at both. Tickets and identities go to into; from stays as a name that
// leads there. It can be taken back.
func (s *Service) MergeCustomers(ctx context.Context, actor access.Actor, from, into int64, reason string) (mergeID int64, err error) {
	reason, err = ticket.CheckBody("reason", reason)
	if err != nil {
		return 0, err
	}
	err = s.db.InTx(ctx, func(tx *gorm.DB) error {
		if mergeID, err = s.merge(ctx, tx, actor, from, into, reason, &actor.AccountID); err != nil {
			return err
		}
		return s.keepPriority(ctx, tx, actor, into)
	})
	if err != nil {
		return 0, err
	}
	s.poke.Poke()
	return mergeID, nil
}

type party struct {
	ID         int64
	MergedInto *int64
	Source     string
	ExternalID string
}

// merge moves everything of from to into. by is nil when a proof decided.
func (s *Service) merge(ctx context.Context, tx *gorm.DB, actor access.Actor, from, into int64, reason string, by *int64) (id int64, err error) {
	if from == into {
		return 0, ErrSameCustomer
	}
	tx = tx.WithContext(ctx)
	var two []party
	err = tx.Raw(`SELECT id, merged_into, source, external_id FROM customers WHERE id IN (?, ?) ORDER BY id FOR UPDATE`, from, into).Scan(&two).Error
	switch {
	case err != nil:
		return 0, fmt.Errorf("read customers %d and %d: %w", from, into, err)
	case len(two) < 2:
		return 0, customer.ErrNotFound
	case two[0].MergedInto != nil || two[1].MergedInto != nil:
		return 0, ErrMerged
	case two[0].ExternalID != "" && two[1].ExternalID != "" && two[0].Source == two[1].Source:
		return 0, ErrTwoProofs
	}
	err = tx.Raw(`INSERT INTO customer_merges (from_id, into_id, tickets, identities, reason, by) SELECT ?, ?,
		coalesce((SELECT array_agg(id ORDER BY id) FROM tickets WHERE customer_id = ?), '{}'),
		coalesce((SELECT array_agg(id ORDER BY id) FROM identities WHERE customer_id = ?), '{}'), ?, ? RETURNING id`,
		from, into, from, from, reason, by).Scan(&id).Error
	if err != nil {
		return 0, fmt.Errorf("note the merge of customer %d: %w", from, err)
	}
	if err := s.hand(ctx, tx, actor, `SELECT unnest(tickets) FROM customer_merges WHERE id = ?`, id, into); err != nil {
		return 0, err
	}
	for _, move := range []string{
		`UPDATE identities SET customer_id = @into WHERE customer_id = @from`,
		`UPDATE contacts SET customer_id = @into WHERE customer_id = @from`,
		// A way that either has refused is refused: nobody agrees by being joined.
		`INSERT INTO contact_preferences (customer_id, way, purpose, allowed, at)
			SELECT @into, way, purpose, allowed, at FROM contact_preferences WHERE customer_id = @from
			ON CONFLICT (customer_id, way, purpose) DO UPDATE SET allowed = false, at = excluded.at
			WHERE contact_preferences.allowed AND NOT excluded.allowed`,
		`UPDATE customers SET merged_into = @into, updated_at = now() WHERE id = @from`,
	} {
		if err := tx.Exec(move, map[string]any{"from": from, "into": into}).Error; err != nil {
			return 0, fmt.Errorf("move what customer %d has: %w", from, err)
		}
	}
	return id, nil
}

// hand gives the tickets that a query lists to another customer, whose segment may
// ask for other deadlines.
func (s *Service) hand(ctx context.Context, tx *gorm.DB, actor access.Actor, list string, merge, to int64) error {
	var ids []int64
	if err := tx.Raw(list, merge).Scan(&ids).Error; err != nil {
		return fmt.Errorf("list the tickets of merge %d: %w", merge, err)
	}
	if len(ids) > maxMoved {
		return ticket.Wrong("tickets", "too_many", maxMoved)
	}
	var name string
	if err := tx.Raw(`SELECT name FROM customers WHERE id = ?`, to).Scan(&name).Error; err != nil {
		return fmt.Errorf("read customer %d: %w", to, err)
	}
	_, err := ticket.ChangeAll(ctx, tx, ids, func(t *ticket.Ticket) (ticket.Cause, error) {
		told := Became{Fields: map[string]FromTo{"customer": {t.CustomerName, name}}}
		was := *t
		t.CustomerID, t.CustomerName = &to, name
		c := ticket.Cause{Kind: event.TicketChanged, ActorID: &actor.AccountID, Data: told, At: s.now()}
		if !t.Status.IsOpen() {
			return c, nil
		}
		moves, err := s.replanChanged(tx, was, *t, c.At)
		if err != nil || len(moves) == 0 {
			return c, err
		}
		tellMoves(&c, moves)
		now, err := sla.Current(tx, t.ID)
		t.Deadline = ticket.Deadline(now)
		return c, err
	})
	return err
}

// UnmergeCustomers takes a merge back: the tickets and identities that went over,
// and are still there, return. What came since stays where it came.
func (s *Service) UnmergeCustomers(ctx context.Context, actor access.Actor, mergeID int64) error {
	err := s.db.InTx(ctx, func(tx *gorm.DB) error {
		tx = tx.WithContext(ctx)
		var m struct{ FromID, IntoID int64 }
		err := tx.Raw(`UPDATE customer_merges SET undone_at = now(), undone_by = ? WHERE id = ? AND undone_at IS NULL
			RETURNING from_id, into_id`, actor.AccountID, mergeID).Scan(&m).Error
		switch {
		case err != nil:
			return fmt.Errorf("take back merge %d: %w", mergeID, err)
		case m.FromID == 0:
			return ErrNoMerge
		}
		err = s.hand(ctx, tx, actor, `SELECT t.id FROM customer_merges m JOIN tickets t ON t.id = ANY (m.tickets) AND t.customer_id = m.into_id WHERE m.id = ?`,
			mergeID, m.FromID)
		if err != nil {
			return err
		}
		for _, move := range []string{
			`UPDATE identities i SET customer_id = m.from_id FROM customer_merges m WHERE m.id = ? AND i.id = ANY (m.identities) AND i.customer_id = m.into_id`,
			`UPDATE contacts c SET customer_id = m.from_id FROM customer_merges m WHERE m.id = ? AND c.customer_id = m.into_id
			   AND c.id IN (SELECT l.contact_id FROM ticket_contacts l WHERE l.ticket_id = ANY (m.tickets))`,
			`UPDATE customers c SET merged_into = NULL, updated_at = now() FROM customer_merges m WHERE m.id = ? AND c.id = m.from_id`,
		} {
			if err := tx.Exec(move, mergeID).Error; err != nil {
				return fmt.Errorf("take back merge %d: %w", mergeID, err)
			}
		}
		return errors.Join(s.keepPriority(ctx, tx, actor, m.FromID), s.keepPriority(ctx, tx, actor, m.IntoID))
	})
	if err == nil {
		s.poke.Poke()
	}
	return err
}

// KeepApart notes that two customers are two people, so that nobody is asked again.
func (s *Service) KeepApart(ctx context.Context, actor access.Actor, a, b int64) error {
	if a == b {
		return ErrSameCustomer
	}
	err := s.db.Gorm.WithContext(ctx).Exec(`INSERT INTO customer_strangers (a, b, by) SELECT ?, ?, ?
		WHERE (SELECT count(*) FROM customers WHERE id IN (?, ?)) = 2 ON CONFLICT DO NOTHING`,
		min(a, b), max(a, b), actor.AccountID, a, b).Error
	if err != nil {
		return fmt.Errorf("keep customers %d and %d apart: %w", a, b, err)
	}
	return nil
}
