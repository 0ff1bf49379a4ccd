package customer

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// columns of a customer, in the order in which read scans them.
const columns = `id, name, preferred_name, legal_priority, contract, products, coalesce(segment, ''), created_at`

// Get reads a customer with all identities.
func Get(ctx context.Context, db *postgres.DB, id int64) (Customer, error) {
	return read(ctx, db, `SELECT `+columns+` FROM customers WHERE id = $1`, id)
}

// Find reads the customer whom an identity in its canonical form belongs to.
func Find(ctx context.Context, db *postgres.DB, kind channel.IdentityKind, value string) (Customer, error) {
	return read(ctx, db, `SELECT `+columns+` FROM customers
		WHERE id = (SELECT customer_id FROM identities WHERE kind = $1 AND value = $2)`, kind, value)
}

// Update sets what the change names and returns the customer as it is then. A
// ticket keeps the legal priority it was opened with; the next one has the new.
func Update(ctx context.Context, db *postgres.DB, id int64, c Change) (Customer, error) {
	c, err := c.check()
	if err != nil {
		return Customer{}, err
	}
	return read(ctx, db, `UPDATE customers SET
		  preferred_name = coalesce($2, preferred_name), legal_priority = coalesce($3, legal_priority),
		  contract = coalesce($4, contract), products = coalesce($5, products), updated_at = now()
		WHERE id = $1 RETURNING `+columns, id, c.PreferredName, c.LegalPriority, c.Contract, c.Products)
}

func read(ctx context.Context, db *postgres.DB, sql string, args ...any) (Customer, error) {
	var c Customer
	err := db.Pool.QueryRow(ctx, sql, args...).
		Scan(&c.ID, &c.Name, &c.PreferredName, &c.LegalPriority, &c.Contract, &c.Products, &c.Segment, &c.Since)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Customer{}, ErrNotFound
	case err != nil:
		return Customer{}, fmt.Errorf("read a customer: %w", err)
	}
	rows, err := db.Pool.Query(ctx, `SELECT kind, value, verified_at IS NOT NULL FROM identities WHERE customer_id = $1
		ORDER BY verified_at IS NULL, id`, c.ID)
	if err == nil {
		c.Identities, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Identity])
	}
	if err != nil {
		return Customer{}, fmt.Errorf("read the identities of customer %d: %w", c.ID, err)
	}
	return c, nil
}
