package customer

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
)

// Upserted is what became of a record.
type Upserted struct {
	ID      int64
	Created bool
	// Emptied are customers who were nothing but an identity that somebody had
	// typed, which the record has proof of: they are this customer.
	Emptied []int64
	// Conflicts are identities that are somebody else's and stayed there: a person
	// looks at them.
	Conflicts []Conflict
}

// Conflict is an identity that a record names and another customer has.
type Conflict struct {
	Identity   channel.Identity
	CustomerID int64
	Verified   bool // the other one has proof of it
}

// Upsert makes or renews, in tx, the customer of a record that was checked. An
// identity goes by who can prove it: a proof takes it from a customer who has
// none, and never from one who has; without proof only an identity that is
// nobody's is taken.
func Upsert(ctx context.Context, tx *gorm.DB, r Record) (Upserted, error) {
	tx = tx.WithContext(ctx)
	u, err := store(tx, r)
	if err != nil {
		return u, err
	}
	// In the order in which the intake takes them, or the two would deadlock.
	slices.SortFunc(r.Identities, func(a, b Given) int {
		return strings.Compare(order(a.Kind)+a.Value, order(b.Kind)+b.Value)
	})
	for _, g := range r.Identities {
		if err := u.take(tx, g); err != nil {
			return u, err
		}
	}
	slices.Sort(u.Emptied)
	u.Emptied = slices.Compact(u.Emptied)
	return u, nil
}

// store keeps the record itself.
func store(tx *gorm.DB, r Record) (u Upserted, err error) {
	var row struct {
		ID      int64
		Created bool
	}
	err = tx.Raw(`INSERT INTO customers (source, external_id, name, preferred_name, legal_priority, contract, products)
		VALUES (?, ?, ?, ?, ?, ?, ?::text[])
		ON CONFLICT (source, external_id) WHERE external_id <> '' DO UPDATE SET
		  name = excluded.name, preferred_name = excluded.preferred_name, legal_priority = excluded.legal_priority,
		  contract = excluded.contract, products = excluded.products, updated_at = now()
		RETURNING id, xmax = 0 AS created`,
		r.Source, r.ExternalID, r.Name, r.PreferredName, r.LegalPriority, r.Contract, array(r.Products)).Scan(&row).Error
	if err != nil {
		return u, fmt.Errorf("store the record %s of %s: %w", r.ExternalID, r.Source, err)
	}
	return Upserted{ID: row.ID, Created: row.Created}, nil
}

func order(k channel.IdentityKind) string {
	switch k {
	case channel.IdentityEmail:
		return "0"
	case channel.IdentityPhone:
		return "1"
	}
	return "2"
}

// take gives the customer one identity, or notes whose it is.
func (u *Upserted) take(tx *gorm.DB, g Given) error {
	failed := func(err error) error { return fmt.Errorf("give customer %d an identity: %w", u.ID, err) }
	taken := tx.Exec(`INSERT INTO identities (customer_id, kind, value, verified_at)
		VALUES (?, ?, ?, CASE WHEN ? THEN now() END) ON CONFLICT (kind, value) DO NOTHING`, u.ID, g.Kind, g.Value, g.Verified)
	if taken.Error != nil {
		return failed(taken.Error)
	}
	if taken.RowsAffected == 1 {
		return nil
	}
	var owner struct {
		CustomerID int64
		Verified   bool
	}
	err := tx.Raw(`SELECT customer_id, verified_at IS NOT NULL AS verified FROM identities WHERE kind = ? AND value = ? FOR UPDATE`,
		g.Kind, g.Value).Scan(&owner).Error
	if err != nil {
		return failed(err)
	}
	switch {
	case owner.CustomerID == u.ID && (owner.Verified || !g.Verified):
		return nil
	case owner.CustomerID != u.ID && (owner.Verified || !g.Verified):
		u.Conflicts = append(u.Conflicts, Conflict{channel.Identity{Kind: g.Kind, Value: g.Value}, owner.CustomerID, owner.Verified})
		return nil
	}
	err = tx.Exec(`UPDATE identities SET customer_id = ?, verified_at = now() WHERE kind = ? AND value = ?`, u.ID, g.Kind, g.Value).Error
	if err != nil {
		return failed(err)
	}
	if owner.CustomerID == u.ID {
		return nil
	}
	var left bool
	err = tx.Raw(`SELECT EXISTS (SELECT FROM identities WHERE customer_id = ?)
		OR EXISTS (SELECT FROM customers WHERE id = ? AND external_id <> '')`, owner.CustomerID, owner.CustomerID).Scan(&left).Error
	if err != nil {
		return failed(err)
	}
	if !left {
		u.Emptied = append(u.Emptied, owner.CustomerID)
	}
	return nil
}

// array writes a text[] literal, in which every element stands quoted.
func array(all []string) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}
