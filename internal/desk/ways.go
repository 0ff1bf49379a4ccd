package desk

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/brazil"
	"github.com/escuta-sac/escuta/internal/fault"
	"github.com/escuta-sac/escuta/internal/reach"
	"github.com/escuta-sac/escuta/internal/sms"
	"github.com/escuta-sac/escuta/internal/ticket"
)

// The faults of an answer by a way on which the gate is closed, by its reason.
// Nothing is stored then: the author is still there to choose another way.
var (
	ErrNoPhone  = fault.New(fault.Conflict, "way_no_phone") // no mobile phone is known
	errUnwanted = fault.New(fault.Conflict, "way_preference")
	errBlocked  = fault.New(fault.Conflict, "way_suppressed")
)

// WayOff is why a way cannot be used at all: nobody is configured who would take it.
const WayOff = "off"

// OpenWay is one way to a ticket's customer, as the gate sees it now.
type OpenWay struct {
	Way     reach.Way
	Known   string // where it would go; empty when nobody knows, or for a letter
	Allowed bool
	Reason  string // why not: one of the gate's, or WayOff
}

// Ways says how the customer of a ticket can be answered now. The caller has made
// sure that the asker may see the ticket.
func (s *Service) Ways(ctx context.Context, t ticket.Ticket) ([]OpenWay, error) {
	db := s.db.Gorm
	email, err := addressOf(ctx, db, t)
	if err != nil {
		return nil, err
	}
	phone, err := mobileOf(ctx, db, t)
	if err != nil {
		return nil, err
	}
	byMail, err := s.post.Sends(ctx, db)
	if err != nil {
		return nil, err
	}
	all := []OpenWay{{Way: reach.Email, Known: email, Allowed: byMail}, {Way: reach.SMS, Known: phone, Allowed: s.post.Texts}, {Way: reach.Letter, Allowed: true}}
	for i := range all {
		w := &all[i]
		if !w.Allowed {
			w.Reason = WayOff
			continue
		}
		may, err := reach.May(ctx, db, reach.Question{CustomerID: t.CustomerID, Address: w.Known, Way: w.Way, Purpose: reach.Reply, At: s.now()})
		if err != nil {
			return nil, err
		}
		w.Allowed, w.Reason = may.Allowed, may.Reason
	}
	return all, nil
}

// closed is the fault of an answer that the gate has refused for this reason.
func closed(reason string) error {
	switch reason {
	case reach.Preference:
		return errUnwanted
	case reach.NoAddress:
		return ErrNoPhone
	}
	return errBlocked
}

// mobileOf is the mobile phone by which a ticket's customer is told something in
// writing, in E.164; empty when none is known. As with addressOf, one that nobody
// has verified counts only when it was given with this very ticket.
func mobileOf(ctx context.Context, tx *gorm.DB, t ticket.Ticket) (string, error) {
	var phones []string
	err := tx.WithContext(ctx).Raw(`SELECT phone FROM (
			SELECT c.data->'from'->>'phone' AS phone, 0 AS known, -c.id AS turn FROM ticket_contacts l JOIN contacts c ON c.id = l.contact_id
			WHERE l.ticket_id = @ticket AND c.direction = 'in' AND coalesce(c.data->'from'->>'phone', '') <> ''
			UNION ALL
			SELECT value, 1, id FROM identities WHERE NOT @walled AND customer_id = @customer AND kind = 'phone' AND verified_at IS NOT NULL) p
		ORDER BY known, turn LIMIT 20`, map[string]any{"ticket": t.ID, "walled": t.Walled, "customer": t.CustomerID}).Scan(&phones).Error
	if err != nil {
		return "", fmt.Errorf("find the phone of ticket %d: %w", t.ID, err)
	}
	for _, p := range phones {
		if brazil.Phone(p).Kind() == brazil.PhoneMobile {
			return p, nil
		}
	}
	return "", nil
}

// checkMobile reads the mobile phone that an author has typed.
func checkMobile(typed string) (string, error) {
	p, err := brazil.ParsePhone(typed)
	if err != nil || p.Kind() != brazil.PhoneMobile {
		return "", ticket.Wrong("to", "phone")
	}
	return string(p), nil
}

// checkText refuses what is longer than a text message.
func checkText(body string) (string, error) {
	body, err := ticket.CheckBody("body", body)
	if err == nil && len([]rune(body)) > sms.MaxLength {
		err = ticket.Wrong("body", "too_long", sms.MaxLength)
	}
	return body, err
}
