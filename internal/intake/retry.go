package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// digestByHand lets the channel's digester look at an entry again because a
// person asked for it. When it cannot be read, or decided, it stays as it is.
func (in *Intake) digestByHand(ctx context.Context, id int64) (Receipt, error) {
	s := Stored{LedgerID: id, ByHand: true}
	var hash, envelope []byte
	err := in.db.Pool.QueryRow(ctx, `SELECT channel, source_key, body_hash, raw, raw_blob, envelope, received_at, attempts
		FROM intake_ledger WHERE id = $1 AND fate IN ('pending', 'quarantined')`, id).
		Scan(&s.Channel, &s.SourceKey, &hash, &s.Raw, &s.blob, &envelope, &s.ReceivedAt, &s.Attempts)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Receipt{}, ErrSettled
	case err != nil:
		return Receipt{}, fmt.Errorf("read entry %d of the ledger: %w", id, err)
	}
	copy(s.BodyHash[:], hash)
	s.Envelope = envelope
	return in.digestOnce(ctx, in.own, s)
}
