package postgres

import (
	"context"
	"fmt"

	"github.com/escuta-sac/escuta/internal/fault"
)

// ErrNotDurable means that the engine may lose what it has confirmed.
var ErrNotDurable = fault.New(fault.Unavailable, "engine_not_durable")

// VolatileMark is the setting by which an engine made for tests says of itself
// that losing everything is fine. Nothing in the server sets it.
const VolatileMark = "escuta.volatile"

// CheckDurable refuses an engine on which a commit is not yet on disk when it
// is confirmed: everything that Escuta promises rests on that. It asks in a
// session of ours, so a weaker default of the role or the database is seen too.
func CheckDurable(ctx context.Context, db *DB) error {
	settings := []string{"fsync", "full_page_writes", "synchronous_commit"}
	values := make([]string, len(settings))
	var allowed bool
	err := db.Pool.QueryRow(ctx, `
		SELECT current_setting($1), current_setting($2), current_setting($3),
		       coalesce(current_setting($4, true), '') = 'on'`,
		settings[0], settings[1], settings[2], VolatileMark,
	).Scan(&values[0], &values[1], &values[2], &allowed)
	if err != nil {
		return fmt.Errorf("read the durability of the engine: %w", err)
	}
	for i, value := range values {
		if value == "off" && !allowed {
			return ErrNotDurable.With("setting", settings[i]).With("value", value)
		}
	}
	return nil
}
