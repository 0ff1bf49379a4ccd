package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/escuta-sac/escuta/internal/channel"
	"github.com/escuta-sac/escuta/internal/postgres"
)

// ReasonNotice is why an entry is there that nobody brought: it is the key by
// which a thing is known that came by another way, see KnownAs.
const ReasonNotice = "notice"

const insertKnownAs = `
WITH kept AS (
  INSERT INTO intake_ledger (channel, source_key, body_hash, raw, fate, reason, attempts, received_at, day, walled, fated_at)
  SELECT $2, $3, $4, $5, 'duplicate', $6, 0, g.received_at, g.day, $7, now() FROM intake_ledger g WHERE g.id = $1
  ON CONFLICT (source_key) DO NOTHING
  RETURNING id, channel, fate, walled, day),
counted AS (INSERT INTO intake_tallies (channel, fate, walled, day, n) SELECT channel, fate, walled, day, 1 FROM kept)
SELECT id FROM kept`

// KnownAs is for a digester that finds an arrival to be something that may also
// come by another way, under the key of m: a complaint of which a mail tells and
// that stands in a list, too. The key gets an entry of its own beside the
// arrival's, so that whatever is brought under it later is known; the caller
// gives that entry its ticket with Belongs. When there is such an entry already,
// other says so, and ticketID is what became of it, 0 when nothing has yet. A
// rival with the same key is waited for until tx ends.
func KnownAs(ctx context.Context, tx *gorm.DB, s Stored, m channel.Inbound) (ticketID int64, other bool, err error) {
	borrowed, err := postgres.PgxTx(tx)
	if err != nil {
		return 0, false, err
	}
	var id int64
	err = borrowed.QueryRow(ctx, insertKnownAs, s.LedgerID, m.Channel, m.SourceKey, m.BodyHash[:], m.Raw, ReasonNotice,
		m.Channel == channel.Ombudsman).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		other = true
		err = borrowed.QueryRow(ctx, `SELECT coalesce(ticket_id, 0) FROM intake_ledger WHERE source_key = $1`, m.SourceKey).Scan(&ticketID)
	}
	if err != nil {
		return 0, false, fmt.Errorf("note what row %d of the ledger is known as: %w", s.LedgerID, err)
	}
	return ticketID, other, nil
}

// Belongs gives an entry that KnownAs made the ticket that came of it.
func Belongs(ctx context.Context, tx *gorm.DB, sourceKey string, ticketID int64) error {
	err := tx.WithContext(ctx).Exec(`UPDATE intake_ledger SET ticket_id = ? WHERE source_key = ?`, ticketID, sourceKey).Error
	if err != nil {
		return fmt.Errorf("note the ticket of %q: %w", sourceKey, err)
	}
	return nil
}
