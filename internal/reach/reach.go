// Package reach is the one gate of every way out: may this customer be
// contacted, for this purpose, by this way, now. Whoever is about to send, call
// or write asks here, and keeps the reason of the answer.
//
// What it knows: addresses that are suppressed, addresses from which mail came
// back for good, addresses of our own (a mail to ourselves is a loop), and what
// the customer wants. Whatever none of them forbids is allowed: an answer to an
// address that the ticket gave is what its giver asked for.
package reach

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
)

// Way is a way by which we reach people.
type Way string

// The ways out.
const (
	Email  Way = "email"
	SMS    Way = "sms"
	Letter Way = "letter"
	Phone  Way = "phone"
	Page   Way = "page"
)

// Purpose is why we contact somebody.
type Purpose string

// The purposes.
const (
	Reply           Purpose = "reply"           // an answer of an agent
	Acknowledgement Purpose = "acknowledgement" // "we have it, this is its protocol"
	History         Purpose = "history"         // a copy of what was said, asked for by the customer
	Protocol        Purpose = "protocol"        // the number of a call
	Survey          Purpose = "survey"
	Request         Purpose = "request"      // we need something of them
	Confirmation    Purpose = "confirmation" // what they asked for was carried out
	// Area is an internal request to an area of the company: nobody's customer, so
	// no wish is asked, but an address that bounces, is suppressed or is our own
	// mailbox is refused like any other.
	Area Purpose = "area"
)

// The reasons for which an answer is no; keys of "reach.<reason>".
const (
	Suppressed = "suppressed"  // somebody, or a bounce, has suppressed the address
	Bouncing   = "bouncing"    // mail to it came back for good
	Preference = "preference"  // the customer does not want it
	OwnAddress = "own_address" // it is one of ours: a loop
	Quiet      = "quiet"       // not now, but after Until
	NoAddress  = "no_address"
)

// Question is one contact that somebody is about to make.
type Question struct {
	CustomerID *int64 // nil while nobody knows who it is
	Address    string // e-mail in small letters, phone in E.164; empty for a letter
	Way        Way
	Purpose    Purpose
	At         time.Time // PostgreSQL's time
}

// Answer is what the gate says.
type Answer struct {
	Allowed bool
	Reason  string     // why not; empty when allowed
	Until   *time.Time // when to ask again, for what passes
}

// May asks whether this contact may be made now.
func May(ctx context.Context, tx *gorm.DB, q Question) (Answer, error) {
	answers, err := MayAll(ctx, tx, []Question{q})
	if err != nil {
		return Answer{}, err
	}
	return answers[0], nil
}

// MayAll is May for many contacts in one statement; the answers are in the order
// of the questions.
func MayAll(ctx context.Context, tx *gorm.DB, all []Question) ([]Answer, error) {
	type asked struct {
		N        int       `json:"n"`
		Way      Way       `json:"way"`
		Address  string    `json:"address"`
		Customer *int64    `json:"customer"`
		Purpose  Purpose   `json:"purpose"`
		At       time.Time `json:"at"`
	}
	answers := make([]Answer, len(all))
	questions := make([]asked, 0, len(all))
	for n, q := range all {
		if q.Address == "" && q.Way != Letter && q.Way != Page {
			answers[n].Reason = NoAddress
			continue
		}
		questions = append(questions, asked{n, q.Way, fold(q.Way, q.Address), q.CustomerID, q.Purpose, q.At})
	}
	if len(questions) == 0 {
		return answers, nil
	}
	text, err := json.Marshal(questions)
	if err != nil {
		return nil, fmt.Errorf("ask whether we may reach somebody: %w", err)
	}
	var found []struct {
		N          int
		Own        bool
		Suppressed bool
		Until      *time.Time
		Bouncing   bool
		Allowed    *bool
	}
	err = tx.WithContext(ctx).Raw(`SELECT q.n,
		q.way = 'email' AND EXISTS (SELECT FROM mailboxes WHERE address = q.address OR q.address = ANY(aliases)) AS own,
		s.way IS NOT NULL AS suppressed, s.until,
		q.way = 'email' AND EXISTS (SELECT FROM identities WHERE kind = 'email' AND value = q.address AND bouncing_at IS NOT NULL) AS bouncing,
		(SELECT p.allowed FROM contact_preferences p WHERE p.customer_id = q.customer AND p.way = q.way AND p.purpose IN (q.purpose, '')
		  ORDER BY p.purpose = '' LIMIT 1) AS allowed
		FROM jsonb_to_recordset(?::jsonb) AS q(n int, way text, address text, customer bigint, purpose text, at timestamptz)
		LEFT JOIN suppressions s ON s.way = q.way AND s.address = q.address AND (s.until IS NULL OR s.until > q.at)`, string(text)).Scan(&found).Error
	if err != nil {
		return nil, fmt.Errorf("ask whether we may reach somebody by %s: %w", questions[0].Way, err)
	}
	for _, known := range found {
		a := &answers[known.N]
		switch {
		case known.Own:
			a.Reason = OwnAddress
		case known.Suppressed && known.Until != nil:
			a.Reason, a.Until = Quiet, known.Until
		case known.Suppressed:
			a.Reason = Suppressed
		case known.Bouncing:
			a.Reason = Bouncing
		case known.Allowed != nil && !*known.Allowed:
			a.Reason = Preference
		default:
			a.Allowed = true
		}
	}
	return answers, nil
}

// Suppress keeps everybody from reaching an address by this way: for good, or
// until an instant. What lasts longer wins over what is there.
func Suppress(ctx context.Context, tx *gorm.DB, way Way, address, reason string, until *time.Time) error {
	err := tx.WithContext(ctx).Exec(`INSERT INTO suppressions (way, address, reason, until) VALUES (?, ?, ?, ?)
		ON CONFLICT (way, address) DO UPDATE SET reason = excluded.reason, until = excluded.until, created_at = now()
		WHERE suppressions.until IS NOT NULL AND (excluded.until IS NULL OR excluded.until > suppressions.until)`,
		string(way), fold(way, address), reason, until).Error
	if err != nil {
		return fmt.Errorf("suppress an address: %w", err)
	}
	return nil
}

// Lift lets an address be reached again: its owner has written from it, or a
// person knows better. It takes back what bounces have noted, too.
func Lift(ctx context.Context, tx *gorm.DB, way Way, address string) error {
	address = fold(way, address)
	err := tx.WithContext(ctx).Exec("DELETE FROM suppressions WHERE way = ? AND address = ?", string(way), address).Error
	if err == nil && way == Email {
		err = tx.WithContext(ctx).Exec("UPDATE identities SET bouncing_at = NULL WHERE kind = 'email' AND value = ? AND bouncing_at IS NOT NULL", address).Error
	}
	if err != nil {
		return fmt.Errorf("let an address be reached again: %w", err)
	}
	return nil
}

// Bounced notes that mail to this address came back for good: it is marked on
// the identity, if it is anybody's, and suppressed.
func Bounced(ctx context.Context, tx *gorm.DB, address string, at time.Time) error {
	address = fold(Email, address)
	err := tx.WithContext(ctx).Exec("UPDATE identities SET bouncing_at = coalesce(bouncing_at, ?) WHERE kind = 'email' AND value = ?", at, address).Error
	if err != nil {
		return fmt.Errorf("mark an address as bouncing: %w", err)
	}
	return Suppress(ctx, tx, Email, address, "bounced", nil)
}

// fold makes two spellings of one address the same.
func fold(way Way, address string) string {
	if way == Email {
		return strings.ToLower(strings.TrimSpace(address))
	}
	return strings.TrimSpace(address)
}
