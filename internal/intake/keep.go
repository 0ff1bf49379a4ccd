package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/escuta-sac/escuta/internal/fault"
)

// keepStatement gives a thing its place in the ledger and a fate that waits for
// somebody, counted like any other.
const keepStatement = `
WITH kept AS (
  INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, reason, received_at, day, walled, fated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, CASE WHEN $5 = 'pending' THEN NULL ELSE now() END)
  ON CONFLICT (source_key) DO NOTHING
  RETURNING id, channel, fate, walled, day),
counted AS (INSERT INTO intake_tallies (channel, fate, walled, day, n) SELECT channel, fate, walled, day, 1 FROM kept)
SELECT id, body_hash FROM intake_ledger WHERE source_key = $2
UNION ALL
SELECT id, $3 FROM kept`

// keep puts what could not be taken in, and cannot be refused, into the ledger:
// pending when it may pass by itself (no number left today), quarantined with
// the reason when a person has to look. Only a failure to do even that is one.
func (in *Intake) keep(ctx context.Context, it *item, why error) (Receipt, error) {
	fate := FateQuarantined
	if errors.Is(why, ErrExhausted) {
		fate = FatePending
	}
	var r Receipt
	var hash []byte
	m := &it.in
	err := in.pool.QueryRow(ctx, keepStatement, m.Channel, m.SourceKey, m.BodyHash[:], m.Raw, fate,
		fault.From(why).Code, it.at, it.day, it.walled).Scan(&r.LedgerID, &hash)
	switch {
	case err != nil:
		return Receipt{}, fmt.Errorf("keep what could not be taken in: %w", errors.Join(why, err))
	case !bytes.Equal(hash, m.BodyHash[:]):
		return Receipt{}, ErrReused
	}
	return r, nil
}
